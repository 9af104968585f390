"""What really happened, as lines: true events and innocent look-alikes, with what receivers could know of each.

`observable` is a fact of the scenario's own physics: at each ten-minute step of an event, was the vessel heard (or
would it have been, had its transmitter been on), and how many different neighbours were heard around
where it really was.
"""

import datetime as dt
from typing import Any, Final

import msgspec
import numpy as np

from prasan.exercise.area import Zone
from prasan.exercise.deed import Deed, place, sent
from prasan.exercise.fleet import Cast
from prasan.exercise.lanes import KM_PER_DEGREE, km
from prasan.exercise.radio import Bools, Radio, Spots, Weak, chance, silent
from prasan.exercise.track import MOORED, Hull, where
from prasan.picture.sphere import KNOT_MS, Floats

BIN_S: Final = 600
"""Steps in which reception is looked at."""

LIKELY: Final = 0.5
"""A place is covered where at least one of a step's reports is more likely heard than not."""


LONG_ENOUGH: Final = {"stop": "stay_h", "port_visit": "stay_h", "loitering": "loiter_h", "drifting": "adrift_h"}
"""Kind of stay -> how long it must last to be observable."""

AT_PLACE: Final = frozenset({"encounter", "zone_entry", *LONG_ENOUGH})
"""Kinds that are seen only where a vessel is heard from its real place."""


class Traffic(msgspec.Struct, frozen=True):
    """Every hull (rows) at every ten-minute step (columns): where it really is, and whether any receiver heard it.

    `named` is whether its static report was heard, `placed` whether a position was from where it really is; `ideal`
    whether it would be heard with its transmitter on, `fair` without outages, `open` without shadows too. `moved` is
    whether it went faster than `still_kn`.
    """

    lat: Floats
    lon: Floats
    heard: Bools
    named: Bools
    placed: Bools
    ideal: Bools
    fair: Bools
    open: Bools
    moored: Bools
    moved: Bools


def traffic(cast: Cast, radio: Radio, heard: Bools, named: Bools) -> Traffic:
    """Look at all hulls at all steps; `heard` and `named` as gathered from the reports themselves."""
    t = np.arange(heard.shape[1], dtype=np.float64) * BIN_S + BIN_S / 2
    spots = [where(hull, t) for hull in cast.hulls]
    lat, lon = (np.array([spot[axis] for spot in spots]) for axis in (0, 1))
    moored = np.array([_moored(hull, t) for hull in cast.hulls])
    under_way = np.where(radio.class_b, BIN_S / 30.0, BIN_S / 10.0)[:, None]
    reports = np.where(moored, BIN_S / 180.0, under_way).ravel()
    row, seconds = np.repeat(np.arange(len(spots)), len(t)), np.tile(t.astype(np.int64), len(spots))
    flat = Spots(row, seconds, lat.ravel(), lon.ravel())
    ideal, fair, clear = (
        _covered(radio, flat, reports, weak).reshape(heard.shape) for weak in (Weak(), Weak(False), Weak(False, False))
    )
    placed = heard & ~np.array([_elsewhere(hull, t) for hull in cast.hulls])
    moved = ~moored & (_knots(lat, lon) > cast.draw.of("observable", "still_kn"))
    return Traffic(lat, lon, heard, named, placed, ideal, fair, clear, moored, moved)


def _knots(lat: Floats, lon: Floats) -> Floats:
    """Speeds at ten-minute steps (columns)."""
    north, east = np.gradient(lat, axis=1), np.gradient(lon, axis=1) * np.cos(np.radians(lat))
    return np.asarray(np.hypot(north, east) * KM_PER_DEGREE * 1000 / BIN_S / KNOT_MS)


def _elsewhere(hull: Hull, t: Floats) -> Bools:
    """Whether a false position was sent at some of these times, n."""
    spans = [row[:2] for rows in (hull.leaps, hull.rings) for row in rows]
    return np.asarray(sum((t >= a) & (t < b) for a, b in spans) > 0) if spans else np.zeros(len(t), np.bool_)


def _covered(made: Radio, spots: Spots, reports: Floats, weak: Weak) -> Bools:
    """True where at least one of a step's reports is more likely heard than not, n."""
    missed = np.ones(len(spots.t))
    for station, thin_s in enumerate(made.thin_s.tolist()):
        odds = chance(made, station, spots, weak)
        deaf = (silent(made, station, spots.t) & weak.outages) | (spots.t % max(thin_s, BIN_S) >= BIN_S)
        missed *= np.where(deaf, 1.0, (1.0 - odds) ** reports)
    for one in made.passes:
        over = sum(
            np.clip(np.minimum(b - spots.t, BIN_S / 2) - np.maximum(a - spots.t, -BIN_S / 2), 0, None)
            for a, b in one.windows
        )
        missed *= (1.0 - np.array(one.chance)[made.class_b[spots.hull].astype(np.int64)]) ** (reports * over / BIN_S)
    return np.asarray(missed < 1.0 - LIKELY)


def _moored(hull: Hull, t: Floats) -> Bools:
    at = np.searchsorted([way.t for way in hull.ways], t, "right") - 1
    status = np.array([way.status for way in hull.ways])
    return np.asarray((status[np.clip(at, 0, None)] == MOORED) | (at < 0))


def silences(cast: Cast, seen: Traffic, told: set[int]) -> list[Deed]:
    """Long silences of vessels that did nothing, with their physical cause; `told`: hulls whose silence is a deed."""
    limit = int(cast.draw.of("alike", "silence_h") * 3600 / BIN_S)
    found = []
    for number, hull in enumerate(cast.hulls):
        at = np.flatnonzero(seen.heard[number])
        edges = np.append(at, seen.heard.shape[1])
        for first in np.flatnonzero(np.diff(edges) > limit).tolist() if hull.mmsi not in told and len(at) else []:
            gap = slice(int(edges[first]) + 1, int(edges[first + 1]))
            own, said = (hull.mmsi,), (sent(hull, gap.start * BIN_S, gap.stop * BIN_S)[0][2],)
            cause, span = _cause(seen, number, gap, hull), (gap.start * BIN_S, gap.stop * BIN_S)
            found.append(Deed("gap", cause, own, said, *span, innocent=True))
    return found


def _cause(seen: Traffic, number: int, gap: slice, hull: Hull) -> str:
    """Why a vessel was not heard: what, had it been otherwise, would have let it be heard for most of the time."""
    middle = (gap.start + gap.stop) * BIN_S / 2
    if seen.moored[number, gap].mean() > LIKELY:
        return "moored_off" if any(a <= middle < b for a, b in hull.off) else "moored_silent"
    if seen.ideal[number, gap].mean() > LIKELY:
        return "weak_reception"
    if (seen.fair & ~seen.ideal)[number, gap].mean() > 0.25:
        return "station_outage"
    return "shadowed_valley" if (seen.open & ~seen.fair)[number, gap].mean() > 0.25 else "out_of_coverage"


def zone_entries(cast: Cast, radius_km: float) -> list[Deed]:
    """Every crossing of a zone's border, minute by minute; and who came near without entering, as look-alikes."""
    t = np.arange(0.0, cast.sea.seconds, 60.0)
    found = []
    for hull in cast.hulls:
        spans = [row[:2] for rows in (hull.leaps, hull.rings) for row in rows]
        one = (hull.mmsi,)
        found += [Deed("zone_entry", "false_position", one, one, *span, innocent=True) for span in spans]
        lat, lon = where(hull, t)
        for zone in cast.setting.area.zone:
            middle = (float(np.mean([p[0] for p in zone.ring])), float(np.mean([p[1] for p in zone.ring])))
            size = max(km(middle, corner) for corner in zone.ring) + radius_km
            east = (lon - middle[1]) * np.cos(np.radians(middle[0]))
            near = np.hypot(lat - middle[0], east) * KM_PER_DEGREE < size
            if near.any():
                found += _visits(hull, zone, t, _inside(zone, lat, lon), near)
    return found


def _visits(hull: Hull, zone: Zone, t: Floats, inside: Bools, near: Bools) -> list[Deed]:
    if not inside.any():
        return [_entry(hull, "passed_near_zone", t[near], innocent=True)]
    change = np.flatnonzero(np.diff(np.concatenate(([0], inside.astype(np.int8), [0]))))
    return [
        _entry(hull, f"entered {zone.name}", t[a:b])
        for a, b in zip(change[::2].tolist(), change[1::2].tolist(), strict=True)
        if a > 0
    ]


def _entry(hull: Hull, what: str, t: Floats, *, innocent: bool = False) -> Deed:
    """Told under the number that was sent when it began."""
    start, end = float(t[0]), float(t[-1])
    return Deed("zone_entry", what, (hull.mmsi,), (sent(hull, start, end)[0][2],), start, end, innocent=innocent)


def _inside(zone: Zone, lat: Floats, lon: Floats) -> Bools:
    """Inside a convex ring, whichever way round its corners go."""
    sides = []
    for a, b in zip(zone.ring, (*zone.ring[1:], zone.ring[0]), strict=True):
        sides.append((b[0] - a[0]) * (lon - a[1]) - (b[1] - a[1]) * (lat - a[0]) >= 0)
    return np.asarray(np.all(sides, axis=0) | ~np.any(sides, axis=0))


def line(cast: Cast, seen: Traffic, deed: Deed, epoch: int) -> dict[str, Any]:
    """One true event or look-alike as a line of `truth.jsonl`."""
    rows = [next(i for i, hull in enumerate(cast.hulls) if hull.mmsi == own) for own in deed.hulls]
    first = int(min(max(deed.start // BIN_S, 0), seen.heard.shape[1] - 1))
    last = int(min(max(np.ceil(deed.end / BIN_S), first + 1), seen.heard.shape[1]))
    said = {
        "row": "innocent" if deed.innocent else "unjudged" if deed.unjudged else "event",
        "kind": deed.kind,
        "what": deed.what,
        "mmsi": list(deed.mmsi),
        "start": iso(epoch + deed.start),
        "end": iso(epoch + deed.end),
        "lat": round(float(seen.lat[rows[0], first]), 5),
        "lon": round(float(seen.lon[rows[0], first]), 5),
    }
    return said | _reception(cast, seen, deed, rows, slice(first, last))


def _reception(cast: Cast, seen: Traffic, deed: Deed, rows: list[int], steps: slice) -> dict[str, Any]:
    """What receivers could know: share of steps heard, neighbours heard around, and whether that is observable."""
    limits = cast.setting.ranges.observable
    states = seen.placed if deed.kind in AT_PLACE else seen.heard
    share = _share(seen.ideal if deed.what == "transmitter_off" else states, rows, steps)
    known: dict[str, Any] = {"observable": False, "heard_share": round(share, 3)}
    if deed.kind in LONG_ENOUGH:  # who was around is nothing to a stay, and there are many
        return known | {"observable": share >= limits["heard_share"] and _lasting(cast, seen, deed, rows[0], steps)}
    known |= _around(cast, seen, rows, steps, limits["neighbour_km"])
    return known | {"observable": bool(_observable(cast, seen, deed, rows, steps, known))}


def _around(cast: Cast, seen: Traffic, rows: list[int], steps: slice, near_km: float) -> dict[str, Any]:
    """Other vessels heard near the first of the hulls, and the steps in which it was heard in the 12 hours before.

    Those that compare: under way, for an anchorage says nothing of the sea beside it, and of class B if it is of class
    B itself, for who hears 12.5 W may not hear 2 W.
    """
    row = rows[0]
    north = seen.lat[:, steps] - seen.lat[row, steps]
    east = (seen.lon[:, steps] - seen.lon[row, steps]) * np.cos(np.radians(seen.lat[row, steps]))
    others = (np.hypot(north, east) * KM_PER_DEGREE < near_km) & seen.heard[:, steps]
    others &= seen.moved[:, steps]
    if cast.hulls[row].class_b:
        others &= np.array([hull.class_b for hull in cast.hulls])[:, None]
    others[rows] = False
    return {
        "neighbours": int(others.any(axis=1).sum()),
        "neighbour_share": round(float(others.any(axis=0).mean()), 3),
        "steps_heard_before": int(seen.heard[row, max(0, steps.start - 72) : steps.start].sum()),
    }


def _observable(  # noqa: PLR0913, PLR0917 - the physics of every kind meet here
    cast: Cast, seen: Traffic, deed: Deed, rows: list[int], steps: slice, known: dict[str, Any]
) -> bool:
    limits = cast.setting.ranges.observable
    heard: float = known["heard_share"]
    if deed.what == "transmitter_off":
        enough = known["neighbours"] >= limits["neighbours"] and known["neighbour_share"] >= limits["neighbour_share"]
        long = deed.end - deed.start >= limits["dark_h"] * 3600 and known["steps_heard_before"] >= limits["before"]
        return bool(heard >= limits["dark_share"] and enough and long)
    if deed.kind == "identity_change" and not deed.innocent:
        sides = np.split(seen.named[rows[0]], [int(deed.start // BIN_S), int(deed.start // BIN_S) + 1])[::2]
        return all(side.sum() >= limits["named_steps"] for side in sides)
    if deed.kind == "speed_jump" and not deed.innocent:
        return _leapt(seen.heard[rows[0]], deed, cast.hulls[rows[0]], limits)
    if deed.kind in {"duplicate_identity", "invalid_identity"}:
        return bool(heard * (steps.stop - steps.start) >= limits["both_steps"])
    if deed.kind == "spoofing":
        least, often = ("circling", "circle_steps") if deed.what == "circles" else ("spoofed", "spoofed_steps")
        return int((seen.heard[rows, steps].sum(axis=1) >= limits[often]).sum()) >= limits[least]
    return bool(heard >= limits["heard_share"])


def _share(states: Bools, rows: list[int], steps: slice) -> float:
    """Share of the steps in which all were heard."""
    return float(states[rows, steps].all(axis=0).mean())


def _lasting(cast: Cast, seen: Traffic, deed: Deed, row: int, steps: slice) -> bool:
    """Whether a stay or a drift is long enough to be called one, and a drift fast enough to have a course."""
    limits = cast.setting.ranges.observable
    if deed.end - deed.start < limits[LONG_ENOUGH[deed.kind]] * 3600:
        return False
    if deed.kind != "drifting":
        return True
    north = np.diff(seen.lat[row, steps])
    east = np.diff(seen.lon[row, steps]) * np.cos(np.radians(seen.lat[row, steps.start]))
    knots = np.hypot(north, east) * KM_PER_DEGREE * 3600 / BIN_S / 1.852
    return not cast.hulls[row].class_b and bool(len(knots) and np.median(knots) >= limits["drift_kn"])


def _leapt(states: Bools, deed: Deed, hull: Hull, limits: dict[str, float]) -> bool:
    """Whether fixes before and after a leap, there or back, show it: soon enough to be too fast for any hull."""
    leap, fastest = _leap_km(hull, deed.start), limits["fastest_kn"] * 1.852
    at = np.flatnonzero(states)
    for edge in (deed.start, deed.end):
        before, after = at[at * BIN_S + BIN_S <= edge], at[at * BIN_S >= edge]
        if edge == deed.start:  # who is not heard while displaced has not leapt
            after = after[after * BIN_S + BIN_S <= deed.end]
        else:
            before = before[before * BIN_S >= deed.start]
        if len(before) and len(after) and _hours(before[-1], after[0]) * fastest < leap:
            return True
    return False


def _hours(before: int, after: int) -> float:
    """From the middle of one step to the middle of another."""
    return (after - before) * BIN_S / 3600


def _leap_km(hull: Hull, t: float) -> float:
    """How far from its place a hull is put: at least to the near side of a circle."""
    for _, _, ring in hull.rings:
        return max(0.0, km(place(hull, t), ring.centre) - ring.radius_km)
    return float(max(np.hypot(*value) * KM_PER_DEGREE for _, _, value in hull.leaps))


def iso(t: float) -> str:
    """Seconds UTC -> ISO 8601 with a Z."""
    return dt.datetime.fromtimestamp(int(t), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
