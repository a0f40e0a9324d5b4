# SPDX-License-Identifier: Apache-2.0
"""python -m dataset UNPACKED OUT: lays out OUT from the packages unpacked under UNPACKED/<package>."""
import argparse
import errno
import shutil
import sys
from collections import Counter
from pathlib import Path

from . import layout, manifest, packages, sources
from .sfnt import FontError


def main() -> int:
    """Runs the whole layout; the exit status is 0 when OUT is complete."""
    parser = argparse.ArgumentParser(prog="dataset")
    parser.add_argument("unpacked", type=Path, help="the folder with one unpacked package in each sub-folder")
    parser.add_argument("out", type=Path, help="the folder to lay out; replaced when it exists")
    arguments = parser.parse_args()
    fresh = arguments.out.with_name(arguments.out.name + ".facet-tmp")
    try:
        build(arguments.unpacked, fresh)
        layout.replace_folder(fresh, arguments.out)
        return 0
    except FontError as problem:
        print(f"the emoji font cannot be read: {problem}", file=sys.stderr)
    except OSError as problem:
        full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
        print(f"{'the disk is full' if full else 'stopped'}: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped; what was there before is untouched", file=sys.stderr)
    shutil.rmtree(fresh, ignore_errors=True)
    return 1


def build(unpacked: Path, fresh: Path) -> None:
    """Lays out `fresh` and prints what it holds."""
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    dropped: Counter[str] = Counter()
    candidates = [
        *sources.openclipart(unpacked / sources.OPENCLIPART, dropped),
        *sources.emoji(unpacked / sources.EMOJI, unpacked / sources.UNICODE, dropped),
    ]
    settled = layout.settle(layout.prepare_all(candidates, dropped), dropped)
    entries = layout.store(layout.cap(layout.merge_small(settled), dropped), fresh)
    facts = manifest.summary(entries, packages.describe(unpacked, fresh), dropped)
    manifest.write(fresh, entries, facts)
    for line in manifest.report(facts):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
