"""From a position table to rows fit for kernels: sorted, unfit rows counted, receptions of one transmission folded.

Rows are held back until `upto` has passed them, so two receptions of one transmission always meet here, and cutting the
input anywhere changes nothing. Rows that come later than the `upto` they were promised for are counted `late`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from prasan.picture.position import UNITS_PER_DEGREE, Flag
from prasan.tracks.columns import Bools, Fixes, Ints, SourceSets, moved, no_fixes, take
from prasan.tracks.motion import NOISE_SOG

COLUMNS: Final = (
    "t", "sub_ms", "mmsi", "lat", "lon", "sog", "cog", "heading", "nav_status", "ais_class", "source", "flags",
)  # fmt: skip
"""The columns of POSITIONS that rows for kernels are made of; a table may have others."""

UNFIT: Final = (
    ("no_time", Flag.NO_TIME),
    ("future_time", Flag.FUTURE_TIME),
    ("epoch_time", Flag.EPOCH_TIME),
    ("clock_off", Flag.CLOCK_OFF),
    ("null_island", Flag.NULL_ISLAND),
)
"""Flags that keep a row away from the kernels, in the order in which they are counted."""

FOREVER: Final = 2**32
"""An `upto` that passes every row: seconds must fit in 32 bits, which they do until 2106."""

SILENT: Final = 255
"""Navigational status of a row that said none; no status on the air is larger than 15."""

UNDEFINED: Final = 15
"""Navigational status "undefined", the default (M.1371-5 Table 45); what is at least this tells nothing."""

MAX_HEADING: Final = 359
"""The largest heading; 511 on the air is "not available" (M.1371-5, message 1)."""

_MISSING: Final = 0xFFFF
"""What is put for a missing 16-bit value: -1 once it is read as a signed one."""

_UNFIT_FLAGS: Final = int(Flag.NO_TIME | Flag.FUTURE_TIME | Flag.EPOCH_TIME | Flag.NULL_ISLAND | Flag.CLOCK_OFF)


class SettleCarry(msgspec.Struct, frozen=True):
    """What is held between pieces: rows not yet passed, the source sets seen, and the tallies so far."""

    pending: pa.Table | None = None
    upto: int = 0
    sets: SourceSets = ()
    dropped: dict[str, int] = {}
    folded: int = 0


def settle(table: pa.Table, carry: SettleCarry | None, upto: int) -> tuple[Fixes, SettleCarry]:
    """Rows with the columns COLUMNS -> fixes with t < `upto`, sorted by (mmsi, t), and what is held back."""
    carry = carry or SettleCarry()
    rows, dropped = _fit(table.select(COLUMNS), carry)
    if carry.pending is not None and carry.pending.num_rows:
        rows = pa.concat_tables([carry.pending, rows])
    ripe = pc.less(rows["t"], pa.scalar(min(upto, FOREVER), pa.int64()))
    everything = bool(pc.all(ripe).as_py()) if rows.num_rows else True
    pending = None if everything else rows.filter(pc.invert(ripe))
    fixes, folded = _fold(rows if everything else rows.filter(ripe), carry.sets)
    tally = {name: carry.dropped.get(name, 0) + dropped.get(name, 0) for name in {**carry.dropped, **dropped}}
    return fixes, SettleCarry(pending, max(upto, carry.upto), fixes.sets, tally, carry.folded + folded)


def _fit(table: pa.Table, carry: SettleCarry) -> tuple[pa.Table, dict[str, int]]:
    """Drop what no kernel can use; each row is counted under the first reason that fits."""
    keep = np.ones(table.num_rows, np.bool_)
    dropped = {}
    for name, hit in _unfit(table, carry.upto):
        if count := int(np.count_nonzero(hit & keep)):
            dropped[name] = count
            keep &= ~hit
    return (table.filter(pa.array(keep)), dropped) if dropped else (table, {})


def _unfit(table: pa.Table, upto: int) -> Iterator[tuple[str, Bools]]:
    """Reasons in order, and the rows of each; a look at the extremes of a column tells whether there are any."""
    if not table.num_rows:
        return
    flags, t, lat, lon = (_plain(table[name], 0) for name in ("flags", "t", "lat", "lon"))
    if int(np.bitwise_or.reduce(flags)) & _UNFIT_FLAGS:
        for name, flag in UNFIT:
            yield name, np.asarray((flags & int(flag)) != 0)
    if table["lat"].null_count or table["lon"].null_count:
        yield "no_position", _nulls(table["lat"]) | _nulls(table["lon"])
    north, east = 90 * UNITS_PER_DEGREE, 180 * UNITS_PER_DEGREE
    if lat.min() < -north or lat.max() > north or lon.min() < -east or lon.max() > east:
        yield "bad_position", (lat < -north) | (lat > north) | (lon < -east) | (lon > east)
    if t.min() < 0 or t.max() >= FOREVER:
        yield "bad_time", (t < 0) | (t >= FOREVER)
    if t.min() < upto:
        yield "late", np.asarray(t < upto)


def _nulls(column: Any) -> Bools:
    return column.is_null().to_numpy() if column.null_count else np.zeros(len(column), np.bool_)


def _fold(table: pa.Table, sets: SourceSets) -> tuple[Fixes, int]:
    """Sort by (mmsi, t) with a canonical order among equals, and fold equal (mmsi, t, lat, lon) into one row."""
    if not table.num_rows:
        return no_fixes(sets), 0
    origin, sets = _origins(table, sets)
    columns = {
        "mmsi": _plain(table["mmsi"], 0).astype(np.int64), "t": _plain(table["t"], 0),
        "lat": _plain(table["lat"], 0), "lon": _plain(table["lon"], 0),
        "sog": _speeds(table["sog"]), "cog": _signed(table["cog"]), "heading": _headings(table["heading"]),
        "nav_status": _plain(table["nav_status"], SILENT), "ais_class": _plain(table["ais_class"], 255),
        "origin": origin,
    }  # fmt: skip
    order, tied = _order(columns, table["sub_ms"])
    if order is not None:
        columns = _in_order(columns, order)
    rows = Fixes(
        emitter=np.zeros(table.num_rows, np.int16), derived=np.zeros(table.num_rows, np.bool_),
        heard=np.ones(table.num_rows, np.uint16), sets=sets, **columns,
    )  # fmt: skip
    same = tied[(rows.lat[tied + 1] == rows.lat[tied]) & (rows.lon[tied + 1] == rows.lon[tied])]
    if not len(same):
        return rows, 0
    first = np.ones(len(rows), np.bool_)
    first[same + 1] = False
    return _merge(rows, first), len(same)


def _in_order(columns: Mapping[str, npt.NDArray[Any]], order: Ints) -> dict[str, npt.NDArray[Any]]:
    """The rows in this order; where few have another place, as in files that are sorted, only those are moved."""
    to = np.flatnonzero(order != np.arange(len(order)))
    if 2 * len(to) > len(order):
        return {name: column[order] for name, column in columns.items()}
    return {name: moved(column, to, order[to]) for name, column in columns.items()}


def _order(columns: Mapping[str, Ints], sub_ms: Any) -> tuple[Ints | None, Ints]:
    """The order by (mmsi, t) and then by what was said, never by who heard it; None if it is so already.

    Also, in that order, the rows whose MMSI and time the next row has too.
    """
    mmsi, t = columns["mmsi"], columns["t"]
    same = mmsi[1:] == mmsi[:-1]
    order = None
    if ((mmsi[1:] < mmsi[:-1]) | (same & (t[1:] < t[:-1]))).any():
        key = (mmsi << 32) | t
        order = np.argsort(key)
        tied = np.flatnonzero(np.diff(key[order]) == 0)
    else:
        tied = np.flatnonzero(same & (t[1:] == t[:-1]))
    if not len(tied):
        return order, tied
    inside = np.union1d(tied, tied + 1)
    some = inside if order is None else order[inside]
    part = {name: column[some] for name, column in columns.items()}
    said = (-part["heading"], part["ais_class"], -part["cog"], -part["sog"])
    known = (part["nav_status"], *said, _some(sub_ms, some), part["lon"], part["lat"])
    sorted_some = some[np.lexsort((*known, part["t"], part["mmsi"]))]
    if order is None:
        if (sorted_some == some).all():
            return None, tied
        order = np.arange(len(t))
    order[inside] = sorted_some
    return order, tied


def _some(column: Any, index: Ints) -> Ints:
    """Values of a column, -1 where missing, at some rows."""
    if column.null_count == len(column):
        return np.full(len(index), -1)
    return _plain(column, -1)[index]


def _merge(rows: Fixes, first: Bools) -> Fixes:
    """Fold the rows that follow each True of `first` into it, joining the sets of sources that heard them.

    Heading and status of a folded row are the first that are known, so a receiver that left them out hides nothing.
    """
    more = np.flatnonzero(~first)
    number = np.arange(len(more))
    group = more - number - 1
    rank = number - np.maximum.accumulate(np.where(np.diff(more, prepend=-1) > 1, number, 0)) + 1
    kept = take(rows, first)
    origin, sets = kept.origin.copy(), rows.sets
    heading, nav_status = kept.heading.copy(), kept.nav_status.copy()
    for place in range(1, int(rank.max()) + 1):
        some = rank == place
        at, into = more[some], group[some]
        origin[into], sets = _join(origin[into], rows.origin[at], sets)
        heading[into] = np.where(heading[into] < 0, rows.heading[at], heading[into])
        better = (nav_status[into] >= UNDEFINED) & (rows.nav_status[at] < nav_status[into])
        nav_status[into] = np.where(better, rows.nav_status[at], nav_status[into])
    heard = np.ones(len(kept), np.uint16)
    heard[group] = np.minimum(rank + 1, 65535)  # the last of a group has the highest rank
    told = {"heading": heading, "nav_status": nav_status}
    return msgspec.structs.replace(kept, heard=heard, origin=origin, sets=sets, **told)


def _join(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32], sets: SourceSets) -> tuple[Ints, SourceSets]:
    """The index of the union of two sets, for each pair; new unions are added at the end of `sets`."""
    codes, inverse = np.unique((a.astype(np.int64) << 32) | b, return_inverse=True)
    known = {members: index for index, members in enumerate(sets)}
    result = np.empty(len(codes), np.int64)
    for place, code in enumerate(codes.tolist()):
        union = tuple(sorted({*sets[code >> 32], *sets[code & 0xFFFFFFFF]}))
        result[place] = known.setdefault(union, len(known))
    return result[inverse], tuple(known)


def _origins(table: pa.Table, sets: SourceSets) -> tuple[npt.NDArray[np.int32], SourceSets]:
    """Each row's source as an index in `sets`, which grows by the names not yet in it."""
    column: Any = table["source"].unify_dictionaries().combine_chunks()
    known = {members: index for index, members in enumerate(sets)}
    names = column.dictionary.to_pylist()
    lookup = np.array([known.setdefault((name,), len(known)) for name in names] or [0], np.int32)
    if len(lookup) == 1:
        return np.full(len(column), lookup[0]), tuple(known)
    return lookup[column.indices.to_numpy(zero_copy_only=False)], tuple(known)


def _speeds(column: Any) -> npt.NDArray[np.int16]:
    """Tenths of a knot; -1 where none is given, or one that receivers are known to make up (see `NOISE_SOG`)."""
    speed = _signed(column)
    if len(speed) and speed.max() >= min(NOISE_SOG):
        speed = speed.copy()
        for noise in NOISE_SOG:
            speed[speed == noise] = -1
    return speed


def _signed(column: Any) -> npt.NDArray[np.int16]:
    """Unsigned 16-bit values as signed ones, -1 where missing."""
    return _plain(column, _MISSING).view(np.int16)


def _headings(column: Any) -> npt.NDArray[np.int16]:
    heading = _plain(column, _MISSING)
    return np.where(heading > MAX_HEADING, _MISSING, heading).astype(np.uint16).view(np.int16)


def _plain(column: Any, missing: int) -> npt.NDArray[Any]:
    """A column's values in its own type, without a copy where it is one piece."""
    if column.null_count:
        column = column.fill_null(pa.scalar(missing, column.type))
    return np.asarray(column.to_numpy())
