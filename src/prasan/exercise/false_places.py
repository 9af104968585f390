"""True events in which a position is false: displaced together, put on circles, or a receiver at fault."""

from typing import Final

from prasan.exercise.area import Point
from prasan.exercise.deed import Deed, place, sends
from prasan.exercise.draw import HOUR
from prasan.exercise.fleet import Cast, replace
from prasan.exercise.lanes import km, shifted
from prasan.exercise.track import Hull, Ring

TRIES: Final = 6
"""Moments that are drawn to find one at which enough vessels pass by a port."""


def spoofing(cast: Cast) -> list[Deed]:
    """A transmitter in a port puts the positions of the vessels around it elsewhere, together, for a while."""
    draw = cast.draw
    length = draw.hours("deeds", "spoofing_h")
    start, centre, caught = _caught(cast, length, max(3, draw.whole("deeds", "spoofed")))
    elsewhere = shifted(centre, draw.uniform(0, 360), draw.of("deeds", "spoofing_km"))
    leap = (elsewhere[0] - centre[0], elsewhere[1] - centre[1])
    for hull in caught:
        replace(cast, hull, leaps=((start, start + length, leap),))
    numbers = tuple(sorted(hull.mmsi for hull in caught))
    jumps = [Deed("speed_jump", "spoofed", (one,), (one,), start, start + length) for one in numbers]
    return [Deed("spoofing", "positions_displaced", numbers, numbers, start, start + length), *jumps]


def fault(cast: Cast) -> list[Deed]:
    """One vessel's satellite receiver puts it elsewhere for some minutes."""
    draw = cast.draw
    length = draw.of("deeds", "fault_min") * 60
    start = draw.uniform(3 * HOUR, cast.sea.seconds - 2 * HOUR)
    hull = draw.pick(_free(cast, (start, start + length)))
    here = place(hull, start)
    elsewhere = shifted(here, draw.uniform(0, 360), draw.of("deeds", "fault_km"))
    replace(cast, hull, leaps=((start, start + length, (elsewhere[0] - here[0], elsewhere[1] - here[1])),))
    one = (hull.mmsi,)
    return [Deed("speed_jump", "receiver_fault", one, one, start, start + length)]


def circles(cast: Cast) -> list[Deed]:
    """A transmitter makes vessels seem to sail circles round one point, near by or hundreds of kilometres away."""
    draw = cast.draw
    length = draw.hours("deeds", "circle_h")
    start, port, caught = _caught(cast, length, max(2, draw.whole("deeds", "circling")))
    away = draw.of("deeds", "circle_km") if draw.chance(draw.of("deeds", "circle_far")) else 0.0
    centre = shifted(shifted(port, draw.uniform(0, 360), away), draw.uniform(0, 360), 2.0)
    for hull in caught:
        ring = Ring(centre, draw.of("deeds", "ring_km"), draw.of("deeds", "ring_knots"), draw.uniform(0, 360))
        replace(cast, hull, rings=((start, start + length, ring),))
    numbers = tuple(sorted(hull.mmsi for hull in caught))
    jumps = [Deed("speed_jump", "put_on_a_circle", (one,), (one,), start, start + length) for one in numbers]
    return [Deed("spoofing", "circles", numbers, numbers, start, start + length), *jumps]


def _caught(cast: Cast, length: float, most: int) -> tuple[float, Point, list[Hull]]:
    """When and at which port so many hulls, or as many as can be, are under way within a transmitter's reach."""
    draw = cast.draw
    reach, best = draw.of("deeds", "spoof_reach_km"), (0.0, cast.setting.area.port[0].berth, list[Hull]())
    for _ in range(TRIES):
        start = draw.uniform(6 * HOUR, cast.sea.seconds - length - HOUR)
        free = _free(cast, (start, start + length))
        for port in draw.spread(cast.setting.area.port):
            far = sorted((km(port.berth, place(hull, start)), number) for number, hull in enumerate(free))
            near = [free[number] for away, number in far[:most] if away < reach]
            if len(near) > len(best[2]):
                best = start, port.berth, near
        if len(best[2]) == most:
            break
    return best


def _free(cast: Cast, span: tuple[float, float]) -> list[Hull]:
    """Hulls under way that transmit, and whose place and number are their own."""
    shared = {number for hull in cast.hulls for _, _, number in hull.as_mmsi}
    own = [hull for hull in cast.hulls if not (hull.leaps or hull.rings or hull.as_mmsi or hull.mmsi in shared)]
    return [hull for hull in own if sends(hull, *span)]
