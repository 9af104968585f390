"""Vessels that are displaced together: groups that grow jump by jump, in order of time. See `spoofing`."""

from collections.abc import Mapping
from math import asin, cos, radians, sin, sqrt
from typing import Final

import msgspec

from prasan.detect.make import fix
from prasan.picture.finding import Fix
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M
from prasan.tracks.circles import Circle
from prasan.tracks.columns import Fixes
from prasan.tracks.jumps import Jumps

Place = tuple[float, float, float]
"""A unit vector as plain numbers: groups are compared one by one, where arrays cost more than they save."""

PAIR: Final = 2
"""So many displaced vessels are waited for: others may be heard again only as they come back."""


class Victim(msgspec.Struct, frozen=True):
    """One displaced vessel: the fixes before and after, the emitter it went to, when it left it; metres of its circle.

    `radius` is 0 if it was not seen to sail a circle there.
    """

    fixes: tuple[Fix, Fix]
    emitter: int
    metres: float
    knots: float
    sources: tuple[str, ...]
    back: int | None = None
    radius: float = 0.0


class Group(msgspec.Struct, frozen=True):
    """Vessels displaced together. `mmsi` and `anchor` are of the first jump's fix before it, in 1/10000 minute.

    `source` and `target` are the unit vectors of that jump."""

    first: int
    mmsi: int
    anchor: tuple[int, int]
    source: Place
    target: Place
    victims: Mapping[int, Victim]

    @property
    def last(self) -> int:
        """The last second at which a vessel was displaced or came back."""
        return max(self.first, *(one.back or one.fixes[1].t for one in self.victims.values()))

    @property
    def circling(self) -> int:
        """How many of its vessels sailed circles where they were put."""
        return sum(one.radius > 0 for one in self.victims.values())


class Table:
    """The second look: groups as they stand, jump by jump and circle by circle in order of time."""

    def __init__(self, groups: dict[int, Group], following: int, limits: Mapping[str, float]) -> None:
        self.groups, self.following, self.limits = groups, following, limits
        self.away = {
            (mmsi, one.emitter): number
            for number, group in groups.items()
            for mmsi, one in group.victims.items()
            if one.back is None
        }
        self.last = {number: group.last for number, group in groups.items()}
        self.growing = list(groups)
        self.several = [number for number, group in groups.items() if len(group.victims) >= PAIR]

    def take(self, made: Jumps, at: int, *, far: bool, out: bool) -> list[int]:
        """One jump: the numbers of the groups that it changes. Who comes back is not displaced."""
        mmsi, t = int(made.after.mmsi[at]), int(made.after.t[at])
        number = self.away.pop((mmsi, int(made.before.emitter[at])), None)
        if number is not None and t - self.last[number] <= self.limits["quiet_h"] * 3600:
            group = self.groups[number]
            self._put(number, mmsi, msgspec.structs.replace(group.victims[mmsi], back=t))
            if len(group.victims) >= PAIR:
                return [number]
        number = self._returns_to(made, at) if far else None
        if number is not None:
            self._put(number, mmsi, msgspec.structs.replace(victim_of(made, at), back=t))
            return [number]
        return [self._join(made, at)] if out else []

    def ring(self, one: Circle, made: Jumps, at: int) -> int:
        """One circle, sailed by the vessel of a jump: the number of the group that it changes.

        A vessel that was displaced alone so far is taken to those that sail circles; others stay where they are.
        """
        number = self.away.get((one.mmsi, one.emitter))
        if number is not None and len(self.groups[number].victims) >= PAIR:
            victim = msgspec.structs.replace(self.groups[number].victims[one.mmsi], radius=one.metres)
            self._put(number, one.mmsi, victim)
            return number
        if number is not None:
            self._drop(number)
        return self._join(made, at, one)

    def _returns_to(self, made: Jumps, at: int) -> int | None:
        """The group of two or more whose way the jump takes backwards: a vessel not heard when it was displaced."""
        mmsi, t = int(made.after.mmsi[at]), int(made.after.t[at])
        quiet_s = self.limits["quiet_h"] * 3600
        self.several = [one for one in self.several if t - self.last[one] <= quiet_s]
        others = [one for one in sorted(self.several) if mmsi not in self.groups[one].victims]
        if not others:
            return None
        source, target = _place(made.after, at), _place(made.before, at)
        return next((one for one in others if self._fits(self.groups[one], source, target)), None)

    def _join(self, made: Jumps, at: int, ring: Circle | None = None) -> int:
        """The first group that the jump fits, or one of its own; with a circle, none of one vessel that sails none."""
        mmsi, t = int(made.after.mmsi[at]), int(made.after.t[at]) if ring is None else ring.t
        source, target = _place(made.before, at), _place(made.after, at)
        self.growing = [one for one in self.growing if t - self.groups[one].first <= self.limits["window_h"] * 3600]
        open_ = [one for one in self.growing if ring is None or self._shown(one)]
        number = next((one for one in open_ if self._fits(self.groups[one], source, target)), self.following)
        if number in self.groups and self.groups[number].victims.keys() == {mmsi}:
            self._drop(number)  # alone until now: what counts is who comes after its newest jump
            number = self.following
        if number == self.following:
            anchor = int(made.before.lat[at]), int(made.before.lon[at])
            self.groups[number] = Group(t, mmsi, anchor, source, target, {})
            self.growing.append(number)
            self.following += 1
        victim = msgspec.structs.replace(victim_of(made, at), radius=0.0 if ring is None else ring.metres)
        self._put(number, mmsi, victim)
        self.away[mmsi, victim.emitter] = number
        return number

    def _shown(self, number: int) -> bool:
        """Whether a group is one whatever the screen let through: the screen may leave out a single jump."""
        return len(self.groups[number].victims) >= PAIR or self.groups[number].circling > 0

    def _fits(self, group: Group, source: Place, target: Place) -> bool:
        close = self.limits["target_km"] * 1000
        if _metres(_apart(source, group.source)) > self.limits["source_km"] * 1000:
            return False
        way, first_way = _apart(target, source), _apart(group.target, group.source)
        return _metres(_apart(target, group.target)) <= close or _metres(_apart(way, first_way)) <= close

    def _drop(self, number: int) -> None:
        for mmsi, victim in self.groups.pop(number).victims.items():
            if self.away.get((mmsi, victim.emitter)) == number:
                del self.away[mmsi, victim.emitter]
        self.growing = [one for one in self.growing if one != number]

    def _put(self, number: int, mmsi: int, victim: Victim) -> None:
        group = self.groups[number]
        self.groups[number] = msgspec.structs.replace(group, victims={**group.victims, mmsi: victim})
        self.last[number] = self.groups[number].last
        if len(group.victims) < PAIR <= len(self.groups[number].victims):
            self.several.append(number)


def victim_of(made: Jumps, at: int) -> Victim:
    """The vessel of a jump as one that is displaced."""
    sources = {name for rows in (made.before, made.after) for name in rows.sets[int(rows.origin[at])]}
    return Victim(
        fixes=(fix(made.before, at), fix(made.after, at)),
        emitter=int(made.after.emitter[at]),
        metres=float(made.metres[at]),
        knots=float(made.knots[at]),
        sources=tuple(sorted(sources)),
    )


def _place(rows: Fixes, at: int) -> Place:
    lat, lon = radians(int(rows.lat[at]) / UNITS_PER_DEGREE), radians(int(rows.lon[at]) / UNITS_PER_DEGREE)
    return cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat)


def _apart(a: Place, b: Place) -> Place:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _metres(chord: Place) -> float:
    """The great-circle distance that belongs to a chord of the unit sphere."""
    half = sqrt(chord[0] * chord[0] + chord[1] * chord[1] + chord[2] * chord[2]) / 2
    return 2 * EARTH_M * asin(min(half, 1.0))
