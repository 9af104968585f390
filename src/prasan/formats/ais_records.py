"""Records of table-like dialects (CSV, JSON lines) -> positions and statics, on one set of rules.

Not-available values of the air (91, 181, 102.3, 360, 511) are null here as everywhere. Missing speed or course stays
null. A record gives a position row, a static row, or both; a static row is given when it says something else than the
last one of that MMSI, because such tables repeat name and size on every line.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa

from prasan.formats.ais_batch import CODE, Batch, Options, count_outcomes
from prasan.formats.ais_columns import blank_column, in_world, missing, positions_table, statics_table
from prasan.formats.ais_values import Floats, Mask, Millis
from prasan.picture.position import AIS_CLASSES, POSITIONS, STATICS, TIME_SOURCES, UNITS_PER_DEGREE

TEXTS: Final = ("name", "callsign", "destination", "eta")
NUMBERS: Final = (
    "sog", "cog", "heading", "nav_status", "msg_type", "imo", "ship_type", "draught", "length", "width",
    "to_bow", "to_stern", "to_port", "to_starboard",
)  # fmt: skip
MEMORY: Final = 1_000_000
"""MMSIs whose last static row is remembered; beyond that all are forgotten, and statics are given once more."""

_RANGES: Final = {
    "sog": (10, 0, 10_220),
    "cog": (10, 0, 3599),
    "heading": (1, 0, 359),
    "nav_status": (1, 0, 15),
    "msg_type": (1, 1, 27),
    "imo": (1, 1, 9_999_999),
    "ship_type": (1, 1, 255),
    "draught": (10, 1, 255),
    "to_bow": (1, 0, 511),
    "to_stern": (1, 0, 1022),
    "to_port": (1, 0, 63),
    "to_starboard": (1, 0, 126),
}
"""Scale to the units of the table, least and greatest value; outside is null."""
_SPEED_NOT_AVAILABLE: Final = 1023
_MESSAGE: Final = TIME_SOURCES.index("message")


Said: TypeAlias = Mapping[int, tuple[Any, ...]]
"""What each MMSI said last of itself."""


class Records(msgspec.Struct, frozen=True):
    """Parsed records. `outcome`: 0, or why the record is dropped; places in degrees, NaN where missing.

    `strict_place`: a record without a place and without static data is a bad position, not a transmission without one.
    """

    outcome: "np.ndarray[Any, np.dtype[np.uint8]]"
    mmsi: Floats
    ms: Millis
    lat: Floats
    lon: Floats
    numbers: Mapping[str, Floats]
    texts: Mapping[str, Any]
    ais_class: Any = None
    station: Any = None
    strict_place: bool = False


def judge_place(records: Records) -> tuple[Any, Any]:
    """Places in 1/10000 minute, missing where not available; one off the globe sets `outcome` to bad_position."""
    lat: Any = np.round(records.lat * UNITS_PER_DEGREE)
    lon: Any = np.round(records.lon * UNITS_PER_DEGREE)
    absent = np.isnan(lat) | np.isnan(lon) | (lat == 91 * UNITS_PER_DEGREE) | (lon == 181 * UNITS_PER_DEGREE)
    outside = ~absent & ~in_world(lat, lon)
    records.outcome[outside & (records.outcome == 0)] = CODE["bad_position"]
    blank = missing(np.int32)
    gone = absent | outside
    lat, lon = (np.where(gone, blank, np.where(gone, 0, v)).astype(np.int32) for v in (lat, lon))
    return lat, lon


def batch_of(records: Records, said: Said, options: Options) -> tuple[Batch, Said]:
    """Records -> (rows and account, what each MMSI said last of itself)."""
    lat, lon = judge_place(records)
    placed = lat != missing(np.int32)
    statics = _static_columns(records)
    told = _any_known(statics)
    if records.strict_place:
        nothing = np.isnan(records.lat) | np.isnan(records.lon)
        records.outcome[nothing & ~told & (records.outcome == 0)] = CODE["bad_position"]
        placed |= ~nothing
    else:
        placed |= ~told
    good = records.outcome == 0
    positions = _positions(records, np.flatnonzero(good & placed), (lat, lon), options)
    index = np.flatnonzero(good & told)
    fresh, said = _news(records.mmsi[index].astype(np.int64), statics, index, said)
    table = statics_table({**_picked(statics, fresh), **_heads(records, fresh)}, len(fresh), options)
    return Batch(positions, table, count_outcomes(records.outcome)), said


def _heads(records: Records, index: Any) -> dict[str, Any]:
    return {
        "t": records.ms[index] // 1000,
        "time_source": np.full(len(index), _MESSAGE),
        "mmsi": records.mmsi[index].astype(np.uint32),
    }


def _positions(records: Records, index: Any, place: tuple[Any, Any], options: Options) -> pa.RecordBatch:
    columns: dict[str, Any] = {"lat": place[0][index], "lon": place[1][index], **_heads(records, index)}
    sub = records.ms[index] % 1000
    columns["sub_ms"] = np.where(sub > 0, sub, missing(np.int16))
    for name in ("sog", "cog", "heading", "nav_status", "msg_type"):
        if name in records.numbers:
            columns[name] = _scaled(name, records.numbers[name][index], POSITIONS)
    if records.ais_class is not None:
        columns["ais_class"] = _classes(records.ais_class.take(pa.array(index)))
    if records.station is not None:
        columns["station"] = records.station.take(pa.array(index)).dictionary_encode()
    return positions_table(columns, len(index), options)


def _scaled(name: str, values: Floats, schema: pa.Schema) -> Any:
    scale, least, most = _RANGES[name]
    column = blank_column(schema, name, len(values))
    whole = np.round(values * scale)
    ok = (whole >= least) & (whole <= most)
    if name == "sog":
        ok &= whole != _SPEED_NOT_AVAILABLE
    column[ok] = whole[ok]
    return column


def _classes(column: Any) -> Any:
    codes = {name.lower(): code for code, name in enumerate(AIS_CLASSES)}
    coded = column.dictionary_encode()
    table = [codes.get((text or "").strip().lower()) for text in coded.dictionary.to_pylist()]
    return pa.array(table, pa.uint8()).take(coded.indices)


def _static_columns(records: Records) -> dict[str, Any]:
    columns: dict[str, Any] = dict(records.texts)
    values = dict(records.numbers)
    length, width = values.get("length"), values.get("width")
    if "to_bow" not in values and length is not None:
        # Size known, antenna not: to_bow and to_port are 0 (M.1371-5, Annex 8, Figure 41 of the reference point).
        values["to_bow"], values["to_stern"] = np.where(length > 0, 0, np.nan), np.where(length > 0, length, np.nan)
    if "to_port" not in values and width is not None:
        values["to_port"], values["to_starboard"] = np.where(width > 0, 0, np.nan), np.where(width > 0, width, np.nan)
    for name, column in values.items():
        if name in STATICS.names:
            columns[name] = _scaled(name, column, STATICS)
    return columns


def _any_known(columns: Mapping[str, Any]) -> Mask:
    known: Any = False
    for column in columns.values():
        if isinstance(column, np.ndarray):
            known = known | (column != missing(column.dtype))
        else:
            known = known | column.is_valid().to_numpy(zero_copy_only=False)
    return np.asarray(known, bool)


def _picked(columns: Mapping[str, Any], index: Any) -> dict[str, Any]:
    rows = pa.array(index)
    return {name: c[index] if isinstance(c, np.ndarray) else c.take(rows) for name, c in columns.items()}


def _news(mmsi: Any, columns: Mapping[str, Any], index: Any, said: Said) -> tuple[Any, Said]:
    """Of the static records `index`, those that say something new of their MMSI, in order; and what was said last."""
    if not len(index):
        return index, said
    order = np.argsort(mmsi, kind="stable")
    ship, rows = mmsi[order], index[order]
    first = np.append(True, ship[1:] != ship[:-1])
    changed = first.copy()
    for column in columns.values():
        codes = _codes(column)[rows]
        changed[1:] |= codes[1:] != codes[:-1]
    heads = np.flatnonzero(first)
    tails = np.append(heads[1:], len(ship)) - 1
    ships = ship[heads].tolist()
    begun = _contents(columns, rows[heads])
    changed[heads] = [said.get(m) != c for m, c in zip(ships, begun, strict=True)]
    latest = dict(zip(ships, _contents(columns, rows[tails]), strict=True))
    return np.sort(rows[changed]), {**said, **latest} if len(said) < MEMORY else latest


def _codes(column: Any) -> Any:
    """A number for each row, equal where the content is."""
    if isinstance(column, np.ndarray):
        return column
    return column.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)


def _contents(columns: Mapping[str, Any], rows: Any) -> list[tuple[Any, ...]]:
    """What each of the rows says, as a tuple."""
    taken = _picked(columns, rows)
    return list(zip(*(c.tolist() if isinstance(c, np.ndarray) else c.to_pylist() for c in taken.values()), strict=True))
