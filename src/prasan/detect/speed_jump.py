"""Speed jump: an MMSI is heard where its hull cannot have got to.

Definition    two consecutive fixes of one MMSI, on different emitters, at least `distance_km` apart, that imply
              `implied_kn` or more with all slack granted. Jumps with less than `quiet_h` between them are one finding.
Source        gpsdio-segment (Global Fishing Watch) for what is impossible: 25 kn, 1.3 times the reported speed, and
              reported 51.2, 63.0 and 102.3 kn taken as noise; `implied_kn` and `distance_km` are our choice.
Columns       t, mmsi, lat, lon, sog where given; emitter from `tracks`.
Cadence       any; the slower the cadence, the fewer jumps can be told from a voyage.
Cannot see    the cause: a second hull (then `duplicate_identity` explains it and the jump is excluded), a bit error, a
              receiver's clock, or false positions.
"""

from typing import Any, Final

from prasan.detect.episodes import Changes, Episode, EpisodeCarry, step
from prasan.detect.make import key
from prasan.picture.finding import Finding, Rule
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes

MESSAGES: Final = {"speed_jump": ("jumps_count", "distance_km", "implied_kn")}

EXPLAINED: Final = "duplicate_identity"
"""Exclusion: changes between hulls that are each well established explain the jumps."""

EXPLAINING: Final = 3
"""So many changes between established emitters are a second hull (see `duplicate_identity`)."""


def kernel(
    rows: Fixes,
    carry: EpisodeCarry | None,
    upto: int,
    rule: Rule,
    world: World,  # noqa: ARG001 - one shape for all
) -> tuple[list[Finding], EpisodeCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> jumps, and the new carry."""

    def jumps(changes: Changes) -> Bools:
        far = changes.metres >= rule.thresholds["distance_km"] * 1000
        return far & (changes.knots >= rule.thresholds["implied_kn"])

    episodes, carry = step(rows, carry, upto, rule.thresholds["quiet_h"], jumps)
    return [_finding(one, rule) for one in episodes], carry


def _finding(one: Episode, rule: Rule) -> Finding:
    start = one.fixes[0]
    evidence: dict[str, Any] = {
        "codes": ["speed_jump"],
        "jumps_count": one.count,
        "distance_km": round(one.longest_m / 1000, 1),
        "implied_kn": round(one.fastest_kn, 1),
    }
    return Finding(
        kind="speed_jump",
        key=key(rule, (one.mmsi,), start.t, *one.anchor),
        mmsi=(one.mmsi,),
        start=start.t,
        end=one.last,
        lat=start.lat,
        lon=start.lon,
        confidence="medium" if one.count > 1 else "low",
        reason="speed_jump",
        rule=rule,
        sources=one.sources,
        fixes=one.fixes,
        evidence=evidence,
        excluded=EXPLAINED if one.established >= EXPLAINING else None,
    )
