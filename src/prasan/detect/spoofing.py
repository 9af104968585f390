"""Spoofing: several vessels are displaced together to where none of them can be.

Definition    at least `vessels_count` vessels, within `window_h` of the first of them, make an impossible jump
              (`distance_km` and `implied_kn` or more) from where each was heard `fixes_count` times, within `source_km`
              of the first one's place: to within `target_km` of where that one jumped to, or by the same way as it, to
              within `target_km`. A vessel is back once it jumps away from there. Once two were displaced, one that
              jumps the same way backwards was displaced too. The finding lasts until all are back, or nothing more was
              heard of it for `quiet_h`. Never on a single vessel.
              Or, however near: `circles_count` of them sail circles (see `tracks.circles`) where such a jump put them.
Source        SeaSpoofFinder (arXiv 2602.16257): a jump filter per vessel, then several vessels that share source and
              target; arXiv 2603.11055: clusters in space and time take away 98.6 % of false alarms. Windows of 15 to 60
              minutes (reference implementations). `source_km` is twice the radio horizon of a transmitter on shore
              (60 km for antennas of 100 m and 20 m, ITU-R P.452 geometry); other kilometres are our own.
              Circles: Bergman, SkyTruth and GFW (globalfishingwatch.org/data-blog/circling-above-point-reyes), who
              state no numbers.
Columns       t, mmsi, lat, lon, sog where given; emitter from `tracks`.
Cadence       any at which the step is impossible; a vessel heard once an hour hides displacements below 25 miles.
Cannot see    who does it, and what for; a slow drift of positions, which no step betrays; one vessel that lies alone.
              A receiver that gives wrong numbers to right positions looks alike. A ship that sails there and turns
              circles is a ship that turns circles.

The screen (see `spoofing_screen`) leaves out jumps that no other vessel's jump fits; the second look goes through the
rest in order of time. Base stations, beacons and aircraft are passed over.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.make import hours, key
from prasan.detect.spoofing_groups import PAIR, Group, Table
from prasan.detect.spoofing_leaps import Leaps
from prasan.detect.spoofing_screen import Anchor, screened
from prasan.picture.finding import Finding, Rule
from prasan.picture.identity import NOT_VESSELS, of_forms
from prasan.picture.world import World
from prasan.tracks.circles import Circle
from prasan.tracks.columns import Bools, Ints, concat, points, take
from prasan.tracks.jumps import Jumps

MESSAGES: Final = {
    "spoofing": ("vessels_count", "distance_km", "implied_kn", "minutes", "returned_count", "hours"),
    "spoofing_open": ("vessels_count", "distance_km", "implied_kn", "minutes", "returned_count"),
    "spoofing_circles": ("circles_count", "radius_km"),
}

SHOWN: Final = 5
"""Vessels whose fixes are kept as evidence; the others are counted and named."""


WAIT_S: Final = 2 * 3600
"""A full circle takes less than so long: 5 km round at 9 kn."""


class SpoofingCarry(msgspec.Struct, frozen=True):
    """Groups that may still grow or end, by number, the next number, and jumps that may yet lead to a circle.

    `looked` counts the jumps that the screen did not leave out.
    """

    groups: Mapping[int, Group] = {}
    following: int = 0
    arrived: Jumps | None = None
    looked: int = 0


def kernel(
    made: tuple[Jumps, Sequence[Circle]],
    carry: SpoofingCarry | None,
    upto: int,
    rule: Rule,
    world: World,  # noqa: ARG001 - one shape for all
) -> tuple[list[Finding], SpoofingCarry]:
    """Jumps and circles of fixes with t < `upto` -> displacements of several vessels begun, grown or over."""
    carry = carry or SpoofingCarry()
    limits, (leaps, rings) = rule.thresholds, made
    table = Table(carry.groups, carry.following, limits)
    arrived = _arrived(leaps, carry.arrived, limits)
    came = [(ring, at) for ring in rings if (at := _arrival(arrived, ring)) is not None]
    far = _far(leaps, limits)
    out, asked = screened(leaps, far, _known(table.groups, arrived, came), _away(table, rings), upto, limits)
    some = (_where(leaps, asked), far[asked], out[asked])
    touched = _through(table, some, [(ring, Leaps(_where(arrived, np.array([at])), table.cells)) for ring, at in came])
    findings, kept = _outcome(table, touched, upto, rule)
    waiting = _where(arrived, arrived.after.t >= upto - WAIT_S)
    return findings, SpoofingCarry(kept, table.following, waiting, carry.looked + int(np.count_nonzero(asked)))


def _away(table: Table, rings: Sequence[Circle]) -> tuple[Ints, Ints]:
    """The track keys of vessels that are displaced, or sail circles now, and since when (0: before these jumps)."""
    some = [(mmsi, emitter, 0) for mmsi, emitter in table.away] + [(one.mmsi, one.emitter, one.t) for one in rings]
    return np.array([mmsi << 16 | emitter for mmsi, emitter, _ in some], np.int64), np.array(
        [t for _, _, t in some], np.int64
    )


def _through(table: Table, some: tuple[Jumps, Bools, Bools], came: list[tuple[Circle, Leaps]]) -> set[int]:
    """Jumps and circles in order of time; which jumps are far, and which may join. The groups they change."""
    leaps, (far, out) = Leaps(some[0], table.cells), (mask.tolist() for mask in some[1:])
    order = sorted([(t, 0, at) for at, t in enumerate(leaps.t)] + [
        (ring.t, 1, number) for number, (ring, _) in enumerate(came)
    ])  # fmt: skip
    touched = set[int | None]()
    for _, circle, at in order:
        touched.add(table.ring(*came[at], 0) if circle else table.take(leaps, at, far=far[at], out=out[at]))
    return {number for number in touched if number is not None}


def _outcome(table: Table, touched: set[int], upto: int, rule: Rule) -> tuple[list[Finding], dict[int, Group]]:
    """What is to be told, and the groups that may go on."""
    findings, kept, limits = [], dict[int, Group](), rule.thresholds
    for number, group in table.groups.items():
        over = upto - table.last[number] > limits["quiet_h"] * 3600
        several = len(group.victims) >= limits["vessels_count"] or group.circling >= limits["circles_count"]
        if several and (over or number in touched):
            findings.append(_finding(group, rule, over=over))
        if (len(group.victims) >= PAIR and not over) or upto - group.first <= limits["window_h"] * 3600:
            kept[number] = group
    return findings, kept


def _arrived(made: Jumps, before: Jumps | None, limits: Mapping[str, float]) -> Jumps:
    """Jumps of vessels to an emitter newer than the one they were held by: these and those of before."""
    new = (made.after.emitter > made.before.emitter) & (made.held >= limits["fixes_count"])
    fresh = _where(made, new & ~of_forms(made.after.mmsi, NOT_VESSELS))
    if before is None or not len(before):
        return fresh
    return Jumps(
        np.concatenate((before.metres, fresh.metres)), np.concatenate((before.knots, fresh.knots)),
        np.concatenate((before.held, fresh.held)), concat(before.before, fresh.before),
        concat(before.after, fresh.after),
    )  # fmt: skip


def _where(made: Jumps, mask: Bools | Ints) -> Jumps:
    return Jumps(made.metres[mask], made.knots[mask], made.held[mask], take(made.before, mask), take(made.after, mask))


def _arrival(arrived: Jumps, ring: Circle) -> int | None:
    """The last jump that led a vessel to where it sails a circle; None if there is none within `WAIT_S`."""
    rows = arrived.after
    mine = (rows.mmsi == ring.mmsi) & (rows.emitter == ring.emitter)
    at = np.flatnonzero(mine & (rows.t <= ring.t) & (rows.t >= ring.t - WAIT_S))
    return int(at[np.argmax(rows.t[at])]) if len(at) else None


def _known(groups: Mapping[int, Group], arrived: Jumps, came: Sequence[tuple[Circle, int]]) -> list[Anchor]:
    """What jumps may keep company with: the first jumps of groups, and those that led to a circle now."""
    at = np.array([at for _, at in came], np.int64)
    source, target = (points(take(rows, at)).tolist() for rows in (arrived.before, arrived.after))
    rings = [
        Anchor(ring.mmsi, ring.t, (*begin,), (*end,))
        for (ring, _), begin, end in zip(came, source, target, strict=True)
    ]
    return [Anchor(group.mmsi, group.first, group.source, group.target) for group in groups.values()] + rings


def _far(made: Jumps, limits: Mapping[str, float]) -> Bools:
    """Jumps of vessels, far and fast enough, from where they were held."""
    far = (made.metres >= limits["distance_km"] * 1000) & (made.knots >= limits["implied_kn"])
    return np.asarray(far & (made.held >= limits["fixes_count"]) & ~of_forms(made.after.mmsi, NOT_VESSELS))


def _finding(group: Group, rule: Rule, *, over: bool) -> Finding:
    victims = [group.victims[mmsi] for mmsi in sorted(group.victims)]
    returned = sum(one.back is not None for one in victims)
    ended = over or returned == len(victims)
    start = min(group.first, *(one.fixes[1].t for one in victims))
    evidence: dict[str, Any] = {
        "codes": ["spoofing" if ended else "spoofing_open"],
        "vessels_count": len(victims),
        "distance_km": round(float(np.median([one.metres for one in victims])) / 1000, 1),
        "implied_kn": round(min(one.knots for one in victims), 1),
        "minutes": round((max(one.fixes[1].t for one in victims) - start) / 60, 1),
        "returned_count": returned,
    }
    needed = rule.thresholds["vessels_count"]
    if group.circling >= rule.thresholds["circles_count"]:
        radii = [one.radius for one in victims if one.radius]
        evidence["codes"].append("spoofing_circles")
        evidence |= {"circles_count": len(radii), "radius_km": round(float(np.median(radii)) / 1000, 2)}
        needed = rule.thresholds["circles_count"]
    place = victims[0].fixes[0] if group.mmsi not in group.victims else group.victims[group.mmsi].fixes[0]
    return Finding(
        kind="spoofing",
        key=key(rule, (group.mmsi,), group.first, *group.anchor),
        mmsi=tuple(sorted(group.victims)),
        start=start,
        end=group.last if ended else None,
        lat=place.lat,
        lon=place.lon,
        confidence="high" if returned >= needed else "medium",
        reason="spoofing",
        rule=rule,
        sources=tuple(sorted({name for one in victims for name in one.sources})),
        fixes=tuple(one for victim in victims[:SHOWN] for one in victim.fixes),
        evidence=evidence | ({"hours": hours(group.last - start)} if ended else {}),
    )
