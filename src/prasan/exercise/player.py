"""From a script to AIS rows: what receivers on the shore would have heard. Deterministic from the script's seed.

Reporting intervals are those of M.1371-5, Annex 1, Tables 1 and 2, lengthened to the script's `interval_s`. Every row
comes from one source, whose marking must say `exercise`; the caller names it.
"""

from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from prasan.exercise.scenario import Scenario, Vessel
from prasan.picture.position import AIS_CLASSES, POSITIONS, STATICS, TIME_SOURCES, UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, KNOT_MS, Floats, bearing_deg, distance_m, lat_lon, vectors

STATIC_S: Final = 360
"""Static and voyage data go out every 6 minutes (M.1371-5, Annex 1, section 4.2.1)."""

STILL_KN: Final = 3.0
"""Class A at anchor or moored and below 3 kn reports every 3 minutes (M.1371-5, Annex 1, Table 1)."""

STILL_S: Final = 180

AT_REST: Final = frozenset({1, 5})
"""Navigational status at anchor, moored (M.1371-5 Table 45)."""

CLASS_B_STILL_KN: Final = 2.0
"""Class B below 2 kn reports every 3 minutes (M.1371-5, Annex 1, Table 2)."""

CLASS_B_S: Final = 30
CLASS_A_S: Final = 10

STATION: Final = "EXERCISE"


class Exercise(msgspec.Struct, frozen=True):
    """The rows that a script makes, as `POSITIONS` and `STATICS`, each in order of time."""

    positions: pa.Table
    statics: pa.Table


def play(scenario: Scenario, source: str) -> Exercise:
    """All reports of all vessels of the script, under the name of one source."""
    start = int(scenario.start.timestamp())
    random = np.random.Generator(np.random.PCG64(scenario.seed))
    reports = [_reports(vessel, scenario, start, random) for vessel in scenario.vessels()]
    columns = {name: np.concatenate([one[name] for one in reports]) for name in reports[0]}
    order = np.lexsort((columns["mmsi"], columns["t"]))
    positions = position_table({name: column[order] for name, column in columns.items()}, source, STATION)
    return Exercise(positions, _statics(scenario, start, source, random))


def position_table(columns: dict[str, Any], source: str, station: str | None = None) -> pa.Table:
    """Columns of `POSITIONS` by name, equally long -> a table. Needs `t` and `mmsi`; units are those of the schema.

    What is not given is null, or 0 where the schema does not allow null.
    """
    return _table(POSITIONS, columns, {"source": source, "station": station})


def static_table(columns: dict[str, Any], source: str) -> pa.Table:
    """The same for `STATICS`."""
    return _table(STATICS, columns, {"source": source})


def _table(schema: pa.Schema, columns: dict[str, Any], same: dict[str, str | None]) -> pa.Table:
    rows = len(columns["t"])
    arrays: list[Any] = []
    for field in schema:
        if field.name in columns:
            arrays.append(pa.array(columns[field.name], field.type))
        elif (name := same.get(field.name)) is not None:
            arrays.append(pa.array([name] * rows, pa.string()).dictionary_encode())
        else:
            arrays.append(pa.nulls(rows, field.type) if field.nullable else pa.array(np.zeros(rows), field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


Reports = dict[str, npt.NDArray[Any]]


def _reports(
    vessel: Vessel, scenario: Scenario, start: int, random: np.random.Generator
) -> dict[str, npt.NDArray[Any]]:
    t = _times(vessel, scenario, random)
    point, speed, course = _motion(vessel, t)
    scatter = random.normal(0.0, scenario.noise_m / EARTH_M, point.shape)
    lat, lon = lat_lon(point + scatter)
    class_a = vessel.ais_class == "A"
    sog = np.maximum(speed + random.normal(0.0, 0.1, len(t)), 0.0)
    cog = np.where(speed > 0.2, course + random.normal(0.0, 1.0, len(t)), random.uniform(0, 360, len(t)))
    return {
        "t": start + t,
        "time_source": np.full(len(t), TIME_SOURCES.index("message"), np.uint8),
        "mmsi": np.full(len(t), vessel.mmsi, np.uint32),
        "lat": np.rint(lat * UNITS_PER_DEGREE).astype(np.int32),
        "lon": np.rint(lon * UNITS_PER_DEGREE).astype(np.int32),
        "sog": np.rint(sog * 10).astype(np.uint16),
        "cog": (np.rint(cog * 10) % 3600).astype(np.uint16),
        "heading": (np.rint(course) % 360).astype(np.uint16),
        "nav_status": np.full(len(t), vessel.nav_status if class_a else 15, np.uint8),
        "msg_type": np.full(len(t), 1 if class_a else 18, np.uint8),
        "ais_class": np.full(len(t), AIS_CLASSES.index(vessel.ais_class), np.uint8),
    }


def _times(vessel: Vessel, scenario: Scenario, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Seconds since the start at which the vessel transmits; a slow vessel leaves out reports."""
    interval = vessel.interval_s or scenario.interval_s
    t = np.arange(int(random.integers(0, interval)), int(scenario.hours * 3600), interval)
    t = t[~_off(vessel, t)]
    _, speed, _ = _motion(vessel, t)
    if vessel.ais_class == "A":
        still = (speed < STILL_KN) & (vessel.nav_status in AT_REST)
        wanted = np.where(still, STILL_S, CLASS_A_S)
    else:
        wanted = np.where(speed < CLASS_B_STILL_KN, STILL_S, CLASS_B_S)
    every = np.maximum(wanted // interval, 1)
    return np.asarray(t[(t // interval) % every == 0])


def _off(vessel: Vessel, t: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    off = np.zeros(len(t), np.bool_)
    for silence in vessel.silent:
        off |= (t >= silence.from_h * 3600) & (t < silence.to_h * 3600)
    return off


def _motion(vessel: Vessel, t: npt.NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Unit vectors, knots and course at seconds since the start; before and after its track a vessel lies still."""
    track = np.array(vessel.track, np.float64)
    hours, lat, lon = track[:, 0], track[:, 1], track[:, 2]
    point = vectors(lat, lon)
    leg = np.clip(np.searchsorted(hours, t / 3600, "right") - 1, 0, len(hours) - 2)
    share = np.clip((t / 3600 - hours[leg]) / (hours[leg + 1] - hours[leg]), 0.0, 1.0)
    line = point[leg] + share[:, None] * (point[leg + 1] - point[leg])
    way = distance_m(lat[:-1], lon[:-1], lat[1:], lon[1:]) / np.diff(hours * 3600) / KNOT_MS
    speed = np.where((share > 0) & (share < 1), way[leg], 0.0)
    return line / np.linalg.norm(line, axis=1)[:, None], speed, bearing_deg(lat[:-1], lon[:-1], lat[1:], lon[1:])[leg]


def _statics(scenario: Scenario, start: int, source: str, random: np.random.Generator) -> pa.Table:
    rows: list[dict[str, Any]] = []
    for vessel in scenario.vessels():
        t = np.arange(int(random.integers(0, STATIC_S)), int(scenario.hours * 3600), STATIC_S)
        rows += [_static(vessel, start + second) for second in t[~_off(vessel, t)].tolist()]
    rows.sort(key=lambda row: (row["t"], row["mmsi"]))
    return static_table({name: [row[name] for row in rows] for name in rows[0]}, source)


def _static(vessel: Vessel, t: int) -> dict[str, Any]:
    class_a = vessel.ais_class == "A"
    return {
        "t": t,
        "time_source": TIME_SOURCES.index("message"),
        "mmsi": vessel.mmsi,
        "name": vessel.name,
        "callsign": vessel.callsign,
        "ship_type": vessel.ship_type,
        "to_bow": vessel.length_m // 2,
        "to_stern": vessel.length_m - vessel.length_m // 2,
        "to_port": vessel.beam_m // 2,
        "to_starboard": vessel.beam_m - vessel.beam_m // 2,
        "draught": round(vessel.draught_m * 10) if class_a else None,
        "destination": vessel.destination or None if class_a else None,
    }
