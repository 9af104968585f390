"""Spoofing: several vessels are displaced together to where none of them can be.

Definition    at least `vessels_count` vessels, within `window_h` of the first of them, make an impossible jump
              (`distance_km` and `implied_kn` or more) from where each was heard `fixes_count` times, within `source_km`
              of the first one's place: to within `target_km` of where that one jumped to, or by the same way as it, to
              within `target_km`. A vessel is back once it jumps away from there. Once two were displaced, one that
              jumps the same way backwards was displaced too. The finding lasts until all are back, or nothing more was
              heard of it for `quiet_h`. Never on a single vessel.
Source        SeaSpoofFinder (arXiv 2602.16257): a jump filter per vessel, then several vessels that share source and
              target; arXiv 2603.11055: clusters in space and time take away 98.6 % of false alarms. Windows of 15 to 60
              minutes (reference implementations); kilometres are our own choice.
Columns       t, mmsi, lat, lon, sog where given; emitter from `tracks`.
Cadence       any at which the step is impossible; a vessel heard once an hour hides displacements below 25 miles.
Cannot see    who does it, and what for; a slow drift of positions, which no step betrays; one vessel that lies alone.
              A receiver that gives wrong numbers to right positions looks alike.

The screen leaves out jumps that no other vessel's jump is near (see `_company`); the second look goes through the rest
in order of time. Base stations, beacons and aircraft are passed over.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.make import fix, hours, key
from prasan.picture.finding import Finding, Fix, Rule
from prasan.picture.identity import NOT_VESSELS, of_forms
from prasan.picture.sphere import EARTH_M, Floats, chord_m, vectors
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, Ints, points, take
from prasan.tracks.jumps import Jumps

MESSAGES: Final = {
    "spoofing": ("vessels_count", "distance_km", "implied_kn", "minutes", "returned_count", "hours"),
    "spoofing_open": ("vessels_count", "distance_km", "implied_kn", "minutes", "returned_count"),
}

SHOWN: Final = 5
"""Vessels whose fixes are kept as evidence; the others are counted and named."""


PAIR: Final = 2
"""So many displaced vessels are waited for: others may be heard again only as they come back."""

FEW: Final = 64
"""Fewer jumps than this are looked at without the screen."""


class Victim(msgspec.Struct, frozen=True):
    """One displaced vessel: the fixes before and after, the emitter it went to, and when it left it."""

    fixes: tuple[Fix, Fix]
    emitter: int
    metres: float
    knots: float
    sources: tuple[str, ...]
    back: int | None = None


class Group(msgspec.Struct, frozen=True):
    """Vessels displaced together. `mmsi` and `anchor` are of the first jump's fix before it, in 1/10000 minute.

    `source` and `target` are the unit vectors of that jump."""

    first: int
    mmsi: int
    anchor: tuple[int, int]
    source: tuple[float, float, float]
    target: tuple[float, float, float]
    victims: Mapping[int, Victim]

    @property
    def last(self) -> int:
        """The last second at which a vessel was displaced or came back."""
        return max(one.back or one.fixes[1].t for one in self.victims.values())


class SpoofingCarry(msgspec.Struct, frozen=True):
    """Groups that may still grow or end, by number, and the next number."""

    groups: Mapping[int, Group] = {}
    following: int = 0


def kernel(
    made: Jumps,
    carry: SpoofingCarry | None,
    upto: int,
    rule: Rule,
    world: World,  # noqa: ARG001 - one shape for all
) -> tuple[list[Finding], SpoofingCarry]:
    """Jumps of fixes with t < `upto` -> displacements of several vessels begun, grown or over, and the new carry."""
    carry = carry or SpoofingCarry()
    limits = rule.thresholds
    table = _Table(dict(carry.groups), carry.following, limits)
    far = _far(made, limits)
    out = _outward(made, far, table.groups, upto, limits)
    touched = {
        number for at in range(len(made)) for number in table.take(made, at, far=bool(far[at]), out=bool(out[at]))
    }
    findings, kept = [], dict[int, Group]()
    for number, group in table.groups.items():
        over = upto - group.last > limits["quiet_h"] * 3600
        enough = len(group.victims) >= limits["vessels_count"]
        if enough and (over or number in touched):
            findings.append(_finding(group, rule, over=over))
        if (len(group.victims) >= PAIR and not over) or upto - group.first <= limits["window_h"] * 3600:
            kept[number] = group
    return findings, SpoofingCarry(kept, table.following)


class _Table:
    """The second look: groups as they stand, jump by jump in order of time."""

    def __init__(self, groups: dict[int, Group], following: int, limits: Mapping[str, float]) -> None:
        self.groups, self.following, self.limits = groups, following, limits
        self.away = {
            (mmsi, one.emitter): number
            for number, group in groups.items()
            for mmsi, one in group.victims.items()
            if one.back is None
        }
        self.growing = list(groups)
        self.several = [number for number, group in groups.items() if len(group.victims) >= PAIR]

    def take(self, made: Jumps, at: int, *, far: bool, out: bool) -> list[int]:
        """One jump: the numbers of the groups that it changes. Who comes back is not displaced."""
        mmsi, t = int(made.after.mmsi[at]), int(made.after.t[at])
        number = self.away.pop((mmsi, int(made.before.emitter[at])), None)
        if number is not None and t - self.groups[number].last <= self.limits["quiet_h"] * 3600:
            group = self.groups[number]
            self._put(number, mmsi, msgspec.structs.replace(group.victims[mmsi], back=t))
            if len(group.victims) >= PAIR:
                return [number]
        number = self._returns_to(made, at) if far else None
        if number is not None:
            self._put(number, mmsi, msgspec.structs.replace(_victim(made, at), back=t))
            return [number]
        return [self._join(made, at)] if out else []

    def _returns_to(self, made: Jumps, at: int) -> int | None:
        """The group of two or more whose way the jump takes backwards: a vessel not heard when it was displaced."""
        mmsi, t = int(made.after.mmsi[at]), int(made.after.t[at])
        self.several = [one for one in self.several if t - self.groups[one].last <= self.limits["quiet_h"] * 3600]
        others = [one for one in sorted(self.several) if mmsi not in self.groups[one].victims]
        if not others:
            return None
        source, target = _point(made.after, at), _point(made.before, at)
        return next((one for one in others if self._fits(self.groups[one], source, target)), None)

    def _join(self, made: Jumps, at: int) -> int:
        """The first group that the jump fits, or one of its own."""
        mmsi, t = int(made.after.mmsi[at]), int(made.after.t[at])
        source, target = _point(made.before, at), _point(made.after, at)
        self.growing = [one for one in self.growing if t - self.groups[one].first <= self.limits["window_h"] * 3600]
        number = next((one for one in self.growing if self._fits(self.groups[one], source, target)), self.following)
        if number == self.following:
            anchor = int(made.before.lat[at]), int(made.before.lon[at])
            self.groups[number] = Group(t, mmsi, anchor, tuple(source.tolist()), tuple(target.tolist()), {})
            self.growing.append(number)
            self.following += 1
        victim = _victim(made, at)
        self._put(number, mmsi, victim)
        self.away[mmsi, victim.emitter] = number
        return number

    def _fits(self, group: Group, source: Floats, target: Floats) -> bool:
        first, second, close = np.array(group.source), np.array(group.target), self.limits["target_km"] * 1000
        if chord_m(source, first) > self.limits["source_km"] * 1000:
            return False
        return bool(chord_m(target, second) <= close or chord_m(target - source, second - first) <= close)

    def _put(self, number: int, mmsi: int, victim: Victim) -> None:
        group = self.groups[number]
        self.groups[number] = msgspec.structs.replace(group, victims={**group.victims, mmsi: victim})
        if len(group.victims) < PAIR <= len(self.groups[number].victims):
            self.several.append(number)


def _victim(made: Jumps, at: int) -> Victim:
    sources = {name for rows in (made.before, made.after) for name in rows.sets[int(rows.origin[at])]}
    return Victim(
        fixes=(fix(made.before, at), fix(made.after, at)),
        emitter=int(made.after.emitter[at]),
        metres=float(made.metres[at]),
        knots=float(made.knots[at]),
        sources=tuple(sorted(sources)),
    )


def _point(rows: Fixes, at: int) -> Floats:
    return np.asarray(points(take(rows, slice(at, at + 1)))[0])


def _far(made: Jumps, limits: Mapping[str, float]) -> Bools:
    """Jumps of vessels, far and fast enough, from where they were held."""
    far = (made.metres >= limits["distance_km"] * 1000) & (made.knots >= limits["implied_kn"])
    return np.asarray(far & (made.held >= limits["fixes_count"]) & ~of_forms(made.after.mmsi, NOT_VESSELS))


def _outward(made: Jumps, far: Bools, groups: Mapping[int, Group], upto: int, limits: Mapping[str, float]) -> Bools:
    """Far jumps to an emitter that is newer than the one that was left, in company."""
    wide = far & (made.after.emitter > made.before.emitter)
    at = np.flatnonzero(wide)
    if len(at) < FEW:
        return wide
    window = int(limits["window_h"] * 3600)
    known = [one.fixes[1] for group in groups.values() for one in group.victims.values()]
    before = vectors([one.lat for one in known], [one.lon for one in known]).reshape(-1, 3)
    target = np.concatenate((points(take(made.after, at)), before))
    t = np.concatenate((made.after.t[at], np.array([one.t for one in known], np.int64)))
    mmsi = np.concatenate((made.after.mmsi[at], np.array([one.mmsi for one in known], np.int64)))
    reach = 2 * (limits["source_km"] + limits["target_km"]) * 1000  # two that both fit a third
    lonely = ~_company(target, t, mmsi, reach, window)[: len(at)]
    wide[at[lonely & (made.after.t[at] + window < upto)]] = False  # later ones may still get company
    return wide


def _company(point: Floats, t: Ints, mmsi: Ints, metres: float, window: int) -> Bools:
    """False only where no other MMSI's point is within the distance and the window.

    Two such points lie in one cell of at least one of sixteen grids, whose cells are twice as wide as the reach and
    which are shifted by half a cell in each of three directions and in time.
    """
    found = np.zeros(len(t), np.bool_)
    place, when = (point + 1.0) * (EARTH_M / (2 * metres)), (t - t.min()) / (2 * window)
    for shift in range(16):
        x, y, z = (np.floor(place[:, axis] + (shift >> axis & 1) / 2).astype(np.int64) for axis in range(3))
        cell = (np.floor(when + (shift >> 3) / 2).astype(np.int64) << 45) ^ (x << 30) ^ (y << 15) ^ z
        order = np.argsort(cell, kind="stable")
        edge = np.flatnonzero(np.concatenate(([True], np.diff(cell[order]) != 0)))
        several = np.minimum.reduceat(mmsi[order], edge) != np.maximum.reduceat(mmsi[order], edge)
        found[order] |= np.repeat(several, np.diff(np.append(edge, len(order))))
    return found


def _finding(group: Group, rule: Rule, *, over: bool) -> Finding:
    victims = [group.victims[mmsi] for mmsi in sorted(group.victims)]
    returned = sum(one.back is not None for one in victims)
    ended = over or returned == len(victims)
    evidence: dict[str, Any] = {
        "codes": ["spoofing" if ended else "spoofing_open"],
        "vessels_count": len(victims),
        "distance_km": round(float(np.median([one.metres for one in victims])) / 1000, 1),
        "implied_kn": round(min(one.knots for one in victims), 1),
        "minutes": round((max(one.fixes[1].t for one in victims) - group.first) / 60, 1),
        "returned_count": returned,
    }
    place = victims[0].fixes[0] if group.mmsi not in group.victims else group.victims[group.mmsi].fixes[0]
    return Finding(
        kind="spoofing",
        key=key(rule, (group.mmsi,), group.first, *group.anchor),
        mmsi=tuple(sorted(group.victims)),
        start=group.first,
        end=group.last if ended else None,
        lat=place.lat,
        lon=place.lon,
        confidence="high" if returned >= rule.thresholds["vessels_count"] else "medium",
        reason="spoofing",
        rule=rule,
        sources=tuple(sorted({name for one in victims for name in one.sources})),
        fixes=tuple(one for victim in victims[:SHOWN] for one in victim.fixes),
        evidence=evidence | ({"hours": hours(group.last - group.first)} if ended else {}),
    )
