"""Which fixes lie within a circle around another fix: a flat bound decides nearly all, the rest is measured exactly.

And which numbers lie within ranges.
"""

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, Floats, chord_m, vectors
from prasan.tracks.columns import Bools, Fixes, Ints, points, ranges

_CHUNK = 64
_METRES = EARTH_M * np.pi / 180 / UNITS_PER_DEGREE
_WIDE = 0.1 / (np.pi / 180 / UNITS_PER_DEGREE)


class Centres(msgspec.Struct, frozen=True):
    """Centres of circles of `radius` metres, n each: 1/10000 minute, and metres that a unit of longitude is at most."""

    lat: Ints
    lon: Ints
    most: Floats
    radius: float


def centres(lat: npt.NDArray[np.int32] | Ints, lon: npt.NDArray[np.int32] | Ints, radius: float) -> Centres:
    """Circles around places in 1/10000 minute."""
    north = lat.astype(np.int64)
    cos = np.cos(north * (np.pi / 180 / UNITS_PER_DEGREE)) + radius / EARTH_M  # that of the edge nearer to the equator
    return Centres(north, lon.astype(np.int64), np.minimum(cos, 1.0) * _METRES, radius)


def outside(rows: Fixes, index: Ints, circles: Centres, of: Ints) -> Bools:
    """True where row `index` lies outside circle `of`, n each."""
    north = (rows.lat[index] - circles.lat[of]) * _METRES
    units = np.abs(rows.lon[index] - circles.lon[of])
    units = np.minimum(units, 360 * UNITS_PER_DEGREE - units)
    east = units * circles.most[of]
    square = north * north + east * east
    out: Bools = square > (0.999 * circles.radius) ** 2
    edge = circles.radius * 1.001 + 1
    # a unit of longitude is at least so long on the far edge of the circle
    least = east - units * (2.1 * circles.radius / EARTH_M * _METRES)
    far = (np.abs(north) > edge) | ((least * 0.998 > edge) & (units < _WIDE))
    doubt = np.flatnonzero(out & ~far)
    some = of[doubt]
    centre = vectors(circles.lat[some] / UNITS_PER_DEGREE, circles.lon[some] / UNITS_PER_DEGREE)
    out[doubt] = chord_m(points(rows, index[doubt]), centre) > circles.radius
    return out


def leaves(rows: Fixes, first: Ints, end: Ints, circles: Centres) -> Ints:
    """For each circle the first row from `first` that lies outside it, or `end`."""
    left = end.copy()
    at, going, size = first.copy(), np.flatnonzero(first < end), _CHUNK
    while len(going):
        count = np.minimum(end[going] - at[going], size)
        of = np.repeat(going, count)
        index = ranges(at[going], count)
        out = np.flatnonzero(outside(rows, index, circles, of))
        who, where = np.unique(of[out], return_index=True)
        left[who] = index[out[where]]
        at[going] += count
        going = going[(at[going] < end[going]) & ~np.isin(going, who)]
        size *= 2
    return left


def within(asked: Ints, begin: Ints, end: Ints) -> Bools:
    """True where a number lies in one of the ranges from `begin` up to `end`, which have no number in common."""
    order = np.argsort(begin, kind="stable")
    begin, end = np.append(-1, begin[order]), np.append(-1, end[order])
    return np.asarray(asked < end[np.searchsorted(begin, asked, "right") - 1])
