"""Is the rate of silence that a gap states the rate that there is? Pure.

A gap states: of `n_periods` vessel-hours within `rate_km`, `k_silent` were silent for longer than `lasted_h` though
they may have been transmitting. The truth of a simulated run knows every vessel-hour of vessels that did transmit, and
which were silent (rows `reception`). Here both are laid side by side: the stated rate, which is of the past, and the
rate observed around the same place within `AROUND` of when the silence began (or ended), counted by the same rule: the
vessel itself left out, for class B only class B, hours too late to tell or never heard again neither for nor against.
What the detector cannot know is left as it is: it counts who switched off at a berth or was dark, the truth does not.

Silences of a transmitter that was off come at moments that have nothing to do with reception: they are the fair
sample. Silences of a vessel that went on transmitting are there because reception was poor: around these the observed
rate must be higher than what the past says. `on` and `off` count both by bin: how often a silence that is stated to be
so rare was reception after all.
"""

import bisect
import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from prasan.exercise.lanes import km
from prasan.exercise.score_lines import Event, Evidence, Place, Truth, by_vessel
from prasan.exercise.score_match import near

BINS: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Upper ends of the bins of stated rates; the first is for "never seen"."""

AROUND: Final = dt.timedelta(hours=3)
"""So far before and after, vessel-hours are counted: one hour alone holds too few."""

HOUR: Final = dt.timedelta(hours=1)

OFF: Final = frozenset({"transmitter_off", "moored_off"})
"""What the truth calls a silence whose transmitter was off."""


class Tally(msgspec.Struct, frozen=True):
    """One silence: what it states of past vessel-hours, what the truth says of those around it, and of itself.

    `on` is None where the truth says nothing of this vessel then.
    """

    stated: tuple[int, int]
    upper: float
    observed: tuple[int, int]
    on: bool | None


def tally(events: Iterable[Event], truth: Sequence[Truth]) -> list[Tally]:
    """Every silence of one run that states a rate; `events` are the newest revisions."""
    around = _Around(truth)
    known = by_vessel([one for one in truth if one.kind == "gap" and one.row in {"event", "innocent"}])
    found = []
    for event in events:
        said = event.evidence
        if event.kind == "gap" and said.n_periods and said.fixes:
            told = {one.what for one in near(event, known)}
            on = not told & OFF if told else None
            found.append(Tally((said.k_silent, said.n_periods), said.upper_95, around.rate(event), on))
    return found


class _Around:
    """Vessel-hours by their beginning, and the span of the run, if it is said."""

    def __init__(self, truth: Sequence[Truth]) -> None:
        self.lines = sorted((one for one in truth if one.row == "reception" and one.start), key=_start)
        self.starts = [_start(one) for one in self.lines]
        self.light = {one.mmsi[0] for one in self.lines if one.light}
        runs = [one for one in truth if one.row == "run"]
        self.begin, self.end = (runs[0].start, runs[0].end) if runs else (None, None)

    def rate(self, event: Event) -> tuple[int, int]:
        """Silent vessel-hours and all, of other vessels near where the silence began (or ended), around then."""
        said = event.evidence
        after = said.judged_at != "end"
        moment = event.start if after or event.end is None else event.end
        here = (said.fixes[0 if after else -1].lat, said.fixes[0 if after else -1].lon)
        light = not self.light.isdisjoint(event.mmsi)
        some = slice(*(bisect.bisect_right(self.starts, edge) for edge in (moment - AROUND - HOUR, moment + AROUND)))
        others = [one for one in self.lines[some] if one.mmsi[0] not in event.mmsi and one.light >= light]
        heard = [one for one in others if _within(here, one.cells, said.rate_km)]
        states = [self._silent(one, here, said, after=after) for one in heard]
        return sum(state is True for state in states), sum(state is not None for state in states)

    def _silent(self, one: Truth, here: Place, said: Evidence, *, after: bool) -> bool | None:
        """Whether a silence so long began (or ended) here in this hour; None where the run cannot tell."""
        place, hours = (one.lost_at, one.lost_h) if after else (one.back_at, one.back_h)
        if self._too_near_the_edge(_start(one), dt.timedelta(hours=said.lasted_h), after=after):
            return None
        if place is None or not _within(here, (place,), said.rate_km):
            return False
        return None if hours is None else hours > said.lasted_h

    def _too_near_the_edge(self, start: dt.datetime, lasted: dt.timedelta, *, after: bool) -> bool:
        if after:
            return self.end is not None and start + HOUR + lasted > self.end
        return self.begin is not None and start - lasted < self.begin


def _start(one: Truth) -> dt.datetime:
    return one.start or dt.datetime.max.replace(tzinfo=dt.UTC)


def _within(here: Place, cells: Iterable[Place], far_km: float) -> bool:
    return any(abs(cell[0] - here[0]) < 2 and km(here, cell) <= far_km for cell in cells)


def calibration(said: Sequence[Tally]) -> dict[str, Any]:
    """Bins of the stated rate, with what was stated and observed in them."""
    bins = [{"up_to": top, **_bin([one for one in said if _bin_of(one) == number])} for number, top in enumerate(BINS)]
    off = [one for one in said if one.on is False]
    return {"silences": len(said), "bins": bins, "when_off": _rates(off)}


def _bin_of(one: Tally) -> int:
    return bisect.bisect_left(BINS, one.stated[0] / one.stated[1])


def _bin(some: Sequence[Tally]) -> dict[str, Any]:
    on, off = ([one for one in some if one.on is state] for state in (True, False))
    return {"silences": len(some), "on": len(on), "off": len(off), **_rates(off)}


def _rates(some: Sequence[Tally]) -> dict[str, Any]:
    """Over the vessel-hours around some silences: the mean rate and bound that were stated, the rate observed."""
    seen = [one for one in some if one.observed[1]]
    periods = sum(one.observed[1] for one in seen)
    weight = [one.observed[1] * one.stated[0] / one.stated[1] for one in seen]
    silent = sum(one.observed[0] for one in seen)
    return {
        "periods": periods,
        "stated": round(math.fsum(weight) / periods, 4) if periods else None,
        "upper_95": round(math.fsum(one.observed[1] * one.upper for one in seen) / periods, 4) if periods else None,
        "observed": round(silent / periods, 4) if periods else None,
    }
