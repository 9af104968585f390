"""Zone entry: a vessel is inside an area that the operator watches.

Definition    the first fix inside a zone after a fix outside, or the first fix of the track if that is inside already.
              It ends with the last fix inside, once a fix outside was heard and the vessel stayed out for `leave_h`:
              a track along the border is one stay, not many.
Source        Skylight "Entry": first AIS position inside an area of interest (skylight.helpjuice.com).
              `leave_h` is our own choice.
Columns       t, mmsi, lat, lon; `world.zones`.
Cadence       any. Silence inside the zone ends nothing.
Cannot see    a crossing between two fixes that are both outside; when between two fixes the border was passed.

Excluded, recorded and counted: `gear` an MMSI of the forms 97x, 98x, 99x; `own_vessel` one of our own vessels;
`displaced` a step that no hull can make led the MMSI there within the `displaced_h` before, and it was heard nowhere
else since: a false position more likely than a second hull (our own choice; 0 is off).
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.make import hours
from prasan.detect.spells import (
    Open,
    Spell,
    Stretches,
    Told,
    join,
    last_rows,
    no_vessel,
    spell_finding,
    split,
    summed,
    tell,
    window,
)
from prasan.picture.finding import Confidence, Finding, Rule
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, Ints, no_fixes, same_track, track_keys

MESSAGES: Final = {
    "zone_entered": ("zone", "speed_kn"),
    "zone_first_seen": ("zone", "speed_kn"),
    "zone_left": ("hours", "fixes_count"),
}


Stay = tuple[int, int, int]


class ZoneCarry(msgspec.Struct, frozen=True):
    """The last fix of every emitter, the stays that go on, and what is known of places that an MMSI leapt to.

    `arrived` is when an emitter that is not its MMSI's first was first heard, by track key; `displaced` are stays that
    began there: MMSI, second and zone. `looked` counts the rows in degrees of the map that a zone touches.
    """

    last: Fixes
    open: Open
    arrived: Mapping[int, int] = {}
    displaced: frozenset[Stay] = frozenset()
    looked: int = 0


def kernel(
    rows: Fixes, carry: ZoneCarry | None, upto: int, rule: Rule, world: World
) -> tuple[list[Finding], ZoneCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> stays that began or ended, and the new carry."""
    carry = carry or ZoneCarry(no_fixes(), {})
    if not world.zones.names:
        return [], carry
    both, new = window(rows, carry.last)
    leave = rule.thresholds["leave_h"] * 3600

    def apart(spell: Spell, t: int) -> bool:
        return spell.left and t - spell.last.t >= leave

    def over(spell: Spell) -> bool:
        return apart(spell, upto)

    limit = int(rule.thresholds["displaced_h"] * 3600)
    near = world.zones.near(both.lat / UNITS_PER_DEGREE, both.lon / UNITS_PER_DEGREE)
    stays, arrived = _stays(both, new, near, world), {**carry.arrived, **_arrivals(both, new)}
    displaced = carry.displaced | _displaced(both, new, stays, arrived, limit)
    ended, going = join(both, new, stays, carry.open, apart)
    done, going = split(going, over)

    def make(told: Told) -> list[Finding]:
        return [_finding(spell, over, rule, world, displaced) for spell, over in told]

    findings, going = tell(ended + done, going, lambda _: 1, make)
    kept = displaced & {_stay(spell) for spell in going.values()}
    lately = {key: t for key, t in arrived.items() if upto - t <= limit}
    return findings, ZoneCarry(last_rows(both), going, lately, kept, carry.looked + int(np.count_nonzero(new[near])))


def _arrivals(both: Fixes, new: Bools) -> dict[int, int]:
    """When emitters that are not their MMSI's first were first heard, by track key."""
    if not both.emitter.any():
        return {}
    first = np.concatenate(([True], ~same_track(both))) & new & (both.emitter > 0)
    return dict(zip(track_keys(both)[first].tolist(), both.t[first].tolist(), strict=True))


def _displaced(both: Fixes, new: Bools, stays: Stretches, arrived: Mapping[int, int], limit: int) -> set[Stay]:
    """Stays that begin at new rows of emitters that were opened lately, the MMSI being heard nowhere else since."""
    found: set[Stay] = set()
    begun = new[stays.first] & (both.emitter[stays.first] > 0)
    keys = track_keys(both)
    for row, zone in zip(stays.first[begun].tolist(), stays.label[begun].tolist(), strict=True):
        opened, mmsi, t = arrived.get(int(keys[row])), int(both.mmsi[row]), int(both.t[row])
        if opened is not None and t - opened < limit:
            since = (both.mmsi == mmsi) & (both.t > opened) & (both.t <= t) & (both.emitter != both.emitter[row])
            if not since.any():
                found.add((mmsi, t, zone))
    return found


def _stay(spell: Spell) -> Stay:
    return spell.first.mmsi, spell.first.t, spell.label


def _stays(both: Fixes, new: Bools, near: Ints, world: World) -> Stretches:
    """Stretches of consecutive fixes inside one zone; only rows `near` one can be."""
    row, zone = world.zones.inside(both.lat[near] / UNITS_PER_DEGREE, both.lon[near] / UNITS_PER_DEGREE)
    order = np.lexsort((row, zone))
    row, zone = near[row[order]], zone[order]
    follows = np.concatenate(([False], same_track(both))) if len(both) else np.empty(0, np.bool_)
    linked = (np.diff(row) == 1) & (np.diff(zone) == 0) & follows[row[1:]]
    begin = np.flatnonzero(np.concatenate(([True], ~linked))) if len(row) else row
    end = np.append(begin[1:], len(row)) - 1 if len(row) else row
    return Stretches(row[begin], row[end], zone[begin], summed(new[row].astype(np.int64), begin, end)[:, None])


def _finding(spell: Spell, over: bool, rule: Rule, world: World, displaced: AbstractSet[Stay]) -> Finding:
    zone = world.zones.names[spell.label]
    evidence: dict[str, Any] = {
        "codes": ["zone_entered" if spell.before else "zone_first_seen"],
        "zone": zone,
        "speed_kn": spell.first.sog,
    }
    if over:
        evidence |= {"hours": hours(spell.last.t - spell.first.t), "fixes_count": spell.sums[0]}
        evidence["codes"].append("zone_left")
    excluded = no_vessel(spell.first.mmsi, world) or ("displaced" if _stay(spell) in displaced else None)
    confidence: Confidence = "high" if spell.before else "medium"
    return spell_finding(spell, rule, evidence, over=over, confidence=confidence, excluded=excluded, named=zone)
