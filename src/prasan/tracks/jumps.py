"""Where an MMSI was heard next from a place that no hull can have got to: changes between its emitters. Pure."""

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.sphere import Floats, chord_m
from prasan.tracks.columns import Columns, Fixes, Ints, concat, no_fixes, points, same_track, take, track_keys
from prasan.tracks.motion import step_kn


class Jumps(Columns, frozen=True):
    """Consecutive fixes of one MMSI on different emitters, in order of (t, mmsi, emitter) of the later one.

    `metres` between them; `knots`, the least speed that leads from one to the other, all slack granted; `held`, how
    many fixes the emitter that was left had had (up to `ENOUGH`).
    """

    metres: Floats
    knots: Floats
    held: Ints
    before: Fixes
    after: Fixes


ENOUGH = 255
"""Fixes of an emitter are counted up to this."""


class JumpCarry(msgspec.Struct, frozen=True):
    """How many fixes each emitter had: track keys ascending, and counts."""

    keys: Ints
    count: npt.NDArray[np.uint8]


def jumps(rows: Fixes, last: Fixes | None, carry: JumpCarry | None) -> tuple[Jumps, JumpCarry]:
    """Fixes sorted by (mmsi, emitter, t), and the last fix of every emitter before them -> the jumps they complete."""
    carry = carry or JumpCarry(np.empty(0, np.int64), np.empty(0, np.uint8))
    number, counted = _count(rows, carry)
    known = last if last is not None else no_fixes(rows.sets)
    odd = np.unique(np.concatenate((rows.mmsi[rows.emitter > 0], known.mmsi[known.emitter > 0])))
    if not len(odd):
        none = no_fixes(rows.sets)
        return Jumps(np.empty(0), np.empty(0), np.empty(0, np.int64), none, none), counted
    mine, fresh = np.isin(known.mmsi, odd), np.isin(rows.mmsi, odd)
    known = take(known, mine)
    both = concat(known, take(rows, fresh))
    held = np.concatenate((_before(track_keys(known), carry), number[fresh]))
    new = np.arange(len(both)) >= len(known)
    order = np.lexsort((both.emitter, both.t, both.mmsi))
    both, new, held = take(both, order), new[order], held[order]
    after = np.flatnonzero((both.mmsi[1:] == both.mmsi[:-1]) & (both.emitter[1:] != both.emitter[:-1]) & new[1:]) + 1
    after = after[np.lexsort((both.emitter[after], both.mmsi[after], both.t[after]))]
    first, second = take(both, after - 1), take(both, after)
    metres, knots = chord_m(points(first), points(second)), step_kn(both, after - 1, after)
    return Jumps(metres, knots, held[after - 1], first, second), counted


def _count(rows: Fixes, carry: JumpCarry) -> tuple[Ints, JumpCarry]:
    """The number of each row among the fixes of its emitter, and the counts after them."""
    if not len(rows):
        return np.empty(0, np.int64), carry
    begin = np.flatnonzero(np.concatenate(([True], ~same_track(rows))))
    length = np.diff(np.append(begin, len(rows)))
    keys = track_keys(take(rows, begin))
    base = _before(keys, carry)
    number = np.arange(len(rows)) - np.repeat(begin - base - 1, length)
    old = ~np.isin(carry.keys, keys)
    merged = np.concatenate((carry.keys[old], keys))
    count = np.concatenate((carry.count[old], np.minimum(base + length, ENOUGH).astype(np.uint8)))
    order = np.argsort(merged, kind="stable")
    return np.minimum(number, ENOUGH), JumpCarry(merged[order], count[order])


def _before(keys: Ints, carry: JumpCarry) -> Ints:
    """The carried counts of tracks, 0 for those not yet heard."""
    if not len(carry.keys):
        return np.zeros(len(keys), np.int64)
    at = np.minimum(np.searchsorted(carry.keys, keys), len(carry.keys) - 1)
    return np.where(carry.keys[at] == keys, carry.count[at], 0).astype(np.int64)
