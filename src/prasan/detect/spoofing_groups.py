"""Vessels that are displaced together: groups that grow jump by jump, in order of time. See `spoofing`."""

from collections.abc import Mapping
from math import pi, sin
from typing import Final

import msgspec

from prasan.detect.spoofing_leaps import Leaps, Place, Victim
from prasan.picture.sphere import EARTH_M
from prasan.tracks.circles import Circle

PAIR: Final = 2
"""So many displaced vessels are waited for: others may be heard again only as they come back."""


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
        self.at_source, self.at_target = (_reach(limits[name]) for name in ("source_km", "target_km"))
        self.away = {
            (mmsi, one.emitter): number
            for number, group in groups.items()
            for mmsi, one in group.victims.items()
            if one.back is None
        }
        self.last = {number: group.last for number, group in groups.items()}
        self.growing = list(groups)
        self.several = [number for number, group in groups.items() if len(group.victims) >= PAIR]

    def take(self, made: Leaps, at: int, *, far: bool, out: bool) -> list[int]:
        """One jump: the numbers of the groups that it changes. Who comes back is not displaced."""
        mmsi, t = made.mmsi[at], made.t[at]
        number = self.away.pop((mmsi, made.left[at]), None)
        if number is not None and t - self.last[number] <= self.limits["quiet_h"] * 3600:
            group = self.groups[number]
            self._put(number, mmsi, msgspec.structs.replace(group.victims[mmsi], back=t))
            if len(group.victims) >= PAIR:
                return [number]
        number = self._returns_to(made, at) if far else None
        if number is not None:
            self._put(number, mmsi, msgspec.structs.replace(made.victim(at), back=t))
            return [number]
        return [self._join(made, at)] if out else []

    def ring(self, one: Circle, made: Leaps, at: int) -> int:
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

    def _returns_to(self, made: Leaps, at: int) -> int | None:
        """The group of two or more whose way the jump takes backwards: a vessel not heard when it was displaced."""
        mmsi, t = made.mmsi[at], made.t[at]
        quiet_s = self.limits["quiet_h"] * 3600
        self.several = [one for one in self.several if t - self.last[one] <= quiet_s]
        others = [one for one in sorted(self.several) if mmsi not in self.groups[one].victims]
        if not others:
            return None
        source, target = made.after.place[at], made.before.place[at]
        return next((one for one in others if self._fits(self.groups[one], source, target)), None)

    def _join(self, made: Leaps, at: int, ring: Circle | None = None) -> int:
        """The first group that the jump fits, or one of its own; with a circle, none of one vessel that sails none."""
        mmsi, t = made.mmsi[at], made.t[at] if ring is None else ring.t
        source, target = made.before.place[at], made.after.place[at]
        self.growing = [one for one in self.growing if t - self.groups[one].first <= self.limits["window_h"] * 3600]
        open_ = [one for one in self.growing if ring is None or self._shown(one)]
        number = next((one for one in open_ if self._fits(self.groups[one], source, target)), self.following)
        if number in self.groups and self.groups[number].victims.keys() == {mmsi}:
            self._drop(number)  # alone until now: what counts is who comes after its newest jump
            number = self.following
        if number == self.following:
            anchor = made.before.lat[at], made.before.lon[at]
            self.groups[number] = Group(t, mmsi, anchor, source, target, {})
            self.growing.append(number)
            self.following += 1
        victim = msgspec.structs.replace(made.victim(at), radius=0.0 if ring is None else ring.metres)
        self._put(number, mmsi, victim)
        self.away[mmsi, victim.emitter] = number
        return number

    def _shown(self, number: int) -> bool:
        """Whether a group is one whatever the screen let through: the screen may leave out a single jump."""
        return len(self.groups[number].victims) >= PAIR or self.groups[number].circling > 0

    def _fits(self, group: Group, source: Place, target: Place) -> bool:
        if _square(source, group.source) > self.at_source:
            return False
        if _square(target, group.target) <= self.at_target:
            return True
        return _square(_way(target, source), _way(group.target, group.source)) <= self.at_target

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


def _square(a: Place, b: Place) -> float:
    """The square of the chord between two places, or two ways, in radii of the Earth."""
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return x * x + y * y + z * z


def _way(a: Place, b: Place) -> Place:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _reach(kilometres: float) -> float:
    """The square of the chord that belongs to a distance along the ground."""
    return float((2 * sin(min(kilometres * 1000 / (2 * EARTH_M), pi / 2))) ** 2)
