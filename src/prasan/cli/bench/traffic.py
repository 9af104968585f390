"""Generated traffic for measuring. It is not real, and every line made with it says so.

One day of vessels around the ports and anchorages of 0 to 15° N, 95 to 110° E, each on a loop that ends where it began,
so that any number of days can follow each other. Of a hundred vessels

    30  are moored or at anchor all day within 2 km of a port, every 3 minutes (the others: every 90 s, ±10 s)
    15  make a port call: out at sea, into a port for about five hours, out again
    10  fish: 2 to 4 knots, never the same course for long
     6  meet in pairs at sea: alongside for three hours, below 1 knot
    39  are under way at 8 to 18 knots with a change of course now and then

and of all of them, whatever they do,

     3  are silent for 5 to 14 hours; on the next day it is three others
     1  is one of two ships under one number, or has a fix in 200 that is up to a degree off
    20  are of class B: no status, no heading for half of them

Ships know no land: some legs cross it. That leaves the kernels' first looks as they are.
"""

from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa

from prasan.feeds.reference import reference_world
from prasan.picture.position import POSITIONS, STATICS, UNITS_PER_DEGREE

SOURCE: Final = "generated"
SAID: Final = "rows are generated, as traffic.py says: stops, port calls, meetings, gaps, 1 % shared or noisy numbers"
DAY_S: Final = 86_400
FIRST_DAY: Final = 20_000
"""Days since 1970: in October 2024."""
STEPS: Final = 960
A_VESSEL: Final = 790
"""Rows of one vessel in a day, about."""
SPREAD: Final = (0.0, 15.0, 95.0, 110.0)
AT_ONCE: Final = 1_000
MOORED, CALLS, FISHES, MEETS = 30, 45, 55, 61
"""A vessel's number modulo 100 says what it does: below which of these."""
_M_DEG: Final = 111_195.0
_KN: Final = 0.514444
_EMPTY: Final = ("sub_ms", "lag_s", "station")


@lru_cache(1)
def rows(count: int) -> pa.Table:
    """About `count` rows of `POSITIONS` of one day, sorted by (mmsi, t)."""
    return day(max(2, -(-count // A_VESSEL)), 0)


def day(vessels: int, number: int) -> pa.Table:
    """The rows of so many vessels on one day, sorted by (mmsi, t)."""
    return some(0, vessels, vessels, number)


def some(first: int, last: int, vessels: int, number: int) -> pa.Table:
    """The rows of the vessels from `first` up to `last` of them. `first` is a multiple of AT_ONCE."""
    numbers = _numbers(vessels)
    cuts = [*range(first, last, AT_ONCE), last]
    table = pa.concat_tables([_block(np.arange(a, b), numbers, number) for a, b in pairwise(cuts)])
    key = (table["mmsi"].to_numpy().astype(np.int64) << 32) | table["t"].to_numpy()
    if (key[1:] < key[:-1]).any():  # where a shared number was cut in two
        table = table.take(np.argsort(key, kind="stable"))
    return table.unify_dictionaries().combine_chunks()


def statics(positions: pa.Table) -> pa.Table:
    """One static report a vessel, at its first fix."""
    mmsi, first = np.unique(positions["mmsi"].to_numpy(), return_index=True)
    known: dict[str, Any] = {
        "t": positions["t"].to_numpy()[first],
        "time_source": np.zeros(len(mmsi), np.uint8),
        "mmsi": mmsi,
        "name": [f"VESSEL {one}" for one in mmsi.tolist()],
        "callsign": [f"C{one % 1_000_000}" for one in mmsi.tolist()],
        "ship_type": np.where(mmsi % 3, 70, 30).astype(np.uint8),
        "source": pa.array([SOURCE] * len(mmsi)).dictionary_encode(),
        "flags": np.zeros(len(mmsi), np.uint16),
    }
    columns = [pa.array(known[f.name], f.type) if f.name in known and f.name != "source" else known.get(f.name)
               for f in STATICS]  # fmt: skip
    whole = [pa.nulls(len(mmsi), f.type) if c is None else c for f, c in zip(STATICS, columns, strict=True)]
    return pa.table(whole, schema=STATICS)


def _numbers(vessels: int) -> np.ndarray:
    """Ascending MMSIs with real MIDs; of each two hundred vessels one has the number of the one before."""
    mids = np.array(sorted(reference_world().flags), np.int64)
    each = -(-vessels // len(mids))
    numbers = (mids[:, None] * 1_000_000 + 1_000 + np.arange(each)).ravel()[:vessels]
    shared = np.arange(vessels) % 200 == 162
    numbers[shared] = numbers[np.flatnonzero(shared) - 1]
    return numbers


def _block(index: np.ndarray, numbers: np.ndarray, number: int) -> pa.Table:
    """The vessels of some indexes on one day. They do the same every day, but for who is silent."""
    random = np.random.default_rng((7, int(index[0])))
    role = index % 100
    t = np.arange(STEPS) * (DAY_S // STEPS) + random.integers(0, 20, (len(index), STEPS))
    speed, course = _motion(random, role)
    lat, lon = _placed(random, index, role, speed, course)
    noisy = (index % 200 == 62)[:, None] & (random.random(t.shape) < 0.005)
    lat = np.where(noisy, lat + random.uniform(-1, 1, t.shape), lat)
    kept = (role[:, None] >= MOORED) | (np.arange(STEPS) % 2 == 0)
    silent = (index + 37 * number) % 100 < 3
    begin = random.integers(3 * 3600, 9 * 3600, len(index))
    long = random.integers(5 * 3600, 14 * 3600, len(index))
    kept &= ~(silent[:, None] & (t > begin[:, None]) & (t < (begin + long)[:, None]))
    t = t + (FIRST_DAY + number) * DAY_S
    mmsi = np.broadcast_to(numbers[index][:, None], t.shape)
    class_b = np.broadcast_to((index % 5 == 4)[:, None], t.shape)
    columns = {"t": t, "mmsi": mmsi, "lat": lat, "lon": lon, "speed": speed, "course": course, "class_b": class_b}
    flat = {name: column[kept] for name, column in columns.items()}
    order = np.argsort((flat["mmsi"] << 32) | flat["t"], kind="stable")
    return _table({name: column[order] for name, column in flat.items()})


def _motion(random: np.random.Generator, role: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Speed in knots and course in degrees, vessels x steps. The second half of the day leads back the first's way."""
    half = STEPS // 2
    shape = (len(role), half)
    turn = random.random(shape) < np.where(role < CALLS, 0.0, np.where(role < FISHES, 0.08, 0.006))[:, None]
    course = random.uniform(0, 360, (len(role), 1)) + np.cumsum(turn * random.uniform(-60, 60, shape), axis=1)
    speed = np.broadcast_to(random.uniform(8, 18, (len(role), 1)), shape).copy()
    speed[(role >= CALLS) & (role < FISHES)] /= 5
    step = np.arange(half)
    call = (role >= MOORED) & (role < CALLS)
    speed[call[:, None] & (step >= half - 100)] = 0.0  # 100 steps and as many on the way back: five hours
    meet = (role >= FISHES) & (role < MEETS)
    speed[meet[:, None] & (step >= half - 60)] = 0.3
    speed[role < MOORED] = 0.0
    return np.concatenate((speed, speed[:, ::-1]), axis=1), np.concatenate(
        (course, course[:, ::-1] + 180), axis=1
    ) % 360


def _placed(
    random: np.random.Generator, index: np.ndarray, role: np.ndarray, speed: np.ndarray, course: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude in degrees, vessels x steps, with 8 m of noise."""
    ports = _ports()
    port = ports[(index * 2_654_435_761 >> 8) % len(ports)]
    metres = speed * _KN * (DAY_S / STEPS)
    north = np.cumsum(metres * np.cos(np.radians(course)), axis=1)
    east = np.cumsum(metres * np.sin(np.radians(course)), axis=1)
    call = (role >= MOORED) & (role < CALLS)
    half = STEPS // 2 - 1
    north[call] -= north[call, half][:, None]  # the middle of the day is the port
    east[call] -= east[call, half][:, None]
    near = random.uniform(-2000, 2000, (2, len(index)))
    near[:, (role >= CALLS)] *= 10
    meet = (role >= FISHES) & (role < MEETS)
    second = meet & (index % 2 == 0)  # of numbers 55 to 60: 55 with 56, and so on
    for one in np.flatnonzero(second & (np.arange(len(index)) > 0)):
        side = (150.0, 0.0) + near[:, one - 1] + (north[one - 1, half], east[one - 1, half])
        near[:, one] = side - (north[one, half], east[one, half])
        port[one] = port[one - 1]
    noise = random.normal(0, 8, (2, *speed.shape))
    lat = port[:, :1] + (north + near[0][:, None] + noise[0]) / _M_DEG
    lon = port[:, 1:] + (east + near[1][:, None] + noise[1]) / (_M_DEG * np.cos(np.radians(port[:, :1])))
    return lat, lon


@lru_cache(1)
def _ports() -> np.ndarray:
    """Latitude and longitude of the ports and anchorages of the area, n x 2."""
    point = reference_world().ports.point
    places = np.degrees(np.stack((np.arcsin(point[:, 2]), np.arctan2(point[:, 1], point[:, 0])), axis=1))
    south, north, west, east = SPREAD
    inside = (places[:, 0] > south) & (places[:, 0] < north) & (places[:, 1] > west) & (places[:, 1] < east)
    return np.unique(np.round(places[inside], 4), axis=0)


def _table(flat: dict[str, np.ndarray]) -> pa.Table:
    count, still = len(flat["t"]), flat["speed"] < 0.1
    b = flat["class_b"]
    sog = np.round(np.abs(flat["speed"] + np.sin(flat["t"]) * 0.1) * 10).astype(np.uint16)
    cog = np.round(flat["course"] * 10 + flat["t"] % 7).astype(np.int64) % 3600
    heading = (cog // 10).astype(np.uint16)
    status = np.where(still, 5, 0).astype(np.uint8)
    known: dict[str, Any] = {
        "t": flat["t"], "time_source": np.zeros(count, np.uint8), "mmsi": flat["mmsi"].astype(np.uint32),
        "lat": np.round(flat["lat"] * UNITS_PER_DEGREE).astype(np.int32),
        "lon": np.round(flat["lon"] * UNITS_PER_DEGREE).astype(np.int32),
        "sog": sog, "cog": cog.astype(np.uint16),
        "heading": pa.array(heading, mask=b & (flat["mmsi"] % 2 == 0)), "nav_status": pa.array(status, mask=b),
        "msg_type": np.where(b, 18, 1).astype(np.uint8), "ais_class": b.astype(np.uint8),
        "source": pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([SOURCE])),
        "flags": np.zeros(count, np.uint16),
    }  # fmt: skip
    columns = [
        pa.nulls(count, f.type) if f.name in _EMPTY else pa.array(known[f.name])
        if isinstance(known[f.name], np.ndarray) else known[f.name]
        for f in POSITIONS
    ]  # fmt: skip
    return pa.table(columns, schema=POSITIONS)
