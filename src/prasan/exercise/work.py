"""Everyday work off the lanes: fishing, small craft, ferries, patrols, boats at anchor, harbour craft."""

from collections.abc import Callable

from prasan.exercise.area import Area, Disc, Point
from prasan.exercise.draw import HOUR, Draw
from prasan.exercise.lanes import bearing, km, shifted
from prasan.exercise.roads import Roads
from prasan.exercise.track import AT_ANCHOR, FISHING, MOORED, Way
from prasan.exercise.voyage import ARRIVES, BOTH, LEAVES, sail
from prasan.picture.sphere import KNOT_MS

Work = tuple[list[Way], list[tuple[float, float]]]
"""Ways for the whole exercise, and when the vessel lay in port."""


def fishing(area: Area, seconds: float, knots: float, draw: Draw) -> Work:
    """From a village to the nearest ground, trawling there for hours, and home again."""
    home = shifted(draw.pick(area.village).at, draw.uniform(0, 360), draw.uniform(0.02, 0.5))
    ground = nearest(area.ground, home)
    t = -draw.uniform(0, 40) * HOUR
    ways, berths = [Way(t, home, MOORED)], []
    while t < seconds:
        ways += sail([home, draw.within(ground)], knots, t, draw, LEAVES)[:-1]
        here = draw.within(ground)
        t = ways[-1].t + km(ways[-1].at, here) * 1000 / (knots * KNOT_MS)
        ways += (trawl := trawling(ground, here, t, draw))[:-1]
        ways += (back := sail([trawl[-1].at, home], knots, trawl[-1].t, draw, ARRIVES))[:-1]
        t = back[-1].t + draw.uniform(5, 16) * HOUR
        ways += [Way(back[-1].t, home, MOORED), Way(t, home)]
        berths.append((back[-1].t, t))
    return ways, berths


def trawling(ground: Disc, here: Point, t: float, draw: Draw) -> list[Way]:
    """Slow legs to and fro over a ground; the last way is where and when it ends."""
    end, ways = t + draw.hours("life", "trawl_h"), []
    while t < end:
        ways.append(Way(t, here, FISHING))
        minutes, knots = draw.of("life", "trawl_leg_min"), draw.of("life", "trawl_kn")
        course = bearing(here, draw.within(ground))
        here = shifted(here, course, minutes * 60 * knots * KNOT_MS / 1000)
        t += minutes * 60
    return [*ways, Way(t, here)]


def day_trips(area: Area, seconds: float, knots: float, draw: Draw) -> Work:
    """Small craft: a few hours out towards the fishing ground and back, again and again."""
    home = shifted(draw.pick(area.village).at, draw.uniform(0, 360), draw.uniform(0.02, 0.7))
    sea = bearing(home, nearest(area.ground, home).at)
    t = -draw.uniform(0, 12) * HOUR
    ways, berths = [Way(t, home, MOORED)], []
    while t < seconds:
        turns = [shifted(home, sea + draw.uniform(-35, 35), draw.uniform(4, 22)) for _ in range(2)]
        trip = sail([home, *turns, home], knots, t, draw, BOTH)
        t = trip[-1].t + draw.uniform(2, 14) * HOUR
        ways += [*trip[:-1], Way(trip[-1].t, home, MOORED), Way(t, home)]
        berths.append((trip[-1].t, t))
    return ways, berths


def ferry(area: Area, seconds: float, knots: float, draw: Draw) -> Work:
    """To and fro between piers."""
    piers = [shifted(at, draw.uniform(0, 360), draw.uniform(0.02, 0.2)) for at in draw.pick(area.ferry).pier]
    t = -draw.uniform(0, 3) * HOUR
    ways, here = [Way(t, piers[0], MOORED)], 0
    while t < seconds:
        trip = sail([piers[here], piers[1 - here]], knots, t, draw)
        t = trip[-1].t + draw.of("life", "ferry_turn_min") * 60
        ways += [*trip[:-1], Way(trip[-1].t, trip[-1].at, MOORED), Way(t, trip[-1].at)]
        here = 1 - here
    return ways, []


def patrol(area: Area, seconds: float, knots: float, draw: Draw) -> Work:
    """Courses across the waters of one village, and home now and then."""
    home = draw.pick(area.village).at
    water = nearest(area.ground, home)
    t = -draw.uniform(0, 10) * HOUR
    ways, berths = [Way(t, home, MOORED)], []
    while t < seconds:
        trip = sail([home, *(draw.within(water) for _ in range(6)), home], knots, t, draw, BOTH)
        t = trip[-1].t + draw.uniform(3, 10) * HOUR
        ways += [*trip[:-1], Way(trip[-1].t, home, MOORED), Way(t, home)]
        berths.append((trip[-1].t, t))
    return ways, berths


def at_anchor(  # noqa: PLR0913, PLR0917 - a fleet is these things
    area: Area, seconds: float, swings: list[float], knots: float, draw: Draw, roads: Roads
) -> list[list[Way]]:
    """A fleet of boats that gathers off a village, lies close together at anchor for hours, and goes home.

    `swings`: the radius in metres of the circle that each boat sweeps.
    """
    home = draw.pick(area.village).at
    spot = shifted(home, bearing(home, nearest(area.ground, home).at) + draw.uniform(-20, 20), draw.uniform(6, 24))
    begin, end = draw.uniform(-20, 0.4 * seconds / HOUR) * HOUR, draw.uniform(0.6, 1.3) * seconds
    fleet = []
    for boat, swing in enumerate(swings):
        spot = roads.room(_beside(spot, draw), swing, (begin, end + 3 * HOUR))
        berth = shifted(home, 45.0 * boat, 0.1 + 0.04 * boat)
        out = sail([berth, spot], knots, begin + draw.uniform(0, 1) * HOUR, draw, BOTH)
        back = sail([spot, berth], knots, end + draw.uniform(0, 1) * HOUR, draw, BOTH)
        lie = Way(out[-1].t, spot, AT_ANCHOR)
        fleet.append([Way(out[0].t - 1, berth, MOORED), *out[:-1], lie, *back[:-1], Way(back[-1].t, berth, MOORED)])
    return fleet


def _beside(spot: Point, draw: Draw) -> Callable[[int], Point]:
    """Places around a spot, by number; the more were asked for, the farther away."""

    def place(number: int) -> Point:
        gap = draw.of("life", "anchored_gap_m") * (1 + number / 8)
        return shifted(spot, draw.uniform(0, 360), gap / 1000)

    return place


def in_harbour(area: Area, draw: Draw) -> tuple[Point, list[Way]]:
    """A harbour craft's berth and its ways while nobody needs it."""
    port = draw.pick(area.port)
    berth = shifted(port.berth, draw.uniform(0, 360), draw.uniform(0.05, 0.7))
    return berth, [Way(0.0, berth, MOORED)]


def nearest(discs: tuple[Disc, ...], point: Point) -> Disc:
    """The piece of water nearest to a point."""
    return min(discs, key=lambda disc: km(disc.at, point))
