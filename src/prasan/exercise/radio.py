"""Who hears whom: radio horizon, power, shadows, fading, load, outages and satellite passes.

Horizon: 4.12 (√h1 + √h2) km with heights in metres, over an Earth of 4/3 radius (ITU-R P.452 geometry, as in ITU-R
M.2123 on AIS coverage). Power: 12.5 W class A (M.1371-5 Annex 2, Table 2), 2 W class B "CS" (Annex 7). A channel has
2,250 slots a minute (Annex 2, section 3.1.1), two channels 4,500.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.exercise.area import Point, Setting
from prasan.exercise.draw import HOUR, Draw
from prasan.exercise.lanes import KM_PER_DEGREE
from prasan.exercise.track import Hull, Legs
from prasan.picture.sphere import Floats, Ints

SLOTS_A_MINUTE: Final = 4500.0
FADE_S: Final = 900
CELLS: Final = 360

Bools = npt.NDArray[np.bool_]


class Valley(msgspec.Struct, frozen=True):
    """A place from where hardly anything gets out."""

    at: Point
    radius_km: float
    loss: float


class Pass(msgspec.Struct, frozen=True):
    """A satellite's windows as seconds (from, to), and the chance of one report of either class."""

    name: str
    windows: tuple[tuple[float, float], ...]
    chance: tuple[float, float]


class Radio(msgspec.Struct, frozen=True):
    """The receivers of a seed. `best` chance near, by station and hour, load included; `weather` factor of the range.

    `reach` is the range in kilometres of every hull (rows) at every station (columns), in fair weather and no shadow.
    """

    names: tuple[str, ...]
    lat: Floats
    lon: Floats
    thin_s: Ints
    reach: Floats
    shade: Floats
    best: Floats
    weather: Floats
    outages: tuple[tuple[int, float, float], ...]
    valleys: tuple[Valley, ...]
    passes: tuple[Pass, ...]
    class_b: Bools
    edge: float
    fading: float
    seed: int


class Weak(msgspec.Struct, frozen=True):
    """What to leave out when asking what would have been heard."""

    outages: bool = True
    shadows: bool = True


def radio(setting: Setting, hulls: list[Hull], seconds: float, seed: int) -> Radio:
    """Draw the receivers of a seed; without load, which needs the legs: see `loaded`."""
    draw = Draw(setting.ranges, seed, 1)
    stations = setting.area.station
    hours = int(np.ceil(seconds / HOUR)) + 1
    range_a, range_b = draw.of("radio", "range_a"), draw.of("radio", "range_b")
    class_b = np.array([hull.class_b for hull in hulls])
    share = np.array([hull.range_share for hull in hulls]) * np.where(class_b, range_b, range_a)
    ship = np.sqrt([hull.antenna_m for hull in hulls])
    shore = np.sqrt([station.height_m for station in stations])
    thin = draw.whole("radio", "thin_s")
    best = np.repeat([[draw.of("radio", "best")] for _ in stations], hours, axis=1)
    return Radio(
        names=tuple(f"EX-{station.name}" for station in stations),
        lat=np.array([station.at[0] for station in stations]),
        lon=np.array([station.at[1] for station in stations]),
        thin_s=np.array([station.thin_s or thin for station in stations]),
        reach=4.12 * (ship[:, None] + shore[None, :]) * share[:, None],
        shade=_shade(setting),
        best=best,
        weather=_weather(draw, len(stations), hours),
        outages=_outages(draw, len(stations), seconds),
        valleys=_valleys(draw, setting),
        passes=_passes(draw, seconds),
        class_b=class_b,
        edge=draw.of("radio", "edge"),
        fading=draw.of("radio", "fading"),
        seed=seed,
    )


def loaded(made: Radio, legs: Legs, draw: Draw) -> Radio:
    """The same receivers with the losses of slots that two transmit in who cannot hear each other."""
    best = made.best.copy()
    for station in range(len(made.names)):
        others, hidden = draw.of("radio", "load_min"), draw.of("radio", "hidden")
        for hour in range(best.shape[1]):
            now = (legs.t0 <= (hour + 0.5) * HOUR) & (legs.t1 > (hour + 0.5) * HOUR) & legs.on
            heard = distance_km(made, station, legs.lat[now], legs.lon[now]) < made.reach[legs.hull[now], station]
            load = others + (60.0 / legs.every[now][heard]).sum()
            best[station, hour] *= np.exp(-2.0 * hidden * load / SLOTS_A_MINUTE)
    return msgspec.structs.replace(made, best=best)


def distance_km(made: Radio, station: int, lat: Floats, lon: Floats) -> Floats:
    """Kilometres to a station on a plane, n."""
    north = lat - made.lat[station]
    east = (lon - made.lon[station]) * np.cos(np.radians(made.lat[station]))
    return np.asarray(np.hypot(north, east) * KM_PER_DEGREE)


class Spots(msgspec.Struct, frozen=True):
    """Vessels at moments, n each: hull, second of the exercise, latitude, longitude."""

    hull: Ints
    t: Ints
    lat: Floats
    lon: Floats


def chance(made: Radio, station: int, spots: Spots, weak: Weak | None = None) -> Floats:
    """The chance that a station hears one report, n: all but its outages. With `weak` without the luck of a path."""
    hour = spots.t // 3600
    reach = made.reach[spots.hull, station] * made.weather[station, hour]
    if weak is None:
        reach = reach * np.exp(made.fading * normal(made.seed, spots.hull, spots.t // FADE_S, 64 + station))
    shadows = weak is None or weak.shadows
    if shadows and (made.shade[station] < 1).any():
        east = (spots.lon - made.lon[station]) * np.cos(np.radians(made.lat[station]))
        bearing = np.degrees(np.arctan2(east, spots.lat - made.lat[station])) % 360
        reach = reach * made.shade[station, bearing.astype(np.int64) % CELLS]
    far = distance_km(made, station, spots.lat, spots.lon) / reach
    found = made.best[station, hour] / (1.0 + np.exp(np.minimum((far - 1.0) / made.edge, 50.0)))
    for valley in made.valleys if shadows else ():
        found = np.where(_within(spots, valley), found * (1.0 - valley.loss), found)
    return np.asarray(found)


def silent(made: Radio, station: int, t: Ints) -> Bools:
    """True where the station is out of order."""
    out = np.zeros(len(t), np.bool_)
    for number, start, end in made.outages:
        if number == station:
            out |= (t >= start) & (t < end)
    return out


def uniform(seed: int, a: Ints, b: Ints, purpose: int) -> Floats:
    """A number in (0, 1) that depends on nothing but these, n: equal however the exercise is cut into pieces."""
    return (_mix(seed, a, b, purpose) >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54


def normal(seed: int, a: Ints, b: Ints, purpose: int) -> Floats:
    """The same, near enough to a normal distribution: the sum of four 16-bit numbers, scaled to variance 1."""
    bits, low = _mix(seed, a, b, purpose), np.uint64(0x0000FFFF0000FFFF)
    pairs = (bits & low) + ((bits >> np.uint64(16)) & low)
    total = (pairs & np.uint64(0xFFFFFFFF)) + (pairs >> np.uint64(32))
    return (total.astype(np.float64) - 131_070.0) * (1.0 / 37_837.0)


def _mix(seed: int, a: Ints, b: Ints, purpose: int) -> npt.NDArray[np.uint64]:
    """splitmix64 (Steele, Lea, Flood 2014) of a key made of all four."""
    key = (a.astype(np.uint64) << np.uint64(40)) ^ (b.astype(np.uint64) << np.uint64(8)) ^ np.uint64(purpose)
    key = key + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D) % 2**64)
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(31))


def _shade(setting: Setting) -> Floats:
    shade = np.ones((len(setting.area.station), CELLS))
    for row, station in enumerate(setting.area.station):
        for start, end, left in station.shadows:
            degrees = np.arange(CELLS)
            shade[row, (degrees - start) % 360 < (end - start) % 360] = left
    return shade


def _weather(draw: Draw, stations: int, hours: int) -> Floats:
    """A slow walk that forgets half of itself in about two hours."""
    sigma, keep = draw.of("radio", "weather"), 0.7
    walk = np.zeros((stations, hours))
    walk[:, 0] = draw.random.normal(0, sigma, stations)
    for hour in range(1, hours):
        walk[:, hour] = keep * walk[:, hour - 1] + draw.random.normal(0, sigma * np.sqrt(1 - keep**2), stations)
    return np.exp(walk)


def _outages(draw: Draw, stations: int, seconds: float) -> tuple[tuple[int, float, float], ...]:
    count = max(1, round(draw.of("radio", "outages") * seconds / (48 * HOUR)))
    starts = [draw.uniform(0.1, 0.85) * seconds for _ in range(count)]
    return tuple(
        (int(draw.random.integers(stations)), start, start + draw.hours("radio", "outage_h"))
        for start in sorted(starts)
    )


def _valleys(draw: Draw, setting: Setting) -> tuple[Valley, ...]:
    """Somewhere on the sea lanes or fishing grounds, where vessels do pass."""
    spots = [point for line in setting.lanes for point in line] + [ground.at for ground in setting.area.ground]
    return tuple(
        Valley(draw.pick(spots), draw.of("radio", "valley_km"), draw.of("radio", "valley_loss"))
        for _ in range(draw.whole("radio", "valleys"))
    )


def _passes(draw: Draw, seconds: float) -> tuple[Pass, ...]:
    """Twice a day an orbit comes by, for two or three turns (Welch et al. 2022: reception peaks every 12 hours)."""
    made = []
    for number in range(draw.whole("radio", "satellites")):
        turn, first = draw.of("radio", "revisit_min") * 60, draw.uniform(-12, 0) * HOUR
        length, turns = draw.of("radio", "pass_min") * 60, draw.whole("radio", "passes")
        starts = [t + n * turn for t in np.arange(first, seconds, 12 * HOUR).tolist() for n in range(turns)]
        chances = (draw.of("radio", "satellite_a"), draw.of("radio", "satellite_b"))
        made.append(Pass(f"EX-SAT{number + 1}", tuple((t, t + length) for t in starts if t < seconds), chances))
    return tuple(made)


def _within(spots: Spots, valley: Valley) -> Bools:
    north = spots.lat - valley.at[0]
    east = (spots.lon - valley.at[1]) * np.cos(np.radians(valley.at[0]))
    return np.asarray(north * north + east * east < (valley.radius_km / KM_PER_DEGREE) ** 2)
