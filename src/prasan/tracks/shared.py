"""The second look at one MMSI with an impossible step or several emitters: which emitter each fix goes to.

A fix goes to the nearest open emitter that could have got there, or opens a new one: what comes next depends on every
choice before it. Stretches are first guessed, then checked all at once: where each fix was given what the rule gives it
after the fixes before it, the guess is the rule's own answer, up to the first fix that is not. Fix by fix is for those.
"""

import math
from typing import Final

import numpy as np

from prasan.picture.sphere import EARTH_M, KNOT_MS, Floats
from prasan.tracks.columns import Bools, Fixes, Ints, points, take
from prasan.tracks.motion import MINUTE_SLACK_S, SLACK_M, limit_kn

MAX_OPEN: Final = 20
"""Open emitters of one MMSI; beyond it the one silent longest is closed (GFW gpsdio-segment core.py)."""

MAX_NUMBER: Final = 32_767
"""The number at which an MMSI's emitters stop being told apart; only a flood of nonsense reaches it."""

SHORT: Final = 256
"""Fixes guessed at once, at first."""

LONG: Final = 4096
"""And at most."""

FEW: Final = 16
"""Where fewer were guessed right, so many are looked at one by one, and twice as many each time it happens again."""

PATIENCE: Final = 1024
"""At most so many."""

NEAR: Final = 0.01
"""The square of a chord, in radii of the Earth, up to which the way is longer by less than a thousandth."""


class _Open:
    """One open emitter: its number and its last fix (row, seconds, knots, unit vector)."""

    __slots__ = ("limit", "number", "row", "t", "whole", "x", "y", "z")

    def __init__(self, number: int, row: int, t: int, limit: float, point: list[float]) -> None:
        self.number = number
        self.move(row, t, limit, point)

    def move(self, row: int, t: int, limit: float, point: list[float]) -> None:
        """Its last fix is another one."""
        self.row, self.t, self.limit, self.whole = row, t, limit, t % 60 == 0
        self.x, self.y, self.z = point


class Shared:
    """One MMSI's rows: carried ones first, then new ones, in order of time."""

    def __init__(self, rows: Fixes, new: Bools, broken: Bools) -> None:
        """`broken`: rows that no vessel can have reached from the row before."""
        self.rows, self.new, self.broken = rows, new, broken
        self.first_new = int(new.argmax()) if new.any() else len(rows)
        self.place, self.limit, self.whole = points(rows), limit_kn(rows), rows.t % 60 == 0
        self.limits, self.ts, self.points = self.limit.tolist(), rows.t.tolist(), self.place.tolist()
        self.opened: list[_Open] = []

    def told_apart(self, following: int | None) -> tuple[list[int], list[int], int]:
        """The emitter of each row, the last rows of those that were closed, and the number that the next will get."""
        carried = self.rows.emitter.tolist()
        known = max(carried[: self.first_new], default=-1)
        number = known + 1 if following is None else following
        made, closed = list[int](), list[int]()
        row, again, wide, patience = 0, self.first_new, SHORT, FEW
        while row < len(carried):
            if row >= again and self.opened and len(carried) - row > FEW:
                some = self._guessed(row, min(row + wide, len(carried)))
                made += some
                row += len(some)
                patience = FEW if len(some) >= FEW else min(2 * patience, PATIENCE)
                again = row + 1 if len(some) >= FEW else row + patience
                wide = min(max(2 * len(some), SHORT), LONG)
                continue
            emitter = self._nearest(row) if row >= self.first_new else None
            if emitter is None:
                emitter = _Open(number if row >= self.first_new else carried[row], *self._fix(row))
                number = min(number + (row >= self.first_new), MAX_NUMBER)
                self.opened.append(emitter)
            emitter.move(*self._fix(row))
            made.append(emitter.number)
            row += 1
            if len(self.opened) > MAX_OPEN:
                gone = min(self.opened, key=lambda one: (one.t, one.number))
                self.opened.remove(gone)
                closed.append(gone.row)
        return made, closed, number

    def _fix(self, row: int) -> tuple[int, int, float, list[float]]:
        return row, self.ts[row], self.limits[row], self.points[row]

    def _nearest(self, row: int) -> _Open | None:
        """The nearest open emitter that can have got to the row; of two as near the lower number."""
        t, limit, (x, y, z) = self.ts[row], self.limits[row], self.points[row]
        whole = t % 60 == 0
        best, least = None, math.inf
        for one in self.opened:
            a, b, c = x - one.x, y - one.y, z - one.z
            square = a * a + b * b + c * c
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

    def _guessed(self, row: int, end: int) -> list[int]:
        """The emitters of the rows from `row` on, as far as the guess is right; each has moved to its last."""
        opened = sorted(self.opened, key=lambda one: one.number)
        guess = self._guess(opened, row, end)
        count = end - row
        mine = guess[:, None] == np.arange(len(opened))
        upto = np.maximum.accumulate(np.where(mine, np.arange(1, count + 1)[:, None], 0))
        before = np.concatenate((np.zeros((1, len(opened)), np.int64), upto[:-1]))
        right = self._is_right(opened, row, guess, before)
        good = count if right.all() else int(right.argmin())
        if good:
            for emitter, last in zip(opened, upto[good - 1].tolist(), strict=True):
                if last:
                    emitter.move(*self._fix(row + last - 1))
        numbers = np.array([one.number for one in opened])
        return list(numbers[guess[:good]].tolist())

    def _guess(self, opened: list[_Open], row: int, end: int) -> Ints:
        """Places in `opened`: a possible step goes on, another one leads to the emitter that was nearest before all."""
        begins = np.flatnonzero(self.broken[row + 1 : end]) + 1
        begins = np.append(0, begins)
        away = _squares(self.place[row + begins, None] - np.array([(one.x, one.y, one.z) for one in opened]))
        return np.repeat(away.argmin(axis=1), np.diff(begins, append=end - row))

    def _is_right(self, opened: list[_Open], row: int, guess: Ints, before: Ints) -> Bools:
        """Is it what the rule says? `before` are each emitter's last rows then, counted from `row` - 1, 0 for none.

        No where only the exact way could tell. The sums are those of `_nearest`, step by step.
        """
        rows = slice(row, row + len(guess))
        at, none = row + before - 1, before == 0
        point = np.where(none[..., None], [(one.x, one.y, one.z) for one in opened], self.place[at])
        since, limit = (
            np.where(none, [getattr(one, name) for one in opened], column[at])
            for name, column in (("t", self.rows.t), ("limit", self.limit))
        )
        square = _squares(self.place[rows, None] - point)
        slack = np.where(self.whole[rows, None] | (since % 60 == 0), MINUTE_SLACK_S, 1)
        allowed = np.maximum(self.limit[rows, None], limit) * KNOT_MS * (self.rows.t[rows, None] - since + slack)
        allowed += SLACK_M
        chord, allowed = square * EARTH_M * EARTH_M, allowed * allowed
        far = chord > allowed
        unclear = ~far & ((square > NEAR) | (chord * 1.002 > allowed))
        square[far] = np.inf
        best = square.argmin(axis=1)
        return np.asarray((best == guess) & ~unclear.any(axis=1) & ~far[np.arange(len(guess)), guess])


def _squares(way: Floats) -> Floats:
    """The squared lengths of vectors, added up as in `_nearest`."""
    return np.asarray(way[..., 0] * way[..., 0] + way[..., 1] * way[..., 1] + way[..., 2] * way[..., 2])


def tell_apart(both: Fixes, new: Bools, span: tuple[int, int], impossible: Ints) -> Shared:
    """The rows of one MMSI in a table; `impossible` are the rows after which comes an impossible step."""
    start, _ = span
    inside = slice(*np.searchsorted(impossible, span).tolist())
    rows = take(both, slice(*span))
    broken = np.zeros(len(rows) + 1, np.bool_)
    broken[impossible[inside] - start + 1] = True
    return Shared(rows, new[slice(*span)], broken[:-1])
