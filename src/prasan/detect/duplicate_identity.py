"""Duplicate identity: several hulls use one MMSI at the same time.

Definition    fixes of one MMSI change `switches_count` times or more between emitters, each time by a step that no hull
              can make (over 25 kn), each emitter with at least `fixes_count` fixes by then; over when no such change
              came for `quiet_h`.
              Also: two MMSIs give the same valid IMO number in turns, each in several six-minute turns.
Source        gpsdio-segment (Global Fishing Watch): simultaneous open segments of one MMSI; three consistent fixes,
              because a bit error can carry another ship's MMSI (hrcak.srce.hr/316611).
              IMO resolution A.1117(30): an IMO number is one hull's, for life.
Columns       t, mmsi, lat, lon; emitter from `tracks`; for the second part imo of static reports.
Cadence       both hulls heard in turn; any cadence at which the step between them is impossible.
Cannot see    hulls close enough to pass between (below 25 kn), one hull heard only while the other is silent for long,
              and which of them is the rightful holder.
"""

from typing import Any, Final

from prasan.detect.episodes import Changes, Episode, EpisodeCarry, step
from prasan.detect.make import hours, key
from prasan.detect.told import SaidCarry, Told, placed
from prasan.picture.finding import Finding, Rule
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes
from prasan.tracks.identity import Change
from prasan.tracks.motion import VESSEL_KN

MESSAGES: Final = {
    "duplicate_identity": ("emitters_count", "switches_count", "distance_km", "implied_kn", "hours"),
    "imo_shared": ("imo", "old_mmsi", "new_mmsi"),
}

SURE: Final = 3
"""Confidence is high once there are this many times the changes that the rule asks for."""


def kernel(
    rows: Fixes,
    carry: EpisodeCarry | None,
    upto: int,
    rule: Rule,
    world: World,  # noqa: ARG001 - one shape for all
) -> tuple[list[Finding], EpisodeCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> MMSIs in use by several hulls, and the new carry."""

    def proven(changes: Changes) -> Bools:
        # A step that a hull can make proves nothing: after a long silence a fix may be nearer to either emitter.
        return (changes.count >= rule.thresholds["fixes_count"]) & (changes.knots > VESSEL_KN)

    episodes, carry = step(rows, carry, upto, rule.thresholds["quiet_h"], proven)
    return [_finding(one, rule) for one in episodes if one.count >= rule.thresholds["switches_count"]], carry


def from_statics(
    said: Told,
    carry: SaidCarry | None,
    upto: int,  # noqa: ARG001 - one shape for all
    rule: Rule,
    world: World,  # noqa: ARG001 - one shape for all
) -> tuple[list[Finding], SaidCarry]:
    """Changes in static reports -> IMO numbers that two MMSIs give at once, each once, and the carry."""
    shared = [one for one in said.changes if one.key < 0 and one.field == "imo"]
    found = [_shared(one, said, rule) for one in shared]
    return placed(found, carry)


def _shared(one: Change, said: Told, rule: Rule) -> Finding | None:
    place = said.place(int(one.new), one.at) or said.place(int(one.old), one.at)
    if place is None:
        return None
    mmsi = tuple(sorted((int(one.old), int(one.new))))
    evidence = {"codes": ["imo_shared"], "imo": -one.key, "old_mmsi": int(one.old), "new_mmsi": int(one.new)}
    return Finding(
        kind="duplicate_identity",
        key=key(rule, mmsi, one.first, place.lat, place.lon),
        mmsi=mmsi,
        start=one.first,
        end=one.at,
        lat=place.fix.lat,
        lon=place.fix.lon,
        confidence="medium",
        reason="imo_shared",
        rule=rule,
        sources=tuple(sorted({*one.sources, *place.sources})),
        fixes=(place.fix,),
        evidence=evidence,
    )


def _finding(one: Episode, rule: Rule) -> Finding:
    start = one.fixes[0]
    evidence: dict[str, Any] = {
        "codes": ["duplicate_identity"],
        "emitters_count": len(one.emitters),
        "switches_count": one.count,
        "distance_km": round(one.longest_m / 1000, 1),
        "implied_kn": round(one.fastest_kn, 1),
        "hours": hours(one.last - start.t),
    }
    return Finding(
        kind="duplicate_identity",
        key=key(rule, (one.mmsi,), start.t, *one.anchor),
        mmsi=(one.mmsi,),
        start=start.t,
        end=one.last if one.over else None,
        lat=start.lat,
        lon=start.lon,
        confidence="high" if one.count >= SURE * rule.thresholds["switches_count"] else "medium",
        reason="duplicate_identity",
        rule=rule,
        sources=one.sources,
        fixes=one.fixes,
        evidence=evidence,
    )
