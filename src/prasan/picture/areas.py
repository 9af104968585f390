"""Areas of the sea or land as polygons, and which points lie in which. Vectorised; holes, many parts, 180° and poles.

Edges are straight in longitude and latitude, as GeoJSON says (RFC 7946, section 3.1.1). A step of more than 180° of
longitude is taken the short way round, whole turns of 360° excepted: those are the frame of a map around a pole.
"""

import hashlib
import math
from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.errors import FormatError
from prasan.picture.sphere import Floats

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

Ring = npt.NDArray[np.float64]
"""Corners of one ring, n x 2: longitude and latitude in degrees; the last corner may repeat the first or not."""

BAND_DEG: Final = 0.1
"""Height of the bands of latitude that edges are sorted into."""

PAIRS: Final = 2_000_000
"""Pairs of point and edge looked at in one go: bounds the memory."""

_BANDS: Final = round(180 / BAND_DEG)
_MOST: Final = (540.0, 90.0)
"""Longitude may leave the map by a turn; latitude may not."""


class Areas(msgspec.Struct, frozen=True):
    """Named areas; made by `areas`. An area may have parts, each a ring with its holes.

    `edge` m x 4 is x1, y1, x2, y2 in degrees; `part` m the part it bounds, `area` the area of each part; `begin` and
    `sorted_edge` list the edges of each band of latitude; `cells` 180 x 360 marks the degrees that an area may touch.
    """

    names: tuple[str, ...]
    edge: Floats
    part: Ints
    area: Ints
    begin: Ints
    sorted_edge: Ints
    cells: Bools
    digest: str

    def inside(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> tuple[Ints, Ints]:
        """Decimal degrees, n each -> pairs of point and area that holds it, in that order, each pair once.

        A point on a border belongs to the area to its north and east, so that areas with a common border share none.
        """
        y = np.atleast_1d(np.asarray(lat, np.float64))
        x = np.atleast_1d(np.asarray(lon, np.float64))
        x = np.where(x >= 180.0, x - 360.0, x)
        near = self._near(y, x)
        if not len(near):
            return near, near
        band = _band(y[near])
        count = self.begin[band + 1] - self.begin[band]
        total = np.cumsum(count)
        cuts = np.searchsorted(total, np.arange(PAIRS, int(total[-1]), PAIRS))
        found = [self._odd(y, x, some) for some in np.split(near, cuts) if len(some)]
        key = np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
        return key // max(len(self.names), 1), key % max(len(self.names), 1)

    def near(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> Ints:
        """Points, n in decimal degrees, that an area may hold: those in a degree of the map that one touches."""
        x = np.atleast_1d(np.asarray(lon, np.float64))
        return self._near(np.atleast_1d(np.asarray(lat, np.float64)), np.where(x >= 180.0, x - 360.0, x))

    def _near(self, y: Floats, x: Floats) -> Ints:
        return np.flatnonzero(self.cells[_degree(y, 90, 180), _degree(x, 180, 360)])

    def holds(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> Bools:
        """True for each point that lies in any of the areas."""
        result = np.zeros(np.atleast_1d(np.asarray(lat)).shape, np.bool_)
        result[self.inside(lat, lon)[0]] = True
        return result

    def _odd(self, y: Floats, x: Floats, some: Ints) -> Ints:
        """Point times number of areas plus area, where a line to the east crosses a part an odd number of times."""
        band = _band(y[some])
        first, count = self.begin[band], self.begin[band + 1] - self.begin[band]
        point = np.repeat(some, count)
        place = np.arange(len(point)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
        edge = self.sorted_edge[place]
        crossed = crosses(self.edge[edge], y[point], x[point])
        pair = point[crossed] * len(self.area) + self.part[edge[crossed]]
        pair, times = np.unique(pair, return_counts=True)
        odd = pair[times % 2 == 1]
        return np.asarray(odd // len(self.area) * len(self.names) + self.area[odd % len(self.area)])


def crosses(edge: Floats, y: Floats, x: Floats) -> Bools:
    """n edges and n points: does the line from the point to the east cross the edge? Ends count once."""
    x1, y1, x2, y2 = edge.T
    spans = (y1 > y) != (y2 > y)
    rise = np.where(spans, y2 - y1, 1.0)
    return np.asarray(spans & (x < x1 + (y - y1) / rise * (x2 - x1)))


def areas(named: Iterable[tuple[str, Iterable[Iterable[Ring]]]]) -> Areas:
    """Names with their polygons, each a ring and its holes -> areas. Polygons of one name are one area.

    FormatError for a ring of fewer than three corners, outside the world, or around a pole without the map's frame.
    """
    edges: list[Floats] = []
    part: list[int] = []
    owner: list[int] = []
    known: dict[str, int] = {}
    cells = np.zeros((180, 360), np.bool_)
    for name, polygons in named:
        area = known.setdefault(name, len(known))
        for polygon in polygons:
            for ring in polygon:
                some = _edges(name, ring)
                edges.append(some)
                part += [len(owner)] * len(some)
                _mark(cells, some)
            owner.append(area)
    edge = np.concatenate(edges) if edges else np.empty((0, 4))
    begin, sorted_edge = _bands(edge)
    digest = hashlib.sha256(repr(list(known)).encode())
    for column in (edge, np.array(part, np.int64), np.array(owner, np.int64)):
        digest.update(np.ascontiguousarray(column).tobytes())
    return Areas(
        tuple(known), edge, np.array(part, np.int64), np.array(owner, np.int64), begin, sorted_edge, cells,
        digest.hexdigest(),
    )  # fmt: skip


def unwrapped(name: str, ring: Ring) -> Ring:
    """The ring closed, with longitudes that never step the long way round; they may leave -180 to 180."""
    corner = np.asarray(ring, np.float64)[:, :2]
    if len(corner) and (corner[0] != corner[-1]).any():
        corner = np.concatenate((corner, corner[:1]))
    if len(corner) < 4 or not (np.abs(corner) <= _MOST).all():
        raise FormatError(
            f"a ring of the area '{name}' has fewer than three corners or leaves the world",
            "Write longitude first, then latitude, in degrees.",
        )
    step = corner[1:, 0] - corner[:-1, 0]
    if (np.abs(step) <= 180.0).all():
        return corner  # nearly every ring: a coast has thousands of them
    turn = np.where(np.abs(step) == 360.0, 0.0, np.round(step / 360.0)) * 360.0
    shift = np.concatenate(([0.0], np.cumsum(turn)))
    if shift[-1] != 0.0:
        raise FormatError(
            f"a ring of the area '{name}' goes around a pole", "Lead it along longitude 180 to the pole and back."
        )
    return np.stack((corner[:, 0] - shift, corner[:, 1]), axis=1)


def _edges(name: str, ring: Ring) -> Floats:
    """Edges of a ring, with copies a whole turn away where it leaves the map."""
    corner = unwrapped(name, ring)
    corner = corner - [360.0 * np.floor((corner[:, 0].min() + 180.0) / 360.0), 0.0]
    edge = np.concatenate((corner[:-1], corner[1:]), axis=1)
    edge = edge[edge[:, 1] != edge[:, 3]]  # a line to the east never crosses a level edge
    return np.concatenate((edge, edge - [360.0, 0.0, 360.0, 0.0])) if corner[:, 0].max() > 180.0 else edge


def _mark(cells: Bools, edge: Floats) -> None:
    """Mark the degrees between the ends of a ring's map copies, generously."""
    if not len(edge):
        return
    (x1, y1, x2, y2), (x3, y3, x4, y4) = edge.min(axis=0).tolist(), edge.max(axis=0).tolist()
    low, high = _whole(min(y1, y2), 90, 180), _whole(max(y3, y4), 90, 180)
    west, east = min(x1, x2), max(x3, x4)
    if east - west >= 360.0:
        cells[low : high + 1] = True
        return
    cells[low : high + 1, _whole(west, 180, 360) : _whole(east, 180, 360) + 1] = True


def _bands(edge: Floats) -> tuple[Ints, Ints]:
    low, high = _band(np.minimum(edge[:, 1], edge[:, 3])), _band(np.maximum(edge[:, 1], edge[:, 3]))
    count = high - low + 1
    owner = np.repeat(np.arange(len(edge)), count)
    band = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)
    order = np.argsort(band, kind="stable")
    return np.searchsorted(band[order], np.arange(_BANDS + 1)), owner[order]


def _band(y: npt.ArrayLike) -> Ints:
    return np.clip(np.floor((np.asarray(y) + 90.0) / BAND_DEG).astype(np.int64), 0, _BANDS - 1)


def _degree(value: npt.ArrayLike, offset: int, number: int) -> Ints:
    return np.asarray(np.clip(np.floor(np.asarray(value) + offset).astype(np.int64), 0, number - 1))


def _whole(value: float, offset: int, number: int) -> int:
    """The same for one number."""
    return min(max(math.floor(value + offset), 0), number - 1)
