# SPDX-License-Identifier: Apache-2.0
"""Runs the same training step through facet-bench and through pytorch_step.py in turn and prints the ratio of medians.

Both start from one file that pytorch_step.py writes, and the losses of their first three steps must agree to 1e-3.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TOLERANCE = 1e-3


def output(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def result(command):
    return json.loads(output(command).splitlines()[-1])


def engine_losses(ours, theirs):
    """Stops unless both engines saw the same losses."""
    pairs = list(zip(ours["losses"], theirs["losses"], strict=True))
    worst = max(abs(a - b) / abs(b) for a, b in pairs)
    if len(pairs) < 3 or not worst <= TOLERANCE:
        sys.exit(f"the engines disagree: losses {ours['losses']} and {theirs['losses']}")
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10, help="measured by each engine in each round")
    parser.add_argument("--bench", type=pathlib.Path, default=ROOT / ".build/release/facet-bench")
    parser.add_argument("--peer", default="", help="more flags of pytorch_step.py, such as '--compile'")
    parser.add_argument("--skip-check", action="store_true", help="do not compare the peer with the plain reference first")
    args = parser.parse_args()
    file = ROOT / ".build/bench-step.safetensors"
    file.parent.mkdir(exist_ok=True)
    python = [sys.executable, HERE / "pytorch_step.py"]
    output([*python, "--export", file])
    if not args.skip_check:
        print(output([*python, "--input", file, "--check", "--threads", args.threads]), end="")
    flags = ["--input", file, "--threads", args.threads, "--seconds", args.seconds]
    rates = []
    for number in range(args.rounds):
        ours = result([args.bench, "training", *flags, "--json"])
        theirs = result([*python, *flags, *args.peer.split()])
        worst = engine_losses(ours, theirs)
        rates.append((ours["samples_per_second"], theirs["samples_per_second"]))
        print(f"round {number + 1}: Facet {rates[-1][0]:7.1f} samples/s, PyTorch {rates[-1][1]:7.1f}, ratio {rates[-1][0] / rates[-1][1]:.2f}; "
              f"losses within {worst:.1e}; load {os.getloadavg()[0]:.1f}", flush=True)
    facet, torch = (statistics.median(column) for column in zip(*rates))
    ratios = sorted(a / b for a, b in rates)
    print(f"PyTorch {theirs['torch']} ({theirs['layout']}{', compiled' if theirs['compiled'] else ''}), {args.threads} threads, "
          f"medians of {args.rounds} rounds in turn: Facet {facet:.1f} samples/s, PyTorch {torch:.1f}, "
          f"ratio {facet / torch:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


main()
