"""Which transmitter sent a fix: an MMSI may be used by several hulls, and a hull never jumps.

A fix goes to the nearest open emitter of its MMSI that could have got there, or opens a new one. Silence never breaks
an emitter: after a night at 25 knots everything within 300 miles is possible. MMSIs without an impossible step (nearly
all) are settled in one vectorised pass; the others row by row, from carried state, so a cut changes nothing.
"""

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.tracks.columns import (
    Bools,
    Fixes,
    Ints,
    concat,
    moved,
    no_fixes,
    put,
    put_before,
    same_track,
    take,
    vessels,
)
from prasan.tracks.motion import derive_motion, impossible_steps
from prasan.tracks.shared import tell_apart

Numbers = npt.NDArray[np.int16]


class EmitterCarry(msgspec.Struct, frozen=True):
    """The last fix of every open emitter, sorted by (mmsi, emitter), and the next number of MMSIs with several.

    `looked` counts the rows that got the second look.
    """

    last: Fixes
    following: dict[int, int]
    looked: int = 0


def assign(rows: Fixes, carry: EmitterCarry | None) -> tuple[Fixes, EmitterCarry]:
    """Fixes sorted by (mmsi, t) -> the same fixes with emitters, sorted by (mmsi, emitter, t), and derived motion."""
    carry = carry or EmitterCarry(no_fixes(), {})
    if not len(rows):
        return rows, EmitterCarry(concat(carry.last, rows), carry.following, carry.looked)
    both, new = put_before(_of(carry.last, rows), rows)
    spans, impossible = _several(both, new)
    numbers, dropped, following = both.emitter.copy(), np.zeros(len(both), np.bool_), dict(carry.following)
    for span in spans:
        mmsi = int(both.mmsi[span[0]])
        made, closed, following[mmsi] = tell_apart(both, new, span, impossible).told_apart(following.get(mmsi))
        numbers[slice(*span)] = made
        dropped[np.array(closed, np.int64) + span[0]] = True
    if spans:
        both = msgspec.structs.replace(both, emitter=numbers)
        order = _by_emitter(spans, numbers)
        both, new, dropped = _moved(both, order), moved(new, *order), moved(dropped, *order)
    both = derive_motion(both, same_track(both))
    last = take(both, both.ends[~dropped[both.ends]])
    looked = carry.looked + sum(int(np.count_nonzero(new[slice(*span)])) for span in spans)
    return take(both, new), EmitterCarry(put(carry.last, last), following, looked)


def _by_emitter(spans: list[tuple[int, int]], numbers: Numbers) -> tuple[Ints, Ints]:
    """Where rows of these MMSIs go, ascending, and the rows that go there, so that they are in order by emitter."""
    places = [np.arange(start, end) for start, end in spans]
    rows = [start + np.argsort(numbers[start:end], kind="stable") for start, end in spans]
    return np.concatenate(places), np.concatenate(rows)


def _moved(both: Fixes, order: tuple[Ints, Ints]) -> Fixes:
    columns = {name: getattr(both, name) for name in both.__struct_fields__ if name != "sets"}
    return Fixes(**{name: moved(column, *order) for name, column in columns.items()}, sets=both.sets)


def _several(both: Fixes, new: Bools) -> tuple[list[tuple[int, int]], Ints]:
    """Row ranges of the MMSIs that need the second look, and the impossible steps.

    They are those with an impossible step or with several emitters already.
    """
    impossible = impossible_steps(both)
    odd = [both.mmsi[impossible]]
    if both.emitter.any():
        odd.append(both.mmsi[both.emitter > 0])
    carried = both.mmsi[np.flatnonzero(~new)]
    odd.append(carried[1:][carried[1:] == carried[:-1]])  # two carried rows of one MMSI
    some = np.unique(np.concatenate(odd))
    starts, ends = np.searchsorted(both.mmsi, some, "left"), np.searchsorted(both.mmsi, some, "right")
    return list(zip(starts.tolist(), ends.tolist(), strict=True)), impossible


def _of(last: Fixes, rows: Fixes) -> Fixes:
    """The carried rows of the MMSIs in `rows`."""
    if not len(last):
        return last
    mmsi = vessels(rows)
    place = np.minimum(np.searchsorted(mmsi, last.mmsi), len(mmsi) - 1)
    return take(last, mmsi[place] == last.mmsi)
