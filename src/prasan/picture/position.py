"""Positions and static reports as columns, in the words and on the scales of ITU-R M.1371-5.

Latitude and longitude are integers in 1/10000 minute, speed and course in tenths, as on the air, so a decoded
position is exact to the bit. A value that the sentence calls "not available" (91, 181, 102.3, 360, 511) is null.
"""

from enum import IntFlag
from typing import Any, Final

import pyarrow as pa

UNITS_PER_DEGREE: Final = 600_000
"""1/10000 minute per degree (M.1371-5, Annex 8, Table 48: longitude and latitude in 1/10 000 min)."""

TIME_SOURCES: Final = ("message", "tag", "suffix", "receiver")
"""Where `t` came from: the record itself, an NMEA 4 tag block, a suffix after the checksum, or our own clock."""

AIS_CLASSES: Final = ("A", "B", "base", "aton", "sar", "other")


class Flag(IntFlag):
    """What looks wrong with a row that is kept all the same."""

    MMSI_ZERO = 1
    NULL_ISLAND = 2
    FUTURE_TIME = 4
    EPOCH_TIME = 8
    BAD_MMSI = 16
    BUDDHIST_ERA = 32
    NO_TIME = 64
    CLOCK_OFF = 128


_POSITIONS: "Final[list[pa.Field[Any]]]" = [
    pa.field("t", pa.int64(), nullable=False),  # UTC, whole seconds since 1970
    pa.field("sub_ms", pa.int16()),  # 0..999 where the feed gives it
    pa.field("time_source", pa.uint8(), nullable=False),  # index in TIME_SOURCES
    pa.field("lag_s", pa.float32()),  # received minus t
    pa.field("mmsi", pa.uint32(), nullable=False),
    pa.field("lat", pa.int32()),  # 1/10000 minute
    pa.field("lon", pa.int32()),  # 1/10000 minute
    pa.field("sog", pa.uint16()),  # 1/10 knot
    pa.field("cog", pa.uint16()),  # 1/10 degree
    pa.field("heading", pa.uint16()),  # degrees
    pa.field("nav_status", pa.uint8()),  # M.1371-5 Table 45
    pa.field("msg_type", pa.uint8()),  # 1..27; null where the feed does not say
    pa.field("ais_class", pa.uint8()),  # index in AIS_CLASSES
    pa.field("source", pa.dictionary(pa.int32(), pa.string()), nullable=False),
    pa.field("station", pa.dictionary(pa.int32(), pa.string())),
    pa.field("flags", pa.uint16(), nullable=False),  # Flag bits
]

POSITIONS: Final = pa.schema(_POSITIONS)
"""The position table: one row a transmission."""

_STATICS: "Final[list[pa.Field[Any]]]" = [
    pa.field("t", pa.int64(), nullable=False),
    pa.field("time_source", pa.uint8(), nullable=False),
    pa.field("mmsi", pa.uint32(), nullable=False),
    pa.field("imo", pa.uint32()),
    pa.field("name", pa.string()),
    pa.field("callsign", pa.string()),
    pa.field("ship_type", pa.uint8()),
    pa.field("to_bow", pa.uint16()),
    pa.field("to_stern", pa.uint16()),
    pa.field("to_port", pa.uint8()),
    pa.field("to_starboard", pa.uint8()),
    pa.field("draught", pa.uint8()),  # 1/10 metre
    pa.field("destination", pa.string()),
    pa.field("eta", pa.string()),  # "MM-DDTHH:MM" as on the air, which carries no year
    pa.field("source", pa.dictionary(pa.int32(), pa.string()), nullable=False),
    pa.field("flags", pa.uint16(), nullable=False),
]

STATICS: Final = pa.schema(_STATICS)
"""The static table: one row a static or voyage report."""


def degrees(units: int | float) -> float:
    """1/10000 minute -> decimal degrees."""
    return units / UNITS_PER_DEGREE


def units(degrees_value: float) -> int:
    """Decimal degrees -> 1/10000 minute, to the nearest."""
    return round(degrees_value * UNITS_PER_DEGREE)
