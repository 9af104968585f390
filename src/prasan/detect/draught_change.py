"""Draught change: what a vessel says of its draught settles on another value at sea. Experimental, off by default.

Definition    the draught of static reports settles on a value that differs by `change_m` and by `change_share` of the
              old one or more; both were said in several six-minute turns (see `tracks.identity`).
Source        no published threshold was found; the numbers are our own.
Columns       static reports: t, mmsi, draught; positions only to say where.
Cadence       three static reports of either value; a vessel that was never heard from a place is not assessable.
Cannot see    cargo: the crew types the draught in, late or never. It is worth a look only beside an encounter, a
              loitering or a gap of the same time.

Excluded, recorded and counted: `port` nearer than `port_km` to a port or anchorage; `takes_turns`.
"""

from typing import Final

from prasan.detect.make import hours, key
from prasan.detect.told import SaidCarry, Told, placed
from prasan.picture.finding import Finding, Rule
from prasan.picture.world import World
from prasan.tracks.identity import Change

MESSAGES: Final = {"draught_change": ("old_draught_m", "new_draught_m", "hours")}


def kernel(
    said: Told,
    carry: SaidCarry | None,
    upto: int,  # noqa: ARG001 - one shape for all
    rule: Rule,
    world: World,
) -> tuple[list[Finding], SaidCarry]:
    """Changes in static reports, in order of time -> draughts that changed, and the carry."""
    wanted = [one for one in said.changes if one.field == "draught" and _large(one, rule)]
    return placed([_finding(one, said, rule, world) for one in wanted], carry)


def _large(one: Change, rule: Rule) -> bool:
    old, new = int(one.old) / 10, int(one.new) / 10
    return abs(new - old) >= max(rule.thresholds["change_m"], rule.thresholds["change_share"] * old)


def _finding(one: Change, said: Told, rule: Rule, world: World) -> Finding | None:
    place = said.place(one.key, one.at)
    if place is None:
        return None
    limit = rule.thresholds["port_km"] * 1000
    port = limit > 0 and float(world.ports.nearest_m(place.fix.lat, place.fix.lon)[0]) <= limit
    return Finding(
        kind="draught_change",
        key=key(rule, (one.key,), one.first, place.lat, place.lon),
        mmsi=(one.key,),
        start=one.last,
        end=one.first,
        lat=place.fix.lat,
        lon=place.fix.lon,
        confidence="low",
        reason="draught_change",
        rule=rule,
        sources=tuple(sorted({*one.sources, *place.sources})),
        fixes=(place.fix,),
        evidence={
            "codes": ["draught_change"],
            "old_draught_m": int(one.old) / 10,
            "new_draught_m": int(one.new) / 10,
            "hours": hours(one.first - one.last),
        },
        excluded="port" if port else "takes_turns" if one.turns else None,
    )
