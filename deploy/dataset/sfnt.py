# SPDX-License-Identifier: Apache-2.0
"""Characters to glyph numbers in a TrueType font: the table directory, cmap format 12 and GSUB ligatures.

Written after the OpenType specification 1.9, chapters "cmap" and "GSUB". All numbers are big-endian.
"""
from struct import error as StructError
from struct import unpack_from

Ligatures = dict[tuple[int, ...], int]

LIGATURE, EXTENSION = 4, 7


class FontError(ValueError):
    """The font is damaged, or lacks something that is needed here."""


def tables(font: bytes) -> dict[str, bytes]:
    """The font's tables by their four-letter tag."""
    try:
        count = unpack_from(">H", font, 4)[0]
        found: dict[str, bytes] = {}
        for index in range(count):
            tag, _, offset, length = unpack_from(">4sIII", font, 12 + 16 * index)
            if offset + length > len(font):
                raise FontError(f"table {tag!r} ends at byte {offset + length} of {len(font)}")
            found[tag.decode("ascii", "replace")] = font[offset : offset + length]
        return found
    except StructError as problem:
        raise FontError(f"the table directory is cut off: {problem}") from problem


def characters(cmap: bytes) -> dict[int, int]:
    """Code point to glyph number, from the first subtable of format 12."""
    try:
        for index in range(unpack_from(">H", cmap, 2)[0]):
            offset = unpack_from(">HHI", cmap, 4 + 8 * index)[2]
            if unpack_from(">H", cmap, offset)[0] == 12:
                return _format12(cmap, offset)
    except StructError as problem:
        raise FontError(f"the cmap is cut off: {problem}") from problem
    raise FontError("the cmap has no subtable of format 12")


def _format12(cmap: bytes, offset: int) -> dict[int, int]:
    glyphs: dict[int, int] = {}
    previous = -1
    for index in range(unpack_from(">I", cmap, offset + 12)[0]):
        first, last, glyph = unpack_from(">III", cmap, offset + 16 + 12 * index)
        if not previous < first <= last <= 0x10FFFF:
            raise FontError(f"the cmap has a group from {first:#x} to {last:#x} after {previous:#x}")
        previous = last
        glyphs.update((code, glyph + code - first) for code in range(first, last + 1))
    return glyphs


def ligatures(gsub: bytes) -> Ligatures:
    """Which glyphs in a row become one glyph, over all ligature lookups of the GSUB table; the first one wins."""
    found: Ligatures = {}
    try:
        lookups = unpack_from(">H", gsub, 8)[0]
        for index in range(unpack_from(">H", gsub, lookups)[0]):
            lookup = lookups + unpack_from(">H", gsub, lookups + 2 + 2 * index)[0]
            kind, _, subtables = unpack_from(">HHH", gsub, lookup)
            for subtable in unpack_from(f">{subtables}H", gsub, lookup + 6):
                _add(gsub, kind, lookup + subtable, found)
    except StructError as problem:
        raise FontError(f"the GSUB table is cut off: {problem}") from problem
    return found


def _add(gsub: bytes, kind: int, offset: int, found: Ligatures) -> None:
    """Adds the ligatures of one subtable; lookups of other kinds have none."""
    if kind == EXTENSION:
        _, kind, further = unpack_from(">HHI", gsub, offset)
        offset += further
    if kind != LIGATURE:
        return
    _, coverage, sets = unpack_from(">HHH", gsub, offset)
    firsts = _covered(gsub, offset + coverage)
    for first, start in zip(firsts, unpack_from(f">{sets}H", gsub, offset + 6), strict=False):
        base = offset + start
        for ligature in unpack_from(f">{unpack_from('>H', gsub, base)[0]}H", gsub, base + 2):
            glyph, length = unpack_from(">HH", gsub, base + ligature)
            rest = unpack_from(f">{max(length - 1, 0)}H", gsub, base + ligature + 4)
            found.setdefault((first, *rest), glyph)


def _covered(gsub: bytes, offset: int) -> list[int]:
    """The glyphs of a coverage table, in order."""
    form, count = unpack_from(">HH", gsub, offset)
    if form == 1:
        return list(unpack_from(f">{count}H", gsub, offset + 4))
    glyphs: list[int] = []
    for index in range(count):
        first, last, _ = unpack_from(">HHH", gsub, offset + 4 + 6 * index)
        glyphs.extend(range(first, last + 1))
    return glyphs
