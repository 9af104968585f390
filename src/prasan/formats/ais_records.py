"""Records of table-like dialects (CSV, JSON lines) -> positions and statics, on one set of rules.

Not-available values of the air (91, 181, 102.3, 360, 511) are null here as everywhere. Missing speed or course stays
null. A record gives a position row, a static row, or both. Where a record is one message, its number says which; in
other tables a static row is given when it says something else than the last one of that MMSI, because they repeat name
and size on every line.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from prasan.formats.ais_batch import CODE, Batch, Options, count_outcomes
from prasan.formats.ais_columns import blank_column, in_world, missing, positions_table, statics_table
from prasan.formats.ais_names import plain
from prasan.formats.ais_news import Said, news
from prasan.formats.ais_values import NO_TIME_MS, Floats, Mask, Millis
from prasan.formats.dialect_values import AIS_CLASS
from prasan.formats.nmea_fields import KNOWN_TYPES
from prasan.picture.position import AIS_CLASSES, POSITIONS, STATICS, TIME_SOURCES, UNITS_PER_DEGREE, Flag

TEXTS: Final = ("name", "callsign", "destination", "eta")
NUMBERS: Final = (
    "sog", "cog", "heading", "nav_status", "msg_type", "imo", "ship_type", "draught", "length", "width",
    "to_bow", "to_stern", "to_port", "to_starboard",
)  # fmt: skip
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
_DIMS: Final = ("to_bow", "to_stern", "to_port", "to_starboard")
_COARSE_SPEED: Final = 63
"""Message 27: whole knots, 63 is "not available"."""
_PLACE_TYPES: Final = np.isin(np.arange(64), (1, 2, 3, 4, 9, 18, 19, 21, 27))
_STATIC_TYPES: Final = np.isin(np.arange(64), (5, 19, 21, 24))
_CLASS_OF_TYPE: Final = {1: "A", 2: "A", 3: "A", 18: "B", 19: "B", 4: "base", 9: "sar", 21: "aton"}
"""27 does not say."""


class Records(msgspec.Struct, frozen=True):
    """Parsed records. `outcome`: 0, or why the record is dropped; places in degrees, NaN where missing.

    `strict_place`: a record without a place and without static data is a bad position, not a transmission without one.
    `by_type`: a record is one message. `time_source`: one a record, where it is not the record itself.
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
    by_type: bool = False
    time_source: Any = None


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
    if records.by_type and "msg_type" in records.numbers:
        placed, told = _by_message(records, placed, told)
    elif records.strict_place:
        nothing = np.isnan(records.lat) | np.isnan(records.lon)
        records.outcome[nothing & ~told & (records.outcome == 0)] = CODE["bad_position"]
        placed |= ~nothing
    else:
        placed |= ~told
    good = records.outcome == 0
    positions = _positions(records, np.flatnonzero(good & placed), (lat, lon), options)
    index = np.flatnonzero(good & told)
    fresh = index
    if not records.by_type:
        fresh, said = news(records.mmsi[index].astype(np.int64), statics, index, said)
    table = statics_table({**_picked(statics, fresh), **_heads(records, fresh)}, len(fresh), options)
    return Batch(positions, table, count_outcomes(records.outcome)), said


def _by_message(records: Records, placed: Mask, told: Mask) -> tuple[Mask, Mask]:
    """What each message may hold, by its number; one that makes no row sets `outcome`. Without a number: anything."""
    number = records.numbers["msg_type"]
    unsaid = np.isnan(number)
    known = (number >= KNOWN_TYPES.start) & (number < KNOWN_TYPES.stop) & (number == np.floor(number))
    kind = np.where(known, number, 0).astype(np.int64)
    place, static = _PLACE_TYPES[kind], _STATIC_TYPES[kind]
    fine = records.outcome == 0
    records.outcome[fine & known & ~place & ~static] = CODE["other_type"]
    records.outcome[fine & ~known & ~unsaid] = CODE["unknown_type"]
    return place | (unsaid & (placed | ~told)), static | (unsaid & told)


def _heads(records: Records, index: Any) -> dict[str, Any]:
    ms = records.ms[index]
    timeless = ms == NO_TIME_MS
    source = np.full(len(index), _MESSAGE) if records.time_source is None else records.time_source[index]
    return {
        "t": np.where(timeless, 0, ms) // 1000,
        "time_source": source,
        "mmsi": records.mmsi[index].astype(np.uint32),
        "flags": np.where(timeless, np.uint16(Flag.NO_TIME), np.uint16(0)),
    }


def _positions(records: Records, index: Any, place: tuple[Any, Any], options: Options) -> pa.RecordBatch:
    columns: dict[str, Any] = {"lat": place[0][index], "lon": place[1][index], **_heads(records, index)}
    sub = np.where(columns["flags"], 0, records.ms[index] % 1000)
    columns["sub_ms"] = np.where(sub > 0, sub, missing(np.int16))
    if options.default_t is not None:
        spoken = columns["time_source"] == _MESSAGE
        columns["lag_s"] = np.where(spoken, options.default_t - records.ms[index] / 1000, np.nan).astype(np.float32)
    for name in ("sog", "cog", "heading", "nav_status", "msg_type"):
        if name in records.numbers:
            columns[name] = _scaled(name, records.numbers[name][index], POSITIONS)
    if records.by_type and "msg_type" in records.numbers:
        _message_only(columns, records.numbers["msg_type"][index])
    if records.ais_class is not None:
        columns["ais_class"] = _classes(records.ais_class.take(pa.array(index)))
    if records.station is not None:
        columns["station"] = records.station.take(pa.array(index)).dictionary_encode()
    return positions_table(columns, len(index), options)


def _message_only(columns: dict[str, Any], kind: Floats) -> None:
    """The class that a message's number tells, and no speed where message 27 has none."""
    columns["ais_class"] = blank_column(POSITIONS, "ais_class", len(kind))
    for number, name in _CLASS_OF_TYPE.items():
        columns["ais_class"][kind == number] = AIS_CLASSES.index(name)
    if "sog" in columns:
        columns["sog"][(kind == 27) & (columns["sog"] >= _COARSE_SPEED * 10)] = missing(columns["sog"].dtype)


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
    coded = column.dictionary_encode()
    table = [AIS_CLASS.get(plain(text or "")) for text in coded.dictionary.to_pylist()]
    return pa.array(table, pa.uint8()).take(coded.indices)


def _static_columns(records: Records) -> dict[str, Any]:
    columns: dict[str, Any] = dict(records.texts)
    values = {**records.numbers, **_dimensions(records.numbers)}
    for name, column in values.items():
        if name in STATICS.names:
            columns[name] = _scaled(name, column, STATICS)
    return columns


def _dimensions(values: Mapping[str, Floats]) -> dict[str, Floats]:
    """Metres from the antenna; all zero is "not available".

    Size known, antenna not: to_bow and to_port are 0 (M.1371-5, Annex 8, Figure 41 of the reference point).
    """
    found = {name: values[name] for name in _DIMS if name in values}
    if found:
        nothing = np.logical_and.reduce([~(column > 0) for column in found.values()])
        found = {name: np.where(nothing, np.nan, column) for name, column in found.items()}
    for size, fore, aft in (("length", "to_bow", "to_stern"), ("width", "to_port", "to_starboard")):
        if size in values:
            whole, blank = values[size], np.full(len(values[size]), np.nan)
            near, far = found.get(fore, blank), found.get(aft, blank)
            use = np.isnan(near) & np.isnan(far) & (whole > 0)
            found[fore], found[aft] = np.where(use, 0, near), np.where(use, whole, far)
    return found


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
