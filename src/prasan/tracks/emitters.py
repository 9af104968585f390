"""Which transmitter sent a fix: an MMSI may be used by several hulls, and a hull never jumps.

A fix goes to the nearest open emitter of its MMSI that could have got there, or opens a new one. Silence never breaks
an emitter: after a night at 25 knots everything within 300 miles is possible. MMSIs without an impossible step (nearly
all) are settled in one vectorised pass; the others row by row, from carried state, so a cut changes nothing.
"""

import math
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.sphere import EARTH_M, KNOT_MS
from prasan.tracks.columns import (
    Bools,
    Fixes,
    Ints,
    concat,
    no_fixes,
    points,
    put,
    put_before,
    same_track,
    take,
    vessels,
)
from prasan.tracks.motion import MINUTE_SLACK_S, SLACK_M, derive_motion, impossible_steps, limit_kn

MAX_OPEN: Final = 20
"""Open emitters of one MMSI; beyond it the one silent longest is closed (GFW gpsdio-segment core.py)."""

Numbers = npt.NDArray[np.int16]

MAX_NUMBER: Final = 32_767
"""The number at which an MMSI's emitters stop being told apart; only a flood of nonsense reaches it."""

STRETCH: Final = 16
"""So many possible steps in a row are looked at at once."""

LONG: Final = 4096
"""And at most so many."""


class EmitterCarry(msgspec.Struct, frozen=True):
    """The last fix of every open emitter, sorted by (mmsi, emitter), and the next number of MMSIs with several."""

    last: Fixes
    following: dict[int, int]


def assign(rows: Fixes, carry: EmitterCarry | None) -> tuple[Fixes, EmitterCarry]:
    """Fixes sorted by (mmsi, t) -> the same fixes with emitters, sorted by (mmsi, emitter, t), and derived motion."""
    carry = carry or EmitterCarry(no_fixes(), {})
    if not len(rows):
        return rows, EmitterCarry(concat(carry.last, rows), carry.following)
    both, new = put_before(_of(carry.last, rows), rows)
    spans, impossible = _several(both, new)
    numbers, dropped, following = both.emitter.copy(), np.zeros(len(both), np.bool_), dict(carry.following)
    for span in spans:
        _Look(both, new, span, impossible).through(numbers, dropped, following)
    if spans:
        both = msgspec.structs.replace(both, emitter=numbers)
        order = _by_emitter(spans, numbers)
        both, new, dropped = _moved(both, order), _moved_one(new, order), _moved_one(dropped, order)
    both = derive_motion(both, same_track(both))
    last = take(both, both.ends[~dropped[both.ends]])
    return take(both, new), EmitterCarry(put(carry.last, last), following)


def _by_emitter(spans: list[tuple[int, int]], numbers: Numbers) -> tuple[Ints, Ints]:
    """Where rows of these MMSIs go, ascending, and the rows that go there, so that they are in order by emitter."""
    places = [np.arange(start, end) for start, end in spans]
    rows = [start + np.argsort(numbers[start:end], kind="stable") for start, end in spans]
    return np.concatenate(places), np.concatenate(rows)


def _moved(both: Fixes, order: tuple[Ints, Ints]) -> Fixes:
    columns = {name: getattr(both, name) for name in both.__struct_fields__ if name != "sets"}
    return Fixes(**{name: _moved_one(column, order) for name, column in columns.items()}, sets=both.sets)


def _moved_one(column: npt.NDArray[Any], order: tuple[Ints, Ints]) -> npt.NDArray[Any]:
    to, rows = order
    result = column.copy()
    result[to] = column[rows]
    return result


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


class _Open:
    """One open emitter in the second look: its number and its last fix (seconds, unit vector, knots, row)."""

    __slots__ = ("limit", "number", "row", "t", "whole", "x", "y", "z")

    def __init__(self, number: int) -> None:
        self.number = number

    def move(self, row: int, t: int, limit: float, point: list[float]) -> None:
        self.row, self.t, self.limit, self.whole = row, t, limit, t % 60 == 0
        self.x, self.y, self.z = point


class _Look:
    """The second look at one MMSI: row by row, but for stretches of possible steps that no other emitter is near."""

    def __init__(self, both: Fixes, new: Bools, span: tuple[int, int], impossible: Ints) -> None:
        self.start, self.end = span
        self.rows, self.new = take(both, slice(*span)), new[slice(*span)]
        self.place = points(self.rows)
        inside = slice(*np.searchsorted(impossible, span).tolist())
        breaks = np.concatenate((np.flatnonzero(~self.new), impossible[inside] - self.start + 1))
        self.breaks = np.append(np.unique(breaks), len(self.rows)).tolist()
        """Rows that do not go on from the row before: carried ones, and those no vessel can have reached."""
        self.limit, self.t = limit_kn(self.rows).tolist(), self.rows.t.tolist()
        self.points = self.place.tolist()
        self.opened: list[_Open] = []

    def through(self, numbers: Numbers, dropped: Bools, following: dict[int, int]) -> None:
        """Number the rows, mark the last rows of emitters that were closed, and note the next number."""
        mmsi, carried, new = int(self.rows.mmsi[0]), self.rows.emitter.tolist(), self.new.tolist()
        known = self.rows.emitter[~self.new]
        number = following.get(mmsi, int(known.max(initial=-1)) + 1)
        row, size, of_break, again, made = 0, len(self.rows), 0, 0, list[int]()
        while row < size:
            emitter = self._nearest(row) if new[row] else None
            if emitter is None:
                emitter = _Open(number if new[row] else carried[row])
                number = min(number + new[row], MAX_NUMBER)
                self.opened.append(emitter)
            while self.breaks[of_break] <= row:
                of_break += 1
            stop = row + 1
            if row >= again and self.breaks[of_break] - row > STRETCH:
                stop = self._alone(emitter, row, self.breaks[of_break])
                again = stop if stop > row + 1 else row + STRETCH
            made += [emitter.number] * (stop - row)
            emitter.move(stop - 1, self.t[stop - 1], self.limit[stop - 1], self.points[stop - 1])
            row = stop
            if len(self.opened) > MAX_OPEN:
                closed = min(self.opened, key=lambda one: (one.t, one.number))
                self.opened.remove(closed)
                dropped[self.start + closed.row] = True
        numbers[self.start : self.end] = made
        following[mmsi] = number

    def _nearest(self, row: int) -> _Open | None:
        """The nearest open emitter that can have got to the row; of two as near the lower number."""
        t, limit, (x, y, z) = self.t[row], self.limit[row], self.points[row]
        whole = t % 60 == 0
        best, least = None, math.inf
        for one in self.opened:
            square = (x - one.x) ** 2 + (y - one.y) ** 2 + (z - one.z) ** 2
            if square > least:
                continue
            slack = MINUTE_SLACK_S if whole or one.whole else 1
            allowed = max(limit, one.limit) * KNOT_MS * (t - one.t + slack) + SLACK_M
            if square * EARTH_M * EARTH_M > allowed * allowed:  # the way is not shorter than the chord
                continue
            if 2 * EARTH_M * math.asin(min(1.0, math.sqrt(square) / 2)) > allowed:
                continue
            if square < least or best is None or one.number < best.number:
                best, least = one, square
        return best

    def _alone(self, emitter: _Open, row: int, end: int) -> int:
        """The first row after `row` that the emitter may not take without a look: another one is as near as it."""
        end = min(end, row + LONG)
        others = [(one.x, one.y, one.z) for one in self.opened if one is not emitter]
        if not others:
            return end
        step = self.place[row + 1 : end] - self.place[row : end - 1]
        own = np.einsum("ij,ij->i", step, step)
        gap = self.place[row + 1 : end, None] - np.array(others)
        near = np.einsum("ijk,ijk->ij", gap, gap).min(axis=1) <= own
        return row + 1 + (int(near.argmax()) if near.any() else len(near))


def _of(last: Fixes, rows: Fixes) -> Fixes:
    """The carried rows of the MMSIs in `rows`."""
    if not len(last):
        return last
    mmsi = vessels(rows)
    place = np.minimum(np.searchsorted(mmsi, last.mmsi), len(mmsi) - 1)
    return take(last, mmsi[place] == last.mmsi)
