"""Voyages along the sea lanes: speed, side of the lane, arrival, berth and the way out of the area."""

import itertools
import math
from typing import Final

import msgspec

from prasan.exercise.area import Point
from prasan.exercise.draw import HOUR, Draw
from prasan.exercise.lanes import Place, Ways, bearing, between, km, shifted
from prasan.exercise.track import AT_ANCHOR, MOORED, UNDER_WAY, Way
from prasan.picture.sphere import KNOT_MS

STEP_KM: Final = 15.0
"""Legs are cut to at most this length, so that a straight line on the chart is one on the Earth too."""

HARBOUR_KM: Final = 8.0
HARBOUR_KN: Final = 7.0
"""Near its berth a ship sails no faster than this."""


class Sea(msgspec.Struct, frozen=True):
    """What voyages are made of: the ways of the network, the places it joins, and how long the exercise is."""

    ways: Ways
    places: list[Place]
    seconds: float


def sail(points: list[Point], knots: float, t: float, draw: Draw, harbour: bool = False) -> list[Way]:
    """Ways from the first point at `t` to the last; speed wanders from leg to leg. The last way is the arrival."""
    ways: list[Way] = []
    wander = draw.of("life", "wander")
    end = points[-1]
    for a, b in itertools.pairwise(points):
        steps = max(1, math.ceil(km(a, b) / STEP_KM))
        for step in range(steps):
            at = _part(a, b, step / steps)
            speed = knots * (1 + float(draw.random.normal(0, wander)))
            if harbour and km(at, end) < HARBOUR_KM * 1.5:
                speed = min(speed, HARBOUR_KN)
            ways.append(Way(t, at))
            t += km(at, _part(a, b, (step + 1) / steps)) * 1000 / (max(speed, 0.3) * KNOT_MS)
    return [*ways, Way(t, end)]


def lane_side(points: list[Point], side_km: float) -> list[Point]:
    """The same voyage to starboard of the middle of the lane; both ends stay where they are."""
    moved = [points[0]]
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        near_end = min(km(at, points[0]), km(at, points[-1])) < 12.0
        moved.append(at if near_end else shifted(at, bearing(before, after) + 90.0, side_km))
    return [*moved, points[-1]] if len(points) > 1 else points


def trips(sea: Sea, knots: float, draw: Draw) -> tuple[list[Way], list[tuple[float, float]]]:
    """Voyage after voyage for the whole exercise -> ways, and when the ship lay at a berth."""
    t = -draw.uniform(0, 30) * HOUR
    here = draw.pick(sea.places)
    at = here.way[-1]
    ways, berths = [Way(t, at, MOORED)], []
    while t < sea.seconds:
        there = destination(sea, here, draw)
        points = lane_side([at, *between(sea.ways, here, there)[1:]], draw.of("life", "lane_km"))
        ways += sail(points, knots, t, draw, harbour=there.port is not None)[:-1]
        t = _arrival(ways[-1], points[-1], knots, there)
        stay, ways_there = _stay(points, there, t, knots, draw)
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


def _arrival(last: Way, end: Point, knots: float, there: Place) -> float:
    speed = min(knots, HARBOUR_KN) if there.port else knots
    return last.t + km(last.at, end) * 1000 / (speed * KNOT_MS)


def _stay(points: list[Point], there: Place, t: float, knots: float, draw: Draw) -> tuple[float, list[Way]]:
    """What a ship does where it arrives at `t`: when it lay at its berth, and ways up to the time it leaves."""
    if there.port is None:
        out = draw.hours("life", "beyond_h")
        turn = shifted(points[-1], bearing(points[-2], points[-1]), out / 2 * knots * KNOT_MS / 1000)
        return t, [Way(t, points[-1]), Way(t + out / 2, turn), Way(t + out, points[-1])]
    berth, ways = points[-1], []
    if draw.chance(0.3):
        anchor = shifted(there.port.anchorage, draw.uniform(0, 360), draw.uniform(0.2, 1.2))
        leave = t + draw.uniform(3, 12) * HOUR
        ways = [Way(t, anchor, AT_ANCHOR), Way(leave, anchor, UNDER_WAY)]
        t = leave + km(anchor, berth) * 1000 / (5 * KNOT_MS)
    leave = t + draw.hours("life", "berth_h")
    berth = shifted(berth, draw.uniform(0, 360), draw.uniform(0.05, 0.6))
    return t, [*ways, Way(t, berth, MOORED), Way(leave, berth)]


def _part(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
