"""Who was heard where and when: one row for a vessel, a cell, a slot of time and a set of sources.

Every hearing counts, before and after folding alike, because a folded row still names all that heard it. Rows stay in
`running` until their slot is over, then in `past`, sorted by cell and slot, so that a place and a stretch of time are a
few searches away. Cutting the input anywhere leaves the same `past`.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, Floats, vectors
from prasan.tracks.columns import Columns, Fixes, Ints, SourceSets, concat, same_track, take

CELL_UNITS: Final = UNITS_PER_DEGREE // 5
"""Edge of a cell in 1/10000 minute: a fifth of a degree, twelve miles north to south."""

ROUND: Final = 1800
"""Cells in a round of longitude."""

PART: Final = 1 << 20
"""Rows looked at in one go."""

_SLOT_BITS: Final = 23
"""Bits that hold a slot's number: seconds fit in 32 bits, and a slot is at least 15 minutes."""


class Hearings(Columns, frozen=True):
    """A vessel heard in a cell in a slot by one set of sources.

    `first` and `last` are the seconds of the first and last of these fixes, `lat` and `lon` (1/10000 minute) the place
    of the last, `sog` the highest speed (1/10 kn, -1 unknown); `origin` is an index in `sets`.
    """

    cell: Ints
    slot: Ints
    mmsi: Ints
    first: Ints
    last: Ints
    lat: npt.NDArray[np.int32]
    lon: npt.NDArray[np.int32]
    sog: npt.NDArray[np.int16]
    ais_class: npt.NDArray[np.uint8]
    origin: npt.NDArray[np.int32]
    sets: SourceSets

    def places(self) -> Floats:
        """Unit vectors, n x 3."""
        return vectors(self.lat / UNITS_PER_DEGREE, self.lon / UNITS_PER_DEGREE)


class Reception(msgspec.Struct, frozen=True):
    """All that is remembered: slots of `width` seconds, over (`past`, sorted by cell and slot) or not yet."""

    width: int
    upto: int
    past: Hearings
    running: Hearings

    def key(self) -> Ints:
        """What `past` is sorted by."""
        return _key(self.past)


def no_reception(width: int) -> Reception:
    """Nothing heard yet."""
    return Reception(width, 0, no_hearings(), no_hearings())


def listen(reception: Reception, rows: Fixes, upto: int, keep_s: int) -> Reception:
    """Take in fixes sorted by (mmsi, emitter, t), all with t < `upto`; forget what is older than `keep_s` seconds.

    What is forgotten lies `keep_s` before the earlier watermark, so nothing later than that is ever missed.
    """
    now, before = max(upto, reception.upto) // reception.width, reception.upto // reception.width
    running = fold(concat(reception.running, _turns(rows, reception.width)))
    if now == before:
        return msgspec.structs.replace(reception, upto=max(upto, reception.upto), running=running)
    over = running.slot < now
    oldest = (reception.upto - keep_s) // reception.width
    past = concat(take(reception.past, reception.past.slot >= oldest), take(running, over))
    past = take(past, np.argsort(_key(past), kind="stable"))
    return Reception(reception.width, max(upto, reception.upto), past, take(running, ~over))


def fold(rows: Hearings) -> Hearings:
    """Rows of equal cell, slot, MMSI and sources become one; sorted by these."""
    order = np.lexsort((rows.lon, rows.lat, rows.last, (rows.mmsi << 32) | rows.origin, _key(rows)))
    rows = take(rows, order)
    same = (np.diff(_key(rows)) == 0) & (np.diff(rows.mmsi) == 0) & (np.diff(rows.origin) == 0)
    if not same.any():
        return rows
    begin = np.flatnonzero(np.concatenate(([True], ~same)))
    kept = take(rows, np.append(begin[1:], len(rows)) - 1)
    first, sog = np.minimum.reduceat(rows.first, begin), np.maximum.reduceat(rows.sog, begin)
    return msgspec.structs.replace(kept, first=first, sog=sog)


def around(
    key: Ints, lat: Floats, lon: Floats, metres: Floats, slots: tuple[Ints, Ints]
) -> Iterator[tuple[Ints, Ints]]:
    """Past rows in the cells that hold all within `metres` of places (degrees, n), with slot in [first, end), n each.

    For each row the number of the place that it was found for, ascending, and its index in `past`; in parts of about
    `PART` rows, so that dense water takes no more memory. `key` is that of the reception (`Reception.key`), made once
    for many questions.
    """
    owner, cell = cells_around(lat, lon, metres)
    low = np.searchsorted(key, (cell << _SLOT_BITS) | np.maximum(slots[0], 0)[owner])
    high = np.searchsorted(key, (cell << _SLOT_BITS) | np.maximum(slots[1], 0)[owner])
    some = np.flatnonzero(high > low)
    owner, low, count = owner[some], low[some], (high - low)[some]
    cuts = np.flatnonzero(np.diff(np.cumsum(count) // PART)) + 1
    for part in np.split(np.arange(len(count)), cuts):
        size = count[part]
        offset = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        yield np.repeat(owner[part], size), np.repeat(low[part], size) + offset


def cells_around(lat: Floats, lon: Floats, metres: Floats) -> tuple[Ints, Ints]:
    """The cells that circles may touch, and the circle of each, ascending; at a pole, whole rounds."""
    north = metres / (EARTH_M * np.pi / 180)
    narrow = np.cos(np.radians(np.minimum(np.abs(lat) + north, 90.0)))
    east = np.where(narrow * 180 <= north, 180.0, north / np.maximum(narrow, 1e-9))
    first, last = _place(np.maximum(lat - north, -90.0), 90), _place(np.minimum(lat + north, 90.0), 90)
    left = _place(lon - east, 180)
    width = np.minimum(_place(lon + east, 180) - left + 1, ROUND)
    count = (last - first + 1) * width
    owner = np.repeat(np.arange(len(lat)), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    row, column = first[owner] + offset // width[owner], (left[owner] + offset % width[owner]) % ROUND
    return owner, row * ROUND + column


def cells(lat: npt.NDArray[np.int32], lon: npt.NDArray[np.int32]) -> Ints:
    """Cells of places in 1/10000 minute, n."""
    row = (lat + 90 * UNITS_PER_DEGREE) // CELL_UNITS
    column = (lon + 180 * UNITS_PER_DEGREE) // CELL_UNITS % ROUND
    return np.asarray(row.astype(np.int64) * ROUND + column)


def no_hearings() -> Hearings:
    """An empty table."""
    ints, small = np.empty(0, np.int64), np.empty(0, np.int32)
    return Hearings(ints, ints, ints, ints, ints, small, small, np.empty(0, np.int16), np.empty(0, np.uint8), small, ())


def _turns(rows: Fixes, width: int) -> Hearings:
    """A row wherever the vessel, slot, cell or sources are not those of the fix before."""
    if not len(rows):
        return msgspec.structs.replace(no_hearings(), sets=rows.sets)
    slot, cell = rows.t // width, cells(rows.lat, rows.lon)
    turn = ~same_track(rows) | (slot[1:] != slot[:-1]) | (cell[1:] != cell[:-1])
    if len(rows.sets) > 1:
        turn |= rows.origin[1:] != rows.origin[:-1]
    at = np.flatnonzero(np.concatenate(([True], turn)))
    end = np.append(at[1:], len(rows)) - 1
    return Hearings(
        cell=cell[at], slot=slot[at], mmsi=rows.mmsi[at], first=rows.t[at], last=rows.t[end], lat=rows.lat[end],
        lon=rows.lon[end], sog=np.maximum.reduceat(rows.sog, at), ais_class=rows.ais_class[end],
        origin=rows.origin[end], sets=rows.sets,
    )  # fmt: skip


def _key(rows: Hearings) -> Ints:
    return (rows.cell << _SLOT_BITS) | rows.slot


def _place(degrees: Floats, origin: int) -> Ints:
    return np.asarray(np.floor((degrees + origin) / (CELL_UNITS / UNITS_PER_DEGREE)), np.int64)
