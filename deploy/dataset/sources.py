# SPDX-License-Identifier: Apache-2.0
"""The pictures of the unpacked packages, with their labels, in a fixed order."""
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import bitmaps, labels, sfnt

OPENCLIPART = "openclipart-png"
EMOJI = "fonts-noto-color-emoji"
UNICODE = "unicode-data"
# SPDX names of what each package's copyright file says. The font is under the OFL, and so is what is taken from it; the
# drawings it was made of are under Apache-2.0. Of unicode-data only the names of the emoji are used.
LICENCES = {OPENCLIPART: "CC-PDDC", EMOJI: "OFL-1.1", UNICODE: "Unicode-DFS-2015"}
SKIN_TONES = range(0x1F3FB, 0x1F400)
VARIATION = 0xFE0F


@dataclass(frozen=True)
class Candidate:
    """One picture: its label, the name of its file without the ending, its package, and a file or its bytes."""

    category: str
    subcategory: str
    name: str
    source: str
    file: Path | None = None
    data: bytes | None = None

    def read(self) -> bytes:
        """The picture's file; at most a few megabytes."""
        return self.data if self.data is not None else self.file.read_bytes() if self.file else b""


def slug(text: str) -> str:
    """A file name of a-z, 0-9, '-' and '_'."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_") or "picture"


def openclipart(unpacked: Path, dropped: Counter[str]) -> list[Candidate]:
    """One candidate for each picture of openclipart-png that has a label.

    A link is one more label for its target. Of several labels, a general one and that of icons are the last choice, and a
    link's label the next to last.
    """
    root = (unpacked / "usr/share/openclipart/png").resolve()
    best: dict[Path, tuple[int, bool, str, Candidate]] = {}
    for file in sorted(root.rglob("*.png")):
        target = file.resolve()
        if not target.is_file() or not target.is_relative_to(root):
            dropped["broken_link"] += 1
            continue
        label = openclipart_label(file, root, dropped)
        if label:
            weakness = 2 if label[1] == "icons" else int(label[1] == labels.GENERAL)
            candidate = Candidate(*label, slug(target.stem), OPENCLIPART, target)
            choice = (weakness, file.is_symlink(), file.as_posix(), candidate)
            best[target] = min(best.get(target, choice), choice, key=lambda each: each[:3])
    return [candidate for *_, candidate in sorted(best.values(), key=lambda each: each[:3])]


def openclipart_label(file: Path, root: Path, dropped: Counter[str]) -> labels.Label | None:
    """The label that a file or link has where it lies; counts the files, not the links, that are left out."""
    reason = "generated" if labels.GENERATED.match(file.name) else "junk" if labels.JUNK.match(file.name) else ""
    label = None if reason else labels.file_label(file.parent.relative_to(root).as_posix(), file.name)
    if label is None and not file.is_symlink():
        dropped[reason or "category_left_out"] += 1
    return label


def emoji(unpacked: Path, names: Path, dropped: Counter[str]) -> Iterator[Candidate]:
    """All pictures of the emoji font that Unicode's list names."""
    font = sfnt.tables((unpacked / "usr/share/fonts/truetype/noto/NotoColorEmoji.ttf").read_bytes())
    missing = [tag for tag in ("cmap", "GSUB", "CBLC", "CBDT") if tag not in font]
    if missing:
        raise sfnt.FontError(f"the emoji font has no table {', '.join(missing)}")
    characters, ligatures = sfnt.characters(font["cmap"]), sfnt.ligatures(font["GSUB"])
    pictures = bitmaps.pictures(font["CBLC"], font["CBDT"])
    for subgroup, codes, name in emoji_names((names / "usr/share/unicode/emoji/emoji-test.txt").read_text("utf-8")):
        label = labels.emoji_label(subgroup)
        glyphs = tuple(characters.get(code, 0) for code in codes if code != VARIATION)
        glyph = glyphs[0] if len(glyphs) == 1 else ligatures.get(glyphs, 0)
        if any(code in SKIN_TONES for code in codes):
            dropped["skin_tone"] += 1
        elif label is None:
            dropped["category_left_out"] += 1
        elif glyph not in pictures:
            dropped["not_in_font"] += 1
        else:
            yield Candidate("emoji", label, slug(name), EMOJI, data=pictures[glyph])


def emoji_names(text: str) -> Iterator[tuple[str, tuple[int, ...], str]]:
    """Sub-group, code points and English name of every fully-qualified line of emoji-test.txt."""
    subgroup = ""
    entry = re.compile(r"^([0-9A-F ]+?)\s*; fully-qualified\s*# \S+ E[0-9.]+ (.+)$")
    for line in text.splitlines():
        if line.startswith("# subgroup: "):
            subgroup = line.removeprefix("# subgroup: ").strip()
        elif found := entry.match(line):
            yield subgroup, tuple(int(code, 16) for code in found[1].split()), found[2]
