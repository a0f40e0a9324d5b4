#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts that may not grow (Tests/Benchmarks/baseline.json), and the same bits for an image in any batch through HTTP."""
import base64, concurrent.futures, json, pathlib, subprocess, sys, urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Benchmarks"))
import counts, server

IMAGE = counts.IMAGE
SPACES = "/v1/embeddings?encoding_format=base64&spaces=backbone,invariant,color"


def test_no_count_grew_by_more_than_a_few_percent():
    worse = counts.grown(counts.measure(), counts.kept_here(json.loads(counts.BASELINE.read_text())))
    assert not worse, "; ".join(worse)


def test_a_count_that_grew_or_went_missing_is_told():
    assert counts.grown({"a": 104.2, "images_per_pass": 7}, {"a": 100, "b": 1, "images_per_pass": 8}) == [
        "a grew from 100 to 104.2", "b is no longer counted", "images_per_pass fell from 8 to 7"]
    assert counts.grown({"a": 103.9}, {"a": 100}) == []


def commented(image, number):
    """The same picture in other bytes: a comment after the start of the JPEG."""
    return image[:2] + b"\xff\xfe\0\x12" + b"%016d" % number + image[2:]


def test_an_image_has_the_same_bits_in_any_batch():
    image = IMAGE.read_bytes()
    with server.facet("--cache-bytes", 0) as s:
        alone = {str(json.loads(s.post(image, SPACES))["data"][0]["embeddings"]) for _ in range(4)}
        assert len(alone) == 1, "one image alone has several vectors"
        for clients in (2, 8, 16):
            with concurrent.futures.ThreadPoolExecutor(clients) as pool:
                answers = list(pool.map(lambda n: s.post(commented(image, n), SPACES), range(clients * 12)))
            found = {str(json.loads(answer)["data"][0]["embeddings"]) for answer in answers}
            assert found == alone, f"{clients} clients at once: {len(found)} different vectors"
        text = [base64.b64encode(commented(image, n)).decode() for n in range(33)]
        body = json.dumps({"model": "facet-small", "input": text, "encoding_format": "base64", "spaces": ["backbone", "invariant", "color"]})
        request = urllib.request.Request(f"http://127.0.0.1:{s.port}/v1/embeddings", body.encode(), {"Content-Type": "application/json"})
        found = {str(item["embeddings"]) for item in json.load(urllib.request.urlopen(request))["data"]}
        assert found == alone, f"33 images of one request: {len(found)} different vectors"
        metrics = dict(line.rsplit(" ", 1) for line in s.get("/metrics").decode().splitlines() if line.startswith("facet_batch_images_"))
        images, passes = float(metrics["facet_batch_images_sum"]), float(metrics["facet_batch_images_count"])
        assert images > passes, "every pass carried one image: nothing was tested"


def main():
    if not server.BENCH.exists():
        subprocess.run(["swift", "build", "-c", "release", "--product", "facet-bench"], check=True, cwd=ROOT)
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    tests = [test for test in tests if len(sys.argv) < 2 or sys.argv[1] in test.__name__]
    failed = 0
    for test in tests:
        try:
            test()
            print("ok", test.__name__)
        except Exception as error:
            failed += 1
            print("FAILED", test.__name__, type(error).__name__, str(error)[:2000])
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
