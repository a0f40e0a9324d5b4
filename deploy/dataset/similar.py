# SPDX-License-Identifier: Apache-2.0
"""Which pictures show the same: near duplicates, of which one stays, and recoloured or turned versions, which form a group.

A picture's structure is its luminance on a grid of 24 x 24 cells, less its mean and scaled to a fixed length, and in the
same way the strength of its edges. Both are whole numbers so small that every sum of products is exact in 32-bit floats:
the decisions depend on no rounding and so on no library or processor.
"""
from dataclasses import dataclass

import numpy
from PIL import Image

GRID = 24
LENGTH = 4000.0  # of a structure; its square stays below 2^24, so sums of products are exact
SAME_SHAPE = 0.93  # correlation of luminance from which two pictures may be versions of one
SAME_EDGES = 0.84  # the same for the edges
NEAR_COLOUR = 6  # mean difference of cells, in levels, up to which two pictures are duplicates
NEAR_CELL = 56  # the largest difference of one cell
NEAR_ASPECT = 0.12  # relative difference of width over height
BLOCK = 512


@dataclass(frozen=True)
class Fingerprint:
    """What is compared: cells (24, 24, 3) of 0..255, structures (576) and width over height."""

    cells: numpy.ndarray
    shape: numpy.ndarray
    edges: numpy.ndarray
    aspect: float


def fingerprint(picture: Image.Image) -> Fingerprint:
    """The fingerprint of a picture (RGB). Without its margin: around dark pictures that would be all of the structure."""
    cells = numpy.asarray(picture.resize((GRID, GRID), Image.Resampling.BOX)).astype(numpy.int16)
    grey = cells @ numpy.array([77, 150, 29]) // 256
    return Fingerprint(cells, structure(grey), structure(edge_strength(grey)), picture.width / picture.height)


def edge_strength(grey: numpy.ndarray) -> numpy.ndarray:
    """Sum of the absolute differences to the four neighbours (the border repeats): the same however the field is turned."""
    padded = numpy.pad(grey, 1, mode="edge")
    inner = padded[1:-1, 1:-1]
    neighbours = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    strength: numpy.ndarray = numpy.abs(inner - numpy.stack(neighbours)).sum(axis=0)
    return strength


def structure(values: numpy.ndarray) -> numpy.ndarray:
    """Less the mean, scaled to `LENGTH`, rounded to whole numbers; zeros for a flat field."""
    total = int(values.sum())
    centred = values.astype(numpy.int64) * values.size - total
    norm = float(numpy.sqrt(numpy.float64((centred * centred).sum())))
    if norm == 0:
        return numpy.zeros(values.shape, numpy.float32)
    scaled: numpy.ndarray = numpy.rint(centred * (LENGTH / norm)).astype(numpy.float32)
    return scaled


def near_duplicate(one: Fingerprint, other: Fingerprint) -> bool:
    """Same shape and same colours: one of the two is enough."""
    difference = numpy.abs(one.cells - other.cells)
    return bool(
        abs(one.aspect - other.aspect) <= NEAR_ASPECT * min(one.aspect, other.aspect)
        and int(difference.sum()) <= NEAR_COLOUR * difference.size
        and int(difference.max()) <= NEAR_CELL
    )


def alike_pairs(prints: list[Fingerprint]) -> list[tuple[int, int, bool]]:
    """All pairs (i < j) of one structure; the flag says whether they are so without being turned or mirrored."""
    shape = numpy.stack([each.shape for each in prints])
    edges = numpy.stack([each.edges for each in prints])
    aspect = numpy.array([each.aspect for each in prints])
    found: dict[tuple[int, int], bool] = {}
    for turn in range(8):
        turned = [orient(each, turn).reshape(len(prints), -1) for each in (shape, edges)]
        turned_aspect = 1 / aspect if turn % 2 else aspect
        for start in range(0, len(prints), BLOCK):
            rows = slice(start, start + BLOCK)
            close = matches(shape[rows], turned[0], SAME_SHAPE) & matches(edges[rows], turned[1], SAME_EDGES)
            smaller = numpy.minimum(aspect[rows, None], turned_aspect)
            close &= numpy.abs(aspect[rows, None] - turned_aspect) <= NEAR_ASPECT * smaller
            for i, j in zip(*numpy.nonzero(close), strict=True):
                if start + i < j:
                    found.setdefault((start + int(i), int(j)), turn == 0)
    return [(i, j, upright) for (i, j), upright in sorted(found.items())]


def orient(fields: numpy.ndarray, turn: int) -> numpy.ndarray:
    """One of the eight orientations of fields (n, 24, 24): odd ones swap width and height."""
    turned = fields.transpose(0, 2, 1) if turn & 1 else fields
    turned = turned[:, ::-1] if turn & 2 else turned
    return numpy.ascontiguousarray(turned[:, :, ::-1] if turn & 4 else turned)


def matches(rows: numpy.ndarray, columns: numpy.ndarray, least: float) -> numpy.ndarray:
    """Whether the correlation of each row with each column reaches `least`."""
    products: numpy.ndarray = rows.reshape(len(rows), -1) @ columns.T
    return products >= numpy.float32(least * LENGTH * LENGTH)


class Groups:
    """Which of the numbers 0..<count belong together; a group is named by its smallest member."""

    def __init__(self, count: int) -> None:
        self._leader = list(range(count))

    def first(self, index: int) -> int:
        """The smallest member of the group of `index`."""
        while self._leader[index] != index:
            self._leader[index] = self._leader[self._leader[index]]
            index = self._leader[index]
        return index

    def join(self, one: int, other: int) -> None:
        """Makes one group of the two."""
        low, high = sorted((self.first(one), self.first(other)))
        self._leader[high] = low


def duplicates(prints: list[Fingerprint], groups: Groups) -> set[int]:
    """Joins in `groups` all pictures of one structure; returns which are near duplicates of an earlier one that stays."""
    dropped: set[int] = set()
    for i, j, upright in alike_pairs(prints) if prints else []:
        groups.join(i, j)
        if upright and i not in dropped and near_duplicate(prints[i], prints[j]):
            dropped.add(j)
    return dropped
