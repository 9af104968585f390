"""Vessels that are displaced together: groups that grow jump by jump, in order of time. See `spoofing`."""

from collections.abc import Iterator, Mapping
from math import pi, sin
from typing import Final

import msgspec
import numpy as np

from prasan.detect.spoofing_leaps import Cells, Leaps, Place, Victim
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
    victims: dict[int, Victim]

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

    def __init__(self, groups: Mapping[int, Group], following: int, limits: Mapping[str, float]) -> None:
        self.groups, self.following, self.limits = dict(groups), following, limits
        self.at_source, self.at_target = (_reach(limits[name]) for name in ("source_km", "target_km"))
        self.away = {
            (mmsi, one.emitter): number
            for number, group in groups.items()
            for mmsi, one in group.victims.items()
            if one.back is None
        }
        self.last = {number: group.last for number, group in groups.items()}
        self.cells = Cells(1.000_001 * self.at_target**0.5 + 1e-9)
        self.reached = self._reached()
        self.growing, self.several = _Listed(), _Listed()
        self.mine = set[int]()
        for number, group in groups.items():
            self.growing.put(number, self.reached[number])
            if len(group.victims) >= PAIR:
                self.several.put(number, self.reached[number])

    def _reached(self) -> dict[int, list[int]]:
        """The cells that each group is listed under."""
        groups = self.groups.values()
        source, target = (
            np.array([getattr(group, name) for group in groups]).reshape(-1, 3) for name in ("source", "target")
        )
        return dict(zip(self.groups, self.cells.reached(target, target - source), strict=True))

    def take(self, made: Leaps, at: int, *, far: bool, out: bool) -> int | None:
        """One jump: the number of the group that it changes, if any. Who comes back is not displaced."""
        mmsi, t = made.mmsi[at], made.t[at]
        number = self.away.pop((mmsi, made.left[at]), None)
        if number is not None and t - self.last[number] <= self.limits["quiet_h"] * 3600:
            victims = self.groups[number].victims
            self._put(number, mmsi, msgspec.structs.replace(victims[mmsi], back=t), t)
            if len(victims) >= PAIR:
                return number
        number = self._returns_to(made, at) if far else None
        if number is not None:
            self._put(number, mmsi, msgspec.structs.replace(made.victim(at), back=t), t)
            return number
        return self._join(made, at) if out else None

    def ring(self, one: Circle, made: Leaps, at: int) -> int:
        """One circle, sailed by the vessel of a jump: the number of the group that it changes.

        A vessel that was displaced alone so far is taken to those that sail circles; others stay where they are.
        """
        number = self.away.get((one.mmsi, one.emitter))
        if number is not None and len(self.groups[number].victims) >= PAIR:
            victim = msgspec.structs.replace(self.groups[number].victims[one.mmsi], radius=one.metres)
            self._put(number, one.mmsi, victim, self.last[number])
            return number
        if number is not None:
            self._drop(number)
        return self._join(made, at, one)

    def _returns_to(self, made: Leaps, at: int) -> int | None:
        """The group of two or more whose way the jump takes backwards: a vessel not heard when it was displaced."""
        mmsi, source, target = made.mmsi[at], made.after.place[at], made.before.place[at]
        since = made.t[at] - self.limits["quiet_h"] * 3600
        for number in self.several.within(made.back[at]):
            group = self.groups[number]
            if self.last[number] >= since and mmsi not in group.victims and self._fits(group, source, target):
                return number
        return None

    def _join(self, made: Leaps, at: int, ring: Circle | None = None) -> int:
        """The first group that the jump fits, or one of its own; with a circle, none of one vessel that sails none."""
        mmsi, t = made.mmsi[at], made.t[at] if ring is None else ring.t
        source, target = made.before.place[at], made.after.place[at]
        open_ = (one for one in self._growing(made.there[at], t) if ring is None or self._shown(one))
        number = next((one for one in open_ if self._fits(self.groups[one], source, target)), self.following)
        if number in self.groups and self.groups[number].victims.keys() == {mmsi}:
            self._drop(number)  # alone until now: what counts is who comes after its newest jump
            number = self.following
        if number == self.following:
            anchor = made.before.lat[at], made.before.lon[at]
            self.groups[number] = Group(t, mmsi, anchor, source, target, {})
            self.mine.add(number)
            self.reached[number] = made.reached[at]
            self.growing.put(number, made.reached[at])
            self.following += 1
        victim = msgspec.structs.replace(made.victim(at), radius=0.0 if ring is None else ring.metres)
        self._put(number, mmsi, victim, t if ring is None else max(self.groups[number].first, victim.fixes[1].t))
        self.away[mmsi, victim.emitter] = number
        return number

    def _growing(self, cells: tuple[int, int], t: int) -> Iterator[int]:
        """Groups in some cells that a jump may still join; those that none can are let go for good."""
        since = t - self.limits["window_h"] * 3600
        for number in self.growing.within(cells):
            if self.groups[number].first >= since:
                yield number
            else:
                self.growing.drop(number, self.reached[number])

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
        group = self.groups.pop(number)
        for mmsi, victim in group.victims.items():
            if self.away.get((mmsi, victim.emitter)) == number:
                del self.away[mmsi, victim.emitter]
        self.growing.drop(number, self.reached[number])

    def _put(self, number: int, mmsi: int, victim: Victim, t: int) -> None:
        """A vessel as it stands as of `t`; the victims of a group of before are copied when the first is put."""
        group = self.groups[number]
        if number not in self.mine:
            group = self.groups[number] = msgspec.structs.replace(group, victims=dict(group.victims))
            self.mine.add(number)
        alone = len(group.victims) < PAIR
        group.victims[mmsi] = victim
        self.last[number] = max(self.last.get(number, 0), t)
        if alone and len(group.victims) >= PAIR:
            self.several.put(number, self.reached[number])


class _Listed:
    """Numbers of groups by the cells in reach of their first jump (see `Cells`)."""

    def __init__(self) -> None:
        self.cells: dict[int, list[int]] = {}

    def put(self, number: int, reached: list[int]) -> None:
        for cell in {*reached}:
            self.cells.setdefault(cell, []).append(number)

    def drop(self, number: int, reached: list[int]) -> None:
        """Forget a group that may have been forgotten already."""
        for cell in {*reached}:
            if number in self.cells.get(cell, ()):
                self.cells[cell].remove(number)

    def within(self, cells: tuple[int, int]) -> list[int]:
        """Numbers in ascending order: all groups that a jump may fit which lies in these cells, and some more."""
        led, way = (self.cells.get(cell) for cell in cells)
        return sorted({*(led or ()), *(way or ())}) if led or way else []


def _square(a: Place, b: Place) -> float:
    """The square of the chord between two places, or two ways, in radii of the Earth."""
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return x * x + y * y + z * z


def _way(a: Place, b: Place) -> Place:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _reach(kilometres: float) -> float:
    """The square of the chord that belongs to a distance along the ground."""
    return float((2 * sin(min(kilometres * 1000 / (2 * EARTH_M), pi / 2))) ** 2)
