# SPDX-License-Identifier: Apache-2.0
"""Reference values for the evaluation protocols, by NumPy, SciPy and scikit-learn.

    python make_protocols.py            writes protocols.safetensors beside this file
"""

import json
import pathlib
import struct

import numpy as np
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

CLASSES, WIDTH, TRAIN, TEST = 7, 19, 260, 150
STRENGTHS = [1.0, 0.03, 1e-3]


def features(random, count, centres):
    labels = random.integers(0, CLASSES, count)
    values = (centres[labels] + 1.6 * random.normal(size=(count, WIDTH))) * scale_of + offset_of
    return values.astype(np.float32), labels


def cosine(a, b):
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    return a @ b.T


def votes(bank, labels, queries, k, temperature):
    """scikit-learn's classifier on unit rows; its distance d gives the cosine 1 - d^2 / 2."""
    unit = lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)
    weigh = lambda d: np.exp((1 - d**2 / 2) / temperature)
    model = KNeighborsClassifier(k, weights=weigh, algorithm="brute").fit(unit(bank), labels)
    return model.predict(unit(queries))


def probe(values, labels, strength):
    model = LogisticRegression(C=1 / (len(values) * strength), tol=1e-10, max_iter=100_000)
    model.fit(values, labels)
    weights, bias = model.coef_, model.intercept_
    bias = bias - bias.mean()
    scores = values @ weights.T + bias
    top = scores.max(axis=1, keepdims=True)
    losses = np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0] - scores[np.arange(len(labels)), labels]
    return model, weights, bias, losses.mean() + strength / 2 * (weights**2).sum()


def mean_average_precision(similarities, wanted, labels):
    return [average_precision_score(labels == w, s) for s, w in zip(similarities, wanted)]


def write(path, tensors):
    header, body = {}, b""
    for name, values in tensors.items():
        data = np.ascontiguousarray(values, dtype=np.float32)
        header[name] = {"dtype": "F32", "shape": list(data.shape), "data_offsets": [len(body), len(body) + data.nbytes]}
        body += data.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


random = np.random.default_rng(4)
centres = random.normal(size=(CLASSES, WIDTH))
scale_of, offset_of = np.exp(random.normal(size=WIDTH)), random.normal(size=WIDTH)
train, train_labels = features(random, TRAIN, centres)
test, test_labels = features(random, TEST, centres)
tensors = {"train": train, "train_labels": train_labels, "test": test, "test_labels": test_labels}

for k, temperature in [(200, 0.1), (20, 0.07), (5, 0.5)]:
    tensors[f"knn.{k}"] = votes(train.astype(float), train_labels, test.astype(float), k, temperature)

scaler = StandardScaler().fit(train.astype(float))
tensors["standard.test"] = scaler.transform(test.astype(float))
for number, strength in enumerate(STRENGTHS):
    model, weights, bias, value = probe(scaler.transform(train.astype(float)), train_labels, strength)
    tensors[f"probe.{number}.weights"] = weights
    tensors[f"probe.{number}.bias"] = bias
    tensors[f"probe.{number}.value"] = [value]
    tensors[f"probe.{number}.predictions"] = model.predict(scaler.transform(test.astype(float)))

similarities = cosine(test.astype(float), train.astype(float))
tensors["map.labels"] = mean_average_precision(similarities, test_labels, train_labels)
order = np.argsort(-similarities, axis=1)
for k in (1, 5, 10):
    tensors[f"recall.{k}"] = (train_labels[order[:, :k]] == test_labels[:, None]).any(axis=1)
# Equal scores: two levels only, as scikit-learn treats them.
coarse = (similarities > 0.3).astype(float)
tensors["map.coarse"] = mean_average_precision(coarse, test_labels, train_labels)
tensors["coarse"] = coarse[:20]

wilson = [(0, 10), (3, 10), (10, 10), (417, 1000)]
tensors["wilson"] = [
    [k, n, *binomtest(k, n).proportion_ci(method="wilson")] for k, n in wilson
]

# Whitened cosines between images and views, with the covariance widened by 1e-3 of its mean variance.
images, views = train[:100].astype(float), (train[:100] + random.normal(size=(100, WIDTH))).astype(np.float32)
covariance = np.cov(images.T)
covariance += 1e-3 * np.trace(covariance) / WIDTH * np.eye(WIDTH)
factor = np.linalg.cholesky(np.linalg.inv(covariance))
a, b = (images - images.mean(axis=0)) @ factor, (views.astype(float) - images.mean(axis=0)) @ factor
tensors["views"] = views
tensors["whitened"] = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
pairs = cosine(images, views.astype(float))
strangers = (pairs.sum() - np.trace(pairs)) / (100 * 99)
same = np.trace(pairs) / 100
tensors["invariance"] = [same, strangers, (same - strangers) / (1 - strangers)]

write(pathlib.Path(__file__).with_name("protocols.safetensors"), tensors)
