"""Invalid identity: a number that no administration can have given.

Definition    an MMSI heard at least `fixes_count` times that has none of the forms of ITU-R M.585-9, or whose Maritime
              Identification Digits belong to no administration; as a weak signal, a reported IMO number with a wrong
              check digit (IMO 0 is "not given" and says nothing).
Source        ITU-R M.585-9, Annexes 1 and 2; ITU table of MIDs; IMO resolution A.1117(30).
Columns       mmsi; imo from static reports, through `world.imos`.
Cadence       none: `fixes_count` reports, because a bit error can make any number.
Cannot see    a valid number in the wrong hands; why the number is wrong (mostly a careless installation).
"""

from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.make import fix, key, names
from prasan.picture.finding import Confidence, Finding, Rule
from prasan.picture.identity import FORM_NAMES, INVALID, imo_valid, mmsi_form, mmsi_forms, mmsi_mids
from prasan.picture.world import World
from prasan.tracks.columns import Fixes, Ints, concat, no_fixes, same_track, take, vessels

MESSAGES: Final = {
    "mmsi_form": ("mmsi",),
    "mid_unknown": ("mmsi", "mid"),
    "imo_check_digit": ("mmsi", "imo"),
}


class IdentityCarry(msgspec.Struct, frozen=True):
    """Suspect MMSIs heard too seldom so far: their rows; and the MMSIs already named."""

    waiting: Fixes
    named: frozenset[int]


def kernel(
    rows: Fixes,
    carry: IdentityCarry | None,
    upto: int,  # noqa: ARG001 - one shape for all
    rule: Rule,
    world: World,
) -> tuple[list[Finding], IdentityCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> numbers that cannot be, each once, and the carry."""
    carry = carry or IdentityCarry(no_fixes(), frozenset())
    mmsi = vessels(rows)
    suspects = mmsi[_suspect(mmsi, world) & ~np.isin(mmsi, list(carry.named))]
    needed = int(rule.thresholds["fixes_count"])
    waiting = concat(carry.waiting, _earliest(rows, suspects, needed))
    waiting = take(waiting, np.lexsort((waiting.emitter, waiting.t, waiting.mmsi)))
    _, begin, count = np.unique(waiting.mmsi, return_index=True, return_counts=True)
    enough = begin[count >= needed]
    findings = [_finding(take(waiting, slice(start, start + needed)), rule, world) for start in enough.tolist()]
    done = waiting.mmsi[enough]
    left = take(waiting, ~np.isin(waiting.mmsi, done))
    return findings, IdentityCarry(left, carry.named | frozenset(done.tolist()))


def _earliest(rows: Fixes, suspects: Ints, needed: int) -> Fixes:
    """The first few rows of every emitter of the suspects: the earliest of each MMSI are among them."""
    begin = np.flatnonzero(np.concatenate(([True], ~same_track(rows)))) if len(rows) else np.empty(0, np.int64)
    length = np.minimum(np.diff(np.append(begin, len(rows))), needed)
    mine = np.isin(rows.mmsi[begin], suspects)
    begin, length = begin[mine], length[mine]
    offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    return take(rows, np.repeat(begin, length) + offset)


def _suspect(mmsi: Ints, world: World) -> np.ndarray[Any, np.dtype[np.bool_]]:
    forms, mids = mmsi_forms(mmsi), mmsi_mids(mmsi)
    imos = np.array(list(world.imos.values()), np.int64)
    bad_imo = np.array(list(world.imos), np.int64)[(imos != 0) & ~imo_valid(imos)]
    bad = (forms == FORM_NAMES.index(INVALID)) | ((mids > 0) & ~np.isin(mids, list(world.flags)))
    return np.asarray(bad | np.isin(mmsi, bad_imo))


def _reason(mmsi: int, world: World) -> tuple[str, Confidence, dict[str, Any]]:
    if mmsi_form(mmsi) == INVALID:
        return "mmsi_form", "high", {"mmsi": mmsi}
    mid = int(mmsi_mids(np.array([mmsi]))[0])
    if mid and mid not in world.flags:
        return "mid_unknown", "medium", {"mmsi": mmsi, "mid": mid}
    return "imo_check_digit", "low", {"mmsi": mmsi, "imo": world.imos[mmsi]}


def _finding(rows: Fixes, rule: Rule, world: World) -> Finding:
    first = fix(rows, 0)
    reason, confidence, evidence = _reason(first.mmsi, world)
    return Finding(
        kind="invalid_identity",
        key=key(rule, (first.mmsi,), first.t, int(rows.lat[0]), int(rows.lon[0])),
        mmsi=(first.mmsi,),
        start=first.t,
        end=int(rows.t[-1]),
        lat=first.lat,
        lon=first.lon,
        confidence=confidence,
        reason=reason,
        rule=rule,
        sources=names(rows.sets, rows.origin),
        fixes=(first,),
        evidence={"codes": [reason], **evidence},
    )
