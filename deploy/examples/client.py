#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Embeds pictures with a running Facet and compares them in every space: numpy and the standard library are all it needs.

    deploy/examples/client.py a.jpg b.png
    deploy/examples/client.py --url http://127.0.0.1:8080 --spaces color,rotation pictures/*.png
"""
import argparse
import base64
import json
import os
import urllib.error
import urllib.request

import numpy as np


class Facet:
    """A server, and the key for it where it asks for one."""

    def __init__(self, url="http://127.0.0.1:8080", key=None):
        self.url, self.key = url.rstrip("/"), key

    def ask(self, path, body=None):
        """The parsed answer; an error of the server becomes an exception with its message."""
        request = urllib.request.Request(self.url + path, headers={"Content-Type": "application/json"})
        if self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{error.code}: {json.load(error)['error']['message']}")
        except urllib.error.URLError as error:
            raise SystemExit(f"{self.url} does not answer ({error.reason}): start it with deploy/serve")

    def heads(self, model):
        """The names of the model's heads."""
        return [space["name"] for space in self.ask(f"/v1/models/{model}")["spaces"] if space["kind"] == "head"]

    def embed(self, pictures, spaces, model):
        """{space: array of [pictures, dimensions], rows of length 1}; all pictures travel in one request."""
        images = [base64.b64encode(picture).decode() for picture in pictures]
        answer = self.ask("/v1/embeddings", {"model": model, "input": images, "spaces": spaces, "encoding_format": "float",
                                             "normalize": True})
        for item in answer["data"]:
            if "error" in item:
                raise SystemExit(f"picture {item['index'] + 1}: {item['error']['message']}")
        return {space: np.array([item["embeddings"][space] for item in answer["data"]], np.float32) for space in spaces}


def main():
    parser = argparse.ArgumentParser(description="Cosines of pictures in the spaces of a model.")
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("--url", default=os.environ.get("FACET_URL", "http://127.0.0.1:8080"))
    parser.add_argument("--model", default="facet-small")
    parser.add_argument("--spaces", help="with commas; all heads of the model without it")
    wanted = parser.parse_args()
    facet = Facet(wanted.url, os.environ.get("FACET_KEY"))
    spaces = wanted.spaces.split(",") if wanted.spaces else facet.heads(wanted.model)
    vectors = facet.embed([open(path, "rb").read() for path in wanted.pictures], spaces, wanted.model)
    for space in spaces:
        print(f"{space}: {vectors[space].shape[1]} dimensions, cosines of all pairs")
        for path, row in zip(wanted.pictures, vectors[space] @ vectors[space].T):
            print("  " + " ".join(f"{cosine:7.4f}" for cosine in row) + "  " + os.path.basename(path))


if __name__ == "__main__":
    main()
