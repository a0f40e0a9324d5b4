# SPDX-License-Identifier: Apache-2.0
"""The list of the pictures: one line of JSON for each, a summary, and the split that never changes."""
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

VERSION = 1
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Entry:
    """One line of manifest.jsonl; `path` counts from the folder, `sha256` is that of the file."""

    path: str
    category: str
    subcategory: str
    source: str
    licence: str
    sha256: str
    group: str
    split: str


def split_of(group: str) -> str:
    """"test" for a fifth of all groups, "train" for the others: it depends on the group's name alone."""
    first = int.from_bytes(hashlib.sha256(group.encode()).digest()[:4], "big")
    return "test" if first < TEST_SHARE * 2**32 else "train"


def lines(entries: Iterable[Entry]) -> bytes:
    """manifest.jsonl: the entries by path, keys in the order of `Entry`."""
    ordered = sorted(entries, key=lambda entry: entry.path)
    return "".join(json.dumps(asdict(entry), separators=(",", ":")) + "\n" for entry in ordered).encode()


def summary(entries: list[Entry], packages: list[dict[str, str]], dropped: Counter[str]) -> dict[str, object]:
    """manifest.json: no time and no path of this machine, so that the same packages give the same bytes."""
    counts = Counter((entry.category, entry.subcategory) for entry in entries)
    categories: dict[str, dict[str, int]] = {}
    for (category, subcategory), count in sorted(counts.items()):
        categories.setdefault(category, {})[subcategory] = count
    return {
        "format": VERSION,
        "images": len(entries),
        "splits": dict(sorted(Counter(entry.split for entry in entries).items())),
        "groups": len({entry.group for entry in entries}),
        "packages": packages,
        "categories": categories,
        "dropped": dict(sorted(dropped.items())),
        "digest": hashlib.sha256(lines(entries)).hexdigest(),
    }


def write(folder: Path, entries: list[Entry], facts: dict[str, object]) -> None:
    """Writes both files into the folder."""
    (folder / "manifest.jsonl").write_bytes(lines(entries))
    (folder / "manifest.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


def report(facts: dict[str, object]) -> list[str]:
    """The summary in a few lines for people."""
    categories, splits, dropped = facts["categories"], facts["splits"], facts["dropped"]
    assert isinstance(categories, dict) and isinstance(splits, dict) and isinstance(dropped, dict)
    width = max(map(len, categories), default=0)
    shown = [
        f"  {name:<{width}} {sum(parts.values()):>5}  {', '.join(f'{part} {count}' for part, count in parts.items())}"
        for name, parts in categories.items()
    ]
    sides = ", ".join(f"{side} {count}" for side, count in splits.items())
    reasons = ", ".join(f"{reason} {count}" for reason, count in dropped.items() if count)
    return [*shown, f"{facts['images']} images ({sides}); left out: {reasons}", f"digest {facts['digest']}"]
