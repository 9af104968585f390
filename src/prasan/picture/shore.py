"""How far is the shore? Exact distance to the nearest piece of coastline, on the sphere, as far as `LIMIT_M`.

Segments of at most `PIECE_M` are gathered in balls; a query first bounds its distance by the balls around it and then
measures only the segments of balls that can hold the nearest one.
"""

import hashlib
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.sphere import EARTH_M, Floats, chord_m, vectors

Ints = npt.NDArray[np.int64]

LIMIT_M: Final = 100 * 1852.0
"""Distances end here: 100 nautical miles."""

PIECE_M: Final = 20_000.0
"""Longer segments are cut, so that no ball is large."""

_BALL_CELL_M: Final = 20_000.0
_CELL_M: Final = 240_000.0  # more than the limit and the radius of any ball together
_NEAR_CELL_M: Final = 80_000.0
"""Edge of the smaller cells, which are looked into first: most that is asked for is not far from a shore."""

_STEPS: Final = np.array([(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)], np.int64)
_AT_ONCE: Final = 4096


class Shore(msgspec.Struct, frozen=True):
    """Coastline; made by `shore`. `a`, `b` m x 3 are the ends of the segments, as unit vectors, sorted by ball.

    `centre` k x 3 and `radius` k (metres) are the balls, sorted by `cell`; `begin` k + 1 says where their segments lie.
    `near_cell` k are the smaller cells, ascending, and `near_ball` k the balls in them.
    """

    a: Floats
    b: Floats
    begin: Ints
    centre: Floats
    radius: Floats
    cell: Ints
    near_cell: Ints
    near_ball: Ints
    digest: str

    def distance_m(self, lat: npt.ArrayLike, lon: npt.ArrayLike, limit_m: float = LIMIT_M) -> Floats:
        """Metres to the nearest coastline, n each; inf where none lies within `limit_m` (at most `LIMIT_M`)."""
        asked = np.atleast_2d(vectors(np.atleast_1d(lat), np.atleast_1d(lon)))
        limit = min(limit_m, LIMIT_M)
        parts = [self._nearest(asked[at : at + _AT_ONCE], limit) for at in range(0, len(asked), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _nearest(self, asked: Floats, limit: float) -> Floats:
        """First what the smaller cells around a point are sure to hold, then the rest."""
        sure = min(max(_NEAR_CELL_M - float(self.radius.max(initial=0.0)), 0.0), limit)
        best = self._measured(asked, sure, self._balls(asked, _NEAR_CELL_M))
        if sure < limit and len(far := np.flatnonzero(np.isinf(best))):
            best[far] = self._measured(asked[far], limit, self._balls(asked[far], _CELL_M))
        return best

    def _measured(self, asked: Floats, limit: float, balls: tuple[Ints, Ints]) -> Floats:
        best = np.full(len(asked), np.inf)
        owner, ball = balls
        if not len(owner):
            return best
        apart = chord_m(asked[owner], self.centre[ball])
        bound = np.full(len(asked), limit)
        np.minimum.at(bound, owner, apart + self.radius[ball])
        near = apart - self.radius[ball] <= bound[owner] + 0.01  # a centimetre for rounding
        owner, ball = owner[near], ball[near]
        count = self.begin[ball + 1] - self.begin[ball]
        owner = np.repeat(owner, count)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(self.begin[ball], count)
        np.minimum.at(best, owner, segment_m(asked[owner], self.a[place], self.b[place]))
        best[best > limit] = np.inf
        return best

    def _balls(self, asked: Floats, edge_m: float) -> tuple[Ints, Ints]:
        """Pairs of point and ball whose centre lies in the point's cube or one beside it."""
        owners, balls, near = [], [], edge_m < _CELL_M
        cell, cube = self.near_cell if near else self.cell, _cube(asked, edge_m)
        for step in _STEPS:
            keys = _keys(cube + step)
            low, high = np.searchsorted(cell, keys, "left"), np.searchsorted(cell, keys, "right")
            count = high - low
            owner = np.repeat(np.arange(len(asked)), count)
            owners.append(owner)
            balls.append(np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count))
        ball = np.concatenate(balls)
        return np.concatenate(owners), self.near_ball[ball] if near else ball


def segment_m(p: Floats, a: Floats, b: Floats) -> Floats:
    """Metres from points to great-circle segments shorter than half the globe, n x 3 each."""
    normal = np.cross(a, b)
    length = np.linalg.norm(normal, axis=1)
    beside = np.einsum("ij,ij->i", np.cross(normal, a), p) >= 0
    beside &= np.einsum("ij,ij->i", np.cross(b, normal), p) >= 0
    height = np.abs(np.einsum("ij,ij->i", normal, p)) / np.where(length > 0, length, 1.0)
    ends = np.minimum(chord_m(p, a), chord_m(p, b))
    return np.where(beside & (length > 0), EARTH_M * np.arcsin(np.minimum(height, 1.0)), ends)


def shore(lat1: npt.ArrayLike, lon1: npt.ArrayLike, lat2: npt.ArrayLike, lon2: npt.ArrayLike) -> Shore:
    """Segments of coastline from point 1 to point 2, decimal degrees, n each -> searchable coastline."""
    a, b = _cut(vectors(lat1, lon1).reshape(-1, 3), vectors(lat2, lon2).reshape(-1, 3))
    middle = _unit(a + b)
    ball_cell = _keys(_cube(middle, _BALL_CELL_M))
    order = np.argsort(ball_cell, kind="stable")
    a, b, middle, ball_cell = a[order], b[order], middle[order], ball_cell[order]
    first = np.flatnonzero(np.diff(ball_cell, prepend=-1))
    count = np.diff(np.append(first, len(a)))
    group = np.repeat(np.arange(len(first)), count)
    centre = _unit(np.add.reduceat(middle, first)) if len(first) else np.empty((0, 3))
    radius = np.zeros(len(first))
    np.maximum.at(radius, group, np.maximum(chord_m(centre[group], a), chord_m(centre[group], b)))
    cell = _keys(_cube(centre, _CELL_M))
    by_cell = np.argsort(cell, kind="stable")
    new_place = np.argsort(np.argsort(by_cell)[group], kind="stable")
    begin = np.concatenate(([0], np.cumsum(count[by_cell])))
    a, b = a[new_place], b[new_place]
    digest = hashlib.sha256(a.tobytes() + b.tobytes()).hexdigest()
    centre, radius, near = centre[by_cell], radius[by_cell], _keys(_cube(centre, _NEAR_CELL_M))[by_cell]
    by_near = np.argsort(near, kind="stable")
    return Shore(a, b, begin, centre, radius, cell[by_cell], near[by_near], by_near, digest)


def _cut(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Segments of at most about `PIECE_M`; those without length are left out."""
    length = chord_m(a, b)
    a, b, length = a[length > 0], b[length > 0], length[length > 0]
    count = np.ceil(length / PIECE_M).astype(np.int64)
    owner = np.repeat(np.arange(len(a)), count)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    low, high = place / count[owner], (place + 1) / count[owner]
    way = (b - a)[owner]
    return _unit(a[owner] + low[:, None] * way), _unit(a[owner] + high[:, None] * way)


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector, axis=1)[:, None])


def _cube(point: Floats, edge_m: float) -> Ints:
    return np.floor((point + 1.0) * (EARTH_M / edge_m)).astype(np.int64)


def _keys(cube: Ints) -> Ints:
    shifted = cube + 1
    return (shifted[:, 0] << 20) | (shifted[:, 1] << 10) | shifted[:, 2]
