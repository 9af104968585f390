"""What meetings come to: counts of whole values that can be added up in any order, in place of every ten-minute slot.

However long a meeting goes on, it has no more rows here than there are metres within the distance, tenths of a knot
below the limit and sources: some dozens for two that lie still for weeks. Values are whole: metres, tenths of a knot.
"""

from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from prasan.detect.meets import Meets, inferred, pair_speed
from prasan.picture.sphere import Floats
from prasan.tracks.columns import Bools, Columns, Ints

METRES: Final = 0
TENTHS_KN: Final = 1
OTHERS: Final = 2
MARKS: Final = 3
ORIGIN: Final = 4
"""What is counted: twice the distance, plus one where both lay still; the higher speed; how many others lay still
around; a sum of the marks below; and the source sets of the fixes."""

INFERRED: Final = 1
FIRST_STILL: Final = 2
SECOND_STILL: Final = 4

_WHAT_BITS: Final = 4
_VALUE_BITS: Final = 28
_MOST: Final = (1 << _VALUE_BITS) - 1

Whole = npt.NDArray[Any]


class Tally(Columns, frozen=True):
    """How often a value of some sort came up in run number `run`; sorted by (run, what, value), each once."""

    run: npt.NDArray[np.int32]
    what: npt.NDArray[np.int8]
    value: npt.NDArray[np.int32]
    count: npt.NDArray[np.int32]


class Totals(Columns, frozen=True):
    """One row a meeting: how many slots it has, and in how many of them what held.

    `others` counts slots with at least one other vessel lying still around, `many_others` those with `others_count`.
    `metres` and `knots` are medians, of whole metres and tenths; `closest` the least distance; `still_m` the least
    while both lay still, and `beside_m` the `beside_count`-th least, inf where there are not so many such slots.
    """

    slots: Ints
    inferred: Ints
    first_still: Ints
    second_still: Ints
    both_still: Ints
    others: Ints
    many_others: Ints
    metres: Floats
    closest: Floats
    knots: Floats
    still_m: Floats
    beside_m: Floats


def no_tally() -> Tally:
    """An empty table."""
    none = np.empty(0, np.int32)
    return Tally(none, np.empty(0, np.int8), none, none)


def counted(meets: Meets, run: Ints, limits: dict[str, float]) -> Tally:
    """What meets of runs come to. More than `others_count` others make no difference."""
    a, b = meets.a, meets.b
    first, second = a.speed <= limits["still_kn"], b.speed <= limits["still_kn"]
    columns: tuple[tuple[int, Whole], ...] = (
        (METRES, 2 * np.rint(meets.metres) + (first & second)),
        (TENTHS_KN, np.rint(pair_speed(meets) * 10)),
        (OTHERS, np.minimum(meets.others, _many(limits))),
        (MARKS, INFERRED * inferred(meets) + FIRST_STILL * first + SECOND_STILL * second),
        *((ORIGIN, origin) for origin in (a.origin0, a.origin1, b.origin0, b.origin1)),
    )
    what = np.repeat(np.array([sort for sort, _ in columns], np.int8), len(meets))
    value = np.concatenate([value.astype(np.int64) for _, value in columns])
    return _added(np.tile(run, len(columns)), what, value, np.ones(len(what), np.int64))


def joined(parts: list[Tally]) -> Tally:
    """Tallies as one, equal rows added up."""
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in Tally.__struct_fields__)
    return _added(*columns)


def renumbered(tally: Tally, number: Ints, place: Ints) -> Tally:
    """Runs of these numbers, which ascend, under others; what has none, or one below 0, is left out."""
    at = np.searchsorted(number, tally.run)
    known = np.append(number, -1)[at] == tally.run
    run = np.where(known, np.append(place, -1)[at], -1)
    kept = run >= 0
    return _added(run[kept], tally.what[kept], tally.value[kept], tally.count[kept])


def totals(tally: Tally, size: int, limits: dict[str, float]) -> Totals:
    """The tally of runs 0 up to `size`, each of which has a slot, as totals."""
    still = (tally.what == METRES) & (tally.value % 2 == 1)
    metres, held = (_Sorted(tally, rows, size, 2) for rows in (tally.what == METRES, still))
    speeds = _Sorted(tally, tally.what == TENTHS_KN, size)
    marks, others = tally.what == MARKS, tally.what == OTHERS

    def slots(which: Bools) -> Ints:
        return np.bincount(tally.run[which], tally.count[which], size).astype(np.int64)

    return Totals(
        slots(marks),
        slots(marks & (tally.value & INFERRED != 0)),
        slots(marks & (tally.value & FIRST_STILL != 0)),
        slots(marks & (tally.value & SECOND_STILL != 0)),
        slots(still),
        slots(others & (tally.value >= 1)),
        slots(others & (tally.value >= _many(limits))),
        metres.middle(),
        metres.smallest(1),
        speeds.middle() / 10,
        held.smallest(1),
        held.smallest(int(limits["beside_count"])),
    )


def origins(tally: Tally, size: int) -> list[list[int]]:
    """The source sets of the fixes of runs 0 up to `size`."""
    rows = tally.what == ORIGIN
    run, value = tally.run[rows], tally.value[rows]
    ends = np.searchsorted(run, np.arange(size + 1)).tolist()
    return [value[begin:end].tolist() for begin, end in pairwise(ends)]


class _Sorted:
    """Some rows of a tally, of one sort, as if each value were written down as often as it came up.

    Values are in `unit`s, what is left over is no part of them.
    """

    def __init__(self, tally: Tally, rows: Bools, size: int, unit: int = 1) -> None:
        self._value = (tally.value[rows] // unit).astype(np.float64)
        self._until = np.cumsum(tally.count[rows], dtype=np.int64)
        ends = np.searchsorted(tally.run[rows], np.arange(size + 1))
        bounds = np.append(0, self._until)[ends]
        self._begin, self._size = bounds[:-1], np.diff(bounds)

    def middle(self) -> Floats:
        """The median of each run."""
        low, high = (self._at(self._begin + place) for place in ((self._size - 1) // 2, self._size // 2))
        return np.asarray((low + high) / 2)

    def smallest(self, number: int) -> Floats:
        """The `number`-th smallest of each run, inf where it has not so many."""
        found = np.full(len(self._size), np.inf)
        some = self._size >= number
        found[some] = self._at(self._begin[some] + number - 1)
        return found

    def _at(self, place: Ints) -> Floats:
        return self._value[np.searchsorted(self._until, place, "right")]


def _many(limits: dict[str, float]) -> int:
    return max(int(limits["others_count"]), 1)


def _added(run: Whole, what: Whole, value: Whole, count: Whole) -> Tally:
    """Rows in any order, equal ones added up."""
    key = ((run.astype(np.int64) << _WHAT_BITS | what) << _VALUE_BITS) | np.minimum(value, _MOST)
    order = np.argsort(key, kind="stable")
    key = key[order]
    head = np.flatnonzero(np.diff(key, prepend=-1))
    sums = np.add.reduceat(count[order], head) if len(head) else count[:0]
    each = key[head]
    return Tally(
        (each >> (_WHAT_BITS + _VALUE_BITS)).astype(np.int32),
        ((each >> _VALUE_BITS) & ((1 << _WHAT_BITS) - 1)).astype(np.int8),
        (each & _MOST).astype(np.int32),
        sums.astype(np.int32),
    )
