"""Identity change: a vessel gives up a name, a call sign, an MMSI or a flag for another.

Definition    what one MMSI says of its name or call sign, or the MMSI that gives one valid IMO number, settles on a new
              value: the old one and then the new one each in `seen_count` six-minute turns, the new one without the old
              between. A flag changes with the MMSI, whose first digits name the state. `start` is when the old value
              was last said, `end` when the new one first was.
Source        three consistent messages, because bit errors make valid ones (hrcak.srce.hr/316611); IMO resolution
              A.1117(30): the IMO number stays with the hull; Park et al. 2023 (PMC9848426) on why reflagging matters.
              Slips (one letter, a cut end) and the six-minute turns of M.1371-5, Annex 1, 4.2.1 are our choice.
Columns       static reports: t, mmsi, imo, name, callsign; positions only to say where.
Cadence       `seen_count` static reports of either value; a vessel that was never heard from a place is not assessable.
Cannot see    why: a sale, a new charter, a repaired set and a disguise look the same. Static reports carry no place, so
              two hulls on one MMSI show as values that take turns.

Excluded, recorded and counted: `duplicate_identity` several transmitters used the MMSI within a day; `takes_turns` the
old value came back within three days; `not_a_vessel` base stations, aids to navigation, search aircraft, beacons.
"""

from typing import Any, Final

import numpy as np

from prasan.detect.make import hours, key
from prasan.detect.told import SaidCarry, Told, numbers_of, placed
from prasan.picture.finding import Confidence, Finding, Rule
from prasan.picture.identity import NOT_VESSELS, of_forms
from prasan.picture.world import World
from prasan.tracks.identity import Change

MESSAGES: Final = {
    "name_changed": ("old_name", "new_name", "old_count", "hours"),
    "callsign_changed": ("old_callsign", "new_callsign", "old_count", "hours"),
    "mmsi_changed": ("imo", "old_mmsi", "new_mmsi", "old_count", "hours"),
    "flag_changed": ("old_flag", "new_flag"),
}

SHARED_S: Final = 86_400
"""An MMSI heard within a day from places that no hull can pass between is no single vessel's."""


def kernel(
    said: Told,
    carry: SaidCarry | None,
    upto: int,  # noqa: ARG001 - one shape for all
    rule: Rule,
    world: World,
) -> tuple[list[Finding], SaidCarry]:
    """Changes in static reports, in order of time -> identities given up for others, and the carry."""
    wanted = [one for one in said.changes if one.field in {"name", "callsign", "mmsi"}]
    return placed([_finding(one, said, rule, world) for one in wanted], carry)


def _finding(one: Change, said: Told, rule: Rule, world: World) -> Finding | None:
    numbers = numbers_of(one)
    place = said.place(numbers[-1], one.at) or said.place(numbers[0], one.at)
    if place is None:
        return None
    codes, evidence = _evidence(one, world)
    return Finding(
        kind="identity_change",
        key=f"{key(rule, numbers, one.first, place.lat, place.lon)}|{one.field}",
        mmsi=numbers,
        start=one.last,
        end=one.first,
        lat=place.fix.lat,
        lon=place.fix.lon,
        confidence=_confidence(one),
        reason=codes[-1],
        rule=rule,
        sources=tuple(sorted({*one.sources, *place.sources})),
        fixes=(place.fix,),
        evidence={"codes": codes, "old_count": one.count, "hours": hours(one.first - one.last), **evidence},
        excluded=_exclusion(one, numbers, said),
    )


def _evidence(one: Change, world: World) -> tuple[list[str], dict[str, Any]]:
    if one.field != "mmsi":
        return [f"{one.field}_changed"], {f"old_{one.field}": one.old, f"new_{one.field}": one.new}
    evidence: dict[str, Any] = {"imo": -one.key, "old_mmsi": int(one.old), "new_mmsi": int(one.new)}
    flags = world.flag(int(one.old)), world.flag(int(one.new))
    if None in flags or flags[0] == flags[1]:
        return ["mmsi_changed"], evidence
    return ["mmsi_changed", "flag_changed"], {**evidence, "old_flag": flags[0], "new_flag": flags[1]}


def _confidence(one: Change) -> Confidence:
    """An IMO number names the hull by itself; a name or a call sign may be another hull's."""
    if one.turns:
        return "low"
    return "high" if one.field == "mmsi" else "medium"


def _exclusion(one: Change, numbers: tuple[int, ...], said: Told) -> str | None:
    if of_forms(np.array(numbers), NOT_VESSELS).any():
        return "not_a_vessel"
    if one.key > 0 and said.transmitters(one.key, one.first - SHARED_S, one.at) > 1:
        return "duplicate_identity"
    return "takes_turns" if one.turns else None
