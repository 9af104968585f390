"""Payloads -> columns of positions and statics (ITU-R M.1371-5 Annex 8), by type, without a loop over messages."""

from typing import Any, Final

import msgspec
import numpy as np
import pyarrow.compute as pc

from prasan.formats.ais_batch import CODE
from prasan.formats.ais_columns import blank_column, in_world, missing
from prasan.formats.nmea_bits import Words, letters, payload_rows, signed, unsigned, words_of
from prasan.formats.nmea_fields import (
    KNOWN_TYPES,
    MIN_BITS,
    NAME_EXTENSION_21,
    PART_B_BITS,
    PLACES,
    STATICS_5,
    STATICS_19,
    STATICS_21,
    STATICS_24A,
    STATICS_24B,
    UTC,
    PlaceLayout,
    StaticLayout,
)
from prasan.formats.nmea_text import Bytes, Ints, Mask, text_column
from prasan.formats.nmea_times import UNKNOWN, civil_ms
from prasan.picture.position import POSITIONS, STATICS, UNITS_PER_DEGREE

HEAD: Final = 32
"""Characters that hold every field of the short messages (192 bits)."""
LONG: Final = 72
"""Characters that hold every field of the long ones (432 bits)."""

_COARSE: Final = 1000  # 1/10 minute in 1/10000 minute
_NO_LAT, _NO_LON = 91 * UNITS_PER_DEGREE, 181 * UNITS_PER_DEGREE
_STATIC_LAYOUTS: Final = (STATICS_5, STATICS_19, STATICS_21, STATICS_24A, STATICS_24B)
_STATIC_GROUP: Final = np.zeros(64, np.int64)
_STATIC_GROUP[[5, 19, 21, 24]] = 1, 2, 3, 4
_NUMBERS: Final = ("imo", "ship_type", "draught")
_DIMS: Final = (("to_bow", 0, 9), ("to_stern", 9, 9), ("to_port", 18, 6), ("to_starboard", 24, 6))
_TEXTS: Final = {"name": 34, "callsign": 7, "destination": 20, "eta": 11}
_TABLES: Final = {kinds: np.isin(np.arange(64), kinds) for kinds in PLACES}
_FEWEST: Final = np.zeros(64, np.int64)
_FEWEST[list(MIN_BITS)] = list(MIN_BITS.values())


class Messages(msgspec.Struct, frozen=True):
    """Payloads of whole messages in the order they were completed: spans of a buffer of six-bit values."""

    six: Bytes
    at: Ints
    size: Ints
    bits: Ints


class Opened(msgspec.Struct, frozen=True):
    """Messages with their first fields read. `outcome` says which make rows."""

    messages: Messages
    rows: Bytes
    words: Words
    kind: Ints
    mmsi: Ints
    outcome: "np.ndarray[tuple[int], np.dtype[np.uint8]]"


def open_messages(messages: Messages) -> Opened:
    """Read type and MMSI and judge: bad_payload, truncated, unknown_type, other_type."""
    rows, bad = payload_rows(messages.six, messages.at, messages.size, HEAD)
    words = words_of(rows)
    kind, mmsi = unsigned(words, 0, 6), unsigned(words, 8, 30)
    need = _FEWEST[kind]
    need = np.where((kind == 24) & (unsigned(words, 38, 2) == 1), PART_B_BITS, need)
    outcome = np.zeros(len(kind), np.uint8)
    outcome[need == 0] = CODE["other_type"]
    outcome[(kind < KNOWN_TYPES.start) | (kind >= KNOWN_TYPES.stop)] = CODE["unknown_type"]
    outcome[messages.bits < np.maximum(need, 38)] = CODE["truncated"]
    outcome[(kind == 24) & (unsigned(words, 38, 2) > 1) & (outcome == 0)] = CODE["other_type"]
    outcome[bad] = CODE["bad_payload"]
    return Opened(messages, rows, words, kind, mmsi, outcome)


def station_clock(opened: Opened) -> Ints:
    """Base stations' own UTC (messages 4 and 11) in ms, UNKNOWN for all other messages and impossible dates."""
    ms = np.full(len(opened.kind), UNKNOWN)
    whole = (opened.messages.bits >= MIN_BITS[4]) & (opened.outcome != CODE["bad_payload"])
    index = np.flatnonzero(((opened.kind == 4) | (opened.kind == 11)) & whole)
    words = [column[index] for column in opened.words]
    ms[index] = civil_ms([*(unsigned(words, *field) for field in UTC), np.zeros(len(index), np.int64)])
    return ms


def place_columns(opened: Opened) -> tuple[Ints, dict[str, Any]]:
    """Messages with a position -> (their index, columns). A place off the globe sets `outcome` to bad_position."""
    rows = len(opened.kind)
    names = ("lat", "lon", "sog", "cog", "heading", "nav_status", "ais_class")
    columns = {name: blank_column(POSITIONS, name, rows) for name in names}
    has_place, good = np.zeros(rows, bool), opened.outcome == 0
    for kinds, layout in PLACES.items():
        index = np.flatnonzero(_TABLES[kinds][opened.kind] & good)
        if len(index):
            _place(opened, index, layout, columns)
            has_place[index] = True
    index = np.flatnonzero(has_place & (opened.outcome == 0))
    return index, {name: column[index] for name, column in columns.items()}


def static_columns(opened: Opened) -> tuple[Ints, dict[str, Any]]:
    """Messages with static data -> (their index, columns). A bad character behind the head sets `outcome`."""
    group = _STATIC_GROUP[opened.kind] + ((opened.kind == 24) & (unsigned(opened.words, 38, 2) == 1))
    group[opened.outcome != 0] = 0
    index = np.flatnonzero(group)
    rows, bad = _long_rows(opened, index)
    opened.outcome[index[bad]] = CODE["bad_payload"]
    index, rows = index[~bad], rows[~bad]
    values = {name: blank_column(STATICS, name, len(index)) for name in (*_NUMBERS, *(spot[0] for spot in _DIMS))}
    texts = {name: np.full((len(index), width), 32, np.uint8) for name, width in _TEXTS.items()}
    for number, layout in enumerate(_STATIC_LAYOUTS, 1):
        at = np.flatnonzero(group[index] == number)
        if len(at):
            _static(opened, index[at], rows[at], layout, (at, values, texts))
    columns = {name: pc.ascii_ltrim_whitespace(text_column(text)) for name, text in texts.items()}
    return index, {**values, **columns}


def _long_rows(opened: Opened, index: Ints) -> tuple[Bytes, Mask]:
    m = opened.messages
    return payload_rows(m.six, m.at[index], m.size[index], LONG)


def _place(opened: Opened, index: Ints, layout: PlaceLayout, columns: dict[str, Any]) -> None:
    if sum(layout.lat) <= HEAD * 6:
        words = [column[index] for column in opened.words]
    else:
        words = words_of(_long_rows(opened, index)[0])
    lat, lon = signed(words, *layout.lat), signed(words, *layout.lon)
    if layout.coarse:
        lat, lon = lat * _COARSE, lon * _COARSE
    absent = (lat == _NO_LAT) | (lon == _NO_LON)
    opened.outcome[index[~absent & ~in_world(lat, lon)]] = CODE["bad_position"]
    columns["lat"][index] = np.where(absent, missing(np.int32), lat)
    columns["lon"][index] = np.where(absent, missing(np.int32), lon)
    ten = 10 if layout.whole_knots else 1
    if layout.sog:
        _fill(columns["sog"], index, unsigned(words, *layout.sog), (1 << layout.sog[1]) - 2, ten)
    if layout.cog:
        tenfold = 10 if layout.coarse else 1
        _fill(columns["cog"], index, unsigned(words, *layout.cog), 3600 // tenfold - 1, tenfold)
    if layout.heading:
        _fill(columns["heading"], index, unsigned(words, *layout.heading), 359, 1)
    if layout.status:
        columns["nav_status"][index] = unsigned(words, *layout.status)
    if layout.ais_class is not None:
        columns["ais_class"][index] = layout.ais_class


def _fill(column: Any, index: Ints, value: Ints, most: int, scale: int) -> None:
    column[index] = np.where(value <= most, value * scale, missing(column.dtype))


def _static(opened: Opened, index: Ints, rows: Bytes, layout: StaticLayout, into: tuple[Ints, Any, Any]) -> None:
    """Fill the columns at the places `into[0]` from messages of one layout."""
    at, values, texts = into
    words = words_of(rows)
    for name in _NUMBERS:
        field = getattr(layout, name)
        if field:
            value = unsigned(words, *field)
            values[name][at] = np.where(value == 0, missing(values[name].dtype), value)
    for name in ("name", "callsign", "destination"):
        field = getattr(layout, name)
        if field:
            texts[name][at, : field[1]] = letters(rows, *field)
    if layout is STATICS_21:
        texts["name"][at, 20:] = _more_name(opened.messages.bits[index], rows, texts["name"][at, 19] != 32)
    if layout.dims is not None:
        craft = (opened.mmsi[index] // 10_000_000 == 98) & (layout is STATICS_24B)
        _dims(words, layout.dims, craft, at, values)
    if layout.eta is not None:
        texts["eta"][at] = _eta(words, layout.eta)


def _more_name(bits: Ints, rows: Bytes, full: Mask) -> Bytes:
    """The rest of an aid's name, if the first 20 letters are all used and the message has bits for it."""
    start, most = NAME_EXTENSION_21
    more = letters(rows, start, most)
    more[(np.arange(most) >= ((bits - start) // 6)[:, None]) | ~full[:, None]] = 32
    return more


def _dims(words: Words, start: int, craft: Mask, at: Ints, values: dict[str, Any]) -> None:
    """Metres from the antenna. All zero is "not available"; a craft of a mother ship has her MMSI there instead."""
    found = {name: unsigned(words, start + offset, width) for name, offset, width in _DIMS}
    absent = (np.bitwise_or.reduce(list(found.values())) == 0) | craft
    for name, value in found.items():
        values[name][at] = np.where(absent, missing(values[name].dtype), value)


def _eta(words: Words, start: int) -> Bytes:
    """`MM-DDTHH:MM`; blank where any part is "not available" or impossible."""
    spots = ((0, 4), (4, 5), (9, 5), (14, 6))
    month, day, hour, minute = (unsigned(words, start + offset, width) for offset, width in spots)
    ok = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (hour < 24) & (minute < 60)
    text = np.tile(np.frombuffer(b"00-00T00:00", np.uint8), (len(month), 1))
    for column, value in ((0, month), (3, day), (6, hour), (9, minute)):
        text[:, column] += (value // 10).astype(np.uint8)
        text[:, column + 1] += (value % 10).astype(np.uint8)
    text[~ok] = 32
    return text
