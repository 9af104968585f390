"""Circles are told once they are round, at their radius, in any pieces; what is not round is not told."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prasan.exercise.player import position_table
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.tracks.circles import Circle, CircleCarry, circles
from prasan.tracks.columns import Fixes, take
from prasan.tracks.settle import FOREVER, settle

T0 = 1_772_409_600
Point = tuple[int, float, float]


def track(points: list[Point], mmsi: int = 567_000_001, emitter: int = 1) -> Fixes:
    t, lat, lon = (np.array(column) for column in zip(*points, strict=True))
    table = position_table(
        {
            "mmsi": np.full(len(t), mmsi),
            "t": T0 + t,
            "lat": np.rint(lat * UNITS_PER_DEGREE).astype(np.int32),
            "lon": np.rint(lon * UNITS_PER_DEGREE).astype(np.int32),
        },
        "test",
    )
    fixes, _ = settle(table, None, FOREVER)
    return msgspec.structs.replace(fixes, emitter=np.full(len(t), emitter, np.int16))


def ring(times: list[int], km: float, knots: float = 20.0, lat: float = 8.0, grow: float = 0.0) -> list[Point]:
    """Points on a circle, or with `grow` on a spiral that is so much wider after each turn."""
    made = []
    for t in times:
        turn = t * knots * 0.5144 / (km * 1000)
        wide = km * (1 + grow * turn / (2 * math.pi)) / 111.195
        east = 179.999 + wide * math.sin(turn) / math.cos(math.radians(lat))
        made.append((t, lat + wide * math.cos(turn), (east + 180) % 360 - 180))
    return made


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.7, 3.0),  # at 25 knots no step of 90 seconds turns by 120 degrees
    st.floats(14.0, 25.0),
    st.floats(-60.0, 60.0),
    st.lists(st.integers(30, 90), min_size=60, max_size=60),
)
def test_a_circle_is_told_once_with_its_radius_and_centre(
    km: float, knots: float, lat: float, steps: list[int]
) -> None:
    times = np.cumsum(steps).tolist()
    assume((times[-1] - times[0]) * knots * 0.5144 > 1.2 * 2 * math.pi * km * 1000)  # it comes round, and a bit further
    (one,), _ = circles(track(ring(times, km, knots, lat)), None, FOREVER)
    assert abs(one.metres / (km * 1000) - 1) < 0.05
    assert abs(one.lat - lat) < km / 111 / 3
    assert 360 <= one.turned < 600


@pytest.mark.parametrize(
    "points",
    [
        [(60 * n, 8.0 + n * 0.005, 102.0) for n in range(60)],
        ring([60 * n for n in range(60)], 1.5, grow=1.0),
        ring([60 * n for n in range(10)], 1.5),
        ring([60 * n for n in range(60)], 0.1, knots=1.0),
        ring([1000 * n for n in range(60)], 30.0),
        [(60 * n, 8.0 + 0.005 * (n % 2), 102.0 + 0.001 * n) for n in range(60)],
    ],
)
def test_what_is_no_circle_is_not_told(points: list[Point]) -> None:
    assert circles(track(points), None, FOREVER)[0] == []


def test_the_place_where_a_vessel_was_first_heard_is_its_own() -> None:
    assert circles(track(ring([60 * n for n in range(60)], 1.5), emitter=0), None, FOREVER)[0] == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(10, 1000), st.sampled_from([0.0, 0.0, 0.0, 0.02])), min_size=3, max_size=80),
    st.lists(st.integers(0, 40_000), max_size=5),
    st.floats(0.5, 3.0),
)
def test_pieces_change_nothing(steps: list[tuple[int, float]], marks: list[int], km: float) -> None:
    times = np.cumsum([step for step, _ in steps]).tolist()
    points = [(t, lat + off, lon) for (t, lat, lon), (_, off) in zip(ring(times, km), steps, strict=True)]
    rows = track(points)
    whole, _ = circles(rows, None, T0 + 100_000)
    found: list[Circle] = []
    carry: CircleCarry | None = None
    begin = 0
    for mark in [*sorted(set(marks)), 100_000]:
        piece = take(rows, (rows.t >= T0 + begin) & (rows.t < T0 + mark))
        more, carry = circles(piece, carry, T0 + mark)
        found, begin = found + more, mark
    assert found == whole
