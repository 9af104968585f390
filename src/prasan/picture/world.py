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
"""Edge of the cubes that `Places` sorts its points into."""

_STEPS: Final = np.array([(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)], np.int64)


class Places(msgspec.Struct, frozen=True):
    """Points, sorted by the cube of `CELL_M` metres around the Earth's centre that they lie in.

    `point` n x 3 unit vectors, `cell` n ascending; made by `places`.
    """

    point: Floats
    cell: npt.NDArray[np.int64]

    def nearest_m(self, lat: npt.ArrayLike, lon: npt.ArrayLike, limit_m: float = CELL_M) -> Floats:
        """Metres to the nearest point, n each; inf where none lies within `limit_m` (at most `CELL_M`)."""
        asked = np.atleast_2d(vectors(np.atleast_1d(lat), np.atleast_1d(lon)))
        best = np.full(len(asked), np.inf)
        for step in _STEPS:
            keys = _keys(_cube(asked) + step)
            low, high = np.searchsorted(self.cell, keys, "left"), np.searchsorted(self.cell, keys, "right")
            owner = np.repeat(np.arange(len(asked)), high - low)
            if not len(owner):
                continue
            offset = np.arange(len(owner)) - np.repeat(np.cumsum(high - low) - (high - low), high - low)
            np.minimum.at(best, owner, chord_m(asked[owner], self.point[np.repeat(low, high - low) + offset]))
        best[best > min(limit_m, CELL_M)] = np.inf
        return best


def places(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Places:
    """Points in decimal degrees, n each -> a searchable set."""
    point = vectors(np.asarray(lat, np.float64), np.asarray(lon, np.float64)).reshape(-1, 3)
    cell = _keys(_cube(point))
    order = np.argsort(cell, kind="stable")
    return Places(point[order], cell[order])


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


def _cube(point: Floats) -> npt.NDArray[np.int64]:
    return np.floor((point + 1.0) * (EARTH_M / CELL_M)).astype(np.int64)


def _keys(cube: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    # 2 * EARTH_M / CELL_M is about 637: with the steps to either side, 10 bits a side hold it
    shifted = cube + 1
    return (shifted[:, 0] << 20) | (shifted[:, 1] << 10) | shifted[:, 2]
