"""Signal K deltas: `{context, updates: [{timestamp, values: [{path, value}, ...]}]}`, in m/s and radians.

One record for each update. A context without an MMSI (a vessel known by another id, or `vessels.self`) is not of AIS.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from prasan.formats.dialect_columns import Nested, Value, column
from prasan.formats.dialect_tables import Columns, Dialect, marks
from prasan.formats.dialect_values import scaled

_KNOTS: Final = 3600 / 1852
_DEGREES: Final = 180 / math.pi
_MOST: Final = 1e300
_MMSI: Final = "urn:mrn:imo:mmsi:"


class _Said(msgspec.Struct, frozen=True):
    path: str = ""
    value: Any = None


class _Update(msgspec.Struct, frozen=True):
    timestamp: Value = None
    values: list[_Said] = []


class _Line(msgspec.Struct, frozen=True):
    context: str | None = None
    updates: list[_Update] = []


_PATHS: Final[dict[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "navigation.position": (("lat", ("latitude",)), ("lon", ("longitude",))),
    "navigation.speedOverGround": (("sog", ()),),
    "navigation.courseOverGroundTrue": (("cog", ()),),
    "navigation.headingTrue": (("heading", ()),),
    "navigation.state": (("nav_status", ()),),
    "navigation.destination.commonName": (("destination", ()),),
    "navigation.destination.eta": (("eta", ()),),
    "name": (("name", ()),),
    "communication.callsignVhf": (("callsign", ()),),
    "registrations.imo": (("imo", ()),),
    "": (("name", ("name",)), ("callsign", ("communication", "callsignVhf")), ("imo", ("registrations", "imo"))),
    "design.aisShipType": (("ship_type", ("id",)),),
    "design.length": (("length", ("overall",)),),
    "design.beam": (("width", ()),),
    "design.draft": (("draught", ("maximum",)), ("draught", ("current",))),
    "sensors.ais.class": (("ais_class", ()),),
}
"""Path -> our names, each with the keys that lead to it inside the value. Of two, the later one that is there."""


def _columns(lines: Sequence[_Line]) -> Columns:
    rows: list[dict[str, Value]] = []
    at: list[int] = []
    for number, line in enumerate(lines):
        _, found, mmsi = (line.context or "").rpartition(_MMSI)
        for update in line.updates:
            rows.append({"mmsi": mmsi if found else None, "t": update.timestamp, **_spoken(update)})
            at.append(number)
    columns: Columns = {
        name: column([row.get(name) for row in rows]) for name in {name for row in rows for name in row}
    }
    for name, factor, steps in (("sog", _KNOTS, 0), ("cog", _DEGREES, 3600), ("heading", _DEGREES, 360)):
        if name in columns:
            columns[name] = _around(scaled(columns[name], factor), steps)
    columns["foreign"] = np.array([row["mmsi"] is None for row in rows], bool)
    columns["line"] = np.array(at, np.int64)
    return columns


def _around(values: Any, steps: int) -> Any:
    """Angles to the step of our table, a full circle as zero: 6.2831 rad is north, not "not available"."""
    if not steps:
        return values
    fine, per = np.isfinite(values), steps / 360
    return np.where(fine, np.round(np.where(fine, values, 0) * per) % steps / per, values)


def _spoken(update: _Update) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for said in update.values:
        for ours, keys in _PATHS.get(said.path, ()):
            value = said.value
            for key in keys:
                value = value.get(key) if isinstance(value, dict) else None
            if isinstance(value, str):
                found[ours] = value
            elif isinstance(value, int | float) and not isinstance(value, bool):
                found[ours] = float(value) if abs(value) < _MOST else math.inf
    return found


SIGNAL_K: Final = Nested(Dialect("signalk_json", marks("context updates"), required=("mmsi", "t")), _Line, _columns)
