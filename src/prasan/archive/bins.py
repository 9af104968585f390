"""Bins: who was where, every ten minutes, kept for ever. Pure functions on columns.

A row says: in these ten minutes (`bin` = t // 600), in this cell, this source heard this MMSI `n` times, at first at
`t` in `lat`, `lon` with this speed, course and heading, and for the last time at `t_last`. Bins of two sets of rows add
up: `fold` of both is what all rows together would have given, in whatever order they came. So bins grow with late rows,
and those of a source can be left out where it may not be used.

Cells are a tenth of a degree: `cell` = row * 3600 + column, rows from the south pole, columns from 180° W.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from prasan.picture.position import POSITIONS, UNITS_PER_DEGREE, Flag
from prasan.tracks.slots import SLOT_S

BIN_S: Final = SLOT_S
CELL_UNITS: Final = UNITS_PER_DEGREE // 10
CELL_COLUMNS: Final = 3_600
CELL_ROWS: Final = 1_800

_VALUES: Final = ("lat", "lon", "sog", "cog", "heading", "ais_class")
"""Of the first fix; with `t` they also say which of two fixes of one second is the first."""
_FIELDS: "Final[list[pa.Field[Any]]]" = [
    pa.field("bin", pa.int32(), nullable=False),  # t // 600
    pa.field("cell", pa.int32(), nullable=False),
    POSITIONS.field("mmsi"),
    POSITIONS.field("source"),
    pa.field("n", pa.uint32(), nullable=False),
    POSITIONS.field("t"),
    pa.field("t_last", pa.int64(), nullable=False),
    *(POSITIONS.field(name) for name in _VALUES),
]
BINS: Final = pa.schema(_FIELDS)
NEEDED: Final = ("t", "mmsi", *_VALUES, "source", "flags")
"""The columns of POSITIONS that bins are made of."""

_Columns = dict[str, NDArray[np.int64]]


def make_bins(positions: pa.Table) -> pa.Table:
    """The bins of dated rows with the columns NEEDED, in any order; rows without a place, or at 0, 0, are in none."""
    rows, names = _placed(positions)
    return _close(_folded(rows), names)


def nearly_bins(positions: pa.Table) -> pa.Table:
    """What `fold` makes the same bins of, in no order: half the work for rows by vessel that come in several tables."""
    rows, names = _placed(positions)
    reduced = _reduced(rows)
    few = 2 * len(reduced["t"]) <= len(rows["t"])
    return _close(reduced if few else _folded(reduced), names)


def _placed(positions: pa.Table) -> tuple[_Columns, list[str]]:
    """Each row with a place as a bin of its own."""
    placed = positions["lat"].is_valid().to_numpy() & positions["lon"].is_valid().to_numpy()
    placed &= positions["flags"].to_numpy() & int(Flag.NULL_ISLAND) == 0
    if not placed.all():
        positions = positions.filter(pa.array(placed))
    rows, names = _open(positions, ("t", "mmsi", *_VALUES))
    rows["bin"], rows["cell"] = rows["t"] // BIN_S, cell_of(rows["lat"], rows["lon"])
    rows["n"], rows["t_last"] = np.ones(len(rows["t"]), np.int64), rows["t"]
    return rows, names


def fold(bins: pa.Table) -> pa.Table:
    """Bins of several sets of rows as bins of all of them, sorted by (bin, cell, mmsi, source)."""
    rows, names = _open(bins, tuple(name for name in BINS.names if name != "source"))
    return _close(_folded(rows), names)


def cell_of(lat: NDArray[Any], lon: NDArray[Any]) -> NDArray[np.int64]:
    """The cell of places in 1/10000 minute; the north pole and 180° E belong to the last row and column."""
    row = np.clip((lat.astype(np.int64) + 90 * UNITS_PER_DEGREE) // CELL_UNITS, 0, CELL_ROWS - 1)
    column = np.clip((lon.astype(np.int64) + 180 * UNITS_PER_DEGREE) // CELL_UNITS, 0, CELL_COLUMNS - 1)
    cell: NDArray[np.int64] = row * CELL_COLUMNS + column
    return cell


def _folded(rows: _Columns) -> _Columns:
    """Neighbours alike in the key become one first: rows of one vessel in time order are few bins, cheap to sort."""
    rows = _reduced(rows)
    place = rows["bin"] * (CELL_ROWS * CELL_COLUMNS) + rows["cell"]
    order = np.lexsort((rows["mmsi"] << 24 | rows["source"], place))  # two keys sort twice as fast as four
    return _reduced({name: column[order] for name, column in rows.items()})


def _reduced(rows: _Columns) -> _Columns:
    """Each stretch of rows alike in (bin, cell, mmsi, source) as one row."""
    count = len(rows["t"])
    if not count:
        return rows
    new = np.zeros(count, np.bool_)
    new[0] = True
    for name in ("bin", "cell", "mmsi", "source"):
        new[1:] |= rows[name][1:] != rows[name][:-1]
    begin = np.flatnonzero(new)
    first = _firsts(rows, begin, new)
    kept = {name: column[first] for name, column in rows.items()}
    kept["n"] = np.add.reduceat(rows["n"], begin)
    kept["t_last"] = np.maximum.reduceat(rows["t_last"], begin)
    return kept


def _firsts(rows: _Columns, begin: NDArray[np.intp], new: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The index of the first fix of each stretch; of fixes of the same second, the one with the least values."""
    group = np.cumsum(new) - 1
    candidates = np.flatnonzero(rows["t"] == np.minimum.reduceat(rows["t"], begin)[group])
    if len(candidates) > len(begin):
        keys = [rows[name][candidates] for name in reversed(_VALUES)]
        candidates = candidates[np.lexsort((*keys, group[candidates]))]
        candidates = candidates[np.concatenate(([True], np.diff(group[candidates]) != 0))]
    return candidates


def _open(table: pa.Table, names: tuple[str, ...]) -> tuple[_Columns, list[str]]:
    """Columns as whole numbers, null as -1 - 2**40 (below every value), sources by their rank in the names."""
    rows = {name: _integers(table[name]) for name in names}
    source: Any = table["source"].unify_dictionaries().combine_chunks()
    given = [str(name) for name in source.dictionary.to_pylist()]
    sources = sorted(set(given))
    rank = np.array([sources.index(name) for name in given] or [0], np.int64)
    rows["source"] = rank[source.indices.to_numpy(zero_copy_only=False)]
    return rows, sources


_NULL: Final = -1 - 2**40


def _integers(column: Any) -> NDArray[np.int64]:
    if column.null_count:
        column = column.cast(pa.int64()).fill_null(_NULL)
    return np.asarray(column.to_numpy(), np.int64)


def _close(rows: _Columns, sources: list[str]) -> pa.Table:
    columns = list[Any]()
    for field in BINS:
        values = rows[field.name]
        if field.name == "source":
            columns.append(pa.DictionaryArray.from_arrays(pa.array(values, pa.int32()), pa.array(sources, pa.string())))
        else:
            missing = values == _NULL
            columns.append(pa.array(values, mask=missing if missing.any() else None).cast(field.type))
    return pa.table(columns, schema=BINS)
