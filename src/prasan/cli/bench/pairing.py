"""Two ways to do the same work, timed in turn, so that a drifting machine drifts for both."""

import time
from collections.abc import Callable
from statistics import median
from typing import Final

import msgspec

ROUNDS: Final = 3

MACHINE: Final = "elsewhere the bar is reached: this machine is slower, or busy"
"""Why a bar is missed that was reached with room to spare where it was last measured."""

Work = Callable[[], int]
"""Does the work once; how many units of it were done."""


class Bar(msgspec.Struct, frozen=True):
    """What a line must reach: a rate, and a ratio to the peer if there is one. `why` is said where it does not."""

    rate: float
    why: str
    ratio: float | None = None


class Line(msgspec.Struct, frozen=True):
    """One result. `rate` and `peer_rate` in `unit`; `bar` is a least rate, `bar_ratio` a least ratio, None for none.

    `ratio` and `peer_rate` are None where the peer is not installed; `reached` is None where no bar could be judged.
    `why` says why a bar is not reached, and is empty otherwise.
    """

    name: str
    what: str
    unit: str
    rate: float
    peer: str
    peer_rate: float | None
    ratio: float | None
    bar: float | None
    bar_ratio: float | None
    reached: bool | None
    why: str
    note: str


Measure = Callable[[int], Line]
"""Takes how many generated rows to work on, where it works on generated rows."""


def paired(ours: Work, peer: Work | None, rounds: int | None = None) -> tuple[float, float | None]:
    """Units per CPU-second of both: the median of some rounds, A B A B, after one round each that is not counted."""
    works = [ours] if peer is None else [ours, peer]
    rates: list[list[float]] = [[] for _ in works]
    for turn in range((rounds or ROUNDS) + 1):
        for at, work in enumerate(works):
            begin = time.process_time()
            units = work()
            spent = time.process_time() - begin
            if turn:
                rates[at].append(units / max(spent, 1e-9))
    found = [median(some) for some in rates]
    return found[0], found[1] if peer is not None else None


def line(  # noqa: PLR0913 - a line is these things
    name: str, what: str, unit: str, rates: tuple[float, float | None], *, peer: str, note: str, bar: Bar | None = None
) -> Line:  # fmt: skip
    """A line with its ratio, held against its bar."""
    rate, other = rates
    ratio = rate / other if other else None
    judged = [rate >= bar.rate] if bar else []
    judged += [ratio >= bar.ratio] if bar and bar.ratio and ratio else []
    reached = all(judged) if judged else None
    least, least_ratio, why = (bar.rate, bar.ratio, bar.why) if bar else (None, None, "")
    return Line(name, what, unit, rate, peer, other, ratio, least, least_ratio, reached, "" if reached else why, note)
