"""How often does silence like this happen here to vessels that do transmit? Counted, never multiplied.

A vessel-hour is a vessel heard within `rate_km` of the place in one hour of the clock (or `min_h`, if that is shorter),
in the `learn_h` before the question was asked, and long enough ago for a silence that began in it to have lasted
`min_h`. It was *silent* if a silence longer than `min_h` began there in it (ended there, where the place is the end of
a silence) after which the vessel was heard again: it may have transmitted all along. If the vessel was not heard again
so far, it is in an open gap, and its hour counts as *lost* and neither for nor against: where many are lost, ships
leave the feed's reach or berth.

The bound is the one-sided 95 % bound of Clopper and Pearson (1934, Biometrika 26, 404-413): the largest rate at which
so few silences would still come about in one of twenty cases. It takes vessel-hours for independent trials.
"""

from typing import Final

import msgspec
import numpy as np

from prasan.detect.ear import CHUNK, Asked, Ear, gather
from prasan.picture.finding import Rule
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, vectors
from prasan.tracks.columns import Bools, Columns, Ints, take

NEVER: Final = 2**32
"""The end of a silence that goes on: later than any second a row can have."""

_PERIOD_BITS: Final = 23


class Silences(Columns, frozen=True):
    """Silences longer than `min_h`: MMSI, first and last second, and both places in 1/10000 minute (n x 2)."""

    mmsi: Ints
    begin: Ints
    end: Ints
    begin_at: Ints
    end_at: Ints


class Rate(msgspec.Struct, frozen=True):
    """Vessel-hours here, and how many of them were silent; `lost` ones are not among them."""

    periods: int = 0
    silent: int = 0
    lost: int = 0

    @property
    def upper(self) -> float:
        """Upper 95 % bound of the share of silent periods."""
        return upper_95(self.periods, self.silent)


def no_silences() -> Silences:
    """None yet."""
    none, places = np.empty(0, np.int64), np.empty((0, 2), np.int64)
    return Silences(none, none, none, places, places)


def rates(listened: Ear, asked: Asked, silences: Silences, rule: Rule) -> list[Rate]:
    """The rate for each place asked about. `silences` of the past and those that go on, in any order."""
    chunks = [take(asked, slice(start, start + CHUNK)) for start in range(0, len(asked), CHUNK)]
    width = listened.reception.width
    tables = {after: _by_period(silences, width, after=after) for after in (True, False)}
    return [rate for chunk in chunks for rate in _rates(listened, chunk, tables, rule)]


def upper_95(n: int, k: int) -> float:
    """The rate p at which k or fewer of n would be seen with a chance of 5 %; 1 if all or none of none were."""
    if k >= n:
        return 1.0
    if k == 0:
        return float(1.0 - 0.05 ** (1.0 / n))
    steps = np.arange(1, k + 1)
    choose = np.concatenate(([0.0], np.cumsum(np.log((n - steps + 1) / steps))))
    counts = np.arange(k + 1)
    low, high = k / n, 1.0
    for _ in range(50):
        p = (low + high) / 2
        chance = np.exp(choose + counts * np.log(p) + (n - counts) * np.log1p(-p)).sum() if p < 1 else 0.0
        low, high = (p, high) if chance > 0.05 else (low, p)
    return float(high)


def _by_period(silences: Silences, width: int, *, after: bool) -> tuple[Ints, Silences]:
    """MMSI and period in one number, ascending, each once, and the silence that began (or ended) in it."""
    key = (silences.mmsi << _PERIOD_BITS) | (silences.begin if after else silences.end) // width
    order = np.lexsort((silences.end, silences.begin, key))
    order = order[np.concatenate(([True], np.diff(key[order]) != 0))] if len(order) else order
    return key[order], take(silences, order)


def _rates(listened: Ear, asked: Asked, tables: dict[bool, tuple[Ints, Silences]], rule: Rule) -> list[Rate]:
    limits, width = rule.thresholds, listened.reception.width
    near_m, length = limits["rate_km"] * 1000, int(limits["min_h"] * 3600)
    slots = (asked.known - int(limits["learn_h"] * 3600)) // width, asked.known // width
    owner, rows = gather(listened, asked, np.full(len(asked), near_m), slots, limits["still_kn"])
    period = rows.slot
    over = (period + 1) * width + length <= asked.known[owner]
    owner, key = owner[over], ((rows.mmsi << _PERIOD_BITS) | period)[over]
    order = np.lexsort((key, owner))
    owner, key = owner[order], key[order]
    once = np.concatenate(([True], (np.diff(owner) != 0) | (np.diff(key) != 0))) if len(owner) else order.astype(bool)
    owner, key = owner[once], key[once]
    silent, lost = np.zeros(len(owner), np.bool_), np.zeros(len(owner), np.bool_)
    for after, (keys, silences) in tables.items():
        mine = np.flatnonzero(asked.after[owner] == after)
        silent[mine], lost[mine] = _matched(take(asked, owner[mine]), key[mine], keys, silences, rule)
    count = [np.bincount(owner, mask, len(asked)).astype(int).tolist() for mask in (~lost, silent, lost)]
    return [Rate(*row) for row in zip(*count, strict=True)]


def _matched(asked: Asked, key: Ints, keys: Ints, silences: Silences, rule: Rule) -> tuple[Bools, Bools]:
    """Which vessel-periods hold a silence of that place, over or going on when `asked` was known."""
    near_m, length = rule.thresholds["rate_km"] * 1000, int(rule.thresholds["min_h"] * 3600)
    if not len(keys) or not len(key):
        return np.zeros(len(key), np.bool_), np.zeros(len(key), np.bool_)
    at = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    found = take(silences, at)
    place = np.where(asked.after[:, None], found.begin_at, found.end_at) / UNITS_PER_DEGREE
    cosine = np.einsum("ij,ij->i", vectors(place[:, 0], place[:, 1]), vectors(asked.lat, asked.lon))
    same = (keys[at] == key) & (cosine >= np.cos(near_m / EARTH_M))
    return same & (found.end < asked.known), same & (found.end >= asked.known) & (found.begin + length <= asked.known)
