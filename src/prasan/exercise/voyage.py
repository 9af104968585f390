"""Voyages along the sea lanes: speed, side of the lane, arrival, berth and the way out of the area."""

import itertools
import math
from collections.abc import Callable
from typing import Final

import msgspec

from prasan.exercise.area import Point
from prasan.exercise.draw import HOUR, Draw
from prasan.exercise.lanes import Place, Ways, bearing, between, km, shifted
from prasan.exercise.track import AT_ANCHOR, MOORED, Way
from prasan.picture.sphere import KNOT_MS

STEP_KM: Final = 15.0
"""Legs are cut to at most this length, so that a straight line on the chart is one on the Earth too."""

HARBOUR_KM: Final = 8.0
HARBOUR_KN: Final = 7.0
"""Near its berth a ship sails no faster than this."""


BERTHING_KM: Final = 0.5
BERTHING_KN: Final = 2.5
"""The last of the way to a berth or an anchorage, and the first of the way out, are made at dead slow (our choice)."""

FAR_S: Final = 48 * HOUR
"""How long a ship passing through sails before it comes into the area, and after it left."""

Room = Callable[[Callable[[int], Point], tuple[float, float]], Point]
"""Places by number, and from and until when -> the first of them where a ship at anchor is clear of others."""


class Sea(msgspec.Struct, frozen=True):
    """What voyages are made of: the ways of the network, the places it joins, and how long the exercise is."""

    ways: Ways
    places: list[Place]
    seconds: float


class Ends(msgspec.Struct, frozen=True):
    """What a stretch of a voyage begins and ends with: dead slow from and to a berth, harbour speed near a port."""

    leaves: bool = False
    arrives: bool = False
    harbour: bool = False


OPEN: Final = Ends()
LEAVES: Final = Ends(leaves=True)
ARRIVES: Final = Ends(arrives=True)
BOTH: Final = Ends(leaves=True, arrives=True)


def sail(points: list[Point], knots: float, t: float, draw: Draw, ends: Ends = OPEN) -> list[Way]:
    """Ways from the first point at `t` to the last; speed wanders from leg to leg. The last way is the arrival."""
    ways: list[Way] = []
    wander = draw.of("life", "wander")
    end = points[-1]
    for a, b, most in _stretches(points, ends):
        steps = max(1, math.ceil(km(a, b) / STEP_KM))
        for step in range(steps):
            at = _part(a, b, step / steps)
            speed = min(most, knots * (1 + float(draw.random.normal(0, wander))))
            if ends.harbour and km(at, end) < HARBOUR_KM * 1.5:
                speed = min(speed, HARBOUR_KN)
            ways.append(Way(t, at))
            t += _sailing(at, _part(a, b, (step + 1) / steps), max(speed, 0.3))
    return [*ways, Way(t, end)]


def _stretches(points: list[Point], ends: Ends) -> list[tuple[Point, Point, float]]:
    """From where to where, and how fast at most."""
    found = [(a, b, math.inf) for a, b in itertools.pairwise(points)]
    if ends.leaves and found:
        a, b, most = found[0]
        middle = _part(a, b, min(1.0, BERTHING_KM / max(km(a, b), 1e-9)))
        found[:1] = [(a, middle, BERTHING_KN), (middle, b, most)]
    if ends.arrives and found:
        a, b, most = found[-1]
        middle = _part(a, b, max(0.0, 1.0 - BERTHING_KM / max(km(a, b), 1e-9)))
        found[-1:] = [(a, middle, most), (middle, b, BERTHING_KN)]
    return found


def lane_side(points: list[Point], side_km: float) -> list[Point]:
    """The same voyage to starboard of the middle of the lane; both ends stay where they are."""
    moved = [points[0]]
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        near_end = min(km(at, points[0]), km(at, points[-1])) < 12.0
        moved.append(at if near_end else shifted(at, bearing(before, after) + 90.0, side_km))
    return [*moved, points[-1]] if len(points) > 1 else points


def trips(sea: Sea, knots: float, draw: Draw, room: Room) -> tuple[list[Way], list[tuple[float, float]]]:
    """Voyage after voyage for the whole exercise -> ways, and when the ship lay at a berth."""
    t = -draw.uniform(0, 30) * HOUR
    here = draw.pick(sea.places)
    at = here.way[-1]
    ways, berths = [Way(t, at, MOORED)], []
    while t < sea.seconds:
        there = destination(sea, here, draw)
        points = lane_side([at, *between(sea.ways, here, there)[1:]], draw.of("life", "lane_km"))
        ways += sail(points, knots, t, draw, Ends(here.port is not None, harbour=there.port is not None))[:-1]
        stay, ways_there = _stay(ways[-1], points, there, knots, draw, room)
        if there.port is not None:
            berths.append((stay, ways_there[-1].t))
        ways += ways_there[:-1]
        t, at, here = ways_there[-1].t, ways_there[-1].at, there
    return [*ways, Way(t, at, MOORED)], berths


def destination(sea: Sea, here: Place, draw: Draw) -> Place:
    """Another place that the network joins to this one."""
    return next(
        (place for place in draw.spread(sea.places) if place is not here and between(sea.ways, here, place)), here
    )


def _stay(  # noqa: PLR0913, PLR0917 - a stay is these things
    last: Way, points: list[Point], there: Place, knots: float, draw: Draw, room: Room
) -> tuple[float, list[Way]]:
    """The end of a voyage, from its last way on: when the ship lay at its berth, and ways until it leaves."""
    end = points[-1]
    if there.port is None:
        t, out = last.t + _sailing(last.at, end, knots), draw.hours("life", "beyond_h")
        turn = beyond(points, knots, out / 2)
        return t, [Way(t, end), Way(t + out / 2, turn), Way(t + out, end)]
    ways: list[Way] = []
    berth, slow = shifted(end, draw.uniform(0, 360), draw.uniform(0.05, 0.6)), min(knots, HARBOUR_KN)
    if draw.chance(0.3):
        waits, roads = draw.uniform(3, 12) * HOUR, there.port.anchorage
        begin = last.t + _sailing(last.at, roads, slow)
        span = begin - HOUR, begin + waits + HOUR
        anchor = room(lambda n: shifted(roads, draw.uniform(0, 360), draw.uniform(0.2, 1.2) + 0.1 * n), span)
        *ways, come = sail([last.at, anchor], slow, last.t, draw, ARRIVES)[1:]
        ways += [Way(come.t, anchor, AT_ANCHOR), Way(come.t + waits, anchor)]
        last = ways[-1]
    *way_in, come = sail([last.at, berth], slow, last.t, draw, BOTH if ways else ARRIVES)[1:]
    return come.t, [*ways, *way_in, Way(come.t, berth, MOORED), Way(come.t + draw.hours("life", "berth_h"), berth)]


def beyond(points: list[Point], knots: float, seconds: float) -> Point:
    """Where a ship is that sails along points and on for so many seconds, as it sailed over the last of them."""
    end = points[-1]
    before = next((point for point in reversed(points) if km(point, end) > STEP_KM), points[0])
    return shifted(end, bearing(before, end), seconds * knots * KNOT_MS / 1000)


def _sailing(a: Point, b: Point, knots: float) -> float:
    """Seconds from one point to another."""
    return km(a, b) * 1000 / (knots * KNOT_MS)


def _part(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
