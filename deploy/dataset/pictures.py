# SPDX-License-Identifier: Apache-2.0
"""From a picture file to what is stored: flattened on white, cut to its content, at most 256 pixels; or why it is dropped.

The margin around the content is small and the same for all: a random crop of empty background makes views that are alike
whatever the picture shows.
"""
import io

import numpy
from PIL import Image

Image.MAX_IMAGE_PIXELS = None

LONGEST = 256  # pixels of the longer side of what is stored, margin included
SHORTEST = 32  # pixels that the longer side of the content must have
WIDEST = 4.0  # the longer side over the shorter
MARGIN = 1 / 32  # white around the content, as a share of its longer side
INK = 12  # levels below white, in any channel, that make a pixel content
ONE_COLOUR = 0.99  # share of the content in one colour from which a picture is blank
FAINTEST = 6  # mean levels below white that the content must have: less is a hairline that shrinking wipes out
MOST_PIXELS = 200_000_000  # pictures with more are dropped undecoded
STRIP = 4_000_000  # pixels that are flattened at a time

Box = tuple[int, int, int, int]


class Dropped(Exception):
    """Why a picture is left out; `reason` is a key of the manifest's counts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def prepare(data: bytes) -> Image.Image:
    """The content of a picture file in RGB, as large as it is stored, without the margin. Raises `Dropped`."""
    flat = flatten(data)
    box = content_box(numpy.asarray(flat))
    if box is None:
        raise Dropped("blank")
    width, height = box[2] - box[0], box[3] - box[1]
    if max(width, height) < SHORTEST:
        raise Dropped("tiny")
    if max(width, height) > WIDEST * min(width, height):
        raise Dropped("too_long")
    content = shrink(flat.crop(box))
    pixels = numpy.asarray(content)
    if one_colour_share(pixels) > ONE_COLOUR:
        raise Dropped("blank")
    if 255 - pixels.min(axis=2).mean() < FAINTEST:
        raise Dropped("faint")
    return content


def flatten(data: bytes) -> Image.Image:
    """Decodes and composites on white; a large picture is averaged down by a whole factor on the way."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Dropped("too_large")
            opened.load()
            factor = max(1, max(opened.size) // (4 * LONGEST))
            return _strips(opened, factor)
    except (OSError, SyntaxError, ValueError) as problem:
        raise Dropped("unreadable") from problem


def _strips(picture: Image.Image, factor: int) -> Image.Image:
    """Strip by strip, so that a huge picture is never held as RGBA at once."""
    width, height = -(-picture.width // factor), -(-picture.height // factor)
    flat = Image.new("RGB", (width, height), "white")
    rows = max(1, STRIP // (picture.width * factor)) * factor
    for top in range(0, picture.height, rows):
        strip = picture.crop((0, top, picture.width, min(top + rows, picture.height))).convert("RGBA")
        white = Image.new("RGBA", strip.size, "white")
        white.alpha_composite(strip)
        flat.paste(white.convert("RGB").reduce(factor), (0, top // factor))
    return flat


def content_box(pixels: numpy.ndarray) -> Box | None:
    """Left, top, right, bottom of all that is not white (height, width, 3); nothing when all is white."""
    ink = pixels.min(axis=2) < 255 - INK
    rows, columns = numpy.flatnonzero(ink.any(axis=1)), numpy.flatnonzero(ink.any(axis=0))
    if rows.size == 0:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def shrink(content: Image.Image) -> Image.Image:
    """Shrinks, with antialiasing, to what leaves room for the margin; what is smaller keeps its size."""
    inside = int(LONGEST / (1 + 2 * MARGIN))
    if max(content.size) <= inside:
        return content
    scale = inside / max(content.size)
    size = (max(1, round(content.width * scale)), max(1, round(content.height * scale)))
    return content.resize(size, Image.Resampling.LANCZOS)


def framed(content: Image.Image) -> Image.Image:
    """The picture that is stored: the content with the white margin around it."""
    margin = max(1, round(max(content.size) * MARGIN))
    stored = Image.new("RGB", (content.width + 2 * margin, content.height + 2 * margin), "white")
    stored.paste(content, (margin, margin))
    return stored


def one_colour_share(pixels: numpy.ndarray) -> float:
    """Share of the pixels in the most frequent colour, at four bits a channel."""
    coarse = (pixels >> 4).astype(numpy.int32)
    keys = (coarse[..., 0] << 8) | (coarse[..., 1] << 4) | coarse[..., 2]
    return float(numpy.bincount(keys.ravel()).max() / keys.size)


def png(picture: Image.Image) -> bytes:
    """The file that is stored; the same pixels give the same bytes."""
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=6)
    return out.getvalue()
