"""Where every emitter was at the start of each ten minutes.

The position at the instant bin * 600 lies on the great-circle chord between the fix before and the fix at or after it,
if no more than `silence_s` lies between the two; else the emitter has no slot there. A slot comes into being when the
later fix does, so slots of one emitter appear in order, and never for an instant before `upto` - `silence_s`.
"""

from typing import Final

import msgspec
import numpy as np

from prasan.picture.sphere import EARTH_M, KNOT_MS, Floats, chord_m
from prasan.tracks.columns import (
    Bools,
    Fixes,
    Ints,
    Slots,
    concat,
    no_fixes,
    no_slots,
    points,
    same_track,
    take,
    track_keys,
)

SLOT_S: Final = 600
"""Ten minutes, as GFW's pipe-encounters resamples."""


class SlotCarry(msgspec.Struct, frozen=True):
    """The last fix, the first slot and the last slot of every emitter."""

    fixes: Fixes
    first: Slots
    last: Slots


def slots(rows: Fixes, carry: SlotCarry | None, silence_s: int, moved_m: float) -> tuple[Slots, SlotCarry]:
    """Fixes sorted by (mmsi, emitter, t) -> the slots they complete, sorted by (mmsi, emitter, bin), and the new carry.

    `moved_m`: an emitter that was farther than this from its first slot counts as one that moves, from then on.
    """
    carry = carry or SlotCarry(no_fixes(rows.sets), no_slots(rows.sets), no_slots(rows.sets))
    both = concat(carry.fixes, rows)
    if len(carry.fixes):
        both = take(both, np.lexsort((both.t, track_keys(both))))
    if not len(both):
        return no_slots(rows.sets), carry
    same = same_track(both)
    made = _interpolate(both, same, silence_s)
    kept = take(both, np.concatenate((~same, [True])))
    made, first, last = _follow(made, carry, moved_m)
    return made, SlotCarry(kept, first, last)


def _interpolate(both: Fixes, same: Bools, silence_s: int) -> Slots:
    step = np.diff(both.t)
    count = np.diff(both.t // SLOT_S)
    count[~same | (step > silence_s)] = 0
    at = np.flatnonzero(count)
    count = count[at]
    if not len(at):
        return no_slots(both.sets)
    a, b = take(both, at), take(both, at + 1)
    pa, pb = points(a), points(b)
    owner = np.repeat(np.arange(len(at)), count)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    number = a.t[owner] // SLOT_S + 1 + offset
    share = (number * SLOT_S - a.t[owner]) / step[at][owner]
    line = pa[owner] + share[:, None] * (pb - pa)[owner]
    speed = chord_m(pa, pb) / step[at] / KNOT_MS
    return Slots(
        mmsi=a.mmsi[owner], emitter=a.emitter[owner], bin=number, point=line / np.linalg.norm(line, axis=1)[:, None],
        speed=speed[owner], silence=step[at][owner], moved=np.zeros(len(owner), np.bool_), t0=a.t[owner],
        lat0=a.lat[owner], lon0=a.lon[owner], origin0=a.origin[owner], origin1=b.origin[owner], sets=both.sets,
    )  # fmt: skip


def _follow(made: Slots, carry: SlotCarry, moved_m: float) -> tuple[Slots, Slots, Slots]:
    """Put speed over the last slot and `moved` into new slots; also the first and last slot of every emitter."""
    both = concat(carry.last, made)
    if not len(both):
        return made, carry.first, carry.last
    new = np.arange(len(both)) >= len(carry.last)
    if len(carry.last):
        order = np.lexsort((both.bin, track_keys(both)))
        both, new = take(both, order), new[order]
    same = same_track(both)
    next_slot = np.flatnonzero(same & (np.diff(both.bin) == 1)) + 1
    next_slot = next_slot[new[next_slot]]
    speed = both.speed.copy()
    speed[next_slot] = chord_m(both.point[next_slot - 1], both.point[next_slot]) / SLOT_S / KNOT_MS
    begin = np.flatnonzero(np.concatenate(([True], ~same)))
    first = _firsts(take(both, begin), carry.first)
    group = np.repeat(np.arange(len(begin)), np.diff(np.append(begin, len(both))))
    moved = both.moved | (_home_m(both, first, begin, group) > moved_m)
    reached = np.maximum.accumulate(np.where(moved, np.arange(len(both)), -1))
    both = msgspec.structs.replace(both, speed=speed, moved=reached >= begin[group])
    ends = np.append(begin[1:], len(both)) - 1
    return (take(both, new) if not new.all() else both), first, take(both, ends)


def _firsts(seen: Slots, carried: Slots) -> Slots:
    """The first slot of every emitter: the carried one where there is one. `seen` holds all emitters, in order."""
    if not len(carried):
        return seen
    fresh = ~np.isin(track_keys(seen), track_keys(carried))
    both = concat(carried, take(seen, fresh))
    return take(both, np.argsort(track_keys(both), kind="stable"))


def _home_m(both: Slots, first: Slots, begin: Ints, group: Ints) -> Floats:
    home = first.point[np.searchsorted(track_keys(first), track_keys(take(both, begin)))]
    gap = both.point - home[group]
    return np.asarray(EARTH_M * np.sqrt(np.einsum("ij,ij->i", gap, gap)))
