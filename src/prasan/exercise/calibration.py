"""Is the rate of silence that a gap states the rate that there is? Pure.

A gap states: of `n_periods` vessel-periods near here, `k_silent` were silent for `lasted_h` though they may have been
transmitting. The truth of a simulated run knows every vessel-period of vessels that did transmit, and which were silent
(rows `reception`). Here both are laid side by side: the stated rate, which is of the past, and the rate observed
around the same place in the period in which the silence began (or ended), the vessel itself left out.

Silences of a transmitter that was off come at moments that have nothing to do with reception: they are the fair
sample. Silences of a vessel that went on transmitting are there because reception was poor: around these the observed
rate must be higher than what the past says. `on` and `off` count both by bin: how often a silence that is stated to be
so rare was reception after all.
"""

import bisect
import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from prasan.exercise.lanes import km
from prasan.exercise.score_lines import Event, Place, Truth, by_vessel
from prasan.exercise.score_match import near

BINS: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Upper ends of the bins of stated rates; the first is for "never seen"."""

OFF: Final = frozenset({"transmitter_off", "moored_off"})
"""What the truth calls a silence whose transmitter was off."""


class Tally(msgspec.Struct, frozen=True):
    """One silence: what it states of past vessel-periods, what the truth says of those around it, and of itself.

    `on` is None where the truth says nothing of this vessel then.
    """

    stated: tuple[int, int]
    upper: float
    observed: tuple[int, int]
    on: bool | None


def tally(events: Iterable[Event], truth: Sequence[Truth]) -> list[Tally]:
    """Every silence of one run that states a rate; `events` are the newest revisions."""
    around = _Around([one for one in truth if one.row == "reception"])
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
    """Vessel-periods by their beginning."""

    def __init__(self, lines: Sequence[Truth]) -> None:
        self.periods: dict[dt.datetime, list[Truth]] = defaultdict(list)
        for one in lines:
            if one.start is not None:
                self.periods[one.start].append(one)
        self.starts = sorted(self.periods)

    def rate(self, event: Event) -> tuple[int, int]:
        """Silent ones and all, of other vessels near where the silence began (or ended), in the period of it."""
        after = event.evidence.judged_at != "end"
        moment = event.start if after or event.end is None else event.end
        at = bisect.bisect_right(self.starts, moment) - 1
        if at < 0:
            return 0, 0
        fix = event.evidence.fixes[0 if after else -1]
        here, far = (fix.lat, fix.lon), event.evidence.near_km
        others = [one for one in self.periods[self.starts[at]] if one.mmsi[0] not in event.mmsi]
        heard = [one for one in others if _within(here, one.cells, far)]
        ends = (one.lost_at if after else one.back_at for one in heard)
        return sum(end is not None and _within(here, (end,), far) for end in ends), len(heard)


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
    """Over the vessel-periods around some silences: the mean rate and bound that were stated, the rate observed."""
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
