"""Tables as frozen structs of NumPy columns: what the kernels eat. All columns of one value have equal length."""

from functools import cached_property
from typing import Any, Final, Protocol, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import Floats, vectors

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
SourceSets = tuple[tuple[str, ...], ...]

TEN_MIN_S: Final = 600
"""Steps of the clock by which rows are looked through before a closer look."""


class Columns(msgspec.Struct, frozen=True):
    """The base: every field is an array or a nested `Columns`, but for `sets`."""

    def __len__(self) -> int:
        return len(getattr(self, self.__struct_fields__[0]))


class Fixes(Columns, frozen=True, dict=True):
    """Positions fit for kernels, one row a transmission, sorted by (mmsi, emitter, t).

    `t` seconds UTC; `lat`, `lon` 1/10000 minute; `sog` 1/10 kn, `cog` 1/10 degree and `heading` degrees, -1 where
    unknown; `nav_status` as in M.1371-5 Table 45, 15 where the ship left it undefined and 255 where nothing was said;
    `derived` is True where speed and course were made from the track; `ais_class` is 255 where unknown; `heard` counts
    the receptions folded into the row; `origin` is an index in `sets`, which names the sources that heard it.

    What several kernels ask of the same rows is worked out once: see the properties.
    """

    mmsi: Ints
    emitter: npt.NDArray[np.int16]
    t: Ints
    lat: npt.NDArray[np.int32]
    lon: npt.NDArray[np.int32]
    sog: npt.NDArray[np.int16]
    cog: npt.NDArray[np.int16]
    heading: npt.NDArray[np.int16]
    nav_status: npt.NDArray[np.uint8]
    derived: Bools
    ais_class: npt.NDArray[np.uint8]
    heard: npt.NDArray[np.uint16]
    origin: npt.NDArray[np.int32]
    sets: SourceSets

    @cached_property
    def begins(self) -> Ints:
        """The first row of every track, ascending; a track is an MMSI and emitter."""
        return np.flatnonzero(np.concatenate(([True], ~same_track(self)))) if len(self) else np.empty(0, np.int64)

    @cached_property
    def ends(self) -> Ints:
        """The last row of every track, ascending."""
        return np.append(self.begins[1:], len(self))[: len(self.begins)] - 1

    @cached_property
    def keys(self) -> Ints:
        """The keys of the tracks, ascending (see `track_keys`)."""
        return track_keys(take(self, self.begins))

    @cached_property
    def clock(self) -> npt.NDArray[np.uint32]:
        """Seconds since the ten minutes of the clock in which the earliest row lies, n."""
        clock = np.empty(len(self), np.uint32)
        if len(self):
            np.subtract(self.t, int(self.t.min()) // TEN_MIN_S * TEN_MIN_S, out=clock, casting="unsafe")
        return clock

    @cached_property
    def tens(self) -> Ints:
        """The first row of every track, and its first in each ten minutes of the clock, ascending."""
        number = self.clock // np.uint32(TEN_MIN_S)
        first = np.ones(len(self), np.bool_)
        np.not_equal(number[1:], number[:-1], out=first[1:])
        first[self.begins] = True
        return np.flatnonzero(first)

    @cached_property
    def pauses(self) -> Ints:
        """Rows after which their track was silent for more than ten minutes, ascending."""
        long = np.diff(self.clock) > TEN_MIN_S
        long[self.ends[:-1]] = False
        return np.flatnonzero(long)


class Slots(Columns, frozen=True):
    """An emitter's position at the start of each ten minutes, `bin` = t // 600, sorted by (mmsi, emitter, bin).

    `point` is the unit vector; `speed` the knots made good since the slot before; `silence` the seconds between the two
    fixes that it was interpolated from; `moved` is True once the emitter has left its first place. `lat0` and
    `lon0` are of the earlier of the two fixes; `origin0`, `origin1` index `sets`.
    """

    mmsi: Ints
    emitter: npt.NDArray[np.int16]
    bin: Ints
    point: Floats
    speed: Floats
    silence: npt.NDArray[np.int32]
    moved: Bools
    lat0: npt.NDArray[np.int32]
    lon0: npt.NDArray[np.int32]
    origin0: npt.NDArray[np.int32]
    origin1: npt.NDArray[np.int32]
    sets: SourceSets


class Tracked(Protocol):
    """A table whose rows belong to emitters."""

    @property
    def mmsi(self) -> Ints:
        """n."""

    @property
    def emitter(self) -> npt.NDArray[np.int16]:
        """n."""


C = TypeVar("C", bound=Columns)
T = TypeVar("T", Fixes, Slots)


def take(rows: C, index: npt.NDArray[Any] | slice) -> C:
    """The rows at `index`: positions, a mask or a slice."""
    if isinstance(index, np.ndarray) and index.dtype == np.bool_:
        index = np.flatnonzero(index)  # looked up once, not once a column
        if len(index) == len(rows):
            return rows
    return type(rows)(*(_take(getattr(rows, name), index) for name in rows.__struct_fields__))


def moved(column: npt.NDArray[Any], to: Ints, rows: Ints) -> npt.NDArray[Any]:
    """The column with the values of `rows` at the places `to`; the column itself where that changes nothing."""
    values = column[rows]
    if np.array_equal(values, column[to]):
        return column
    result = column.copy()
    result[to] = values
    return result


def concat(first: C, second: C) -> C:
    """One table after the other. Source sets only ever grow at their end, so the longer tuple serves both."""
    if not len(second):
        return first if len(first) or not _longer(second, first) else second
    if not len(first):
        return second
    return type(first)(*(_concat(getattr(first, name), getattr(second, name)) for name in first.__struct_fields__))


def same_track(rows: Tracked) -> Bools:
    """n - 1: True where a row is of the same MMSI and emitter as the row before."""
    same: Bools = rows.mmsi[1:] == rows.mmsi[:-1]
    if rows.emitter.any():
        same &= rows.emitter[1:] == rows.emitter[:-1]
    return same


def track_keys(rows: Tracked) -> Ints:
    """MMSI and emitter in one number, n."""
    return (rows.mmsi << 16) | rows.emitter.astype(np.int64)


def vessels(rows: Fixes | Slots) -> Ints:
    """Each MMSI once, ascending; rows must be sorted by MMSI, which makes this far cheaper than `np.unique`."""
    if isinstance(rows, Fixes):
        mmsi = rows.mmsi[rows.begins]
        return np.asarray(mmsi[np.diff(mmsi, prepend=-1) != 0])
    return rows.mmsi[np.concatenate(([True], rows.mmsi[1:] != rows.mmsi[:-1]))] if len(rows) else rows.mmsi


def put_before(known: Fixes, rows: Fixes) -> tuple[Fixes, Bools]:
    """Carried rows before the new ones of their MMSI, and which rows are new.

    Both are sorted by MMSI; no carried row is later than a new one of its MMSI.
    """
    new = np.ones(len(known) + len(rows), np.bool_)
    if not len(known):
        return concat(known, rows), new
    known = take(known, np.lexsort((known.t, known.mmsi)))
    at = np.searchsorted(rows.mmsi, known.mmsi, "left") + np.arange(len(known))
    new[at] = False
    order = np.empty(len(new), np.int64)
    order[at], order[new] = np.arange(len(known)), np.arange(len(known), len(new))
    return take(concat(known, rows), order), new


def with_last(last: Fixes, rows: Fixes) -> tuple[Fixes, Bools]:
    """Carried rows before the new ones of their track, and which rows are new.

    Both are sorted by track; no carried row is later than a new one of its track.
    """
    if not len(last) or not len(rows):
        return concat(last, rows), np.full(len(last) + len(rows), not len(last))
    new = np.ones(len(last) + len(rows), np.bool_)
    at = np.append(rows.begins, len(rows))[np.searchsorted(rows.keys, track_keys(last))] + np.arange(len(last))
    new[at] = False
    order = np.empty(len(new), np.int64)
    order[at], order[new] = np.arange(len(last)), np.arange(len(last), len(new))
    return take(concat(last, rows), order), new


def put(last: T, fresh: T) -> T:
    """One row a track, sorted by track: those of `fresh` in the place of those of `last`, and beside the others."""
    if not len(last) or not len(fresh):
        return concat(last, fresh)
    ours, theirs = track_keys(last), track_keys(fresh)
    at = np.minimum(np.searchsorted(theirs, ours), len(theirs) - 1)
    merged = concat(take(last, theirs[at] != ours), fresh)
    return take(merged, np.argsort(track_keys(merged), kind="stable"))


def counted(keys: Ints, known: Ints, count: npt.NDArray[Any]) -> Ints:
    """The count of each key, 0 for those that are not `known`, which ascend."""
    at = np.searchsorted(known, keys)
    return np.where(np.append(known, -1)[at] == keys, np.append(count, 0)[at], 0).astype(np.int64)


def steps_over(rows: Fixes, seconds: float) -> Ints:
    """Rows after which their track was silent for more than so many seconds, ascending."""
    if seconds >= TEN_MIN_S:
        return rows.pauses[rows.t[rows.pauses + 1] - rows.t[rows.pauses] > seconds]
    long = np.diff(rows.t) > seconds
    long[rows.ends[:-1]] = False
    return np.flatnonzero(long)


def track_of(rows: Fixes, index: Ints) -> Ints:
    """The number of the track (in `begins`) of each row of `index`."""
    return np.asarray(np.searchsorted(rows.begins, index, "right") - 1)


def ranges(begin: Ints, count: Ints) -> Ints:
    """The numbers begin, begin + 1, ... of each range, one range after the other."""
    total = np.cumsum(count)
    place = np.arange(int(total[-1]) if len(total) else 0)
    return np.asarray(place + np.repeat(begin - (total - count), count))


def seek(values: npt.NDArray[Any], low: Ints, high: Ints, asked: npt.NDArray[Any]) -> Ints:
    """For each the first row from `low` with a value of `asked` or more, or `high`; values ascend from low to high."""
    low, high = low.copy(), high.copy()
    while len(left := np.flatnonzero(low < high)):
        middle = (low[left] + high[left]) >> 1
        more = values[middle] < asked[left]
        low[left[more]] = middle[more] + 1
        high[left[~more]] = middle[~more]
    return low


def points(rows: Fixes, index: Ints | slice = slice(None)) -> Floats:
    """Unit vectors of the fixes, or of those at `index`, n x 3."""
    return vectors(rows.lat[index] / UNITS_PER_DEGREE, rows.lon[index] / UNITS_PER_DEGREE)


def no_fixes(sets: SourceSets = ()) -> Fixes:
    """An empty table of fixes."""
    return Fixes(
        mmsi=np.empty(0, np.int64), emitter=np.empty(0, np.int16), t=np.empty(0, np.int64), lat=np.empty(0, np.int32),
        lon=np.empty(0, np.int32), sog=np.empty(0, np.int16), cog=np.empty(0, np.int16),
        heading=np.empty(0, np.int16), nav_status=np.empty(0, np.uint8), derived=np.empty(0, np.bool_),
        ais_class=np.empty(0, np.uint8), heard=np.empty(0, np.uint16), origin=np.empty(0, np.int32), sets=sets,
    )  # fmt: skip


def no_slots(sets: SourceSets = ()) -> Slots:
    """An empty table of slots."""
    return Slots(
        mmsi=np.empty(0, np.int64), emitter=np.empty(0, np.int16), bin=np.empty(0, np.int64), point=np.empty((0, 3)),
        speed=np.empty(0), silence=np.empty(0, np.int32), moved=np.empty(0, np.bool_),
        lat0=np.empty(0, np.int32), lon0=np.empty(0, np.int32), origin0=np.empty(0, np.int32),
        origin1=np.empty(0, np.int32), sets=sets,
    )  # fmt: skip


def _take(column: Any, index: npt.NDArray[Any] | slice) -> Any:
    if isinstance(column, tuple):
        return column
    return take(column, index) if isinstance(column, Columns) else column[index]


def _concat(first: Any, second: Any) -> Any:
    if isinstance(first, tuple):
        return max(first, second, key=len)
    return concat(first, second) if isinstance(first, Columns) else np.concatenate((first, second))


def _longer(first: Columns, second: Columns) -> bool:
    return len(getattr(first, "sets", ())) > len(getattr(second, "sets", ()))
