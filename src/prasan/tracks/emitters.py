"""Which transmitter sent a fix: an MMSI may be used by several hulls, and a hull never jumps.

A fix goes to the nearest open emitter of its MMSI that could have got there, or opens a new one. Silence never breaks
an emitter: after a night at 25 knots everything within 300 miles is possible. MMSIs without an impossible step (nearly
all) are settled in one vectorised pass; the others row by row, from carried state, so a cut changes nothing.
"""

import math
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, KNOT_MS
from prasan.tracks.columns import Bools, Fixes, Ints, concat, no_fixes, same_track, take, track_keys, vessels
from prasan.tracks.motion import MINUTE_SLACK_S, SLACK_M, derive_motion, impossible_steps, limit_kn

MAX_OPEN: Final = 20
"""Open emitters of one MMSI; beyond it the one silent longest is closed (GFW gpsdio-segment core.py)."""

Numbers = npt.NDArray[np.int16]

MAX_NUMBER: Final = 32_767
"""The number at which an MMSI's emitters stop being told apart; only a flood of nonsense reaches it."""


class EmitterCarry(msgspec.Struct, frozen=True):
    """The last fix of every open emitter, sorted by (mmsi, emitter), and the next number of MMSIs with several."""

    last: Fixes
    following: dict[int, int]


def assign(rows: Fixes, carry: EmitterCarry | None) -> tuple[Fixes, EmitterCarry]:
    """Fixes sorted by (mmsi, t) -> the same fixes with emitters, sorted by (mmsi, emitter, t), and derived motion."""
    carry = carry or EmitterCarry(no_fixes(), {})
    if not len(rows):
        return rows, EmitterCarry(concat(carry.last, rows), carry.following)
    known = _of(carry.last, vessels(rows))
    both = concat(known, rows)
    new = np.arange(len(both)) >= len(known)
    if len(known):
        order = np.lexsort((both.t, both.mmsi))
        both, new = take(both, order), new[order]
    slow = _several(both, new)
    numbers, dropped, following = both.emitter.copy(), np.zeros(len(both), np.bool_), dict(carry.following)
    for span in slow:
        _second_look(both, new, span, numbers, dropped, following)
    both = msgspec.structs.replace(both, emitter=numbers)
    if slow:
        order = np.argsort(track_keys(both), kind="stable")
        both, new, dropped = take(both, order), new[order], dropped[order]
    both = derive_motion(both, same_track(both))
    last = np.concatenate((~same_track(both), [True])) & ~dropped
    return (both if new.all() else take(both, new)), EmitterCarry(_replace(carry.last, take(both, last)), following)


def _several(both: Fixes, new: Bools) -> list[tuple[int, int]]:
    """Row ranges of the MMSIs that need the second look: an impossible step, or several emitters already."""
    same = both.mmsi[1:] == both.mmsi[:-1]
    suspect = impossible_steps(both) & same
    suspect |= same & ~new[1:]  # two carried rows of one MMSI
    odd = np.unique(both.mmsi[1:][suspect])
    if both.emitter.any():
        odd = np.union1d(odd, both.mmsi[both.emitter > 0])
    starts, ends = np.searchsorted(both.mmsi, odd, "left"), np.searchsorted(both.mmsi, odd, "right")
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


class _Open:
    """One open emitter in the second look: its number and its last fix (seconds, radians, knots, row)."""

    __slots__ = ("cos_lat", "lat", "limit", "lon", "number", "row", "t")

    def __init__(self, number: int) -> None:
        self.number = number

    def move(self, t: int, lat: float, lon: float, limit: float, row: int) -> None:
        self.t, self.lat, self.lon, self.limit, self.row = t, lat, lon, limit, row
        self.cos_lat = math.cos(lat)

    def reach(self, t: int, lat: float, lon: float, cos_lat: float, limit: float) -> float:
        """Metres to the fix if this emitter can have got there, else inf."""
        h = math.sin((lat - self.lat) / 2) ** 2 + cos_lat * self.cos_lat * math.sin((lon - self.lon) / 2) ** 2
        metres = 2 * EARTH_M * math.asin(min(1.0, math.sqrt(h)))
        slack = MINUTE_SLACK_S if t % 60 == 0 or self.t % 60 == 0 else 1
        allowed = max(limit, self.limit) * KNOT_MS * (t - self.t + slack) + SLACK_M
        return metres if metres <= allowed else math.inf


def _second_look(  # noqa: PLR0913, PLR0917 - one MMSI's rows in, three tables written
    both: Fixes, new: Bools, span: tuple[int, int], numbers: Numbers, dropped: Bools, following: dict[int, int]
) -> None:
    start, end = span
    rows = take(both, slice(start, end))
    mmsi = int(rows.mmsi[0])
    scale = math.pi / 180 / UNITS_PER_DEGREE
    columns = (rows.t, rows.lat * scale, rows.lon * scale, limit_kn(rows), new[start:end], rows.emitter)
    opened: list[_Open] = []
    number = following.get(mmsi, int(rows.emitter[~new[start:end]].max(initial=-1)) + 1)
    table = zip(*(column.tolist() for column in columns), strict=True)
    for row, (t, lat, lon, limit, is_new, carried) in enumerate(table, start):
        emitter = _nearest(opened, t, lat, lon, limit) if is_new else None
        if emitter is None:
            emitter = _Open(number if is_new else carried)
            number = min(number + is_new, MAX_NUMBER)
            opened.append(emitter)
        emitter.move(t, lat, lon, limit, row)
        numbers[row] = emitter.number
        if len(opened) > MAX_OPEN:
            closed = min(opened, key=lambda one: (one.t, one.number))
            opened.remove(closed)
            dropped[closed.row] = True
    following[mmsi] = number


def _nearest(opened: list[_Open], t: int, lat: float, lon: float, limit: float) -> _Open | None:
    best, least, cos_lat = None, math.inf, math.cos(lat)
    for emitter in opened:
        metres = emitter.reach(t, lat, lon, cos_lat, limit)
        if metres < least or (metres == least and best is not None and emitter.number < best.number):
            best, least = emitter, metres
    return best


def _of(rows: Fixes, mmsi: Ints) -> Fixes:
    return take(rows, np.isin(rows.mmsi, mmsi)) if len(rows) else rows


def _replace(last: Fixes, fresh: Fixes) -> Fixes:
    """The carried last fixes, with those of the MMSIs in `fresh` put in the place of the old."""
    if not len(last):
        return fresh
    merged = concat(take(last, ~np.isin(last.mmsi, fresh.mmsi)), fresh)
    return take(merged, np.argsort(track_keys(merged), kind="stable"))
