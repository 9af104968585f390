"""Which points of one bin lie within a distance of each other: cells with a one-cell halo, then exact measure.

Rows of cells run along parallels and are as high as the distance. In each row the cells are at least as wide as any two
points of that row or its neighbours can lie apart in longitude, so one cell to either side is enough at every latitude;
a row near a pole is one cell. Cells at 180° are repeated beyond it. Keys hold 64 bits with room to spare.
"""

from typing import Final

import msgspec
import numpy as np

from prasan.picture.sphere import EARTH_M, Floats, chord_m
from prasan.tracks.columns import Bools, Ints

MIN_CELL_M: Final = 100.0
"""Cells are not made smaller than this: row and cell numbers then fit in 18 + 19 bits."""

AT_ONCE: Final = 16_384
"""Rows looked at in one go, if no bin has more: what is worked out on the way stays small."""

_CELL_BITS: Final = 19
_ROW_BITS: Final = 18


class Grid(msgspec.Struct, frozen=True):
    """The cells for a distance: height of a row in radians and the number of cells of each row."""

    height: float
    cells: Ints


def grid(distance_m: float) -> Grid:
    """A grid whose cell and its neighbours hold everything within the distance. Pure: shuffles can use it as key.

    Row 1 begins at the south pole; the rows before it and behind the last are empty.
    """
    height = max(distance_m, MIN_CELL_M) * 1.000001 / EARTH_M
    rows = np.arange(int(np.pi / height) + 3) - 1
    edge = np.maximum(np.abs((rows - 1) * height - np.pi / 2), np.abs((rows + 2) * height - np.pi / 2))
    cos_edge = np.cos(np.minimum(edge, np.pi / 2))
    width = 2 * np.arcsin(np.minimum(1.0, np.sin(height / 2) / np.maximum(cos_edge, 1e-12)))
    count = np.floor(2 * np.pi / width).astype(np.int64)
    return Grid(height, np.where(count < 4, 1, count))


def near_pairs(bins: Ints, point: Floats, distance_m: float, asked: Bools | None = None) -> tuple[Ints, Ints, Floats]:
    """Bins, n, and unit vectors, n x 3 -> rows i < j of equal bins within the distance, and their metres.

    With `asked`, n, only pairs of which one is asked for.
    """
    none = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    if len(bins) < 2 or not (asked is None or asked.any()):
        return none
    cells, order = grid(distance_m), np.argsort(bins, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(bins[order])) + 1, len(bins))
    cuts = np.unique(ends[np.minimum(np.searchsorted(ends, np.arange(AT_ONCE, len(bins), AT_ONCE)), len(ends) - 1)])
    parts = [
        _pairs(cells, some, bins[some], point, distance_m, asked)
        for some in np.split(order, cuts)
        if len(some) > 1 and (asked is None or asked[some].any())
    ]
    if not parts:
        return none
    i, j, metres = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    by_row = np.argsort(i * len(bins) + j)
    return i[by_row], j[by_row], metres[by_row]


def _pairs(  # noqa: PLR0913, PLR0917 - a piece of the whole
    cells: Grid, of: Ints, bins: Ints, point: Floats, distance_m: float, asked: Bools | None
) -> tuple[Ints, Ints, Floats]:
    """The pairs among some rows, `of`, all of whose bins are there whole."""
    z = point[of, 2]
    lat, lon = np.arcsin(np.clip(z, -1, 1)), np.arctan2(point[of, 1], point[of, 0]) + np.pi
    row = np.clip(((lat + np.pi / 2) / cells.height).astype(np.int64) + 1, 1, len(cells.cells) - 2)
    start = bins - bins.min()
    cell = _cell(cells, row, lon)
    order = np.argsort(_key(start, row, cell))  # asked in key order, the searches below stay in the cache
    of, start, row, cell, lon = of[order], start[order], row[order], cell[order], lon[order]
    targets, owner = _with_halo(_key(start, row, cell), cell, cells.cells[row])
    from_ = np.arange(len(of))
    steps = [(0, 0), (1, -1)]  # the cell itself and the one east of it, and three in the row north of it
    if asked is not None:
        from_, steps = np.flatnonzero(asked[of]), [(-1, -1), (0, -1), (1, -1)]
        start, row, cell, lon = start[from_], row[from_], cell[from_], lon[from_]
    found = []
    for up, low in steps:
        near = cell if up == 0 else _cell(cells, row + up, lon)
        first = np.searchsorted(targets, _key(start, row + up, near + low), "left")
        last = np.searchsorted(targets, _key(start, row + up, near + 1), "right")
        found.append(_expand(first, last, owner))
    a, b = np.concatenate([pair[0] for pair in found]), np.concatenate([pair[1] for pair in found])
    return _exact(of[from_[a]], of[b], point, distance_m)


def _cell(cells: Grid, row: Ints, lon: Floats) -> Ints:
    count = cells.cells[row]
    return np.minimum((lon * (count / (2 * np.pi))).astype(np.int64), count - 1)


def _key(start: Ints, row: Ints, cell: Ints) -> Ints:
    return (((start << _ROW_BITS) | row) << _CELL_BITS) + cell + 1


def _with_halo(key: Ints, cell: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Sorted keys of all points and of the copies beyond 180°, with the row each came from."""
    many = count > 1
    east, west = np.flatnonzero(many & (cell == 0)), np.flatnonzero(many & (cell == count - 1))
    keys = np.concatenate((key, key[east] + count[east], key[west] - count[west]))
    owner = np.concatenate((np.arange(len(key)), east, west))
    order = np.argsort(keys, kind="stable")
    return keys[order], owner[order]


def _expand(first: Ints, last: Ints, owner: Ints) -> tuple[Ints, Ints]:
    count = last - first
    a = np.repeat(np.arange(len(first)), count)
    place = np.arange(len(a)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    return a, owner[place]


def _exact(a: Ints, b: Ints, point: Floats, distance_m: float) -> tuple[Ints, Ints, Floats]:
    low, high = np.minimum(a, b), np.maximum(a, b)
    apart = low != high
    low, high = low[apart], high[apart]
    metres = chord_m(point[low], point[high])
    close = metres <= distance_m
    low, high, metres = low[close], high[close], metres[close]
    _, once = np.unique(low * (len(point) + 1) + high, return_index=True)  # own row and halo may name a pair twice
    return low[once], high[once], metres[once]
