# SPDX-License-Identifier: Apache-2.0
"""Holds the probes and kNN of `facet evaluate` against scikit-learn on the same exported features.

  facet evaluate --models looc --data data --quick --export features.safetensors --json results.json
  python agreement.py features.safetensors results.json

Fits scikit-learn's logistic regression with the strength that Facet chose (C = 1 / (rows x strength)) and a cosine kNN
weighted by exp(cosine / T); exits 1 when an accuracy differs by more than a point.
"""
import json
import sys

import numpy as np
from safetensors.numpy import load_file
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler


def probe(train, labels, test, truth, strength):
    scaler = StandardScaler().fit(train)
    model = LogisticRegression(C=1 / (len(train) * strength), max_iter=2000, tol=1e-6)
    model.fit(scaler.transform(train), labels)
    return float((model.predict(scaler.transform(test)) == truth).mean())


def neighbours(train, labels, test, truth):
    k, temperature = (200, 0.1) if len(train) >= 200 * len(np.unique(labels)) else (20, 0.07)
    unit = [x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in (train, test)]
    cosines = unit[1] @ unit[0].T
    nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    votes = np.zeros((len(test), labels.max() + 1))
    for row, found in enumerate(nearest):
        np.add.at(votes[row], labels[found], np.exp(cosines[row, found] / temperature))
    return float((votes.argmax(1) == truth).mean())


def main():
    tensors, results = load_file(sys.argv[1]), json.load(open(sys.argv[2]))
    worst = 0.0
    for score in results["scores"]:
        prefix = f"task/{score['task']}"
        name = f"{score['subject']}/{score['space']}"
        if f"{prefix}/train/{name}" not in tensors or score["measure"] not in ("linear probe", "kNN"):
            continue
        train, test = (tensors[f"{prefix}/{split}/{name}"] for split in ("train", "test"))
        labels, truth = (tensors[f"{prefix}/{split}/labels"].astype(int) for split in ("train", "test"))
        if score["measure"] == "kNN":
            ours = neighbours(train, labels, test, truth)
        else:
            ours = probe(train, labels, test, truth, score["strength"])
        difference = 100 * (score["estimate"]["value"] - ours)
        worst = max(worst, abs(difference))
        print(f"{score['task']:8} {name:28} {score['measure']:13} "
              f"facet {100 * score['estimate']['value']:5.1f}  scikit-learn {100 * ours:5.1f}  {difference:+.2f}",
              flush=True)
    print(f"largest difference: {worst:.2f} points")
    sys.exit(1 if worst > 1 else 0)


main()
