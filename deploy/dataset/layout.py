# SPDX-License-Identifier: Apache-2.0
"""The whole way from candidates to the labelled folder."""
import hashlib
import multiprocessing
import os
import shutil
import signal
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from . import labels, manifest, pictures, similar
from .progress import progress
from .sources import LICENCES, Candidate


@dataclass(frozen=True)
class Prepared:
    """A picture that is ready: `pixels` is the digest of its content, `sha256` that of the file to be stored."""

    candidate: Candidate
    png: bytes
    sha256: str
    pixels: str
    print: similar.Fingerprint


def prepare(candidate: Candidate) -> Prepared | str:
    """Runs in a worker; a text is the reason why the picture is dropped."""
    try:
        content = pictures.prepare(candidate.read())
    except pictures.Dropped as problem:
        return problem.reason
    data = pictures.png(pictures.framed(content))
    size = f"{content.width}x{content.height}:".encode()
    pixels = hashlib.sha256(size + content.tobytes()).hexdigest()
    kept = replace(candidate, data=None)
    return Prepared(kept, data, hashlib.sha256(data).hexdigest(), pixels, similar.fingerprint(content))


def prepare_all(candidates: list[Candidate], dropped: Counter[str]) -> list[Prepared]:
    """All that can be used, in the order of the candidates, without exact duplicates."""
    found: list[Prepared] = []
    seen: set[str] = set()
    workers = max(1, min(8, len(os.sched_getaffinity(0))))
    ignored = (signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    with multiprocessing.get_context("spawn").Pool(workers, signal.signal, ignored) as pool:
        results = pool.imap(prepare, candidates, chunksize=8)
        for result in progress(results, "pictures", len(candidates)):
            if isinstance(result, str):
                dropped[result] += 1
            elif result.pixels in seen:
                dropped["exact_duplicate"] += 1
            else:
                seen.add(result.pixels)
                found.append(result)
    return found


def settle(prepared: list[Prepared], dropped: Counter[str]) -> list[tuple[Prepared, str]]:
    """Without near duplicates; each picture with the name of its group, which is the digest of the first one in it."""
    groups = similar.Groups(len(prepared))
    doubles = similar.duplicates([each.print for each in prepared], groups)
    dropped["near_duplicate"] += len(doubles)
    families: dict[str, int] = {}
    for index, each in enumerate(prepared):
        candidate = each.candidate
        family = labels.family((candidate.category, candidate.subcategory), candidate.name)
        if family:
            groups.join(families.setdefault(family, index), index)
    names = [prepared[groups.first(index)].pixels[:16] for index in range(len(prepared))]
    return [(each, names[index]) for index, each in enumerate(prepared) if index not in doubles]


def cap(kept: list[tuple[Prepared, str]], dropped: Counter[str]) -> list[tuple[Prepared, str]]:
    """At most `labels.MOST` pictures of each sub-category: those whose digests come first."""
    members: dict[labels.Label, list[str]] = {}
    for each, _ in kept:
        members.setdefault((each.candidate.category, each.candidate.subcategory), []).append(each.pixels)
    chosen = {pixels for digests in members.values() for pixels in sorted(digests)[: labels.MOST]}
    dropped["over_the_cap"] += len(kept) - len(chosen)
    return [pair for pair in kept if pair[0].pixels in chosen]


def merge_small(kept: list[tuple[Prepared, str]]) -> list[tuple[Prepared, str]]:
    """Sub-categories with too few pictures join the general one of their category."""
    counts = Counter((each.candidate.category, each.candidate.subcategory) for each, _ in kept)

    def merged(candidate: Candidate) -> Candidate:
        few = counts[candidate.category, candidate.subcategory] < labels.FEWEST
        return replace(candidate, subcategory=labels.GENERAL) if few else candidate

    return [(replace(each, candidate=merged(each.candidate)), group) for each, group in kept]


def store(kept: list[tuple[Prepared, str]], folder: Path) -> list[manifest.Entry]:
    """Writes the picture files; two of one name in one folder get numbers."""
    entries: list[manifest.Entry] = []
    used: Counter[str] = Counter()
    for each, group in progress(kept, "writing", len(kept)):
        candidate = each.candidate
        base = f"images/{candidate.category}/{candidate.subcategory}/{candidate.name}"
        used[base] += 1
        path = f"{base}.png" if used[base] == 1 else f"{base}--{used[base]}.png"
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(each.png)
        entries.append(
            manifest.Entry(
                path, candidate.category, candidate.subcategory, candidate.source, LICENCES[candidate.source],
                each.sha256, group, manifest.split_of(group),
            )
        )
    return entries


def replace_folder(fresh: Path, target: Path) -> None:
    """Puts the finished folder in its place by renaming; what was there is removed afterwards."""
    old = target.with_name(target.name + ".old.facet-tmp")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)
