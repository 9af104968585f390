"""Spoofing gone through jump by jump, each held to every group: what the kernel must find, however it looks."""

from collections.abc import Sequence

import msgspec
import numpy as np

from prasan.detect.spoofing import _arrival, _arrived, _far, _finding, _where
from prasan.detect.spoofing_groups import PAIR, Group, _reach, _square, _way
from prasan.detect.spoofing_leaps import Cells, Leaps, Place, Victim
from prasan.picture.finding import Finding, Rule
from prasan.picture.world import World
from prasan.tracks.circles import Circle
from prasan.tracks.jumps import Jumps

CELLS = Cells(1.0)  # not asked here


def kernel(
    made: tuple[Jumps, Sequence[Circle]], _carry: None, upto: int, rule: Rule, _world: World
) -> tuple[list[Finding], None]:
    """All jumps and circles of a record at once -> what stands at its end."""
    jumps, rings = made
    limits = rule.thresholds
    far = _far(jumps, limits)
    out = far & (jumps.after.emitter > jumps.before.emitter)
    arrived = _arrived(jumps, None, limits)
    came = [(ring, at) for ring in rings if (at := _arrival(arrived, ring)) is not None]
    plain, leaps = Plain(rule), Leaps(jumps, CELLS)
    for _, circle, at in sorted([(t, 0, at) for at, t in enumerate(leaps.t)] + [
        (ring.t, 1, number) for number, (ring, _) in enumerate(came)
    ]):  # fmt: skip
        if circle:
            plain.ring(came[at][0], Leaps(_where(arrived, np.array([came[at][1]])), CELLS))
        else:
            plain.jump(leaps, at, bool(far[at]), bool(out[at]))
    several = [
        one for one in plain.groups
        if len(one.victims) >= limits["vessels_count"] or one.circling >= limits["circles_count"]
    ]  # fmt: skip
    return [_finding(one, rule, over=upto - one.last > limits["quiet_h"] * 3600) for one in several], None


class Plain:
    def __init__(self, rule: Rule) -> None:
        self.limits, self.groups = rule.thresholds, list[Group]()

    def jump(self, made: Leaps, at: int, far: bool, out: bool) -> None:
        mmsi, t = made.mmsi[at], made.t[at]
        quiet = self.limits["quiet_h"] * 3600
        group = self._away(mmsi, made.left[at])
        if group is not None:
            late = t - group.last > quiet
            group.victims[mmsi] = msgspec.structs.replace(group.victims[mmsi], back=-1 if late else t)
            if late:  # it is not displaced any more, and did not come back either
                group.victims[mmsi] = msgspec.structs.replace(group.victims[mmsi], back=None, emitter=-1)
            elif len(group.victims) >= PAIR:
                return
        source, target = made.before.place[at], made.after.place[at]
        for one in self.groups if far else ():
            known = len(one.victims) < PAIR or mmsi in one.victims or t - one.last > quiet
            if not known and self._fits(one, target, source):
                one.victims[mmsi] = msgspec.structs.replace(made.victim(at), back=t)
                return
        if out:
            self._join(t, mmsi, made, at, made.victim(at), ring=False)

    def ring(self, one: Circle, made: Leaps) -> None:
        group = self._away(one.mmsi, one.emitter)
        if group is not None and len(group.victims) >= PAIR:
            group.victims[one.mmsi] = msgspec.structs.replace(group.victims[one.mmsi], radius=one.metres)
            return
        if group is not None:
            self.groups = [other for other in self.groups if other is not group]
        self._join(one.t, one.mmsi, made, 0, msgspec.structs.replace(made.victim(0), radius=one.metres), ring=True)

    def _join(self, t: int, mmsi: int, made: Leaps, at: int, victim: Victim, *, ring: bool) -> None:
        source, target = made.before.place[at], made.after.place[at]
        fitting = [
            one for one in self.groups
            if t - one.first <= self.limits["window_h"] * 3600 and self._fits(one, source, target)
            and (not ring or len(one.victims) >= PAIR or one.circling)
        ]  # fmt: skip
        group = fitting[0] if fitting else None
        if group is not None and group.victims.keys() == {mmsi}:
            self.groups = [one for one in self.groups if one is not group]
            group = None
        if group is None:
            group = Group(t, mmsi, (made.before.lat[at], made.before.lon[at]), source, target, {})
            self.groups.append(group)
        group.victims[mmsi] = victim

    def _away(self, mmsi: int, emitter: int) -> Group | None:
        """The group that counts the vessel as displaced to this emitter: the newest, if there are several."""
        own = [
            one for one in self.groups
            if mmsi in one.victims and one.victims[mmsi].back is None and one.victims[mmsi].emitter == emitter
        ]  # fmt: skip
        return own[-1] if own else None

    def _fits(self, group: Group, source: Place, target: Place) -> bool:
        if _square(source, group.source) > _reach(self.limits["source_km"]):
            return False
        at_target = _reach(self.limits["target_km"])
        same_way = _square(_way(target, source), _way(group.target, group.source)) <= at_target
        return _square(target, group.target) <= at_target or same_way
