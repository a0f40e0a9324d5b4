# SPDX-License-Identifier: Apache-2.0
"""The PNG pictures of a colour-bitmap font: its CBLC table says where in the CBDT table each glyph's picture is.

Written after the OpenType specification 1.9, chapters "CBLC", "CBDT" and "EBLC". Index formats 1 to 5 and the image
formats 17, 18 and 19, which hold PNG data, are read. All numbers are big-endian.
"""
from collections.abc import Iterator
from struct import error as StructError
from struct import unpack_from

from .sfnt import FontError

# Bytes of metrics before the length of the PNG data, by image format.
METRICS = {17: 5, 18: 8, 19: 0}
PNG = b"\x89PNG\r\n\x1a\n"


def pictures(cblc: bytes, cbdt: bytes) -> dict[int, bytes]:
    """Glyph number to PNG data, for the strike with the most pixels per em."""
    try:
        strikes = unpack_from(">I", cblc, 4)[0]
        if strikes == 0:
            raise FontError("the font has no strike of bitmaps")
        sizes = [(unpack_from(">B", cblc, 8 + 48 * index + 45)[0], index) for index in range(strikes)]
        strike = 8 + 48 * max(sizes)[1]
        return dict(_strike(cblc, cbdt, strike))
    except StructError as problem:
        raise FontError(f"the bitmap tables are cut off: {problem}") from problem


def _strike(cblc: bytes, cbdt: bytes, strike: int) -> Iterator[tuple[int, bytes]]:
    array, _, count = unpack_from(">III", cblc, strike)
    for index in range(count):
        first, last, further = unpack_from(">HHI", cblc, array + 8 * index)
        subtable = array + further
        image = unpack_from(">H", cblc, subtable + 2)[0]
        if image not in METRICS:
            raise FontError(f"image format {image} holds no PNG data")
        for glyph, start, end in _places(cblc, subtable, first, last):
            if end > start:
                yield glyph, _png(cbdt, start, image)


def _places(cblc: bytes, subtable: int, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """Glyph number, first byte and end byte in CBDT, for each glyph of one index subtable."""
    form, _, base = unpack_from(">HHI", cblc, subtable)
    count, at = last - first + 1, subtable + 8
    if form in (1, 3):
        offsets = unpack_from(f">{count + 1}{'I' if form == 1 else 'H'}", cblc, at)
        for index in range(count):
            yield first + index, base + offsets[index], base + offsets[index + 1]
    elif form == 4:
        pairs = unpack_from(f">{2 * (unpack_from('>I', cblc, at)[0] + 1)}H", cblc, at + 4)
        for index in range(0, len(pairs) - 2, 2):
            yield pairs[index], base + pairs[index + 1], base + pairs[index + 3]
    elif form in (2, 5):
        size = unpack_from(">I", cblc, at)[0]
        glyphs: range | tuple[int, ...] = range(first, last + 1)
        if form == 5:
            glyphs = unpack_from(f">{unpack_from('>I', cblc, at + 12)[0]}H", cblc, at + 16)
        for index, glyph in enumerate(glyphs):
            yield glyph, base + index * size, base + (index + 1) * size
    else:
        raise FontError(f"index format {form} is not known")


def _png(cbdt: bytes, start: int, image: int) -> bytes:
    length = unpack_from(">I", cbdt, start + METRICS[image])[0]
    begin = start + METRICS[image] + 4
    data = cbdt[begin : begin + length]
    if len(data) != length or not data.startswith(PNG):
        raise FontError(f"no PNG data of {length} bytes at byte {begin} of the CBDT table")
    return data
