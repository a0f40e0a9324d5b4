# SPDX-License-Identifier: Apache-2.0
"""Tiny font tables made by hand, for the tests."""
import io
from struct import pack

from PIL import Image


def picture(color: str, size: tuple[int, int] = (40, 40)) -> bytes:
    """A PNG file of one colour with a black diagonal, so that it is not blank."""
    image = Image.new("RGB", size, color)
    for index in range(min(size)):
        for offset in range(min(4, size[0] - index)):
            image.putpixel((index + offset, index), (0, 0, 0))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def font(**tables: bytes) -> bytes:
    """A font file with the tables; checksums are zero, nothing here reads them."""
    head, body = pack(">IHHHH", 0x00010000, len(tables), 0, 0, 0), b""
    for tag, data in tables.items():
        head += pack(">4sIII", tag.encode(), 0, 12 + 16 * len(tables) + len(body), len(data))
        body += data
    return head + body


def cmap(*groups: tuple[int, int, int]) -> bytes:
    """A cmap with one subtable of format 12: first code, last code, first glyph."""
    body = b"".join(pack(">III", *group) for group in groups)
    return pack(">HHHHI", 0, 1, 3, 10, 12) + pack(">HHIII", 12, 0, 16 + len(body), 0, len(groups)) + body


def gsub(first: int, rest: tuple[int, ...], glyph: int, extension: bool = False) -> bytes:
    """A GSUB table with one ligature, in an extension lookup when asked for."""
    ligature = pack(f">HH{len(rest)}H", glyph, len(rest) + 1, *rest)
    subtable = pack(">HHHH", 1, 8, 1, 14) + pack(">HHH", 1, 1, first) + pack(">HH", 1, 4) + ligature
    if extension:
        subtable = pack(">HHI", 1, 4, 8) + subtable
    lookups = pack(">HH", 1, 4) + pack(">HHHH", 7 if extension else 4, 0, 1, 8) + subtable
    return pack(">HHHHH", 1, 0, 10, 10, 10) + lookups


def bitmaps(form: int, first: int, files: list[bytes]) -> tuple[bytes, bytes]:
    """CBLC and CBDT with one strike and one index subtable of format 1, 3 or 4; the pictures are of image format 17."""
    cbdt, offsets = pack(">HH", 3, 0), [0]
    for data in files:
        cbdt += bytes(5) + pack(">I", len(data)) + data
        offsets.append(len(cbdt) - 4)
    header = pack(">HHI", form, 17, 4)
    if form == 4:
        pairs = [number for index, offset in enumerate(offsets) for number in (first + index, offset)]
        index = header + pack(f">I{len(pairs)}H", len(files), *pairs)
    else:
        index = header + pack(f">{len(offsets)}{'I' if form == 1 else 'H'}", *offsets)
    array = pack(">HHI", first, first + len(files) - 1, 8)
    strike = pack(">III", 56, 8 + len(index), 1) + bytes(33) + pack(">BBB", 109, 32, 1)
    return pack(">HHI", 3, 0, 1) + strike + array + index, cbdt
