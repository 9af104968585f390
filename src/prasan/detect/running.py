"""Meetings that go on: what is kept of them from step to step, and how new slots join it.

A run is a row of meets of one pair without a long hole; its meeting lasts from the first to the last stretch of `min_h`
that is slow enough (see `encounter`). Of a run there are kept the meets that may still be the beginning of such a
stretch, and for what lies before these a sum: the first and the last meet of the meeting, a tally of what is part of
it, and a tally of what came later, which is part of it once it goes on. So two that lie side by side for weeks take no
more room than two that did so for some hours.
"""

import msgspec
import numpy as np

from prasan.detect.meets import Meets, no_meets, pair_speed
from prasan.detect.tally import Tally, counted, joined, no_tally, renumbered
from prasan.tracks.columns import Bools, Columns, Ints, concat, ranges, take, track_keys
from prasan.tracks.slots import SLOT_S


class Sums(Columns, frozen=True):
    """One row a run whose meeting has begun: its number, and the first and the last meet of the meeting."""

    number: Ints
    first: Meets
    last: Meets


class Running(msgspec.Struct, frozen=True):
    """What is kept of runs: the latest meets of all, sorted by pair and time, and the sums of what was before these.

    `part` is the tally of what belongs to the meetings by now, `later` of what came after them; both by the numbers of
    the sums.
    """

    meets: Meets
    sums: Sums
    part: Tally
    later: Tally


class Runs(msgspec.Struct, frozen=True):
    """Runs as of now over meets, n, in order. `begin` is the first row of each, `of` the run of each row, `sum` the row
    of its sum or -1.

    `first` and `last` are rows of `pool`, the meets and then the first and last of the sums, -1 where no meeting has
    begun. `until`, for each row, is the row that ends the stretch that begins with it, n where none does yet; `good`
    is whether that stretch is slow enough.
    """

    meets: Meets
    pool: Meets
    begin: Ints
    of: Ints
    sum: Ints
    first: Ints
    last: Ints
    until: Ints
    good: Bools

    @property
    def ends(self) -> Ints:
        """The last row of each run."""
        return np.append(self.begin[1:], len(self.meets)) - 1


def nothing() -> Running:
    """Before the first meet."""
    return Running(no_meets(), Sums(np.empty(0, np.int64), no_meets(), no_meets()), no_tally(), no_tally())


def runs(meets: Meets, sums: Sums, limits: dict[str, float]) -> Runs:
    """Split meets, sorted by pair and time, into runs and find the meeting in each."""
    a, b, bins = track_keys(meets.a), track_keys(meets.b), meets.a.bin
    apart = (np.diff(bins) * SLOT_S > limits["hole_h"] * 3600 + SLOT_S) | (np.diff(a) != 0) | (np.diff(b) != 0)
    begin = np.flatnonzero(np.concatenate(([True], apart)))
    of = np.cumsum(np.concatenate(([0], apart)))
    until, good = _stretches(meets, of, limits)
    summed = _sums_of(meets, begin, sums)
    first, last = _meetings(np.flatnonzero(good), of, until, summed, len(sums))
    pool = concat(meets, concat(sums.first, sums.last))
    return Runs(meets, pool, begin, of, summed, first, last, until, good)


def _meetings(rows: Ints, of: Ints, until: Ints, summed: Ints, sums: int) -> tuple[Ints, Ints]:
    """The first and last row, in the pool, of the meeting in each run; -1 if there is none yet.

    `rows`, ascending, begin the stretches that are slow enough; `summed` is the sum of each run, of so many, or -1.
    """
    size, run = len(of), of[rows]
    first, last = np.full(len(summed), -1), np.full(len(summed), -1)
    number, at = np.unique(run, return_index=True)
    first[number] = rows[at]
    last[number] = until[rows[np.searchsorted(run, number, "right") - 1]]
    known = np.flatnonzero(summed >= 0)
    first[known] = size + summed[known]
    quiet = known[last[known] < 0]
    last[quiet] = size + sums + summed[quiet]
    return first, last


def _stretches(meets: Meets, of: Ints, limits: dict[str, float]) -> tuple[Ints, Bools]:
    """For each row the end of the stretch of `min_h` that begins with it, and whether more than half of it is slow."""
    bins, size = meets.a.bin, len(meets)
    place = (of << 32) | (bins - bins.min())
    until = np.searchsorted(place, place + int(np.ceil(limits["min_h"] * 3600 / SLOT_S)))
    inside = np.flatnonzero(until < size)
    inside = inside[of[until[inside]] == of[inside]]
    slow = np.concatenate(([0], np.cumsum(pair_speed(meets) < limits["median_kn"])))
    last = until[inside]
    good = np.zeros(size, np.bool_)
    good[inside] = 2 * (slow[last + 1] - slow[inside]) > last + 1 - inside
    ends = np.full(size, size)
    ends[inside] = last
    return ends, good


def _sums_of(meets: Meets, begin: Ints, sums: Sums) -> Ints:
    """The sum of each run, -1 where it has none: a pair has at most one, and it is that of its first run here."""
    found = np.full(len(begin), -1)
    if len(sums):
        heads, firsts = take(meets, begin), sums.first
        keys = np.concatenate([track_keys(side) for side in (heads.a, firsts.a, heads.b, firsts.b)])
        rank = np.unique(keys, return_inverse=True)[1]
        cut = len(begin) + len(sums)
        pair = (rank[:cut] << 32) | rank[cut:]
        ours, theirs = pair[: len(begin)], pair[len(begin) :]
        order = np.argsort(ours, kind="stable")
        found[order[np.searchsorted(ours[order], theirs, "left")]] = np.arange(len(sums))
    return found


def tallies(of: Runs, shown: Ints, running: Running, limits: dict[str, float]) -> Tally:
    """What the meetings of some runs (which all have one) come to, by the run's place in `shown`."""
    size, sums = len(of.meets), running.sums
    first = np.where(of.first[shown] < size, of.first[shown], of.begin[shown])
    count = of.ends[shown] + 1 - first
    run, row = np.repeat(np.arange(len(shown)), count), ranges(first, count)
    within = of.meets.a.bin[row] <= of.pool.a.bin[of.last[shown]][run]
    place = _of_sums(np.arange(len(shown)), of.sum[shown], len(sums))
    went_on = np.append(of.last[shown] < size, False)[place]
    return joined([
        counted(take(of.meets, row[within]), run[within], limits),
        renumbered(running.part, sums.number, place),
        renumbered(running.later, sums.number, np.where(went_on, place, -1)),
    ])  # fmt: skip


def roll(of: Runs, running: Running, goes_on: Bools, settled: Bools, limits: dict[str, float]) -> Running:
    """What is kept for the next step of the runs that go on; `settled`, n, is where nothing can change any more.

    Rows leave the meets for the sums once the stretch that begins with them has come to its end.
    """
    going = goes_on[of.of]
    leaves = going & np.append(settled, False)[of.until]
    summed = np.where(goes_on, of.sum, -1)
    first, last = _meetings(np.flatnonzero(leaves & of.good), of.of, of.until, summed, len(running.sums))
    kept = np.flatnonzero(first >= 0)
    place = np.full(len(of.begin), -1)
    place[kept] = np.arange(len(kept))
    rows = np.flatnonzero(leaves & (first[of.of] >= 0))
    rows = rows[(first[of.of[rows]] >= len(of.meets)) | (rows >= first[of.of[rows]])]
    within = of.meets.a.bin[rows] <= of.pool.a.bin[last[of.of[rows]]]
    now, after = (counted(take(of.meets, some), place[of.of[some]], limits) for some in (rows[within], rows[~within]))
    number, old = running.sums.number, _of_sums(place, of.sum, len(running.sums))
    went_on = _of_sums(np.where(last < len(of.meets), place, -1), of.sum, len(running.sums)) >= 0
    part, later = running.part, running.later
    return Running(
        take(of.meets, settled & going & ~leaves),
        Sums(np.arange(len(kept)), take(of.pool, first[kept]), take(of.pool, last[kept])),
        joined([renumbered(part, number, old), renumbered(later, number, np.where(went_on, old, -1)), now]),
        joined([renumbered(later, number, np.where(went_on, -1, old)), after]),
    )  # fmt: skip


def _of_sums(values: Ints, sum_of: Ints, size: int) -> Ints:
    """A value of each run -> of each sum, -1 where its run is not among them."""
    found = np.full(size, -1)
    some = sum_of >= 0
    found[sum_of[some]] = values[some]
    return found
