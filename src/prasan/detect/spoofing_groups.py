"""Vessels that are displaced together: groups that grow jump by jump, in order of time. See `spoofing`."""

from collections.abc import Iterator, Mapping
from itertools import product
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
        self.growing, self.several = _Cells(self.at_target), _Cells(self.at_target)
        self.mine = set[int]()
        for number, group in groups.items():
            self.growing.put(number, group)
            if len(group.victims) >= PAIR:
                self.several.put(number, group)

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
        for number in self.several.around(source, target):
            group = self.groups[number]
            if self.last[number] >= since and mmsi not in group.victims and self._fits(group, source, target):
                return number
        return None

    def _join(self, made: Leaps, at: int, ring: Circle | None = None) -> int:
        """The first group that the jump fits, or one of its own; with a circle, none of one vessel that sails none."""
        mmsi, t = made.mmsi[at], made.t[at] if ring is None else ring.t
        source, target = made.before.place[at], made.after.place[at]
        open_ = (one for one in self._growing(source, target, t) if ring is None or self._shown(one))
        number = next((one for one in open_ if self._fits(self.groups[one], source, target)), self.following)
        if number in self.groups and self.groups[number].victims.keys() == {mmsi}:
            self._drop(number)  # alone until now: what counts is who comes after its newest jump
            number = self.following
        if number == self.following:
            anchor = made.before.lat[at], made.before.lon[at]
            self.groups[number] = Group(t, mmsi, anchor, source, target, {})
            self.mine.add(number)
            self.growing.put(number, self.groups[number])
            self.following += 1
        victim = msgspec.structs.replace(made.victim(at), radius=0.0 if ring is None else ring.metres)
        self._put(number, mmsi, victim, t if ring is None else max(self.groups[number].first, victim.fixes[1].t))
        self.away[mmsi, victim.emitter] = number
        return number

    def _growing(self, source: Place, target: Place, t: int) -> Iterator[int]:
        """Groups around a place that a jump may still join; those that none can are let go for good."""
        since = t - self.limits["window_h"] * 3600
        for number in self.growing.around(source, target):
            if self.groups[number].first >= since:
                yield number
            else:
                self.growing.drop(number, self.groups[number])

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
        self.growing.drop(number, group)

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
            self.several.put(number, group)


class _Cells:
    """Groups by where their first jump led, and by its way: a jump is held to those only that lie in reach of either.

    Cells are four times as wide as the reach. A group is listed under all cells in its reach, for it is asked for more
    often than it is put.
    """

    def __init__(self, square: float) -> None:
        self.reach = 1.000_001 * square**0.5 + 1e-9
        self.scale = 1 / max(4 * self.reach, _LEAST)
        self.cells: dict[tuple[int, int, int], list[int]] = {}

    def put(self, number: int, group: Group) -> None:
        for cell in self._touched(group):
            self.cells.setdefault(cell, []).append(number)

    def drop(self, number: int, group: Group) -> None:
        """Forget a group that may have been forgotten already."""
        for cell in self._touched(group):
            if number in self.cells.get(cell, ()):
                self.cells[cell].remove(number)

    def around(self, source: Place, target: Place) -> list[int]:
        """Numbers of groups in ascending order: all that a jump may fit, and some more."""
        if not self.cells:
            return []
        (a, b, c), (x, y, z), scale = source, target, self.scale
        led = self.cells.get((int((x + _AT) * scale), int((y + _AT) * scale), int((z + _AT) * scale)), [])
        x, y, z = x - a + _WAY, y - b + _WAY, z - c + _WAY
        gone = self.cells.get((int(x * scale), int(y * scale), int(z * scale)), [])
        return sorted({*led, *gone}) if led or gone else []

    def _touched(self, group: Group) -> Iterator[tuple[int, int, int]]:
        for place, middle in ((group.target, _AT), (_way(group.target, group.source), _WAY)):
            low, high = (
                [int((axis + middle + reach) * self.scale) for axis in place] for reach in (-self.reach, self.reach)
            )
            yield from product(*({*pair} for pair in zip(low, high, strict=True)))


_AT: Final = 3.0
_WAY: Final = 9.0
"""Added to coordinates of places and of ways, so that all are positive and no place lies in the cell of a way."""

_LEAST: Final = 1e-4
"""Cells are no smaller than this, in radii of the Earth."""


def _square(a: Place, b: Place) -> float:
    """The square of the chord between two places, or two ways, in radii of the Earth."""
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return x * x + y * y + z * z


def _way(a: Place, b: Place) -> Place:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _reach(kilometres: float) -> float:
    """The square of the chord that belongs to a distance along the ground."""
    return float((2 * sin(min(kilometres * 1000 / (2 * EARTH_M), pi / 2))) ** 2)
