"""Innocent work that looks like a true event: escorts, pilots, convoys, buoys, ferries and fleets at anchor.

Silences that look like a dark transmitter are not written here: they come out of reception itself; see `truth`.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import numpy as np

from prasan.exercise.area import Point
from prasan.exercise.deed import Deed, adrift
from prasan.exercise.deeds import Call, in_company, meeting, visitor
from prasan.exercise.draw import HOUR
from prasan.exercise.fleet import TRADE, Cast, Size, enlist, everyday, new_mmsi, new_size, replace
from prasan.exercise.lanes import KM_PER_DEGREE, km, shifted
from prasan.exercise.track import AT_ANCHOR, MOORED, UNDER_WAY, Hull, Way, where
from prasan.picture.sphere import KNOT_MS, Floats

STEP_S: Final = 60.0

AID: Final = 99_567
NO_FORM: Final = 99_000
"""First five digits of an aid to navigation (M.585-9: 99, MID, four digits), and of a number that looks like one."""

NEAR_KM: Final = 0.5
"""Hulls this near for an hour are listed as a look-alike of a meeting."""


def commit(cast: Cast, size: float) -> list[Deed]:
    """Add the innocent look-alikes that need vessels of their own."""
    done: list[Deed] = []
    for name, scene in SCENES.items():
        for _ in range(cast.draw.count(name, size, "alike")):
            done += scene(cast)
    return done


def escort(cast: Cast) -> list[Deed]:
    """A tug holds a ship in open water while its engine is repaired."""
    deed = meeting(cast, ("cargo", "tug"), cast.draw.hours("alike", "escort_h"), "encounter", "tug_escort")
    return [msgspec.structs.replace(deed, innocent=True), *in_company(deed)]


def boarding(cast: Cast) -> list[Deed]:
    """A pilot boat runs alongside an arriving ship until the pilot is on board."""
    draw = cast.draw
    ships = draw.spread([hull for hull in cast.hulls if hull.kind in TRADE])
    arrival = next((found for ship in ships if (found := _arrival(cast, ship))), None)
    if arrival is None:
        return []
    ship, berth, t = arrival
    length = draw.of("alike", "boarding_min") * 60
    times = np.arange(t, t + length + STEP_S, STEP_S)
    lat, lon = where(ship, times)
    along = [Way(float(s), shifted((a, o), 90.0, 0.03)) for s, a, o in zip(times, lat, lon, strict=True)]
    far = max(km(berth, along[0].at), km(berth, along[-1].at)) * 1000
    there = far / (draw.uniform(12, 18) * KNOT_MS)
    ways = [Way(-1.0, berth, MOORED), Way(max(0.0, t - there), berth), *along, Way(times[-1] + there, berth, MOORED)]
    boat = enlist(cast, "pilot", ways)
    numbers = tuple(sorted((ship.mmsi, boat.mmsi)))
    return [Deed("encounter", "pilot_boarding", numbers, numbers, t, t + length, innocent=True)]


def convoy(cast: Cast) -> list[Deed]:
    """Two ships sail side by side."""
    draw, seconds = cast.draw, cast.sea.seconds
    first = everyday(cast, draw.pick(TRADE))
    side = draw.of("alike", "convoy_m") / 1000
    size = new_size(cast, first.kind)
    ways = [Way(way.t, shifted(way.at, 90.0, side), way.status) for way in first.ways]
    second = enlist(cast, first.kind, _clear(cast, ways, size), size)
    replace(cast, second, off=first.off)
    numbers = tuple(sorted((first.mmsi, second.mmsi)))
    return [Deed("encounter", "convoy", numbers, numbers, 0.0, seconds, innocent=True)]


def _clear(cast: Cast, ways: list[Way], size: Size) -> list[Way]:
    """The same ways, moved where at anchor the ship would swing into others."""
    moved = list(ways)
    for at, (way, until) in enumerate(itertools.pairwise(ways)):
        if way.status == AT_ANCHOR and way.at == until.at:
            spot = cast.roads.room(_eastward(way.at), size.swing_m, (way.t, until.t))
            moved[at : at + 2] = [msgspec.structs.replace(one, at=spot) for one in (way, until)]
    return moved


def _eastward(at: Point) -> Callable[[int], Point]:
    return lambda number: shifted(at, 90.0, 0.1 * number)


def buoy(cast: Cast) -> list[Deed]:
    """Two buoys on a net drift with the current; one has a number of aids to navigation, the other of no form.

    Whether the one that says what it is loiters is not judged: the word is for vessels.
    """
    draw, seconds = cast.draw, cast.sea.seconds
    spot = draw.within(draw.pick(cast.setting.area.ground))
    course, knots = draw.uniform(0, 360), draw.uniform(0.1, 0.5)
    far = shifted(spot, course, seconds / HOUR * knots * 1.852)
    numbers = []
    for side, prefix in enumerate((AID, NO_FORM)):
        gap = 0.25 * side
        hull = enlist(cast, "craft", [Way(0.0, shifted(spot, 90, gap)), Way(seconds, shifted(far, 90, gap), UNDER_WAY)])
        cast.hulls[-1] = _as_buoy(hull, new_mmsi(cast, prefix))
        numbers.append(cast.hulls[-1].mmsi)
    pair, bad, span = tuple(numbers), (numbers[1],), (0.0, seconds)
    return [
        Deed("encounter", "buoys", pair, pair, 0.0, seconds, innocent=True),
        Deed("invalid_identity", "number_of_no_form", bad, bad, 0.0, seconds),
        *(msgspec.structs.replace(deed, unjudged=True) for deed in adrift(numbers[0], span, "buoy_adrift")),
        *adrift(numbers[1], span, "buoy_adrift"),
    ]


def misspelt(cast: Cast) -> list[Deed]:
    """A name is sent with a wrong letter or without its end for a while, or the call sign is missing."""
    draw, seconds = cast.draw, cast.sea.seconds
    hull = draw.pick([one for one in cast.hulls if not one.named and one.name.startswith("EX ")])
    start = draw.uniform(0.2, 0.6) * seconds
    end = start + draw.hours("alike", "misspelt_h")
    at = int(draw.random.integers(3, len(hull.name)))
    name, callsign = draw.pick((
        (f"{hull.name[:at]}X{hull.name[at + 1 :]}", hull.callsign), (hull.name[:-3], hull.callsign), (hull.name, ""),
    ))  # fmt: skip
    replace(cast, hull, named=((start, end, name, callsign),))
    one = (hull.mmsi,)
    return [Deed("identity_change", "misspelt", one, one, start, end, innocent=True)]


def turning(cast: Cast) -> list[Deed]:
    """A ship on trial really sails circles in open water."""
    draw = cast.draw
    t, length = draw.uniform(4 * HOUR, cast.sea.seconds - 6 * HOUR), draw.hours("alike", "turning_h")
    centre = draw.within(draw.pick(cast.setting.area.offing))
    radius, knots = draw.of("alike", "turning_km"), draw.of("alike", "turning_kn")
    steps = np.arange(0.0, length, 30.0)
    turns = np.degrees(steps * knots * KNOT_MS / (radius * 1000)).tolist()
    ways = tuple(Way(t + step, shifted(centre, turn, radius)) for step, turn in zip(steps.tolist(), turns, strict=True))
    hull, _ = visitor(cast, Call(draw.pick(TRADE), t, length, beside=ways))
    one = (hull.mmsi,)
    return [Deed("spoofing", "turning_circles", one, one, t, t + length, innocent=True)]


SCENES = {
    "escort": escort, "boarding": boarding, "convoy": convoy, "buoys": buoy, "misspelt": misspelt, "turning": turning,
}  # fmt: skip
"""Name of the count in the data file -> the scene."""


def ferries(cast: Cast) -> list[Deed]:
    """Ferries: back and forth over the same water all day."""
    return [_ferry(hull, cast.sea.seconds) for hull in cast.hulls if hull.kind == "passenger"]


def side_by_side(cast: Cast, lat: Floats, lon: Floats, done: Sequence[Deed]) -> list[Deed]:
    """Pairs of hulls that lay near each other for an hour or more without a deed: fleets at anchor, berths, chance.

    `lat`, `lon` are the hulls (rows) at ten-minute steps (columns).
    """
    told = {frozenset(deed.hulls) for deed in done}
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for step in range(lat.shape[1]):
        for pair in near_pairs(lat[:, step], lon[:, step]):
            together[pair].append(step)
    found = []
    for (a, b), steps in together.items():
        first, second = cast.hulls[a], cast.hulls[b]
        if len(steps) > 6 and frozenset((first.mmsi, second.mmsi)) not in told:
            what = _together(first, second, (steps[len(steps) // 2] + 0.5) * 600.0)
            pair_ = tuple(sorted((first.mmsi, second.mmsi)))
            span = (steps[0] * 600.0, (steps[-1] + 1) * 600.0)
            found.append(Deed("encounter", what, pair_, pair_, *span, innocent=True))
    return found


def near_pairs(lat: Floats, lon: Floats) -> list[tuple[int, int]]:
    """Pairs of rows within `NEAR_KM`, each once, lower row first."""
    order = np.argsort(lat)
    limit = NEAR_KM / KM_PER_DEGREE
    found: list[tuple[int, int]] = []
    for shift in range(1, len(lat)):
        north = lat[order[shift:]] - lat[order[:-shift]]
        if not (close := north < limit).any():
            break
        a, b = order[:-shift][close], order[shift:][close]
        east = (lon[b] - lon[a]) * np.cos(np.radians(lat[a]))
        hit = np.hypot(north[close], east) < limit
        found += [(min(i, j), max(i, j)) for i, j in zip(a[hit].tolist(), b[hit].tolist(), strict=True)]
    return found


def _together(first: Hull, second: Hull, t: float) -> str:
    states = {_status(hull, t) for hull in (first, second)}
    if states == {AT_ANCHOR}:
        return "fleet_at_anchor"
    return "moored_together" if states == {MOORED} else "near_by_chance"


def _status(hull: Hull, t: float) -> int:
    return next((way.status for way in reversed(hull.ways) if way.t <= t), MOORED)


def _ferry(hull: Hull, seconds: float) -> Deed:
    return Deed("loitering", "ferry", (hull.mmsi,), (hull.mmsi,), 0.0, seconds, innocent=True)


def _arrival(cast: Cast, hull: Hull) -> tuple[Hull, Point, float] | None:
    """The hull, the berth and when the ship is about 12 km off it, if it arrives during the exercise."""
    for before, way in itertools.pairwise(hull.ways):
        if way.status == MOORED and before.status == UNDER_WAY and 4 * HOUR < way.t < cast.sea.seconds:
            times = np.arange(max(way.t - 4 * HOUR, 0.0), way.t, STEP_S)
            lat, lon = where(hull, times)
            far = np.hypot(lat - way.at[0], (lon - way.at[1]) * np.cos(np.radians(way.at[0]))) * KM_PER_DEGREE
            off = times[(far > 9) & (far < 12)]
            return (hull, way.at, float(off[0])) if len(off) else None
    return None


def _as_buoy(hull: Hull, mmsi: int) -> Hull:
    return msgspec.structs.replace(hull, mmsi=mmsi, kind="buoy", antenna_m=1.5, imo=0, ship_type=0, name="EX NET BUOY")
