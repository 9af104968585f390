"""Digitraffic Marine (Finland): locations as GeoJSON features or flat (MQTT), and vessel metadata.

`timestamp` of a location is only the second of the minute; its time is `timestampExternal` (ms), or `time` (s) in MQTT.
In metadata `timestamp` is the time (ms). Draught is in tenths of a metre, `eta` the 20 bits of message 5 as one number.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from prasan.formats.dialect_columns import Nested, Value, column, picked
from prasan.formats.dialect_tables import Columns, Dialect, marks
from prasan.formats.dialect_values import scaled


class _Point(msgspec.Struct, frozen=True):
    coordinates: tuple[float | None, ...] = ()


class _Line(msgspec.Struct, frozen=True, rename="camel"):
    """A feature, its `properties`, a flat location, or metadata under its old and new names."""

    mmsi: Value = None
    properties: "_Line | None" = None
    geometry: _Point | None = None
    time: Value = None
    timestamp: Value = None
    timestamp_external: Value = None
    lat: Value = None
    lon: Value = None
    sog: Value = None
    cog: Value = None
    heading: Value = None
    nav_stat: Value = None
    name: Value = None
    call_sign: Value = None
    imo: Value = None
    ship_type: Value = None
    type: Value = None
    draught: Value = None
    eta: Value = None
    destination: Value = None
    reference_point_a: Value = None
    reference_point_b: Value = None
    reference_point_c: Value = None
    reference_point_d: Value = None
    ref_a: Value = None
    ref_b: Value = None
    ref_c: Value = None
    ref_d: Value = None


_FIELDS: Final = {
    "sog": "sog", "cog": "cog", "heading": "heading", "nav_status": "nav_stat", "name": "name",
    "callsign": "call_sign", "imo": "imo", "eta": "eta", "destination": "destination",
}  # fmt: skip
_DIMS: Final = (("to_bow", "a"), ("to_stern", "b"), ("to_port", "c"), ("to_starboard", "d"))


def _columns(lines: Sequence[_Line]) -> Columns:
    inner = [line.properties or line for line in lines]
    places = [_place(line, said) for line, said in zip(lines, inner, strict=True)]
    outer, deeper = picked(lines, "mmsi"), picked(inner, "mmsi")
    mmsi = [one if one is not None else other for one, other in zip(outer, deeper, strict=True)]
    return {
        **{ours: column(picked(inner, theirs)) for ours, theirs in _FIELDS.items()},
        **{ours: column(picked(inner, f"reference_point_{letter}", f"ref_{letter}")) for ours, letter in _DIMS},
        "mmsi": column(mmsi),
        "t": column([_time(said) for said in inner]),
        "lon": column([lon for lon, _ in places]),
        "lat": column([lat for _, lat in places]),
        "ship_type": column(picked(inner, "ship_type", "type")),
        "draught": scaled(column(picked(inner, "draught")), 0.1),
        "foreign": np.array([one is None for one in mmsi], bool),
    }


def _place(line: _Line, said: _Line) -> tuple[Value, Value]:
    if line.geometry is None:
        return said.lon, said.lat
    at = line.geometry.coordinates
    return (at[0], at[1]) if len(at) >= 2 else (None, None)


def _time(said: _Line) -> Value:
    located = said.timestamp_external is not None or said.time is not None or said.nav_stat is not None
    if not located:
        return said.timestamp
    return said.time if said.timestamp_external is None else said.timestamp_external


DIGITRAFFIC: Final = Nested(
    Dialect(
        "digitraffic_json",
        marks("geometry properties", "mmsi navstat posacc", "mmsi referencepointa", "mmsi refa"),
        required=("mmsi",),
    ),
    _Line,
    _columns,
)
