"""Spells: stretches of one vessel's track in which something holds. Shared by the kinds that look at a vessel's motion.

A kernel finds stretches in the rows of a call, all at once; here they are joined to spells that began in earlier calls.
What a spell holds are first and last fixes, sums of whole numbers and sets, so that joining in any number of pieces
gives what joining at once gives. An open finding says only what its beginning decides, and so is said once, and again
where a further source is part of it.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.make import fixes, key
from prasan.picture.finding import Confidence, Finding, Fix, Rule
from prasan.picture.identity import GEAR, mmsi_form, of_forms
from prasan.picture.position import AIS_CLASSES
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, Ints, take, track_of, with_last

STATIONS: Final = frozenset({"coast", "group", "sar_aircraft"})
"""Forms that are passed over: not vessels, and not gear either."""

Key = tuple[int, int]
"""Track (MMSI and emitter in one number) and label (0, or the number of a zone)."""


class Spell(msgspec.Struct, frozen=True, gc=False):
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
    for one in _stretches(both, new, found):
        name = (one.track, one.label)
        spell = going.get(name)
        if spell is None and not one.fresh:
            continue  # its spell was ended by the watermark, and no later row can have joined it
        if spell is not None and one.fresh and apart(spell, one.first.t):
            ended.append(spell)
            spell = None
        if spell is None:
            spell = Spell(one.first, one.anchor, one.before, one.last, one.sums, one.names, one.label, one.left)
        else:
            sums = tuple(a + b for a, b in zip(spell.sums, one.sums, strict=True))
            end = one.last if one.more else spell.last
            spell = msgspec.structs.replace(spell, last=end, sums=sums, names=spell.names | one.names, left=one.left)
        going[name] = spell
    return ended, going


class _Stretch(msgspec.Struct, frozen=True, gc=False):
    """One stretch as values: `fresh`: its first row is new; `more`: some row is; `left`: a row of the track follows."""

    track: int
    label: int
    first: Fix
    last: Fix
    before: Fix | None
    anchor: tuple[int, int]
    sums: tuple[int, ...]
    names: frozenset[str]
    fresh: bool
    more: bool
    left: bool


def _stretches(both: Fixes, new: Bools, found: Stretches) -> Iterator[_Stretch]:
    """All columns are read at once: row by row that takes ten times as long."""
    first, last, fresh = found.first, found.last, new[found.first]
    track = track_of(both, first)
    follows = first > both.begins[track]
    before = iter(fixes(both, first[follows] - 1))
    columns = (both.keys[track], found.label, fresh, fresh | (last > first), last < both.ends[track], follows)
    values = zip(*(column.tolist() for column in columns), strict=True)
    places = zip(both.lat[first].tolist(), both.lon[first].tolist(), strict=True)
    heard = heard_in(both, first + ~fresh, last + 1)
    table = zip(values, fixes(both, first), fixes(both, last), places, found.sums.tolist(), heard, strict=True)
    for (name, label, fresh_one, more, left, has), begin, end, place, sums, names in table:
        back = next(before) if has else None
        yield _Stretch(name, label, begin, end, back, place, tuple(sums), names, fresh_one, more, left)


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
    end = (spell.last,) if over and spell.last != first else ()
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


def heard_in(rows: Fixes, first: Ints, end: Ints) -> list[frozenset[str]]:
    """The sources that heard rows first to end - 1 of each stretch; none where there are no such rows."""
    each = [frozenset(members) for members in rows.sets]
    some = zip(first.tolist(), end.tolist(), strict=True)
    if len(each) == 1:
        return [each[0] if begin < stop else frozenset() for begin, stop in some]
    origins = (set(rows.origin[begin:stop].tolist()) for begin, stop in some)
    return [frozenset().union(*(each[origin] for origin in some)) for some in origins]
