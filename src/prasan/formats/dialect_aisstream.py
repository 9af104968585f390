"""aisstream.io: one JSON object a message, `{MessageType, MetaData, Message: {<MessageType>: {...}}}`.

Fields have the Go names of those of M.1371; values are in knots, degrees and metres, "not available" as on the air.
`Timestamp` is only the second of the minute: the time of a message is `MetaData.time_utc`, in Go's way of writing it.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from prasan.formats.dialect_columns import Nested, Value, column, picked, text
from prasan.formats.dialect_tables import Columns, Dialect, marks
from prasan.formats.dialect_values import zone_words


class _Size(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    a: Value = None
    b: Value = None
    c: Value = None
    d: Value = None


class _Eta(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    month: int = 0
    day: int = 0
    hour: int = 24
    minute: int = 60


class _ReportA(msgspec.Struct, frozen=True, rename="pascal"):
    valid: bool = False
    name: Value = None


class _ReportB(msgspec.Struct, frozen=True, rename="pascal"):
    valid: bool = False
    call_sign: Value = None
    ship_type: Value = None
    dimension: _Size | None = None


class _Body(msgspec.Struct, frozen=True, rename="pascal"):
    """Any message; message 24 has its two parts in `report_a` and `report_b`."""

    message_id: Value = msgspec.field(default=None, name="MessageID")
    user_id: Value = msgspec.field(default=None, name="UserID")
    valid: bool = True
    navigational_status: Value = None
    sog: Value = None
    longitude: Value = None
    latitude: Value = None
    cog: Value = None
    true_heading: Value = None
    imo_number: Value = None
    call_sign: Value = None
    name: Value = None
    name_extension: Value = None
    type: Value = None
    dimension: _Size | None = None
    eta: _Eta | None = None
    maximum_static_draught: Value = None
    destination: Value = None
    report_a: _ReportA = _ReportA()
    report_b: _ReportB = _ReportB()


class _Meta(msgspec.Struct, frozen=True):
    mmsi: Value = msgspec.field(default=None, name="MMSI")
    time_utc: Value = None


class _Line(msgspec.Struct, frozen=True, rename="pascal"):
    message_type: str | None = None
    meta_data: _Meta = _Meta()
    message: dict[str, _Body] = {}


_NOTHING: Final = _Body()
_SIZELESS: Final = _Size()
_FIELDS: Final = {
    "msg_type": "message_id", "nav_status": "navigational_status", "sog": "sog", "lon": "longitude",
    "lat": "latitude", "cog": "cog", "heading": "true_heading", "imo": "imo_number",
    "draught": "maximum_static_draught", "destination": "destination",
}  # fmt: skip
_DIMS: Final = (("to_bow", "a"), ("to_stern", "b"), ("to_port", "c"), ("to_starboard", "d"))


def _columns(lines: Sequence[_Line]) -> Columns:
    bodies = [line.message.get(line.message_type or "", _NOTHING) for line in lines]
    parts = [body.report_b if body.report_b.valid else None for body in bodies]
    heads, both = list(zip(lines, bodies, strict=True)), list(zip(parts, bodies, strict=True))
    sizes = [(part.dimension if part else body.dimension) or _SIZELESS for part, body in both]
    return {
        **{ours: column(picked(bodies, theirs)) for ours, theirs in _FIELDS.items()},
        **{ours: column(picked(sizes, theirs)) for ours, theirs in _DIMS},
        "mmsi": column([_mmsi(line, body) for line, body in heads]),
        "t": zone_words(pa.array([text(line.meta_data.time_utc) for line in lines], pa.string())),
        "name": column([_name(body) for body in bodies]),
        "callsign": column([part.call_sign if part else body.call_sign for part, body in both]),
        "ship_type": column([part.ship_type if part else _ship_type(body) for part, body in both]),
        "eta": pa.array([_arrival(body.eta) for body in bodies], pa.string()),
        "foreign": np.array([body is _NOTHING for body in bodies], bool),
    }


def _mmsi(line: _Line, body: _Body) -> Value:
    """None, which makes a bad row, where their decoder could not read the message: its values are not to be trusted."""
    if not body.valid:
        return None
    return line.meta_data.mmsi if body.user_id is None else body.user_id


def _name(body: _Body) -> Value:
    if body.report_a.valid:
        return body.report_a.name
    return f"{body.name}{body.name_extension}" if body.name and body.name_extension else body.name


def _ship_type(body: _Body) -> Value:
    """Message 21 has the kind of aid under the same name."""
    return None if body.message_id == 21 else body.type


def _arrival(eta: _Eta | None) -> str | None:
    return None if eta is None else f"{eta.month:02d}-{eta.day:02d}T{eta.hour:02d}:{eta.minute:02d}"


AISSTREAM: Final = Nested(
    Dialect("aisstream_json", marks("messagetype metadata message"), by_type=True), _Line, _columns
)
