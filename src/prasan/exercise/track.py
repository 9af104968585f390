"""The life of one hull as waypoints, and the hulls of a fleet as columns of straight, steady legs.

Reporting intervals are those of ITU-R M.1371-5 Annex 1, Table 1 (class A) and Table 2 (class B).
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.exercise.area import Point
from prasan.picture.sphere import EARTH_M, KNOT_MS, Floats, Ints

UNDER_WAY: Final = 0
AT_ANCHOR: Final = 1
MOORED: Final = 5
FISHING: Final = 7
"""Navigational status (M.1371-5 Table 45)."""

TURN_DEG: Final = 5.0
TURN_S: Final = 50.0
"""Course counts as changing from 5° off the mean of 30 s until 20 s after (M.1371-5, change of course)."""

ARC_S: Final = 20.0
"""A circle is sailed in straight legs of so many seconds."""

CLASS_A: Final = ((14.0, 10.0, 10 / 3), (23.0, 6.0, 2.0), (np.inf, 2.0, 2.0))
"""Up to this speed in knots: seconds between reports, and while changing course (Table 1)."""
CLASS_A_STILL: Final = (3.0, 180.0)
"""At anchor or moored and not faster than 3 kn (Table 1)."""
CLASS_B: Final = ((2.0, 180.0), (np.inf, 30.0))
"""Class B "CS" (Table 2)."""


class Way(msgspec.Struct, frozen=True):
    """From a second on at a point, sailing straight to the next one; `status` holds until then.

    `crab` is how many degrees to the right of its course the bow points meanwhile: a ship adrift lies across the wind.
    """

    t: float
    at: Point
    status: int = UNDER_WAY
    crab: float = 0.0


class Ring(msgspec.Struct, frozen=True):
    """A circle that somebody makes a receiver believe it sails: centre, kilometres, knots, and where it begins."""

    centre: Point
    radius_km: float
    knots: float
    begin_deg: float


class Hull(msgspec.Struct, frozen=True):
    """One transmitter on one hull. Lists are (from, to, value) in seconds of the exercise.

    `off`: the transmitter is off; `as_mmsi`: what it sends instead of `mmsi`; `leaps`: degrees by which its receiver
    puts it elsewhere; `rings`: circles it puts it on; `named`: other names in its static reports. `range_share` is
    what a bad antenna leaves; `cable_m` what it has out at anchor.
    """

    mmsi: int
    kind: str
    ways: tuple[Way, ...]
    name: str
    callsign: str
    imo: int
    ship_type: int
    length_m: int
    antenna_m: float
    class_b: bool
    cable_m: float = 0.0
    range_share: float = 1.0
    home: str = ""
    off: tuple[tuple[float, float], ...] = ()
    as_mmsi: tuple[tuple[float, float, int], ...] = ()
    leaps: tuple[tuple[float, float, Point], ...] = ()
    rings: tuple[tuple[float, float, Ring], ...] = ()
    named: tuple[tuple[float, float, str, str], ...] = ()


class Legs(msgspec.Struct, frozen=True):
    """Straight legs of all hulls, n each, sorted by hull and time. `per_s` are degrees a second; `status` Table 45.

    `leap` are the degrees added to what is reported, `leap_s` more a second; `said_knots` and `said_course` what is
    reported of motion, `crab` what is added to the course for the heading; `every` seconds between reports; `on` is
    the transmitter.
    """

    hull: Ints
    t0: Floats
    t1: Floats
    lat: Floats
    lon: Floats
    lat_s: Floats
    lon_s: Floats
    knots: Floats
    course: Floats
    status: npt.NDArray[np.uint8]
    mmsi: npt.NDArray[np.uint32]
    leap_lat: Floats
    leap_lon: Floats
    leap_lat_s: Floats
    leap_lon_s: Floats
    said_knots: Floats
    said_course: Floats
    crab: Floats
    on: npt.NDArray[np.bool_]
    every: Floats

    def __len__(self) -> int:
        return len(self.hull)

    def take(self, rows: npt.NDArray[np.bool_] | Ints) -> "Legs":
        """The legs at a mask or at indices."""
        return Legs(*(getattr(self, name)[rows] for name in self.__struct_fields__))


def beam_m(length_m: int) -> int:
    """How broad a hull of a length is, in whole metres: a sixth of the length is usual."""
    return max(4, length_m // 6)


def bow_m(length_m: int) -> int:
    """Whole metres from the antenna to the bow: it is where most ships have their bridge, in the last third."""
    return length_m * 2 // 3


def legs(hulls: list[Hull], seconds: float) -> Legs:
    """All hulls over an exercise of so many seconds as columns."""
    parts = [_legs(number, hull, seconds) for number, hull in enumerate(hulls)]
    return Legs(*(np.concatenate([getattr(part, name) for part in parts]) for name in Legs.__struct_fields__))


def where(hull: Hull, t: Floats) -> tuple[Floats, Floats]:
    """Where a hull really is at seconds, n -> latitude, longitude, n."""
    table = np.array([(way.t, *way.at) for way in hull.ways])
    return np.asarray(np.interp(t, table[:, 0], table[:, 1])), np.asarray(np.interp(t, table[:, 0], table[:, 2]))


def _legs(number: int, hull: Hull, seconds: float) -> Legs:
    at = np.array([way.t for way in hull.ways])
    points = np.array([way.at for way in hull.ways])
    status = np.array([way.status for way in hull.ways], np.uint8)
    course = _courses(points)
    turns = at[1:-1][(np.abs((np.diff(course) + 180) % 360 - 180) > TURN_DEG) & (np.diff(at)[1:] > TURN_S)] + TURN_S
    spans = [row[:2] for rows in (hull.off, hull.as_mmsi, hull.leaps, hull.rings) for row in rows]
    cuts = [edge for span in spans for edge in span]
    cuts += [float(edge) for a, b, _ in hull.rings for edge in np.arange(a, b, ARC_S)]
    edges = np.unique(np.clip(np.concatenate((at, turns, cuts, [0.0, seconds])), 0.0, seconds))
    t0, t1 = edges[:-1], edges[1:]
    of = np.clip(np.searchsorted(at, t0, "right") - 1, 0, len(at) - 2)
    span = at[of + 1] - at[of]
    step = (points[of + 1] - points[of]) / span[:, None]
    begin = points[of] + step * (np.clip(t0, at[0], at[-1]) - at[of])[:, None]
    step[(t0 >= at[-1]) | (t1 <= at[0])] = 0.0
    metres = np.radians(step) * EARTH_M
    knots = np.hypot(metres[:, 0], metres[:, 1] * np.cos(np.radians(begin[:, 0]))) / KNOT_MS
    turning = np.isin(t1, turns)
    leap = np.array([next((v for a, b, v in hull.leaps if a <= t < b), (0.0, 0.0)) for t in t0]).reshape(-1, 2)
    crab = np.array([way.crab for way in hull.ways])[of]
    shown = Shown(leap, np.zeros_like(leap), knots.copy(), course[of])
    _on_rings(hull, (t0, t1), begin, step, shown)
    on = np.array([not any(a <= t < b for a, b in hull.off) for t in t0], np.bool_)
    mmsi = np.array([next((v for a, b, v in hull.as_mmsi if a <= t < b), hull.mmsi) for t in t0], np.uint32)
    # fmt: off
    return Legs(
        np.full(len(t0), number), t0, t1, begin[:, 0], begin[:, 1], step[:, 0], step[:, 1], knots, course[of],
        status[of], mmsi, shown.leap[:, 0], shown.leap[:, 1], shown.leap_s[:, 0], shown.leap_s[:, 1], shown.knots,
        shown.course, crab, on, intervals(knots, status[of], turning, hull.class_b),
    )
    # fmt: on


class Shown(msgspec.Struct, frozen=True):
    """What legs report instead of the truth, n each: degrees added (n x 2), more a second, knots and course."""

    leap: Floats
    leap_s: Floats
    knots: Floats
    course: Floats


def _on_rings(hull: Hull, spans: tuple[Floats, Floats], begin: Floats, step: Floats, shown: Shown) -> None:
    """Put the legs of a hull that somebody makes sail circles onto these, in place."""
    for start, end, ring in hull.rings:
        at = np.flatnonzero((spans[0] >= start) & (spans[0] < end))
        length = (spans[1] - spans[0])[at]
        first, second = (_on_ring(ring, t[at] - start) for t in spans)
        shown.leap[at] = first - begin[at]
        shown.leap_s[at] = (second - first) / length[:, None] - step[at]
        shown.knots[at], shown.course[at] = ring.knots, _courses(np.stack((first, second), axis=1).reshape(-1, 2))[::2]


def _on_ring(ring: Ring, t: Floats) -> Floats:
    """Latitudes and longitudes on a circle, so many seconds after its beginning, n x 2; clockwise."""
    turn = np.radians(ring.begin_deg) + t * ring.knots * KNOT_MS / (ring.radius_km * 1000)
    wide = np.degrees(ring.radius_km * 1000 / EARTH_M)
    north, east = wide * np.cos(turn), wide * np.sin(turn) / np.cos(np.radians(ring.centre[0]))
    return np.stack((ring.centre[0] + north, ring.centre[1] + east), axis=1)


def _courses(points: Floats) -> Floats:
    """The course of every leg; where a hull lies still, the course it came with."""
    north = np.diff(points[:, 0])
    east = np.diff(points[:, 1]) * np.cos(np.radians(points[:-1, 0]))
    course = np.degrees(np.arctan2(east, north)) % 360.0
    moved = np.maximum.accumulate(np.where((north != 0) | (east != 0), np.arange(len(course)), 0))
    return np.asarray(course[moved])


def intervals(knots: Floats, status: npt.NDArray[np.uint8], turning: npt.NDArray[np.bool_], class_b: bool) -> Floats:
    """Seconds between reports, n, by speed, navigational status and turning (M.1371-5 Annex 1, Tables 1, 2)."""
    if class_b:
        return np.select([knots <= top for top, _ in CLASS_B], [np.full(len(knots), every) for _, every in CLASS_B])
    under_way = np.select(
        [knots <= top for top, _, _ in CLASS_A],
        [np.where(turning, changing, steady) for _, steady, changing in CLASS_A],
    )
    still = np.isin(status, (AT_ANCHOR, MOORED)) & (knots <= CLASS_A_STILL[0])
    return np.where(still, CLASS_A_STILL[1], under_way)
