"""True events: what hulls and transmitters physically do. Nothing here knows what a detector looks for."""

import itertools
import math

import msgspec

from prasan.exercise.area import Disc, Point
from prasan.exercise.deed import Deed, adrift, moves
from prasan.exercise.draw import HOUR, Draw
from prasan.exercise.false_places import circles, fault, spoofing
from prasan.exercise.fleet import TRADE, Cast, Size, enlist, everyday, new_mmsi, new_name, new_size, replace
from prasan.exercise.lanes import Place, bearing, between, km, shifted
from prasan.exercise.track import FISHING, MOORED, UNDER_WAY, Hull, Way, beam_m, bow_m
from prasan.exercise.voyage import FAR_S, Ends, beyond, destination, lane_side, sail
from prasan.picture.sphere import KNOT_MS


def commit(cast: Cast, size: float) -> list[Deed]:
    """Add the true events of a seed to the cast; `size` is the exercise in units of 100 vessels and two days."""
    done: list[Deed] = []
    for name, deed in DEEDS.items():
        for _ in range(cast.draw.count(name, size)):
            done += deed(cast)
    return done


def dark(cast: Cast) -> list[Deed]:
    """A transmitter is switched off under way for hours; the ship sails on, stays somewhere, or fishes."""
    draw, seconds = cast.draw, cast.sea.seconds
    length = draw.hours("deeds", "dark_h")
    start = draw.uniform(7 * HOUR, max(8 * HOUR, seconds - 0.6 * length))
    if draw.chance(draw.of("deeds", "dark_stay")):
        stay = 0.7 * length
        hull, left = visitor(cast, Call(draw.pick(TRADE), start + 0.15 * length, stay))
        stayed = adrift(hull.mmsi, (start + 0.15 * length, min(left, seconds)), "drifting_dark")
    else:
        hull, stayed = _under_way(cast, start), []
    off = (*(stay for stay in hull.off if stay[1] < start or stay[0] > start + length), (start, start + length))
    hull = replace(cast, hull, off=tuple(sorted(off)))
    one = (hull.mmsi,)
    return [Deed("gap", "transmitter_off", one, one, start, min(start + length, seconds)), *stayed]


def rendezvous(cast: Cast) -> list[Deed]:
    """Two hulls alongside in open water for hours."""
    met = meeting(cast, draw_pair(cast.draw), cast.draw.hours("deeds", "rendezvous_h"), "encounter", "alongside")
    return [met, *in_company(met)]


def in_company(met: Deed) -> list[Deed]:
    """Both hulls of a meeting drift while it lasts."""
    return [deed for one in met.hulls for deed in adrift(one, (met.start, met.end), "drifting_in_company")]


def loitering(cast: Cast) -> list[Deed]:
    """A ship drifts in open water for hours, alone."""
    draw = cast.draw
    stay = draw.hours("deeds", "loitering_h")
    start = draw.uniform(4 * HOUR, max(5 * HOUR, cast.sea.seconds - stay - 2 * HOUR))
    hull, end = visitor(cast, Call(draw.pick(TRADE), start, stay))
    return adrift(hull.mmsi, (start, min(end, cast.sea.seconds)), "drifting_alone")


def duplicate(cast: Cast) -> list[Deed]:
    """A second hull sends another's MMSI all the time."""
    first, second = (everyday(cast, cast.draw.pick((*TRADE, "fishing"))) for _ in range(2))
    while km(first.ways[0].at, second.ways[0].at) < 60:
        second = everyday(cast, cast.draw.pick((*TRADE, "fishing")))
    seconds = cast.sea.seconds
    replace(cast, second, as_mmsi=((0.0, seconds, first.mmsi),), off=())
    replace(cast, first, off=())
    hulls, one = (first.mmsi, second.mmsi), (first.mmsi,)
    return [
        Deed("duplicate_identity", "two_hulls_one_mmsi", hulls, one, 0.0, seconds),
        Deed("identity_change", "two_names_on_one_number", hulls, one, 0.0, seconds, innocent=True),
    ]


def identity_change(cast: Cast) -> list[Deed]:
    """One hull sends another name, and mostly another MMSI too, from a moment on; its IMO number stays."""
    draw, seconds = cast.draw, cast.sea.seconds
    hull = everyday(cast, draw.pick(TRADE))
    at = draw.uniform(0.3, 0.7) * seconds
    name, callsign = new_name(cast), f"EX{draw.random.integers(10_000):04d}"
    number = new_mmsi(cast) if draw.chance(0.6) else hull.mmsi
    replace(cast, hull, as_mmsi=((at, seconds, number),), named=((at, seconds, name, callsign),), off=())
    one = (hull.mmsi,)
    if number == hull.mmsi:
        return [Deed("identity_change", "new_name", one, one, at, at)]
    return [
        Deed("identity_change", "new_mmsi_and_name", one, tuple(sorted((hull.mmsi, number))), at, at),
        Deed("gap", "number_no_longer_used", one, one, at, seconds, innocent=True),
    ]


def intruder(cast: Cast) -> list[Deed]:
    """A vessel sails through a zone; the truth finds the entry itself, as it does for every other vessel."""
    draw = cast.draw
    ring = draw.pick(cast.setting.area.zone).ring
    middle = (sum(at[0] for at in ring) / len(ring), sum(at[1] for at in ring) / len(ring))
    kind, t = draw.pick((*TRADE, "fishing")), draw.uniform(0.2, 0.8) * cast.sea.seconds
    visitor(cast, Call(kind, t, disc=Disc(middle), knots=draw.of("deeds", "zone_knots")))
    return []


DEEDS = {
    "rendezvous": rendezvous, "loitering": loitering, "dark": dark, "duplicate": duplicate,
    "identity_change": identity_change, "spoofing": spoofing, "fault": fault, "intruder": intruder, "circles": circles,
}  # fmt: skip
"""Name of the count in the data file -> the deed."""


def draw_pair(draw: Draw) -> tuple[str, str]:
    """Classes that meet at sea: a fishing vessel and a carrier, or two tankers."""
    return ("fishing", "cargo") if draw.chance(0.6) else ("tanker", "tanker")


def meeting(cast: Cast, kinds: tuple[str, str], stay: float, kind: str, what: str) -> Deed:
    """Two new hulls that lie alongside each other in open water for a time, and then go on."""
    draw, seconds = cast.draw, cast.sea.seconds
    start = draw.uniform(4 * HOUR, max(5 * HOUR, seconds - stay - 3 * HOUR))
    host, end = visitor(cast, Call(kinds[0], start, stay))
    drift = [way for way in host.ways if start - 1 <= way.t <= end + 1]
    size = new_size(cast, kinds[1])
    heading = bearing(drift[0].at, drift[1].at) + drift[0].crab
    ahead, abeam = _alongside(host.length_m, round(size.length_m), draw)
    side, far = math.degrees(math.atan2(abeam, ahead)), math.hypot(ahead, abeam) / 1000
    beside = tuple(Way(way.t, shifted(way.at, heading + side, far), way.status, way.crab) for way in drift)
    guest, _ = visitor(cast, Call(kinds[1], start, stay, beside=beside, size=size))
    numbers = tuple(sorted((host.mmsi, guest.mmsi)))
    return Deed(kind, what, numbers, numbers, start, min(end, seconds))


def _alongside(host: int, guest: int, draw: Draw) -> tuple[float, float]:
    """Lengths in metres -> how far ahead and abeam of a host's antenna that of a guest is: parallel, with fenders.

    The middle of the shorter hull lies anywhere along the middle half of the longer one, so it is wholly beside it.
    """
    room = abs(host - guest) / 4
    ahead = draw.uniform(-room, room) + (bow_m(host) - host / 2) - (bow_m(guest) - guest / 2)
    abeam = (beam_m(host) + beam_m(guest)) / 2 + draw.of("deeds", "fender_m")
    return ahead, draw.pick((-1, 1)) * abeam


class Call(msgspec.Struct, frozen=True):
    """A vessel of a kind that is at a point of open water at `t` and stays there for `stay` seconds.

    `disc`: which water (or any); `beside`: another's ways to lie beside instead of drifting on its own; `size` if it
    is drawn already.
    """

    kind: str
    t: float
    stay: float = 0.0
    disc: Disc | None = None
    knots: float | None = None
    beside: tuple[Way, ...] = ()
    size: Size | None = None


def visitor(cast: Cast, call: Call) -> tuple[Hull, float]:
    """A new vessel that comes along the lanes, does what the call says and sails on: the hull, and when it leaves."""
    draw = cast.draw
    spot = call.beside[0].at if call.beside else draw.within(call.disc or draw.pick(cast.setting.area.offing))
    here, there = _voyage_past(cast, spot)
    knots = call.knots or draw.uniform(*cast.setting.ranges.profiles[call.kind].knots)
    points = lane_side(between(cast.sea.ways, here, there), draw.of("life", "lane_km"))
    out, onward = split(points, spot)
    coming = sail(out, knots, 0.0, draw, Ends(leaves=here.port is not None))
    begin = call.t - coming[-1].t
    ways = [msgspec.structs.replace(way, t=way.t + begin) for way in coming]
    drift = [*call.beside] or _drift(spot, call, draw)
    port = there.port is not None
    leaving = sail([drift[-1].at, *onward[1:]], knots, drift[-1].t, draw, Ends(arrives=port, harbour=port))
    ways = [_before(out, here, begin, knots), *ways[:-1], *drift[:-1], *leaving[:-1], *_after(leaving, there, knots)]
    return enlist(cast, call.kind, ways, call.size), drift[-1].t


def _before(points: list[Point], here: Place, begin: float, knots: float) -> Way:
    """Where a visitor is before it sets out: at a berth, or far outside the area."""
    if here.port is not None:
        return Way(begin - 1, points[0], MOORED)
    return Way(begin - FAR_S, beyond(points[::-1], knots, FAR_S))


def _after(ways: list[Way], there: Place, knots: float) -> list[Way]:
    """The end of a visitor's voyage: at a berth, or sailing on out of the area."""
    end = ways[-1]
    if there.port is not None:
        return [msgspec.structs.replace(end, status=MOORED)]
    return [end, Way(end.t + FAR_S, beyond([way.at for way in ways], knots, FAR_S))]


def split(points: list[Point], spot: Point) -> tuple[list[Point], list[Point]]:
    """A voyage that leaves its way where that is nearest to a spot, goes there, and comes back to the way."""
    dense = [
        (i, (a[0] + (b[0] - a[0]) * s / 10, a[1] + (b[1] - a[1]) * s / 10))
        for i, (a, b) in enumerate(itertools.pairwise(points))
        for s in range(11)
    ]
    leg, corner = min(dense, key=lambda one: km(one[1], spot))
    return [*points[: leg + 1], corner, spot], [spot, corner, *points[leg + 1 :]]


def _voyage_past(cast: Cast, spot: Point) -> tuple[Place, Place]:
    """A voyage that comes near a spot: the best of a few."""
    draw = cast.draw
    tried: list[tuple[float, int, Place, Place]] = []
    for _ in range(8):
        here = draw.pick(cast.sea.places)
        there = destination(cast.sea, here, draw)
        path = between(cast.sea.ways, here, there)
        if there is not here and len(path) > 1:
            tried.append((km(split(path, spot)[0][-2], spot), len(tried), here, there))
    *_, here, there = min(tried) if tried else (cast.sea.places[0], cast.sea.places[1])
    return here, there


def _drift(spot: Point, call: Call, draw: Draw) -> list[Way]:
    """Slow drift across the wind for a time, about an hour a leg, turning back where it gets too far."""
    ways, t, end, here = [], call.t, call.t + call.stay, spot
    knots, crab = draw.of("deeds", "drift_kn"), draw.of("deeds", "drift_crab") * draw.pick((-1, 1))
    course, status = draw.uniform(0, 360), FISHING if call.kind == "fishing" else UNDER_WAY
    while t < end:
        ways.append(Way(t, here, status, crab))
        step = min(HOUR * draw.uniform(0.6, 1.4), end - t)
        course = bearing(here, spot) if km(here, spot) > 4 else course + draw.uniform(-70, 70)
        here = shifted(here, course, step * knots * draw.uniform(0.9, 1.1) * KNOT_MS / 1000)
        t += step
    return [*ways, Way(end, here)]


def _under_way(cast: Cast, t: float) -> Hull:
    """An everyday vessel that is under way, or fishing, at a second and has done nothing else yet."""
    draw = cast.draw
    while True:
        hull = everyday(cast, draw.pick((*TRADE, *TRADE, "fishing")))
        if moves(hull, t - HOUR) and moves(hull, t):
            return hull
        cast.hulls.remove(hull)
