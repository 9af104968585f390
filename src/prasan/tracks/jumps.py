"""Where an MMSI was heard next from a place that no hull can have got to: changes between its emitters. Pure."""

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.sphere import Floats, chord_m
from prasan.tracks.columns import Columns, Fixes, Ints, concat, counted, no_fixes, points, ranges, take, track_keys
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
    known = last if last is not None else no_fixes(rows.sets)
    first = take(rows, rows.begins)
    odd = np.isin(first.mmsi, np.concatenate((first.mmsi[first.emitter > 0], known.mmsi[known.emitter > 0])))
    if not odd.any():
        none = no_fixes(rows.sets)
        return Jumps(np.empty(0), np.empty(0), np.empty(0, np.int64), none, none), _counted(rows, carry)
    known = take(known, np.isin(known.mmsi, first.mmsi[odd]))
    size = np.diff(np.append(rows.begins, len(rows)))[odd]
    both = concat(known, take(rows, ranges(rows.begins[odd], size)))
    number = np.minimum(ranges(counted(rows.keys[odd], carry.keys, carry.count) + 1, size), ENOUGH)
    held = np.concatenate((counted(track_keys(known), carry.keys, carry.count), number))
    new = np.arange(len(both)) >= len(known)
    order = np.lexsort((both.emitter, both.t, both.mmsi))
    both, new, held = take(both, order), new[order], held[order]
    after = np.flatnonzero((both.mmsi[1:] == both.mmsi[:-1]) & (both.emitter[1:] != both.emitter[:-1]) & new[1:]) + 1
    after = after[np.lexsort((both.emitter[after], both.mmsi[after], both.t[after]))]
    first, second = take(both, after - 1), take(both, after)
    metres, knots = chord_m(points(first), points(second)), step_kn(both, after - 1, after)
    return Jumps(metres, knots, held[after - 1], first, second), _counted(rows, carry)


def _counted(rows: Fixes, carry: JumpCarry) -> JumpCarry:
    """How many fixes each emitter has had with these."""
    if not len(rows):
        return carry
    size = np.diff(np.append(rows.begins, len(rows)))
    more = np.minimum(counted(rows.keys, carry.keys, carry.count) + size, ENOUGH).astype(np.uint8)
    at = np.searchsorted(carry.keys, rows.keys)
    old = np.append(carry.keys, -1)[at] == rows.keys
    if old.all():
        count = carry.count.copy()
        count[at] = more
        return JumpCarry(carry.keys, count)
    kept = np.ones(len(carry.keys), np.bool_)
    kept[at[old]] = False
    keys = np.concatenate((carry.keys[kept], rows.keys))
    order = np.argsort(keys, kind="stable")
    return JumpCarry(keys[order], np.concatenate((carry.count[kept], more))[order])
