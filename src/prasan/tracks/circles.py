"""Who sails circles: tracks that turn all the way round, again and again, at one radius. Pure.

Only emitters that an impossible step opened are looked at: a ship that came there and turns is a ship that turns.
A run is a stretch of steps, no two fixes further apart than `HOLE_S`, that all turn to one side, each by no more than
`MOST_DEG`. It is a circle once it has turned by `FULL_DEG` and the radii of its steps (of the circle through three
fixes, whatever the time between them) vary by less than `SPREAD` of their mean. It is told once, with the fix by which
it is one. Sums are whole numbers, so that any cut of the rows gives the same.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np

from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, KNOT_MS, Floats
from prasan.tracks.columns import Bools, Fixes, Ints, concat, no_fixes, same_track, take, track_keys

FULL_DEG: Final = 360
SPREAD: Final = 0.15
"""At least one full turn, radial residual below 15 %: our own choice, as no author states numbers."""

HOLE_S: Final = 900
LEAST_DEG: Final = 2
MOST_DEG: Final = 120
"""Degrees of a step: less is a straight course, more is told from no zigzag."""

LEAST_KN: Final = 3.0
"""Slower than this, the scatter of fixes turns of itself."""

METRES: Final = np.pi / 180 / UNITS_PER_DEGREE * EARTH_M


class Circle(msgspec.Struct, frozen=True):
    """One circle: whose, when it was one, its centre in degrees, its radius in metres, degrees turned by then."""

    mmsi: int
    emitter: int
    t: int
    lat: float
    lon: float
    metres: float
    turned: float


class Turning(msgspec.Struct, frozen=True):
    """A run so far: to which side, 1/100 degrees, steps, sums of metres of radius, their squares, places; told?"""

    side: int = 0
    turned: int = 0
    steps: int = 0
    radius: int = 0
    square: int = 0
    lat: int = 0
    lon: int = 0
    told: bool = False


class CircleCarry(msgspec.Struct, frozen=True):
    """The last two fixes of every emitter that was heard lately, and the runs that go on, by track key."""

    last: Fixes
    going: Mapping[int, Turning] = {}


def circles(rows: Fixes, carry: CircleCarry | None, upto: int) -> tuple[list[Circle], CircleCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> circles that became one, by time, and the carry."""
    carry = carry or CircleCarry(no_fixes(rows.sets))
    odd = take(rows, rows.emitter > 0) if rows.emitter.any() else no_fixes(rows.sets)
    both = concat(carry.last, odd)
    if not len(both):
        return [], carry
    new = np.arange(len(both)) >= len(carry.last)
    order = np.lexsort((new, both.t, track_keys(both)))
    both, new = take(both, order), new[order]
    found, going = _runs(both, new, dict(carry.going))
    found.sort(key=lambda one: (one.t, one.mmsi, one.emitter))
    ends = np.concatenate((~same_track(both), [True]))
    late = ends | np.concatenate((ends[1:], [False]))  # the last two rows of a track
    kept = take(both, late & (both.t >= upto - 2 * HOLE_S))
    known = set(track_keys(kept).tolist())
    return found, CircleCarry(kept, {key: run for key, run in going.items() if key in known})


def _runs(both: Fixes, new: Bools, going: dict[int, Turning]) -> tuple[list[Circle], dict[int, Turning]]:
    """Go through the steps that end at new rows; nearly all rows lie on none, and are passed over at once."""
    turn, radius = _steps(both)
    before = np.concatenate(([True], (turn[:-1] != 0) | ~new[:-1]))
    at = np.flatnonzero(new & ((turn != 0) | before))
    keys = track_keys(both)[at].tolist()
    found: list[Circle] = []
    for row, key, angle, metres in zip(at.tolist(), keys, turn[at].tolist(), radius[at].tolist(), strict=True):
        if not angle:
            going.pop(key, None)
            continue
        run = _longer(going.get(key), angle, metres, int(both.lat[row]), int(both.lon[row]))
        if not run.told and _is_circle(run):
            run = msgspec.structs.replace(run, told=True)
            found.append(_circle(both, row, run))
        going[key] = run
    return found, going


def _longer(run: Turning | None, angle: int, metres: int, lat: int, lon: int) -> Turning:
    side = 1 if angle > 0 else -1
    if run is None or run.side != side:
        run = Turning(side)
    return msgspec.structs.replace(
        run, turned=run.turned + abs(angle), steps=run.steps + 1, radius=run.radius + metres,
        square=run.square + metres * metres, lat=run.lat + lat, lon=run.lon + lon,
    )  # fmt: skip


def _is_circle(run: Turning) -> bool:
    mean = run.radius / run.steps
    spread = max(run.square / run.steps - mean * mean, 0.0)
    return run.turned >= FULL_DEG * 100 and spread <= (SPREAD * mean) ** 2


def _circle(both: Fixes, row: int, run: Turning) -> Circle:
    scale = 1 / UNITS_PER_DEGREE / run.steps
    return Circle(
        int(both.mmsi[row]), int(both.emitter[row]), int(both.t[row]), run.lat * scale, run.lon * scale,
        run.radius / run.steps, run.turned / 100,
    )  # fmt: skip


def _steps(both: Fixes) -> tuple[Ints, Ints]:
    """By row: 1/100 degrees turned at the fix before it (0 where it is on no run), and the radius there in metres."""
    turn, radius = np.zeros(len(both), np.int64), np.zeros(len(both), np.int64)
    if len(both) < 3:
        return turn, radius
    joined = same_track(both) & (np.diff(both.t) <= HOLE_S) & (np.diff(both.t) > 0)
    east, north, fast = _moves(both)
    ok = np.flatnonzero(joined[1:] & joined[:-1] & fast[1:] & fast[:-1])
    (x0, y0), (x1, y1) = (east[ok], north[ok]), (east[ok + 1], north[ok + 1])
    cross, dot = x0 * y1 - y0 * x1, x0 * x1 + y0 * y1
    angle = np.degrees(np.arctan2(cross, dot))
    side = np.hypot(x0, y0) * np.hypot(x1, y1) * np.hypot(x0 + x1, y0 + y1)
    on = (np.abs(angle) >= LEAST_DEG) & (np.abs(angle) <= MOST_DEG)
    turn[ok[on] + 2] = np.rint(angle[on] * 100).astype(np.int64)
    radius[ok[on] + 2] = np.rint(side[on] / (2 * np.abs(cross[on]))).astype(np.int64)
    return turn, radius


def _moves(both: Fixes) -> tuple[Floats, Floats, Bools]:
    """Metres east and north from each row to the next, and whether that was at `LEAST_KN` or more."""
    middle = np.radians((both.lat[1:] / 2.0 + both.lat[:-1] / 2.0) / UNITS_PER_DEGREE)
    half, whole = 180 * UNITS_PER_DEGREE, 360 * UNITS_PER_DEGREE
    step = np.mod(np.diff(both.lon.astype(np.float64)) + half, whole) - half
    east = np.asarray(step * METRES * np.cos(middle), np.float64)
    north = np.asarray(np.diff(both.lat.astype(np.int64)) * METRES, np.float64)
    fast = np.hypot(east, north) >= LEAST_KN * KNOT_MS * np.maximum(np.diff(both.t), 1)
    return east, north, np.asarray(fast, np.bool_)
