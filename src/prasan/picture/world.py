"""What a kernel may know of the world: ports, land, zones, flags, and what hulls are. One frozen value with a hash."""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.areas import Areas, areas
from prasan.picture.identity import mmsi_mids
from prasan.picture.shore import LIMIT_M, Shore, shore
from prasan.picture.sphere import EARTH_M, Floats, chord_m, vectors

CELL_M: Final = 20_000.0
"""Places are looked for within this distance at most: the edge of the cubes that they are sorted by."""

FINE_M: Final = 5_000.0
"""Edge of the smaller cubes, for shorter looks: in a port there are many points within 20 km.

Port visits look 4 km far with a tenth to spare; that must not be a look among all points within 20 km.
"""

SMALL_M: Final = 500.0
"""Edge of the cubes for which it is found out which points can be nearest."""

_WIDE: Final = (SMALL_M * 3**0.5 + 10) / EARTH_M  # from corner to corner, and some metres for what is rounded to one
_AT_ONCE: Final = 16_384
_STEPS: Final = np.array([(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)], np.int64)


class Grid(msgspec.Struct, frozen=True):
    """Points listed under the cube of `edge_m` metres around the Earth's centre that they lie in, and the 26 around it.

    `point` n x 3 unit vectors; `cell` 27 n ascending, `place` 27 n the number of the point, `listed` 3 x 27 n where
    it is, to a metre.
    """

    point: Floats
    cell: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    listed: npt.NDArray[np.float32]
    edge_m: float

    def nearest_m(self, asked: Floats, limit_m: float) -> Floats:
        """Metres from unit vectors, m x 3, to the nearest point; inf where none is within `limit_m` (at most the edge).

        Rows that follow each other mostly lie in one small cube (ships lie still), so what can be nearest to any place
        in it is found once for such a run.
        """
        best = np.full(len(asked), np.inf)
        keys, small = _keys(_cube(asked, self.edge_m)), _cube(asked, SMALL_M)
        new = (keys[1:] != keys[:-1]) | (small[1:] != small[:-1]).any(axis=1)
        begin = np.flatnonzero(np.concatenate(([True], new)))[: len(asked)]
        length = np.diff(np.append(begin, len(asked)))
        low, high = np.searchsorted(self.cell, keys[begin], "left"), np.searchsorted(self.cell, keys[begin], "right")
        some = high > low
        begin, length = begin[some], length[some]
        if not len(begin):
            return best
        place, count = self._able(small[begin], low[some], (high - low)[some])
        row, each = _ranges(begin, length), np.repeat(count, length)
        first = np.repeat(np.cumsum(count) - count, length)
        metres = chord_m(asked[np.repeat(row, each)], self.point[place[_ranges(first, each)]])
        best[row] = np.minimum.reduceat(metres, np.cumsum(each) - each)
        best[best > limit_m] = np.inf
        return best

    def _able(
        self, cube: npt.NDArray[np.int64], low: npt.NDArray[np.int64], count: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Of the listed points, those that can be nearest to a place in each small cube -> (their numbers, how many).

        A point that is further from the cube's middle than another one by more than the cube is wide never is.
        """
        at, begin = _ranges(low, count), np.cumsum(count) - count
        middle = ((cube + 0.5) * (SMALL_M / EARTH_M) - 1.0).astype(np.float32)
        apart = np.zeros(len(at), np.float32)
        for axis in range(3):
            gap = self.listed[axis][at]
            gap -= np.repeat(middle[:, axis], count)
            gap *= gap
            apart += gap
        limit = (np.sqrt(np.minimum.reduceat(apart, begin)) + np.float32(_WIDE)) ** 2
        able = apart <= np.repeat(limit, count)
        return self.place[at[able]], np.add.reduceat(able.astype(np.int64), begin)


class Places(msgspec.Struct, frozen=True):
    """Points that can be searched; made by `places`."""

    coarse: Grid
    fine: Grid

    @property
    def point(self) -> Floats:
        """The unit vectors, n x 3."""
        return self.coarse.point

    def nearest_m(self, lat: npt.ArrayLike, lon: npt.ArrayLike, limit_m: float = CELL_M) -> Floats:
        """Metres to the nearest point, n each; inf where none lies within `limit_m` (at most `CELL_M`)."""
        asked = np.atleast_2d(vectors(np.atleast_1d(lat), np.atleast_1d(lon)))
        grid = self.fine if limit_m <= FINE_M else self.coarse
        parts = [
            grid.nearest_m(asked[at : at + _AT_ONCE], min(limit_m, CELL_M)) for at in range(0, len(asked), _AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.empty(0)


def places(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Places:
    """Points in decimal degrees, n each -> a searchable set."""
    point = vectors(np.asarray(lat, np.float64), np.asarray(lon, np.float64)).reshape(-1, 3)
    return Places(_grid(point, CELL_M), _grid(point, FINE_M))


def _grid(point: Floats, edge_m: float) -> Grid:
    around = (_cube(point, edge_m)[:, None, :] + _STEPS[None]).reshape(-1, 3)
    cell = _keys(around)
    order = np.argsort(cell, kind="stable")
    place = order // len(_STEPS)
    return Grid(point, cell[order], place, np.ascontiguousarray(point[place].T, np.float32), edge_m)


class Land(msgspec.Struct, frozen=True):
    """What is land, and its coastline."""

    ground: Areas
    coast: Shore


NO_LAND: Final = Land(areas([]), shore([], [], [], []))
NO_ZONES: Final = areas([])


class World(msgspec.Struct, frozen=True):
    """The reference a run is made with. `flags`: MID -> ISO 3166 alpha-2.

    `ports` are ports and anchorages, the operator's own among them; `zones` the areas that the operator watches; `own`
    the MMSIs of our own government's vessels. `ship_types` and `imos` are what static reports say of a hull, by MMSI
    (M.1371-5 Table 53; IMO number as reported). `digest` is the SHA-256 of all of it, so that two runs can be known to
    have used the same world.
    """

    ports: Places
    flags: Mapping[int, str]
    ship_types: Mapping[int, int]
    imos: Mapping[int, int]
    digest: str
    land: Land = NO_LAND
    zones: Areas = NO_ZONES
    own: frozenset[int] = frozenset()

    def flag(self, mmsi: int) -> str | None:
        """ISO 3166 alpha-2 of the state whose MID the MMSI holds, if it holds a known one."""
        return self.flags.get(int(mmsi_mids(np.array([mmsi]))[0]))

    def shore_m(self, lat: npt.ArrayLike, lon: npt.ArrayLike, limit_m: float = LIMIT_M) -> Floats:
        """Metres to the shore, n each: 0 on land, inf where none lies within `limit_m` (at most 100 nautical miles)."""
        metres = self.land.coast.distance_m(lat, lon, limit_m)
        metres[self.land.ground.holds(lat, lon)] = 0.0
        return metres


def make_world(  # noqa: PLR0913 - the world has these parts
    ports: Places,
    flags: Mapping[int, str],
    ship_types: Mapping[int, int] | None = None,
    imos: Mapping[int, int] | None = None,
    *,
    land: Land = NO_LAND,
    zones: Areas = NO_ZONES,
    own: frozenset[int] = frozenset(),
) -> World:
    """A world with its digest."""
    types, numbers = ship_types or {}, imos or {}
    digest = hashlib.sha256(np.ascontiguousarray(ports.point).tobytes())
    for table in (flags, types, numbers):
        digest.update(repr(sorted(table.items())).encode())
    digest.update(f"{land.ground.digest}{land.coast.digest}{zones.digest}{sorted(own)}".encode())
    return World(ports, flags, types, numbers, digest.hexdigest(), land, zones, own)


def with_hulls(world: World, ship_types: Mapping[int, int], imos: Mapping[int, int]) -> World:
    """The same world that also knows these hulls; what it knew before of other hulls stays."""
    types, numbers = {**world.ship_types, **ship_types}, {**world.imos, **imos}
    return make_world(world.ports, world.flags, types, numbers, land=world.land, zones=world.zones, own=world.own)


def _cube(point: Floats, edge_m: float) -> npt.NDArray[np.int64]:
    return np.floor((point + 1.0) * (EARTH_M / edge_m)).astype(np.int64)


def _keys(cube: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    # 2 * EARTH_M / FINE_M is about 2,548: with the steps to either side, 12 bits a side hold it
    shifted = cube + 1
    return (shifted[:, 0] << 24) | (shifted[:, 1] << 12) | shifted[:, 2]


def _ranges(begin: npt.NDArray[np.int64], count: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The numbers begin, begin + 1, ... of each range, one after the other."""
    total = np.cumsum(count)
    place = np.arange(int(total[-1]) if len(total) else 0)
    return np.asarray(place + np.repeat(begin - (total - count), count))
