"""From legs to what receivers heard, in windows of time: columns without the text form, 100 million rows if asked.

A slot is the time in which a network passes on one report of a vessel (or one reporting interval, if that is longer).
In it a vessel makes n attempts; the first that a station hears is passed on, so its number is drawn from the geometric
distribution. Every draw is a hash of seed, hull, slot and station: windows may be cut anywhere.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from prasan.exercise.radio import Bools, Pass, Radio, Spots, chance, distance_km, normal, silent, uniform
from prasan.exercise.track import Legs
from prasan.picture.position import AIS_CLASSES, POSITIONS, TIME_SOURCES, UNITS_PER_DEGREE
from prasan.picture.sphere import Floats, Ints

SLOTS: Final = 400_000
"""Slots made at once: some tens of megabytes."""

NOISE_DEG: Final = 4.0 / 111_195.0
"""Scatter of fixes: 4 m, in degrees."""

STATIC_S: Final = 360.0
STATIC_SLOT_S: Final = 1800.0
"""Static data go out every 6 minutes (M.1371-5 Annex 1, section 4.2.1); the network passes on one in half an hour."""


class Heard(msgspec.Struct, frozen=True):
    """Reports that a receiver heard, n each, by time: leg, seconds of the exercise, number of the receiver."""

    leg: Ints
    t: Ints
    receiver: Ints

    def __len__(self) -> int:
        return len(self.t)


class Slots(msgspec.Struct, frozen=True):
    """Slots of a window, n each: leg, start, attempts and seconds between them, and who is where at the start.

    `purpose` keeps the draws of positions and of static data apart.
    """

    leg: Ints
    start: Floats
    attempts: Floats
    every: Floats
    spots: Spots
    purpose: int


class Ether(msgspec.Struct, frozen=True):
    """Legs and receivers with what a window needs: which legs lie `near` which station, `heard` near any."""

    legs: Legs
    radio: Radio
    near: Bools
    heard: Bools
    phase: Floats

    @property
    def receivers(self) -> tuple[str, ...]:
        """Names by receiver number: the stations, then the satellites."""
        return (*self.radio.names, *(one.name for one in self.radio.passes))


def ether(legs: Legs, radio: Radio) -> Ether:
    """Find out which legs may be heard where."""
    middle = (legs.t1 - legs.t0) / 2
    half_km = legs.knots * 1.852 * middle / 3600
    lat, lon = legs.lat + legs.lat_s * middle, legs.lon + legs.lon_s * middle
    near = np.zeros((len(radio.names), len(legs)), np.bool_)
    for station in range(len(radio.names)):
        most = radio.reach[legs.hull, station] * radio.weather[station].max() * 1.6
        near[station] = (distance_km(radio, station, lat, lon) - half_km < most) & legs.on
    hulls = int(legs.hull.max()) + 1 if len(legs) else 0
    every = np.arange(hulls)
    return Ether(legs, radio, near, np.asarray(near.any(axis=0)), uniform(radio.seed, every, every, 1) * 180.0)


def windows(air: Ether, seconds: float, slots: int = SLOTS) -> Iterator[tuple[int, int]]:
    """Cut an exercise into whole hours with about so many slots each."""
    legs = air.legs
    total = float(((legs.t1 - legs.t0) / slot_s(air, legs.every)).sum())
    hours = max(1, int(slots / max(total / (seconds / 3600), 1.0)))
    for start in range(0, int(np.ceil(seconds)), hours * 3600):
        yield start, min(start + hours * 3600, int(np.ceil(seconds)))


def slot_s(air: Ether, every: Floats) -> Floats:
    """Seconds of a slot where reports come so often, n."""
    return np.maximum(every, float(air.radio.thin_s.min()))


def heard(air: Ether, start: int, end: int, static: bool = False) -> Heard:
    """What is heard in [start, end), by time and receiver."""
    slots = _slots(air, start, end, static)
    parts = [_by_station(air, slots, station) for station in range(len(air.radio.names))]
    parts += [_by_satellite(air, slots, number, one) for number, one in enumerate(air.radio.passes)]
    leg, t, receiver = (np.concatenate([part[column] for part in parts]) for column in range(3))
    inside = (t >= start) & (t < end) & (t < air.legs.t1[leg]) & (t >= air.legs.t0[leg])
    leg, t, receiver = leg[inside], t[inside], receiver[inside]
    order = np.argsort(((t - start) * len(air.phase) + air.legs.hull[leg]) * len(air.receivers) + receiver)
    return _thinned(air, Heard(leg[order], t[order], receiver[order]), static)


def _slots(air: Ether, start: int, end: int, static: bool) -> Slots:
    legs = air.legs
    above = any(a < end and b > start - STATIC_SLOT_S for one in air.radio.passes for a, b in one.windows)
    which = np.flatnonzero((legs.t0 < end) & (legs.t1 > start - STATIC_SLOT_S) & (legs.on if above else air.heard))
    every = np.full(len(which), STATIC_S) if static else legs.every[which]
    length = np.full(len(which), STATIC_SLOT_S) if static else slot_s(air, every)
    phase = air.phase[legs.hull[which]]
    low = np.ceil((np.maximum(legs.t0[which], start - length) - phase) / length)
    count = np.ceil((np.minimum(legs.t1[which], end) - phase) / length) - low
    count = np.maximum(count, 0).astype(np.int64)
    first = low - (np.cumsum(count) - count)
    of = np.repeat(np.arange(len(which)), count)
    leg = which[of]
    begin = (np.arange(len(of)) + first[of]) * length[of] + phase[of]
    gone = begin - legs.t0[leg]
    attempts = np.maximum(np.floor(length / every), 1.0)[of]
    lat, lon = legs.lat[leg] + legs.lat_s[leg] * gone, legs.lon[leg] + legs.lon_s[leg] * gone
    spots = Spots(legs.hull[leg], np.maximum(begin, 0.0).astype(np.int64), lat, lon)
    return Slots(leg, begin, attempts, every[of], spots, 128 if static else 0)


Columns = tuple[Ints, Ints, Ints]
"""Legs, seconds and receivers of what was heard."""


def _by_station(air: Ether, slots: Slots, station: int) -> Columns:
    rows = np.flatnonzero(air.near[station][slots.leg])
    here = Spots(*(getattr(slots.spots, name)[rows] for name in Spots.__struct_fields__))
    leg, t = _first(air, slots, rows, chance(air.radio, station, here), station)
    works = ~silent(air.radio, station, t)
    return leg[works], t[works], np.full(int(works.sum()), station)


def _by_satellite(air: Ether, slots: Slots, number: int, one: Pass) -> Columns:
    over = np.zeros(len(slots.leg), np.bool_)
    for a, b in one.windows:
        over |= (slots.start >= a) & (slots.start < b)
    rows = np.flatnonzero(over)
    odds = np.array(one.chance)[air.radio.class_b[slots.spots.hull[rows]].astype(np.int64)]
    receiver = len(air.radio.names) + number
    leg, t = _first(air, slots, rows, odds, receiver)
    return leg, t, np.full(len(t), receiver)


def _first(air: Ether, slots: Slots, rows: Ints, odds: Floats, receiver: int) -> tuple[Ints, Ints]:
    """The first of the attempts in each slot that is heard: leg and time; slots with none are left out."""
    key = (slots.start[rows] * 4).astype(np.int64)
    luck = uniform(air.radio.seed, slots.spots.hull[rows], key, slots.purpose + 8 + receiver)
    failed = np.floor(np.log(luck) / np.log1p(-np.minimum(odds, 0.999999)))
    got = np.flatnonzero(failed < slots.attempts[rows])
    rows, failed = rows[got], failed[got]
    return slots.leg[rows], (slots.start[rows] + failed * slots.every[rows]).astype(np.int64)


def _thinned(air: Ether, rows: Heard, static: bool) -> Heard:
    """Leave only the first report an hour where a station's link is thin."""
    if static:
        return rows
    keep = np.ones(len(rows), np.bool_)
    common = int(air.radio.thin_s.min()) * 3
    for station in np.flatnonzero(air.radio.thin_s > common).tolist():
        at = np.flatnonzero(rows.receiver == station)
        block = air.legs.hull[rows.leg[at]] * 1_000_000 + rows.t[at] // int(air.radio.thin_s[station])
        keep[at] = False
        keep[at[np.unique(block, return_index=True)[1]]] = True
    return Heard(rows.leg[keep], rows.t[keep], rows.receiver[keep])


def position_columns(air: Ether, rows: Heard) -> dict[str, npt.NDArray[Any]]:
    """What the reports say, on the scales of `POSITIONS`; `t` in seconds of the exercise."""
    legs, leg, seed = air.legs, rows.leg, air.radio.seed
    gone = rows.t - legs.t0[leg]
    hull = legs.hull[leg]
    class_b = air.radio.class_b[hull]
    swing = [normal(seed, hull, rows.t, purpose) for purpose in (2, 3, 4)]
    lat = legs.lat[leg] + legs.leap_lat[leg] + (legs.lat_s + legs.leap_lat_s)[leg] * gone + NOISE_DEG * swing[0]
    lon = legs.lon[leg] + legs.leap_lon[leg] + (legs.lon_s + legs.leap_lon_s)[leg] * gone + NOISE_DEG * swing[1]
    knots = np.maximum(legs.said_knots[leg] + 0.1 * swing[2], 0.0)
    said = legs.said_course[leg]
    course = np.where(legs.said_knots[leg] < 0.2, said + 60 * swing[1], said + swing[0])
    heading = np.rint(said + legs.crab[leg] + 2 * swing[2]) % 360
    return {
        "t": rows.t,
        "mmsi": legs.mmsi[leg],
        "lat": np.rint(lat * UNITS_PER_DEGREE).astype(np.int32),
        "lon": np.rint(lon * UNITS_PER_DEGREE).astype(np.int32),
        "sog": np.rint(knots * 10).astype(np.uint16),
        "cog": (np.rint(course * 10) % 3600).astype(np.uint16),
        "heading": np.where(class_b, 511, heading).astype(np.uint16),
        "nav_status": np.where(class_b, 15, legs.status[leg]).astype(np.uint8),
        "ais_class": class_b.astype(np.uint8) * AIS_CLASSES.index("B"),
        "receiver": rows.receiver,
    }


def batch(air: Ether, rows: Heard, epoch: int, source: str) -> pa.RecordBatch:
    """The reports as a batch of `POSITIONS`, by time; `epoch` is the start of the exercise in seconds since 1970."""
    columns = position_columns(air, rows)
    count, class_b = len(rows), columns["ais_class"] == AIS_CLASSES.index("B")
    columns |= {
        "t": rows.t + epoch,
        "time_source": np.full(count, TIME_SOURCES.index("tag"), np.uint8),
        "msg_type": np.where(class_b, 18, 1).astype(np.uint8),
        "flags": np.zeros(count, np.uint16),
    }
    nulls = {"heading": class_b, "nav_status": class_b}
    arrays: list[Any] = []
    for field in POSITIONS:
        if field.name in ("source", "station"):
            numbers = rows.receiver.astype(np.int32) if field.name == "station" else np.zeros(count, np.int32)
            names = air.receivers if field.name == "station" else (source,)
            arrays.append(pa.DictionaryArray.from_arrays(numbers, pa.array(names)))
        elif field.name in columns:
            arrays.append(pa.array(columns[field.name], field.type, mask=nulls.get(field.name)))
        else:
            arrays.append(pa.nulls(count, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=POSITIONS)
