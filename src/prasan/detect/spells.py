"""Spells: stretches of one vessel's track in which something holds. Shared by the kinds that look at a vessel's motion.

A kernel finds stretches in the rows of a call, all at once; here they are joined to spells that began in earlier calls.
What a spell holds are first and last fixes, sums of whole numbers and sets, so that joining in any number of pieces
gives what joining at once gives. An open finding says only what its beginning decides, and so is said once, and again
where a further source is part of it.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.make import fix, key
from prasan.picture.finding import Confidence, Finding, Fix, Rule
from prasan.picture.identity import GEAR, mmsi_form, of_forms
from prasan.picture.position import AIS_CLASSES
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, Ints, same_track, take, track_keys, with_last

STATIONS: Final = frozenset({"coast", "group", "sar_aircraft"})
"""Forms that are passed over: not vessels, and not gear either."""

Key = tuple[int, int]
"""Track (MMSI and emitter in one number) and label (0, or the number of a zone)."""


class Spell(msgspec.Struct, frozen=True):
    """One spell so far. `anchor` is the place of `first` in 1/10000 minute; `before` the fix before it, if any.

    `sums` are the kernel's own counts; `left` says that a later fix was not part of it; `told` the level and the number
    of sources of which was said.
    """

    first: Fix
    anchor: tuple[int, int]
    before: Fix | None
    last: Fix
    sums: tuple[int, ...]
    names: frozenset[str]
    label: int = 0
    left: bool = False
    told: tuple[int, int] = (0, 0)


class Stretches(msgspec.Struct, frozen=True):
    """Stretches of rows, n each: first and last row, label, and sums (n x k) over new rows; in order of time by key."""

    first: Ints
    last: Ints
    label: Ints
    sums: Ints


Open = Mapping[Key, Spell]

Told = list[tuple[Spell, bool]]
"""Spells to be told, and whether each is over."""


def window(rows: Fixes, last: Fixes) -> tuple[Fixes, Bools]:
    """The carried last row of every track and the new rows, sorted by (track, t), and which of them are new.

    Both are sorted by track, and no carried row is later than a new one of its track.
    """
    return with_last(last, _mobile(rows))


def last_rows(both: Fixes) -> Fixes:
    """The last row of every track."""
    return take(both, both.ends)


def runs(on: Bools, joined: Bools) -> tuple[Ints, Ints]:
    """First and last rows of the longest runs of True; `joined`, n - 1, says which rows may follow the row before."""
    if not len(on):
        none = np.empty(0, np.int64)
        return none, none
    linked = on[1:] & on[:-1] & joined
    first = np.flatnonzero(on & np.concatenate(([True], ~linked)))
    last = np.flatnonzero(on & np.concatenate((~linked, [True])))
    return first, last


def summed(values: Ints, first: Ints, last: Ints) -> Ints:
    """The sum of the values of rows first to last, for each stretch."""
    total = np.concatenate(([0], np.cumsum(values)))
    return np.asarray(total[last + 1] - total[first])


def join(
    both: Fixes, new: Bools, found: Stretches, known: Open, apart: Callable[[Spell, int], bool]
) -> tuple[list[Spell], dict[Key, Spell]]:
    """Stretches put to the spells that go on -> spells that ended on the way, and those that go on.

    A stretch whose first row is not new goes on with the spell of its key; for others `apart` says, from the spell and
    the time of the first row, whether it is one of its own. A spell is `left` where a row of its track follows.
    """
    ended: list[Spell] = []
    going = dict(known)
    keys = track_keys(both)
    follows = np.concatenate((same_track(both), [False])) if len(both) else np.empty(0, np.bool_)
    columns = (keys[found.first], found.label, found.first, found.last, new[found.first], follows[found.last])
    for place, (track, label, first, last, fresh, left) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True)
    ):
        spell = going.get((track, label))
        if spell is None and not fresh:
            continue  # its spell was ended by the watermark, and no later row can have joined it
        if spell is not None and fresh and apart(spell, int(both.t[first])):
            ended.append(spell)
            spell = None
        sums = tuple(found.sums[place].tolist())
        heard = frozenset(heard_by(both, first + (not fresh), last))
        if spell is None:
            before = fix(both, first - 1) if first and follows[first - 1] else None
            anchor = (int(both.lat[first]), int(both.lon[first]))
            spell = Spell(fix(both, first), anchor, before, fix(both, last), sums, heard, label, left)
        else:
            added = tuple(a + b for a, b in zip(spell.sums, sums, strict=True))
            end = fix(both, last) if last > first or fresh else spell.last
            spell = msgspec.structs.replace(spell, last=end, sums=added, names=spell.names | heard, left=left)
        going[(track, label)] = spell
    return ended, going


def tell(
    ended: list[Spell],
    going: Mapping[Key, Spell],
    level: Callable[[Spell], int],
    make: Callable[[Told], list[Finding]],
) -> tuple[list[Finding], dict[Key, Spell]]:
    """Findings of what ended, and of what goes on and has a level or sources that were not told; level 0 is none."""
    telling = [(spell, True) for spell in ended if level(spell)]
    result = dict(going)
    for name, spell in going.items():
        reached = level(spell), len(spell.names)
        if reached[0] and reached != spell.told:
            telling.append((spell, False))
            result[name] = msgspec.structs.replace(spell, told=reached)
    return make(telling) if telling else [], result


def split(going: Mapping[Key, Spell], over: Callable[[Spell], bool]) -> tuple[list[Spell], dict[Key, Spell]]:
    """The spells that are over, and the others."""
    ended = [spell for spell in going.values() if over(spell)]
    return ended, {name: spell for name, spell in going.items() if not over(spell)}


def spell_finding(  # noqa: PLR0913 - a finding is these parts
    spell: Spell, rule: Rule, evidence: dict[str, Any], *, over: bool, confidence: Confidence,
    excluded: str | None = None, named: str = "",
) -> Finding:  # fmt: skip
    """The finding of a spell; `named` is put to the key where one fix can begin several."""
    first = spell.first
    end = {spell.last} - {first} if over else ()
    began = key(rule, (first.mmsi,), first.t, *spell.anchor)
    before = spell.before
    names = spell.names | set(before.source.split("+")) if before else spell.names
    return Finding(
        kind=rule.id,
        key=f"{began}|{named}" if named else began,
        mmsi=(first.mmsi,),
        start=first.t,
        end=spell.last.t if over else None,
        lat=first.lat,
        lon=first.lon,
        confidence=confidence,
        reason=evidence["codes"][0],
        rule=rule,
        sources=tuple(sorted(names)),
        fixes=(*((before,) if before else ()), first, *end),
        evidence=evidence,
        excluded=excluded,
    )


def no_vessel(mmsi: int, world: World) -> str | None:
    """Why an MMSI's findings are no events: it is a buoy or gear, or one of our own vessels."""
    if _is_gear(mmsi):
        return "gear"
    return "own_vessel" if mmsi in world.own else None


def ports_m(told: Told, world: World, limit_km: float) -> list[float]:
    """Metres from where each spell began to the nearest port or anchorage, inf beyond `limit_km`."""
    first = [spell.first for spell, _ in told]
    metres: list[float] = world.ports.nearest_m(
        [at.lat for at in first], [at.lon for at in first], limit_km * 1000
    ).tolist()
    return metres


def in_port(port_m: float, rule: Rule) -> str | None:
    """Why a finding that began here is no event: it is nearer than `port_km` to a port or anchorage (0: not asked)."""
    limit = rule.thresholds["port_km"] * 1000
    return "port" if limit and port_m <= limit else None


@lru_cache(maxsize=65_536)
def _is_gear(mmsi: int) -> bool:
    return mmsi_form(mmsi) in GEAR


def _mobile(rows: Fixes) -> Fixes:
    """The rows of vessels: neither base stations nor `STATIONS`, whose numbers are all low."""
    fixed = rows.ais_class == AIS_CLASSES.index("base")
    low = int(np.searchsorted(rows.mmsi, 200_000_000))
    fixed[:low] |= of_forms(rows.mmsi[:low], STATIONS)
    return take(rows, ~fixed) if fixed.any() else rows


def heard_by(rows: Fixes, first: int, last: int) -> tuple[str, ...]:
    """The sources that heard rows first to last; none if last comes before first."""
    if len(rows.sets) == 1:
        return rows.sets[0] if last >= first else ()
    return tuple(name for origin in np.unique(rows.origin[first : last + 1]).tolist() for name in rows.sets[origin])


def heard_in(rows: Fixes, first: Ints, end: Ints) -> list[frozenset[str]]:
    """The sources that heard rows first to end - 1 of each stretch; none where there are no such rows."""
    each = [frozenset(members) for members in rows.sets]
    some = zip(first.tolist(), end.tolist(), strict=True)
    if len(each) == 1:
        return [each[0] if begin < stop else frozenset() for begin, stop in some]
    origins = (set(rows.origin[begin:stop].tolist()) for begin, stop in some)
    return [frozenset().union(*(each[origin] for origin in some)) for some in origins]
