"""Vessels that are displaced together: groups that grow jump by jump, in order of time. See `spoofing`."""

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np

from prasan.detect.make import fix
from prasan.picture.finding import Fix
from prasan.picture.sphere import Floats, chord_m
from prasan.tracks.circles import Circle
from prasan.tracks.columns import Fixes, points, take
from prasan.tracks.jumps import Jumps

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
    source: tuple[float, float, float]
    target: tuple[float, float, float]
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
            del self.groups[number]
            self.growing = [one for one in self.growing if one != number]
        return self._join(made, at, one)

    def _returns_to(self, made: Jumps, at: int) -> int | None:
        """The group of two or more whose way the jump takes backwards: a vessel not heard when it was displaced."""
        mmsi, t = int(made.after.mmsi[at]), int(made.after.t[at])
        self.several = [one for one in self.several if t - self.groups[one].last <= self.limits["quiet_h"] * 3600]
        others = [one for one in sorted(self.several) if mmsi not in self.groups[one].victims]
        if not others:
            return None
        source, target = _point(made.after, at), _point(made.before, at)
        return next((one for one in others if self._fits(self.groups[one], source, target)), None)

    def _join(self, made: Jumps, at: int, ring: Circle | None = None) -> int:
        """The first group that the jump fits, or one of its own; with a circle, none of one vessel that sails none."""
        mmsi, t = int(made.after.mmsi[at]), int(made.after.t[at]) if ring is None else ring.t
        source, target = _point(made.before, at), _point(made.after, at)
        self.growing = [one for one in self.growing if t - self.groups[one].first <= self.limits["window_h"] * 3600]
        open_ = [one for one in self.growing if ring is None or self._shown(one)]
        number = next((one for one in open_ if self._fits(self.groups[one], source, target)), self.following)
        if number == self.following:
            anchor = int(made.before.lat[at]), int(made.before.lon[at])
            self.groups[number] = Group(t, mmsi, anchor, tuple(source.tolist()), tuple(target.tolist()), {})
            self.growing.append(number)
            self.following += 1
        victim = msgspec.structs.replace(victim_of(made, at), radius=0.0 if ring is None else ring.metres)
        self._put(number, mmsi, victim)
        self.away[mmsi, victim.emitter] = number
        return number

    def _shown(self, number: int) -> bool:
        """Whether a group is one whatever the screen let through: the screen may leave out a single jump."""
        return len(self.groups[number].victims) >= PAIR or self.groups[number].circling > 0

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


def _point(rows: Fixes, at: int) -> Floats:
    return np.asarray(points(take(rows, slice(at, at + 1)))[0])
