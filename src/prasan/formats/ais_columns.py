"""NumPy columns -> the position and static tables of `picture.position`, with flags. Used by every AIS dialect.

A missing value is a sentinel in the NumPy column (`MISSING`, by dtype) and null in the table.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from prasan.formats.ais_batch import Batch, Counts, Options
from prasan.picture.position import POSITIONS, STATICS, UNITS_PER_DEGREE, Flag

Array: TypeAlias = npt.NDArray[Any]

LAT_MAX: Final = 90 * UNITS_PER_DEGREE
LON_MAX: Final = 180 * UNITS_PER_DEGREE
FUTURE_SLACK_S: Final = 300
EPOCH_YEAR_S: Final = 366 * 86_400
NULL_ISLAND_UNITS: Final = UNITS_PER_DEGREE // 1000
"""About 110 m: receivers without a fix report 0/0, sometimes rounded on the way."""
BUDDHIST_S: Final = (13_569_465_600, 23_036_572_800)
"""2400-01-01 and 2700-01-01: a year of the Thai calendar taken for a common one."""

_NUMPY: Final = {
    pa.int64(): np.int64,
    pa.int32(): np.int32,
    pa.int16(): np.int16,
    pa.uint32(): np.uint32,
    pa.uint16(): np.uint16,
    pa.uint8(): np.uint16,  # one size up: 255 is a value (draught 25.5 m and more)
    pa.float32(): np.float32,
}


def _missing(kind: "np.dtype[Any]") -> Any:
    if kind.kind == "f":
        return kind.type(np.nan)
    info = np.iinfo(kind)
    return kind.type(info.min if kind.kind == "i" else info.max)


_MISSING: Final = {np.dtype(kind): _missing(np.dtype(kind)) for kind in _NUMPY.values()}


def missing(dtype: Any) -> Any:
    """The value that means "not available" in a column of this dtype."""
    return _MISSING[np.dtype(dtype)]


def blank_column(schema: pa.Schema, name: str, rows: int) -> Array:
    """A numeric column of the schema in which everything is missing."""
    dtype = _NUMPY[schema.field(name).type]
    return np.full(rows, missing(dtype), dtype)


def positions_table(columns: Mapping[str, Any], rows: int, options: Options) -> pa.RecordBatch:
    """Columns (NumPy with sentinels, or Arrow) -> position rows; absent ones are null, `flags` is added to."""
    flags = _flags(columns, rows, options) | _place_flags(columns, rows)
    return _table(POSITIONS, {**columns, "flags": flags}, rows, options.source)


def statics_table(columns: Mapping[str, Any], rows: int, options: Options) -> pa.RecordBatch:
    """Columns -> static rows; absent ones are null, `flags` is added to."""
    return _table(STATICS, {**columns, "flags": _flags(columns, rows, options)}, rows, options.source)


def empty_batch(counts: Counts | None = None) -> Batch:
    """No rows."""
    none = Options()
    columns = {"t": np.zeros(0, np.int64), "mmsi": np.zeros(0, np.uint32), "time_source": np.zeros(0, np.uint8)}
    return Batch(positions_table(columns, 0, none), statics_table(columns, 0, none), counts or Counts())


def in_world(lat: Array, lon: Array) -> Array:
    """True where latitude and longitude (1/10000 minute) are on the globe."""
    return (np.abs(lat) <= LAT_MAX) & (np.abs(lon) <= LON_MAX)


def mmsi_ok(mmsi: Array) -> Array:
    """True where the number has one of the forms of ITU-R M.585-9: nine digits with a MID of 201 to 775 in its place.

    Ship MIDxxxxxx, coast 00MIDxxxx, group 0MIDxxxxx, SAR aircraft 111MIDxxx, handheld 8MIDxxxxx, craft 98MIDxxxx,
    aid to navigation 99MIDxxxx, and 970, 972, 974 (SART, man overboard, EPIRB).
    """
    m = mmsi.astype(np.int64)
    lead = m // 1_000_000
    ok: Array = _is_mid(lead) & (m <= 999_999_999)
    other = np.flatnonzero(~ok)  # nearly all are ships: the rarer forms are looked for in what is left
    if len(other):
        ok[other] = _is_rarer(m[other], lead[other])
    return ok


def _is_rarer(m: Array, lead: Array) -> Array:
    forms = (
        _is_mid(m // 10_000) & (m < 10_000_000),
        _is_mid(m // 100_000) & (m < 100_000_000),
        (lead == 111) & _is_mid(m // 1000 % 1000),
        (m // 100_000_000 == 8) & _is_mid(m // 100_000 % 1000),
        (m // 10_000_000 >= 98) & _is_mid(m // 10_000 % 1000),
        (lead == 970) | (lead == 972) | (lead == 974),
    )
    ok: Array = np.logical_or.reduce(forms) & (m <= 999_999_999)
    return ok


def _is_mid(number: Array) -> Array:
    return (number >= 201) & (number <= 775)


def _flags(columns: Mapping[str, Any], rows: int, options: Options) -> Array:
    mmsi, t = columns["mmsi"], columns["t"]
    flags = columns["flags"].astype(np.uint16) if "flags" in columns else np.zeros(rows, np.uint16)
    timed = (flags & Flag.NO_TIME) == 0
    flags |= np.where(mmsi == 0, Flag.MMSI_ZERO, np.where(mmsi_ok(mmsi), 0, Flag.BAD_MMSI)).astype(np.uint16)
    flags |= _bit(timed & (t < EPOCH_YEAR_S), Flag.EPOCH_TIME)
    # A year of the Thai calendar is never converted in silence; whatever the clock says, it lies in the future, so the
    # row goes where rows without a usable time go.
    flags |= _bit((t >= BUDDHIST_S[0]) & (t < BUDDHIST_S[1]), Flag.BUDDHIST_ERA | Flag.FUTURE_TIME)
    if options.now is not None:
        flags |= _bit(timed & (t > options.now + FUTURE_SLACK_S), Flag.FUTURE_TIME)
    return flags


def _place_flags(columns: Mapping[str, Any], rows: int) -> Array:
    if "lat" not in columns:
        return np.zeros(rows, np.uint16)
    near = (np.abs(columns["lat"]) < NULL_ISLAND_UNITS) & (np.abs(columns["lon"]) < NULL_ISLAND_UNITS)
    return _bit(near, Flag.NULL_ISLAND)


def _bit(where: Array, flag: Flag) -> Array:
    return where.astype(np.uint16) * np.uint16(flag)


def _table(schema: pa.Schema, columns: Mapping[str, Any], rows: int, source: str) -> pa.RecordBatch:
    arrays = [_column(field, columns.get(field.name), rows, source) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(field: "pa.Field[Any]", values: Any, rows: int, source: str) -> Any:
    if field.name == "source" and values is None:
        return pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array([source], pa.string()))
    if values is None:
        return pa.nulls(rows, field.type)
    if not isinstance(values, np.ndarray):
        return values
    work, final = _NUMPY[field.type], field.type.to_pandas_dtype()
    if not field.nullable:
        return pa.array(values.astype(final, copy=False))
    cast = values.astype(work, copy=False)
    absent = np.isnan(cast) if cast.dtype.kind == "f" else cast == missing(work)
    if not absent.any():
        return pa.array(cast.astype(final, copy=False))
    data: Any = np.ascontiguousarray(cast, final)
    valid: Any = np.packbits(~absent, bitorder="little")  # by hand, which is several times as fast as `mask=`
    return pa.Array.from_buffers(field.type, rows, [pa.py_buffer(valid), pa.py_buffer(data)])
