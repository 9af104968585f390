"""By how much the clocks of two receivers differ, by what both say of the same ships under way.

- **The same transmission.** A report with equal MMSI, place, speed and course was sent once: a ship under way is not at
  the same 0.2 m twice. The difference of the two times is that of the clocks (and of a second or two on the way),
  however large it is. Of a receiver that has it twice the first counts.
- **The next transmission of the same ship**, heard by the other receiver up to `apart_s` later, at nearly the same
  speed and course: the way between the places, along the course, took a time that is known. This needs no
  transmission that both heard, as with satellites; it is good to some seconds.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, KNOT_MS
from prasan.tracks.columns import Bools, Columns, Ints, concat

METRES: Final = EARTH_M * np.pi / 180 / UNITS_PER_DEGREE
"""Metres in 1/10000 minute of latitude."""
NEAR: Final = UNITS_PER_DEGREE // 4
"""A ship is not sought further away, north or east, than a quarter of a degree."""
ALIKE_SOG: Final = 10
"""Two reports are of a steady ship if their speeds differ by at most one knot (in tenths) ..."""
ALIKE_COG: Final = 100
"""... and their courses by at most ten degrees (in tenths)."""
_MIX: Final = tuple(np.uint64(one) for one in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))


class Heard(Columns, frozen=True):
    """Reports of ships under way as one receiver each gave them: `ms` since 1970, units of `position`, `by` a number.

    `cog` is below 3600 and `sog` a speed.
    """

    mmsi: npt.NDArray[np.uint32]
    ms: Ints
    lat: npt.NDArray[np.int32]
    lon: npt.NDArray[np.int32]
    sog: npt.NDArray[np.uint16]
    cog: npt.NDArray[np.uint16]
    by: npt.NDArray[np.int32]


class Samples(Columns, frozen=True):
    """Comparisons by reports of ship `mmsi`: in hour `hour` (since 1970) of its own clock, receiver `by` was `ms` later
    than receiver `other`.
    """

    by: npt.NDArray[np.int32]
    hour: npt.NDArray[np.int32]
    other: npt.NDArray[np.int32]
    ms: Ints
    mmsi: npt.NDArray[np.uint32]


def none_heard() -> Heard:
    """No reports."""
    return Heard(
        mmsi=np.empty(0, np.uint32), ms=np.empty(0, np.int64), lat=np.empty(0, np.int32), lon=np.empty(0, np.int32),
        sog=np.empty(0, np.uint16), cog=np.empty(0, np.uint16), by=np.empty(0, np.int32),
    )  # fmt: skip


def no_samples() -> Samples:
    """No comparisons."""
    none = np.empty(0, np.int32)
    return Samples(none, none, none, np.empty(0, np.int64), np.empty(0, np.uint32))


def compare(known: Heard, rows: Heard, rank: Ints, apart_s: float) -> Samples:
    """All comparisons of new `rows` with each other and with `known` ones, both ways round.

    `rank` puts the receivers in an order that stays as it is when others come.
    """
    both = concat(known, rows)
    if not len(rows) or both.by.min() == both.by.max():
        return no_samples()
    pairs = [_same(both), _next(both, rank, apart_s)]
    a, b, late = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    fresh = (a >= len(known)) | (b >= len(known))
    a, b, late = a[fresh], b[fresh], late[fresh]
    return concat(_samples(both, a, b, late), _samples(both, b, a, -late))


Pairs = tuple[Ints, Ints, Ints]
"""Rows a and b, and by how many ms the clock of a's receiver was later."""


def _samples(rows: Heard, a: Ints, b: Ints, late: Ints) -> Samples:
    return Samples(rows.by[a], (rows.ms[a] // 3_600_000).astype(np.int32), rows.by[b], late, rows.mmsi[a])


def _same(rows: Heard) -> Pairs:
    """Receptions of one transmission, each receiver's first: every two of them."""
    said = _content(rows)
    order = np.argsort(said)
    equal = said[order[1:]] == said[order[:-1]]
    some = order[np.concatenate(([False], equal)) | np.concatenate((equal, [False]))]
    some = some[np.lexsort((rows.ms[some], rows.by[some], said[some]))]
    again = (rows.by[some[1:]] == rows.by[some[:-1]]) & (said[some[1:]] == said[some[:-1]])
    some = some[np.concatenate(([True], ~again))[: len(some)]]
    a, b = _every_two(said[some])
    a, b = some[a], some[b]
    alike = _alike(rows, a, b)
    return a[alike], b[alike], rows.ms[a[alike]] - rows.ms[b[alike]]


def _every_two(group: npt.NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """The places of every two equal values in a row of ascending ones."""
    firsts, seconds = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    at = np.flatnonzero(group[1:] == group[:-1])
    step = 1
    while len(at):
        firsts.append(at)
        seconds.append(at + step)
        step += 1
        at = at[at + step < len(group)]
        at = at[group[at + step] == group[at]]
    return np.concatenate(firsts), np.concatenate(seconds)


def _content(rows: Heard) -> npt.NDArray[np.uint64]:
    """A number for what a report says; equal reports have equal ones, others nearly never."""
    place = rows.lat.view(np.uint32).astype(np.uint64) << np.uint64(32) | rows.lon.view(np.uint32)
    way = rows.mmsi.astype(np.uint64) << np.uint64(32) | rows.sog.astype(np.uint64) << np.uint64(16) | rows.cog
    mixed = (place ^ way * _MIX[0]) * _MIX[1]
    return (mixed ^ mixed >> np.uint64(29)) * _MIX[2]


def _alike(rows: Heard, a: Ints, b: Ints) -> Bools:
    columns = (rows.mmsi, rows.lat, rows.lon, rows.sog, rows.cog)
    return np.asarray(np.logical_and.reduce([one[a] == one[b] for one in columns]))


def _next(rows: Heard, rank: Ints, apart_s: float) -> Pairs:
    """Reports of one steady ship that follow each other, by different receivers."""
    order = np.lexsort((rows.ms, rows.mmsi))
    tied = np.flatnonzero((rows.ms[order[1:]] == rows.ms[order[:-1]]) & (rows.mmsi[order[1:]] == rows.mmsi[order[:-1]]))
    if len(tied):  # among equals by what was said, and then by who heard it
        inside = np.union1d(tied, tied + 1)
        some = order[inside]
        known = (rank[rows.by[some]], rows.cog[some], rows.sog[some], rows.lon[some], rows.lat[some])
        order[inside] = some[np.lexsort((*known, rows.ms[some], rows.mmsi[some]))]
    a, b = order[1:], order[:-1]
    close = (rows.mmsi[a] == rows.mmsi[b]) & (rows.by[a] != rows.by[b])
    close &= rows.ms[a] - rows.ms[b] <= apart_s * 1000
    a, b = a[close], b[close]
    north, east, turn = _apart(rows.lat, a, b), _apart(rows.lon, a, b), np.abs(_apart(rows.cog, a, b))
    near = (np.abs(north) < NEAR) & (np.abs(east) < NEAR) & ((north != 0) | (east != 0))
    near &= (np.abs(_apart(rows.sog, a, b)) <= ALIKE_SOG) & (np.minimum(turn, 3600 - turn) <= ALIKE_COG)
    a, b = a[near], b[near]
    late = rows.ms[a] - rows.ms[b] - _way_ms(rows, a, b, north[near], east[near])
    return a, b, late


def _way_ms(rows: Heard, a: Ints, b: Ints, north: Ints, east: Ints) -> Ints:
    """How long the ship took from b to a, along its course at its speed; below zero if b lies ahead."""
    course = np.deg2rad(rows.cog[b] / 10)
    shrunk = np.cos(np.deg2rad(rows.lat[b] / UNITS_PER_DEGREE))
    along = (north * np.cos(course) + east * shrunk * np.sin(course)) * METRES
    speed = (rows.sog[a].astype(np.int64) + rows.sog[b]) / 20 * KNOT_MS
    return np.rint(along / speed * 1000).astype(np.int64)


def _apart(column: npt.NDArray[Any], a: Ints, b: Ints) -> Ints:
    return np.asarray(column[a].astype(np.int64) - column[b])
