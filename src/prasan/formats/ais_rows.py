"""Tables -> the rows that outside programs rely on: JSON lines, CSV, Arrow and Parquet, one shape for all.

A row is a position or a static report (`row`). Times are ISO 8601 in UTC, places decimal degrees, speeds knots; what is
not available is null in JSON and empty in CSV. `flags` is a list of names in JSON, the same names with blanks between
in CSV. Arrow and Parquet keep the types: `t` is a timestamp and `flags` a list.
"""

import io
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from prasan.picture.position import AIS_CLASSES, TIME_SOURCES, UNITS_PER_DEGREE, Flag

FLAG_NAMES: Final = tuple((int(flag), str(flag.name).lower()) for flag in Flag)
_TEXT: Final[Any] = pa.string()

POSITION_ROWS: Final = pa.schema(
    [
        ("row", _TEXT), ("t", pa.timestamp("ms", "UTC")), ("time_source", _TEXT), ("lag_s", pa.float32()),
        ("mmsi", pa.uint32()), ("lat", pa.float64()), ("lon", pa.float64()), ("sog_kn", pa.float64()),
        ("cog_deg", pa.float64()), ("heading_deg", pa.uint16()), ("nav_status", pa.uint8()), ("msg_type", pa.uint8()),
        ("ais_class", _TEXT), ("source", _TEXT), ("station", _TEXT), ("flags", pa.list_(_TEXT)),
    ]
)  # fmt: skip
STATIC_ROWS: Final = pa.schema(
    [
        ("row", _TEXT), ("t", pa.timestamp("ms", "UTC")), ("time_source", _TEXT), ("mmsi", pa.uint32()),
        ("imo", pa.uint32()), ("name", _TEXT), ("callsign", _TEXT), ("ship_type", pa.uint8()),
        ("to_bow", pa.uint16()), ("to_stern", pa.uint16()), ("to_port", pa.uint8()), ("to_starboard", pa.uint8()),
        ("draught_m", pa.float64()), ("destination", _TEXT), ("eta", _TEXT), ("source", _TEXT),
        ("flags", pa.list_(_TEXT)),
    ]
)  # fmt: skip
ROWS: Final = pa.unify_schemas([POSITION_ROWS, STATIC_ROWS])
"""Both shapes in one table: what a CSV, Arrow or Parquet file of decoded rows holds."""


def position_rows(table: pa.RecordBatch, source: str | None = None) -> pa.Table:
    """`POSITIONS` -> rows. `source` replaces the one in the table (the file's name as it was given)."""
    rows = table.num_rows
    columns: dict[str, Any] = {
        "row": _same("position", rows),
        "t": _instant(table["t"], table["sub_ms"]),
        "time_source": _named(table["time_source"], TIME_SOURCES),
        "lat": _degrees(table["lat"]),
        "lon": _degrees(table["lon"]),
        "sog_kn": _tenths(table["sog"]),
        "cog_deg": _tenths(table["cog"]),
        "heading_deg": table["heading"],
        "ais_class": _named(table["ais_class"], AIS_CLASSES),
        "source": table["source"].cast(_TEXT) if source is None else _same(source, rows),
        "station": table["station"].cast(_TEXT),
        "flags": _flags(table["flags"]),
    }
    return _rows(POSITION_ROWS, columns, table)


def static_rows(table: pa.RecordBatch, source: str | None = None) -> pa.Table:
    """`STATICS` -> rows."""
    rows = table.num_rows
    columns: dict[str, Any] = {
        "row": _same("static", rows),
        "t": _instant(table["t"], None),
        "time_source": _named(table["time_source"], TIME_SOURCES),
        "draught_m": _tenths(table["draught"]),
        "source": table["source"].cast(_TEXT) if source is None else _same(source, rows),
        "flags": _flags(table["flags"]),
    }
    return _rows(STATIC_ROWS, columns, table)


def jsonl(rows: pa.Table) -> bytes:
    """Rows -> one JSON object a line."""
    texts = rows.set_column(rows.schema.get_field_index("t"), "t", _iso(rows["t"]))
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in texts.to_pylist())


def csv_header() -> bytes:
    """The header line of `csv_lines`."""
    return (",".join(ROWS.names) + "\n").encode()


def csv_lines(rows: pa.Table) -> bytes:
    """Rows -> CSV lines with the columns `ROWS`, without header."""
    table = in_one(rows)
    at = table.schema.get_field_index
    table = table.set_column(at("t"), "t", _iso(table["t"]))
    names: Any = pc.binary_join(table["flags"], " ")
    table = table.set_column(at("flags"), "flags", names)
    out = io.BytesIO()
    arrow_csv.write_csv(table, out, arrow_csv.WriteOptions(include_header=False, quoting_style="needed"))
    return out.getvalue()


def in_one(rows: pa.Table) -> pa.Table:
    """Rows of either shape -> the columns `ROWS`, null where a shape has none."""
    columns = [
        rows[field.name] if field.name in rows.column_names else pa.nulls(rows.num_rows, field.type) for field in ROWS
    ]
    return pa.Table.from_arrays(columns, schema=ROWS)


def all_rows(batches: Iterable[Any], source: str | None = None) -> list[pa.Table]:
    """Decoded batches -> tables of position and static rows, the empty ones left out."""
    tables = []
    for batch in batches:
        tables += [position_rows(batch.positions, source), static_rows(batch.statics, source)]
    return [table for table in tables if table.num_rows]


def _rows(schema: pa.Schema, columns: dict[str, Any], table: pa.RecordBatch) -> pa.Table:
    arrays = [columns[field.name] if field.name in columns else table[field.name] for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _same(text: str, rows: int) -> Any:
    return pa.repeat(pa.scalar(text, _TEXT), rows)


def _instant(t: Any, sub_ms: Any) -> Any:
    ms = pc.multiply(t, 1000)
    if sub_ms is not None:
        ms = pc.add(ms, pc.fill_null(sub_ms, 0).cast(pa.int64()))
    return ms.cast(pa.timestamp("ms", "UTC"))


def _iso(stamps: Any) -> Any:
    """`2012-01-27T11:47:02Z`, with `.123` only where there are milliseconds; years over 9999 have five digits."""
    text = pc.strftime(stamps, "%Y-%m-%dT%H:%M:%SZ")
    return pc.replace_substring_regex(text, r"\.000Z$", "Z")


def _degrees(units: Any) -> Any:
    return pc.round(pc.divide(units.cast(pa.float64()), float(UNITS_PER_DEGREE)), 7)


def _tenths(value: Any) -> Any:
    return pc.divide(value.cast(pa.float64()), 10.0)


def _named(codes: Any, names: tuple[str, ...]) -> Any:
    return pa.array(names, _TEXT).take(codes)


def _flags(flags: Any) -> Any:
    """Bits -> lists of names; the few distinct values are named once."""
    bits = flags.to_numpy(zero_copy_only=False)
    distinct, index = np.unique(bits, return_inverse=True)
    lists = [[name for bit, name in FLAG_NAMES if value & bit] for value in distinct.tolist()]
    return pa.array(lists, pa.list_(_TEXT)).take(index)
