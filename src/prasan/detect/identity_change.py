"""Identity change: a vessel gives up a name, a call sign, an MMSI or a flag for another.

Definition    what one MMSI says of its name or call sign, or the MMSI that gives one valid IMO number, settles on a new
              value: the old one and then the new one each in `seen_count` six-minute turns, the new one without the old
              between. A flag changes with the MMSI, whose first digits name the state. Changes of one MMSI whose new
              values were first said within `TOGETHER_S` are one act and one finding. `start` is when an old value was
              last said, `end` when the last new one first was.
Key           kind, preset, MMSIs, second and place of the first change of the act, and its field (`name` before
              `callsign` where both settled at once); what joins the act later changes no key.
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

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.make import hours, key
from prasan.detect.told import NO_PLACE, Place, Told, numbers_of
from prasan.picture.finding import Confidence, Finding, Rule
from prasan.picture.identity import NOT_VESSELS, of_forms
from prasan.picture.world import World
from prasan.tracks.identity import BACK_S, Change

MESSAGES: Final = {
    "name_changed": ("old_name", "new_name", "old_count", "hours"),
    "callsign_changed": ("old_callsign", "new_callsign", "old_count", "hours"),
    "mmsi_changed": ("imo", "old_mmsi", "new_mmsi", "old_count", "hours"),
    "flag_changed": ("old_flag", "new_flag"),
}

SHARED_S: Final = 86_400
"""An MMSI heard within a day from places that no hull can pass between is no single vessel's."""

TOGETHER_S: Final = 3600
"""Who gives up a name and a call sign types both in one sitting; our own choice."""

FIELDS: Final = ("name", "callsign", "mmsi")


class Act(msgspec.Struct, frozen=True):
    """Changes of one MMSI that were made together, by field. `place`, `excluded` and `lead` are of the first told."""

    lead: Change
    place: Place
    excluded: str | None
    changes: Mapping[str, Change]

    @property
    def latest(self) -> int:
        """When the last of its changes settled."""
        return max(one.at for one in self.changes.values())


class ActCarry(msgspec.Struct, frozen=True):
    """Acts that may still be added to or taken back, by MMSI (or minus the IMO number); what could not be judged."""

    acts: Mapping[int, tuple[Act, ...]] = {}
    not_assessable: Mapping[str, int] = {}


def kernel(said: Told, carry: ActCarry | None, upto: int, rule: Rule, world: World) -> tuple[list[Finding], ActCarry]:
    """Changes in static reports, in order of time -> identities given up for others, and the carry."""
    carry = carry or ActCarry()
    acts, lost = dict(carry.acts), 0
    found: dict[str, Finding] = {}
    wanted = [one for one in said.changes if one.field in FIELDS]
    wanted.sort(key=lambda one: (one.at, one.key, FIELDS.index(one.field)))
    for one in wanted:
        mine = acts.get(one.key, ())
        number = _joined(one, mine)
        act = _begun(one, said) if number is None else _added(mine[number], one)
        if act is None:
            lost += 1
            continue
        acts[one.key] = (*mine, act) if number is None else (*mine[:number], act, *mine[number + 1 :])
        finding = _finding(act, rule, world)
        found[finding.key] = finding
    kept = {key: tuple(act for act in mine if upto - act.latest <= BACK_S) for key, mine in acts.items()}
    counts = {**carry.not_assessable}
    if lost:
        counts[NO_PLACE] = counts.get(NO_PLACE, 0) + lost
    return list(found.values()), ActCarry({key: mine for key, mine in kept.items() if mine}, counts)


def _joined(one: Change, acts: tuple[Act, ...]) -> int | None:
    """The act that a change is part of: the one that it takes back or repeats, or one made within `TOGETHER_S`."""
    for number, act in enumerate(acts):
        known = act.changes.get(one.field)
        if known is not None and known.first == one.first:
            return number
    for number, act in enumerate(acts):
        together = abs(one.first - act.lead.first) <= TOGETHER_S and one.at - act.latest <= BACK_S
        if together and one.field not in act.changes:
            return number
    return None


def _begun(one: Change, said: Told) -> Act | None:
    """An act of one change, with where the vessel was; None if it was never heard from a place."""
    numbers = numbers_of(one)
    place = said.place(numbers[-1], one.at) or said.place(numbers[0], one.at)
    return None if place is None else Act(one, place, _exclusion(one, numbers, said), {one.field: one})


def _added(act: Act, one: Change) -> Act:
    return msgspec.structs.replace(act, changes={**act.changes, one.field: one})


def _finding(act: Act, rule: Rule, world: World) -> Finding:
    told = [act.changes[field] for field in FIELDS if field in act.changes]
    kept = [one for one in told if not one.turns]
    shown, numbers, place = kept or told, numbers_of(act.lead), act.place
    evidence = _evidence(shown, world)
    return Finding(
        kind="identity_change",
        key=f"{key(rule, numbers, act.lead.first, place.lat, place.lon)}|{act.lead.field}",
        mmsi=numbers,
        start=min(one.last for one in shown),
        end=max(one.first for one in shown),
        lat=place.fix.lat,
        lon=place.fix.lon,
        confidence=_confidence(shown),
        reason=evidence["codes"][-1 if act.lead.field == "mmsi" else 0],
        rule=rule,
        sources=tuple(sorted({*place.sources, *(name for one in shown for name in one.sources)})),
        fixes=(place.fix,),
        evidence=evidence,
        excluded=act.excluded or (None if kept else "takes_turns"),
    )


def _evidence(shown: list[Change], world: World) -> dict[str, Any]:
    """Codes of all changes; `old_count` and `hours` are of the first."""
    first = shown[0]
    evidence: dict[str, Any] = {"codes": [], "old_count": first.count, "hours": hours(first.first - first.last)}
    for one in shown:
        codes, more = _said(one, world)
        evidence["codes"] += codes
        evidence |= more
    return evidence


def _said(one: Change, world: World) -> tuple[list[str], dict[str, Any]]:
    if one.field != "mmsi":
        return [f"{one.field}_changed"], {f"old_{one.field}": one.old, f"new_{one.field}": one.new}
    evidence: dict[str, Any] = {"imo": -one.key, "old_mmsi": int(one.old), "new_mmsi": int(one.new)}
    flags = world.flag(int(one.old)), world.flag(int(one.new))
    if None in flags or flags[0] == flags[1]:
        return ["mmsi_changed"], evidence
    return ["mmsi_changed", "flag_changed"], {**evidence, "old_flag": flags[0], "new_flag": flags[1]}


def _confidence(shown: list[Change]) -> Confidence:
    """An IMO number names the hull by itself; a name or a call sign may be another hull's."""
    if all(one.turns for one in shown):
        return "low"
    return "high" if shown[0].field == "mmsi" else "medium"


def _exclusion(one: Change, numbers: tuple[int, ...], said: Told) -> str | None:
    if of_forms(np.array(numbers), NOT_VESSELS).any():
        return "not_a_vessel"
    if one.key > 0 and said.transmitters(one.key, one.first - SHARED_S, one.at) > 1:
        return "duplicate_identity"
    return None
