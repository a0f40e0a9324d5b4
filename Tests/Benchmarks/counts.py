#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Facet costs in numbers that do not depend on the machine's mood: bytes, operations, heap allocations.

    Tests/Benchmarks/counts.py            prints them beside curves' baseline.json; status 1 when one grew
    Tests/Benchmarks/counts.py --keep     writes them there

The programs are the release build's (FACET_BUILD names another folder); cc compiles the allocation counter.
"""
import argparse, http.client, json, os, pathlib, struct, subprocess, sys, tempfile
import server
from server import BENCH, BINARY, PATH, ROOT

BASELINE = ROOT / "Tests/Benchmarks/baseline.json"
IMAGE = ROOT / "Tests/Fixtures/golden/images/baseline.jpg"
# A count may grow by this share and this much before the test fails; allocations of idle threads come and go.
SHARE, SLACK = 0.03, 1.0
# Falling is what these must not do.
FLOORS = {"images_per_pass"}
# The layout of packed weights and of a pass differs between instruction sets.
OF_THE_PROCESSOR = {"weight_bytes", "images_per_pass", "allocations_a_forward_pass", "heap_bytes_a_forward_pass"}


class Counter:
    """The allocation counter: compiled once, preloaded through `environment`."""

    def __init__(self, folder):
        self.counter, self.file = pathlib.Path(folder) / "allocations.so", pathlib.Path(folder) / "counts"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", self.counter, ROOT / "Tests/Benchmarks/curves/allocations.c"], check=True)
        self.environment = dict(os.environ, LD_PRELOAD=str(self.counter), FACET_ALLOCATIONS=str(self.file))

    def read(self):
        return struct.unpack("QQ", self.file.read_bytes()[:16])


def forward(counter, batch=1):
    """Allocations and bytes of one forward pass: what 60 passes cost more than 10, each by itself."""

    def run(passes):
        counter.file.unlink(missing_ok=True)
        words = [BENCH, "counts", "--model", ROOT / "models/facet-small", "--batch", str(batch), "--passes", str(passes)]
        done = subprocess.run(words, check=True, capture_output=True, text=True, env=counter.environment, cwd=ROOT)
        return counter.read(), json.loads(done.stdout)

    (few, plan), (many, _) = run(10), run(60)
    return plan, [(b - a) / 50 for a, b in zip(few, many)]


def requests(counter, count=400):
    """Allocations and bytes of a request of a cached image, and of one that is not cached."""
    found = {}
    for kind, flags in {"cached": [], "uncached": ["--cache-bytes", 0]}.items():
        counter.file.unlink(missing_ok=True)
        with server.facet("--threads", 1, *flags, environment=counter.environment) as s:
            connection = http.client.HTTPConnection("127.0.0.1", s.port, timeout=60)

            def post(times):
                for _ in range(times):
                    connection.request("POST", PATH, IMAGE.read_bytes(), BINARY)
                    answer = connection.getresponse()
                    assert answer.status == 200, answer.read()
                    answer.read()

            post(100)
            before = counter.read()
            post(count)
            found[kind] = [(b - a) / count for a, b in zip(before, counter.read())]
    return found


def measure():
    with tempfile.TemporaryDirectory(prefix="facet-counts-") as folder:
        counter = Counter(folder)
        plan, one = forward(counter)
        asked = requests(counter)
    counts = {**plan, "allocations_a_forward_pass": one[0], "heap_bytes_a_forward_pass": one[1]}
    for kind, (number, size) in asked.items():
        counts[f"allocations_a_{kind}_request"], counts[f"heap_bytes_a_{kind}_request"] = number, size
    return {name: round(value, 1) for name, value in counts.items()}


def vectors():
    """The widest vectors of this processor that Facet has kernels for."""
    words = pathlib.Path("/proc/cpuinfo").read_text().split()
    return next((name for name in ("avx512f", "avx2", "asimd") if name in words), "plain")


def kept_here(data):
    """The baseline's counts that hold on this processor."""
    kept = data.get("counts", {})
    return kept if data.get("vectors") == vectors() else {name: value for name, value in kept.items() if name not in OF_THE_PROCESSOR}


def grown(counts, kept):
    """What got worse, in words."""
    worse = []
    for name, was in kept.items():
        now = counts.get(name)
        if now is None:
            worse.append(f"{name} is no longer counted")
        elif name in FLOORS and now < was:
            worse.append(f"{name} fell from {was} to {now}")
        elif name not in FLOORS and now > was * (1 + SHARE) + SLACK:
            worse.append(f"{name} grew from {was} to {now}")
    return worse


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--keep", action="store_true", help="make these the baseline")
    args = ap.parse_args()
    data = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    counts, kept = measure(), kept_here(data)
    for name, value in counts.items():
        print(f"{name:34} {value:>14} (kept {kept.get(name)})")
    if args.keep:
        BASELINE.write_text(json.dumps({**data, "vectors": vectors(), "counts": counts}, indent=1) + "\n")
        return 0
    worse = grown(counts, kept)
    for line in worse:
        print(line, file=sys.stderr)
    return 1 if worse or not kept else 0


if __name__ == "__main__":
    sys.exit(main())
