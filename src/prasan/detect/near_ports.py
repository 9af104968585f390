"""Which fixes are near a port: cells of the chart decide nearly all, and only fixes on the edge are measured."""

from typing import Final

import numpy as np

from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.world import CELL_M, World
from prasan.tracks.columns import Bools, Fixes, Ints, ranges

WIDE: Final = (UNITS_PER_DEGREE // 20, 4_000.0)
FINE: Final = (UNITS_PER_DEGREE // 200, 400.0)
"""Edge of a cell in 1/10000 minute, and metres from its middle that hold all of it at any latitude."""


def near_ports(rows: Fixes, entry_km: float, exit_km: float, world: World) -> tuple[Ints, Bools, Bools]:
    """Rows that may be nearer than `exit_km` to a port, ascending; which are within `entry_km`, which are not nearer.

    All other rows are `exit_km` from every port, or farther.
    """
    entry, out = entry_km * 1000, exit_km * 1000
    row = np.arange(0)
    if out + WIDE[1] > CELL_M:  # beyond that ports are not looked for
        row = np.arange(len(rows))
    elif len(rows):
        begin, size, metres = _cells(rows, None, WIDE[0], out + WIDE[1], world)
        close = np.isfinite(metres)
        row = ranges(begin[close], size[close])
    if not len(row):
        return row, np.empty(0, np.bool_), np.empty(0, np.bool_)
    _, size, middle = _cells(rows, row, FINE[0], min(out + FINE[1], CELL_M), world)
    sure = np.full(len(middle), -1, np.int8)  # 0 far, 1 between, 2 near
    sure[middle - FINE[1] >= out] = 0
    sure[(middle - FINE[1] > entry) & (middle + FINE[1] < out)] = 1
    sure[middle + FINE[1] <= entry] = 2
    if out + FINE[1] > CELL_M:
        sure[:] = -1
    state = np.repeat(sure, size)
    doubt = np.flatnonzero(state < 0)
    at = row[doubt]
    exact = world.ports.nearest_m(rows.lat[at] / UNITS_PER_DEGREE, rows.lon[at] / UNITS_PER_DEGREE, out)
    state[doubt] = np.where(exact <= entry, 2, np.where(exact >= out, 0, 1))
    return row, state == 2, state == 0


def _cells(
    rows: Fixes, index: Ints | None, edge: int, limit_m: float, world: World
) -> tuple[Ints, Ints, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Runs of rows in one cell: first of each, how many, and metres from the cell's middle to the nearest port."""
    lat, lon = (rows.lat, rows.lon) if index is None else (rows.lat[index], rows.lon[index])
    cell = lat // np.int32(edge) * np.int32(400 * UNITS_PER_DEGREE // edge) + lon // np.int32(edge)
    head = np.ones(len(cell), np.bool_)
    np.not_equal(cell[1:], cell[:-1], out=head[1:])
    begin = np.flatnonzero(head)
    size = np.diff(np.append(begin, len(cell)))
    _, where, which = np.unique(cell[begin], return_index=True, return_inverse=True)
    some = begin[where]
    north, east = ((column[some] // edge + 0.5) * (edge / UNITS_PER_DEGREE) for column in (lat, lon))
    return begin, size, world.ports.nearest_m(north, east, limit_m)[which]
