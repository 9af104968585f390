"""Tables as frozen structs of NumPy columns: what the kernels eat. All columns of one value have equal length."""

from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import Floats, vectors

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
SourceSets = tuple[tuple[str, ...], ...]


class Columns(msgspec.Struct, frozen=True):
    """The base: every field is an array or a nested `Columns`, but for `sets`."""

    def __len__(self) -> int:
        return len(getattr(self, self.__struct_fields__[0]))


class Fixes(Columns, frozen=True):
    """Positions fit for kernels, one row a transmission, sorted by (mmsi, emitter, t).

    `t` seconds UTC; `lat`, `lon` 1/10000 minute; `sog` 1/10 kn, `cog` 1/10 degree and `heading` degrees, -1 where
    unknown; `nav_status` as in M.1371-5 Table 45, 15 where the ship left it undefined and 255 where nothing was said;
    `derived` is True where speed and course were made from the track; `ais_class` is 255 where unknown; `heard` counts
    the receptions folded into the row; `origin` is an index in `sets`, which names the sources that heard it.
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


class Slots(Columns, frozen=True):
    """An emitter's position at the start of each ten minutes, `bin` = t // 600, sorted by (mmsi, emitter, bin).

    `point` is the unit vector; `speed` the knots made good since the slot before; `silence` the seconds between the two
    fixes that it was interpolated from; `moved` is True once the emitter has left its first place. `t0`, `lat0`,
    `lon0` are the earlier of the two fixes; `origin0`, `origin1` index `sets`.
    """

    mmsi: Ints
    emitter: npt.NDArray[np.int16]
    bin: Ints
    point: Floats
    speed: Floats
    silence: Ints
    moved: Bools
    t0: Ints
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


def take(rows: C, index: npt.NDArray[Any] | slice) -> C:
    """The rows at `index`: positions, a mask or a slice."""
    return type(rows)(*(_take(getattr(rows, name), index) for name in rows.__struct_fields__))


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
    return rows.mmsi[np.concatenate(([True], rows.mmsi[1:] != rows.mmsi[:-1]))] if len(rows) else rows.mmsi


def points(rows: Fixes) -> Floats:
    """Unit vectors of the fixes, n x 3."""
    return vectors(rows.lat / UNITS_PER_DEGREE, rows.lon / UNITS_PER_DEGREE)


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
        speed=np.empty(0), silence=np.empty(0, np.int64), moved=np.empty(0, np.bool_), t0=np.empty(0, np.int64),
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
