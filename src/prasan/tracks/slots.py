"""Where every emitter was at the start of each ten minutes.

The position at the instant bin * 600 lies on the great-circle chord between the fix before and the fix at or after it,
if no more than `silence_s` lies between the two; else the emitter has no slot there. A slot comes into being when the
later fix does, so slots of one emitter appear in order, and never for an instant before `upto` - `silence_s`.

Slots that are faster than is asked for are not worked out: for nearly all of them a flat estimate is enough to tell.
"""

from typing import Final

import msgspec
import numpy as np

from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, KNOT_MS, Floats, chord_m, lat_lon
from prasan.tracks.columns import (
    TEN_MIN_S,
    Bools,
    Fixes,
    Ints,
    Slots,
    no_fixes,
    no_slots,
    points,
    put,
    take,
    track_keys,
    track_of,
    with_last,
)

SLOT_S: Final = TEN_MIN_S
"""Ten minutes, as GFW's pipe-encounters resamples."""

_METRES: Final = EARTH_M * np.pi / 180 / UNITS_PER_DEGREE
_PLAIN_M: Final = 20_000.0
_PLAIN_LAT: Final = 80 * UNITS_PER_DEGREE
_BENT_M: Final = 100.0
"""On a step no longer than `_PLAIN_M`, and no nearer to a pole than 10 degrees, a line that is straight in latitude and
longitude and the great circle are nowhere so far from each other (20 km squared / 8 R, times tan 80 degrees: 45 m)."""
_WIDE: Final = 0.1 * 180 / np.pi * UNITS_PER_DEGREE


class SlotCarry(msgspec.Struct, frozen=True):
    """The last fix, the first slot and the last slot of every emitter."""

    fixes: Fixes
    first: Slots
    last: Slots


def slots(
    rows: Fixes, carry: SlotCarry | None, silence_s: int, moved_m: float, most_kn: float = np.inf
) -> tuple[Slots, SlotCarry]:
    """Fixes sorted by (mmsi, emitter, t) -> the slots they complete, sorted by (mmsi, emitter, bin), and the new carry.

    Slots faster than `most_kn` are left out. `moved_m`: an emitter that was farther than this from its first slot
    counts as one that moves, from then on.
    """
    carry = carry or SlotCarry(no_fixes(rows.sets), no_slots(rows.sets), no_slots(rows.sets))
    both, _ = with_last(carry.fixes, rows)
    fixes = take(both, both.ends)
    look = _Look(both, carry, silence_s)
    if not len(look.after):
        return no_slots(both.sets), SlotCarry(fixes, carry.first, carry.last)
    fast = look.fast(most_kn)
    head = np.flatnonzero(look.head)
    first = put(look.made(head), carry.first)
    moved = look.moved(first, moved_m)
    asked = np.flatnonzero(~fast)
    speed = look.speed(asked)
    slow = speed <= most_kn
    ends = np.append(head[1:], len(look.head)) - 1
    made = msgspec.structs.replace(look.made(asked[slow]), speed=speed[slow], moved=moved[asked[slow]])
    last = msgspec.structs.replace(look.made(ends), moved=moved[ends])
    return made, SlotCarry(fixes, first, put(carry.last, last))


class _Look:
    """The slots to be made of some rows, n in order of (mmsi, emitter, bin): what is cheap to know of each.

    `after` is the row before the slot, `bin` its number; `head` marks the first of every emitter, and `follows` those
    that are ten minutes after the one before. `lat` and `lon` are flat estimates in 1/10000 minute, good where `plain`.
    """

    def __init__(self, both: Fixes, carry: SlotCarry, silence_s: int) -> None:
        self.rows, self.carry = both, carry
        inner = np.ones(len(both.tens), np.bool_)
        inner[np.searchsorted(both.tens, both.begins)] = False
        at = both.tens[inner] - 1
        at = at[both.t[at + 1] - both.t[at] <= silence_s]
        t0, number = both.t[at], both.t[at] // SLOT_S
        count = both.t[at + 1] // SLOT_S - number
        once = not len(count) or int(count.max()) == 1
        owner = np.arange(len(at)) if once else np.repeat(np.arange(len(at)), count)
        self.after = at[owner]
        place = 0 if once else np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        self.bin = number[owner] + 1 + place
        self.step = both.t[self.after + 1] - both.t[self.after]
        self.share = (self.bin * SLOT_S - t0[owner]) / self.step
        self.track = track_of(both, self.after)
        self.head = np.diff(self.track, prepend=-1) != 0
        self.follows = ~self.head & (np.diff(self.bin, prepend=0) == 1)
        self._point, self._ready = np.empty((len(owner), 3)), np.zeros(len(owner), np.bool_)
        self._estimate()

    def _estimate(self) -> None:
        rows, after = self.rows, self.after
        lat, lon = rows.lat[after].astype(np.float64), rows.lon[after].astype(np.float64)
        north, east = rows.lat[after + 1] - lat, rows.lon[after + 1] - lon
        self.plain = np.maximum(np.abs(north), np.abs(east)) * _METRES <= _PLAIN_M
        self.plain &= np.abs(lat) <= _PLAIN_LAT
        self.lat, self.lon = lat + self.share * north, lon + self.share * east
        self.cos = np.cos(self.lat * (np.pi / 180 / UNITS_PER_DEGREE))

    def fast(self, most_kn: float) -> Bools:
        """Slots that are faster beyond doubt. An emitter's first one is never."""
        fast = np.zeros(len(self.after), np.bool_)
        if np.isfinite(most_kn):
            cos = np.minimum(self.cos[1:], self.cos[:-1])
            least = _least_m(np.diff(self.lat), np.diff(self.lon), cos) - 2 * _BENT_M
            fast[1:] = (least > most_kn * KNOT_MS * SLOT_S) & self.plain[1:] & self.plain[:-1] & self.follows[1:]
        return fast

    def moved(self, first: Slots, moved_m: float) -> Bools:
        """Has the emitter left its first slot by now?"""
        heads = np.flatnonzero(self.head)
        keys = self.rows.keys[self.track[heads]]
        home = first.point[np.searchsorted(track_keys(first), keys)]
        group = np.cumsum(self.head) - 1
        lat, lon = (column * UNITS_PER_DEGREE for column in lat_lon(home))
        cos = np.minimum(self.cos, np.cos(np.radians(lat / UNITS_PER_DEGREE))[group])
        least = _least_m(self.lat - lat[group], self.lon - lon[group], cos)
        far = self.plain & (least - _BENT_M > moved_m)
        begin = heads[group]
        far[heads] |= self._moved_before(keys)
        here = np.flatnonzero(_latest(far) < begin)
        most = _METRES * np.hypot(self.lat[here] - lat[group[here]], self.lon[here] - lon[group[here]])
        doubt = here[~(self.plain[here] & (most + _BENT_M <= moved_m))]
        gap = self.point(doubt) - home[group[doubt]]
        far[doubt] = np.asarray(EARTH_M * np.sqrt(np.einsum("ij,ij->i", gap, gap))) > moved_m
        return np.asarray(_latest(far) >= begin)

    def _moved_before(self, keys: Ints) -> Bools:
        known = track_keys(self.carry.last)
        at = np.searchsorted(known, keys)
        return np.asarray((np.append(known, -1)[at] == keys) & np.append(self.carry.last.moved, False)[at])

    def speed(self, index: Ints) -> Floats:
        """Knots from the slot before, or where there is none over the step itself."""
        at = self.after[index]
        here, speed = self.point(index), np.empty(len(index))
        follows = self.follows[index]
        before = np.empty((len(index), 3))
        before[follows] = self.point(index[follows] - 1)
        known, heads = track_keys(self.carry.last), np.flatnonzero(self.head[index])
        keys = self.rows.keys[self.track[index[heads]]]
        place = np.searchsorted(known, keys)
        old = (np.append(known, -1)[place] == keys) & (
            np.append(self.carry.last.bin, -9)[place] + 1 == self.bin[index[heads]]
        )
        before[heads[old]] = self.carry.last.point[place[old]]
        follows[heads[old]] = True
        speed[follows] = chord_m(before[follows], here[follows]) / SLOT_S / KNOT_MS
        alone = at[~follows]
        speed[~follows] = (
            chord_m(points(self.rows, alone), points(self.rows, alone + 1)) / self.step[index[~follows]] / KNOT_MS
        )
        return speed

    def point(self, index: Ints) -> Floats:
        """Unit vectors, each worked out once."""
        missing = index[~self._ready[index]]
        at = self.after[missing]
        pa = points(self.rows, at)
        line = pa + self.share[missing][:, None] * (points(self.rows, at + 1) - pa)
        square = line * line  # `np.linalg.norm` takes several times as long
        self._point[missing] = line / np.sqrt(square[:, 0] + square[:, 1] + square[:, 2])[:, None]
        self._ready[missing] = True
        return np.asarray(self._point[index])

    def made(self, index: Ints) -> Slots:
        """Slots, but for their speed and whether they moved."""
        rows, at = self.rows, self.after[index]
        return Slots(
            mmsi=rows.mmsi[at], emitter=rows.emitter[at], bin=self.bin[index], point=self.point(index),
            speed=np.zeros(len(at)), silence=self.step[index].astype(np.int32), moved=np.zeros(len(at), np.bool_),
            lat0=rows.lat[at], lon0=rows.lon[at], origin0=rows.origin[at], origin1=rows.origin[at + 1], sets=rows.sets,
        )  # fmt: skip


def _least_m(north: Floats, east: Floats, cos: Floats) -> Floats:
    """No more than the metres between places so many units apart; `cos` is that of the latitude nearer to a pole."""
    around = np.abs(east)
    around = np.minimum(np.minimum(around, 360 * UNITS_PER_DEGREE - around), _WIDE) * cos
    return np.asarray(0.998 * _METRES * np.sqrt(np.minimum(np.abs(north), _WIDE) ** 2 + around * around))


def _latest(yes: Bools) -> Ints:
    """For each row the last one up to it that says yes, -1 if none."""
    return np.asarray(np.maximum.accumulate(np.where(yes, np.arange(len(yes)), -1)))
