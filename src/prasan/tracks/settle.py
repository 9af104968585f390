"""From a position table to rows fit for kernels: sorted, unfit rows counted, receptions of one transmission folded.

Rows are held back until `upto` has passed them, so two receptions of one transmission always meet here, and cutting the
input anywhere changes nothing. Rows that come later than the `upto` they were promised for are counted `late`.
"""

from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from prasan.picture.position import POSITIONS, UNITS_PER_DEGREE, Flag
from prasan.tracks.columns import Bools, Fixes, Ints, SourceSets, no_fixes, take
from prasan.tracks.motion import NOISE_SOG

UNFIT: Final = (
    ("no_time", Flag.NO_TIME),
    ("future_time", Flag.FUTURE_TIME),
    ("epoch_time", Flag.EPOCH_TIME),
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


class SettleCarry(msgspec.Struct, frozen=True):
    """What is held between pieces: rows not yet passed, the source sets seen, and the tallies so far."""

    pending: pa.Table | None = None
    upto: int = 0
    sets: SourceSets = ()
    dropped: dict[str, int] = {}
    folded: int = 0


def settle(table: pa.Table, carry: SettleCarry | None, upto: int) -> tuple[Fixes, SettleCarry]:
    """Rows of `POSITIONS` -> fixes with t < `upto`, sorted by (mmsi, t), and what is held back."""
    carry = carry or SettleCarry()
    rows, dropped = _fit(table.select(POSITIONS.names), carry)
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
    reasons = [(name, _has(table, int(flag))) for name, flag in UNFIT]
    t, lat, lon = (_ints(table[name], -1) for name in ("t", "lat", "lon"))
    missing = _nulls(table["lat"]) | _nulls(table["lon"])
    reasons += [
        ("no_position", missing),
        ("bad_position", (np.abs(lat) > 90 * UNITS_PER_DEGREE) | (np.abs(lon) > 180 * UNITS_PER_DEGREE)),
        ("bad_time", (t < 0) | (t >= FOREVER)),
        ("late", t < carry.upto),
    ]
    keep = np.ones(table.num_rows, np.bool_)
    dropped = {}
    for name, hit in reasons:
        if count := int(np.count_nonzero(hit & keep)):
            dropped[name] = count
            keep &= ~hit
    return (table.filter(pa.array(keep)), dropped) if dropped else (table, {})


def _has(table: pa.Table, bit: int) -> Bools:
    return np.asarray((_ints(table["flags"], 0) & bit) != 0)


def _nulls(column: Any) -> Bools:
    return column.is_null().to_numpy() if column.null_count else np.zeros(len(column), np.bool_)


def _fold(table: pa.Table, sets: SourceSets) -> tuple[Fixes, int]:
    """Sort by (mmsi, t) with a canonical order among equals, and fold equal (mmsi, t, lat, lon) into one row."""
    if not table.num_rows:
        return no_fixes(sets), 0
    origin, sets = _origins(table, sets)
    rows = Fixes(
        mmsi=_ints(table["mmsi"], 0), emitter=np.zeros(table.num_rows, np.int16), t=_ints(table["t"], 0),
        lat=_ints(table["lat"], 0).astype(np.int32), lon=_ints(table["lon"], 0).astype(np.int32),
        sog=_speeds(table["sog"]), cog=_ints(table["cog"], -1).astype(np.int16),
        heading=_headings(table["heading"]), nav_status=_ints(table["nav_status"], SILENT).astype(np.uint8),
        derived=np.zeros(table.num_rows, np.bool_), ais_class=_ints(table["ais_class"], 255).astype(np.uint8),
        heard=np.ones(table.num_rows, np.uint16), origin=origin, sets=sets,
    )  # fmt: skip
    order = _order(rows, _ints(table["sub_ms"], -1))
    rows = rows if order is None else take(rows, order)
    same = (rows.mmsi[1:] == rows.mmsi[:-1]) & (rows.t[1:] == rows.t[:-1])
    same &= (rows.lat[1:] == rows.lat[:-1]) & (rows.lon[1:] == rows.lon[:-1])
    if not same.any():
        return rows, 0
    return _merge(rows, np.concatenate(([True], ~same))), int(np.count_nonzero(same))


def _order(rows: Fixes, sub_ms: Ints) -> Ints | None:
    """The order by (mmsi, t) and then by what was said, never by who heard it; None if it is so already."""
    key = (rows.mmsi << 32) | rows.t
    step = np.diff(key)
    sorted_already = bool((step >= 0).all())
    order = np.arange(len(key)) if sorted_already else np.argsort(key)
    tied = step == 0 if sorted_already else np.diff(key[order]) == 0
    if not tied.any():
        return None if sorted_already else order
    inside = np.zeros(len(key), np.bool_)
    inside[1:] |= tied
    inside[:-1] |= tied
    some = order[inside]
    known = (rows.nav_status, -rows.heading, rows.ais_class, -rows.cog, -rows.sog)
    columns = (*known, sub_ms, rows.lon, rows.lat, key)
    order[inside] = some[np.lexsort(tuple(column[some] for column in columns))]
    return order


def _merge(rows: Fixes, first: Bools) -> Fixes:
    """Fold the rows that follow each True of `first` into it, joining the sets of sources that heard them.

    Heading and status of a folded row are the first that are known, so a receiver that left them out hides nothing.
    """
    group = np.cumsum(first) - 1
    heard = np.bincount(group)
    kept = take(rows, first)
    origin, sets = kept.origin.copy(), rows.sets
    heading, nav_status = kept.heading.copy(), kept.nav_status.copy()
    rank = np.arange(len(rows)) - np.flatnonzero(first)[group]
    for place in range(1, int(heard.max())):
        at = rank == place
        into = group[at]
        origin[into], sets = _join(origin[into], rows.origin[at], sets)
        heading[into] = np.where(heading[into] < 0, rows.heading[at], heading[into])
        better = (nav_status[into] >= UNDEFINED) & (rows.nav_status[at] < nav_status[into])
        nav_status[into] = np.where(better, rows.nav_status[at], nav_status[into])
    heard = np.minimum(heard, 65535).astype(np.uint16)
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
    return lookup[column.indices.to_numpy(zero_copy_only=False)], tuple(known)


def _speeds(column: Any) -> npt.NDArray[np.int16]:
    """Tenths of a knot; -1 where none is given, or one that receivers are known to make up (see `NOISE_SOG`)."""
    speed = _ints(column, -1).astype(np.int16)
    for noise in NOISE_SOG:
        speed[speed == noise] = -1
    return speed


def _headings(column: Any) -> npt.NDArray[np.int16]:
    heading = _ints(column, -1)
    return np.where(heading > MAX_HEADING, -1, heading).astype(np.int16)


def _ints(column: Any, missing: int) -> Ints:
    if column.null_count:
        column = pc.fill_null(column.cast(pa.int64()), missing)
    return np.asarray(column.to_numpy().astype(np.int64, copy=False))
