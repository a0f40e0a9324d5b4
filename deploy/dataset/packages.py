# SPDX-License-Identifier: Apache-2.0
"""What the manifest says about each Debian package, and its copyright file beside it."""
import shutil
from pathlib import Path

from .sources import EMOJI, LICENCES, OPENCLIPART, UNICODE

USES = {
    OPENCLIPART: "pictures with the labels of their folders",
    EMOJI: "pictures",
    UNICODE: "names and sub-groups of the emoji; no pictures",
}


def describe(unpacked: Path, out: Path) -> list[dict[str, str]]:
    """One entry a package: name, version, digest and address of the .deb, licence, use. Copies the copyright files.

    `unpacked`/packages.tsv has a line for each: name, version, SHA-256, address, with tabs between.
    """
    found: list[dict[str, str]] = []
    (out / "licences").mkdir(exist_ok=True)
    for line in sorted((unpacked / "packages.tsv").read_text("utf-8").splitlines()):
        name, version, sha256, source = line.split("\t")
        notice = f"licences/{name}.txt"
        shutil.copyfile(unpacked / name / "usr/share/doc" / name / "copyright", out / notice)
        found.append({
            "name": name, "version": version, "sha256": sha256, "source": source, "licence": LICENCES[name],
            "notice": notice, "use": USES[name],
        })
    return found
