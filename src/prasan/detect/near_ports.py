"""Which fixes are near a port: cells of the chart decide nearly all, and only fixes on the edge are measured.

What was found out about a cell is kept: ships come to the same harbours again and again.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.world import CELL_M, Places, World
from prasan.tracks.columns import Bools, Fixes, Ints, ranges

WIDE: Final = (UNITS_PER_DEGREE // 20, 4_000.0)
FINE: Final = ((UNITS_PER_DEGREE // 200, 400.0), (UNITS_PER_DEGREE // 1600, 50.0))
"""Edge of a cell in 1/10000 minute, and metres from its middle that hold all of it at any latitude.

What a wide cell leaves open the fine ones are asked, the finest last.
"""

_FAR, _BETWEEN, _NEAR, _DOUBT = 0, 1, 2, 3

_MOST: Final = 1 << 21
"""Cells kept of one chart, at 9 bytes each."""

_CHARTS_KEPT: Final = 12
_SHARE: Final = 256
"""New cells that are fewer than one in so many of those known are not worth the copying."""

States = npt.NDArray[np.int8]
Units = npt.NDArray[np.int32]


def near_ports(rows: Fixes, entry_km: float, exit_km: float, world: World) -> tuple[Ints, Bools, Bools]:
    """Rows that may be nearer than `exit_km` to a port, ascending; which are within `entry_km`, which are not nearer.

    All other rows are `exit_km` from every port, or farther.
    """
    entry, out = entry_km * 1000, exit_km * 1000
    ports = _Same(world.ports)
    begin, size, state = _cells(rows, None, _chart(ports, WIDE, entry, out))
    close = state != _FAR
    row = ranges(begin[close], size[close])
    state = np.full(len(row), _DOUBT, np.int8)
    for cell in FINE:
        doubt = np.flatnonzero(state == _DOUBT)
        _, size, found = _cells(rows, row[doubt], _chart(ports, cell, entry, out))
        state[doubt] = np.repeat(found, size)
    doubt = np.flatnonzero(state == _DOUBT)
    at = row[doubt]
    exact = world.ports.nearest_m(rows.lat[at] / UNITS_PER_DEGREE, rows.lon[at] / UNITS_PER_DEGREE, out)
    state[doubt] = np.where(exact <= entry, _NEAR, np.where(exact >= out, _FAR, _BETWEEN))
    return row, state == _NEAR, state == _FAR


class _Chart:
    """What the cells of one size are to the ports, for cells that were asked for."""

    def __init__(self, ports: Places, cell: tuple[int, float], entry: float, out: float) -> None:
        self.ports, (self.edge, self.hold), self.entry, self.out = ports, cell, entry, out
        self.known: tuple[Ints, States] = np.empty(0, np.int64), np.empty(0, np.int8)

    def states(self, cells: Ints, lat: Units, lon: Units) -> States:
        """The state of each cell, of which `lat` and `lon` are some place."""
        keys, values = self.known
        at = np.searchsorted(keys, cells)
        new = np.flatnonzero(np.append(keys, -1)[at] != cells)
        state = np.append(values, np.int8(_DOUBT))[at]
        if len(new):
            fresh, where, which = np.unique(cells[new], return_index=True, return_inverse=True)
            some = new[where]
            found = self._found(lat[some], lon[some])
            state[new] = found[which]
            self._keep(fresh, found)
        return state

    def _found(self, lat: Units, lon: Units) -> States:
        if self.out + self.hold > CELL_M:  # beyond that ports are not looked for
            return np.full(len(lat), _DOUBT, np.int8)
        north, east = ((column // self.edge + 0.5) * (self.edge / UNITS_PER_DEGREE) for column in (lat, lon))
        middle = self.ports.nearest_m(north, east, self.out + self.hold)
        state = np.full(len(lat), _DOUBT, np.int8)
        state[middle - self.hold >= self.out] = _FAR
        state[(middle - self.hold > self.entry) & (middle + self.hold < self.out)] = _BETWEEN
        state[middle + self.hold <= self.entry] = _NEAR
        return state

    def _keep(self, cells: Ints, state: States) -> None:
        keys, values = self.known
        if len(cells) * _SHARE < len(keys):
            return
        if len(keys) + len(cells) > _MOST:
            keys, values = keys[:0], values[:0]
        at = np.searchsorted(keys, cells)
        self.known = np.insert(keys, at, cells), np.insert(values, at, state)


class _Same:
    """Ports by what they are, not by what they say: they are many, and a world never changes."""

    def __init__(self, ports: Places) -> None:
        self.ports = ports

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.ports is self.ports

    def __hash__(self) -> int:
        return id(self.ports)


@lru_cache(_CHARTS_KEPT)
def _chart(same: _Same, cell: tuple[int, float], entry: float, out: float) -> _Chart:
    return _Chart(same.ports, cell, entry, out)


def _cells(rows: Fixes, index: Ints | None, chart: _Chart) -> tuple[Ints, Ints, States]:
    """Runs of rows in one cell: first of each, how many, and the state of the cell."""
    lat, lon = (rows.lat, rows.lon) if index is None else (rows.lat[index], rows.lon[index])
    edge = np.int32(chart.edge)
    cell = (lat // edge).astype(np.int64) * (400 * UNITS_PER_DEGREE // chart.edge) + lon // edge
    head = np.ones(len(cell), np.bool_)
    np.not_equal(cell[1:], cell[:-1], out=head[1:])
    begin = np.flatnonzero(head)
    size = np.diff(np.append(begin, len(cell)))
    return begin, size, chart.states(cell[begin], lat[begin], lon[begin])
