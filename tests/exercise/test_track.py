"""Laws of hulls and legs: they tile time, agree with where a hull is, and near pairs are those of brute force."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.exercise.alike import NEAR_KM, near_pairs
from prasan.exercise.lanes import KM_PER_DEGREE, bearing, km, shifted
from prasan.exercise.track import Hull, Way, legs, where

HOURS = 6 * 3600.0
LAT, LON = st.floats(1, 12), st.floats(95, 104)


@st.composite
def hulls(draw: st.DrawFn) -> Hull:
    times = sorted(draw(st.sets(st.integers(-7200, 30_000), min_size=2, max_size=8)))
    at = (draw(LAT), draw(LON))
    ways = []
    for t in times:
        ways.append(Way(float(t), at, draw(st.sampled_from((0, 1, 5)))))
        at = (at[0] + draw(st.floats(-0.1, 0.1)), at[1] + draw(st.floats(-0.1, 0.1)))
    off = draw(st.lists(st.tuples(st.floats(0, 9000), st.floats(9001, 20_000)), max_size=1))
    return Hull(567900001, "cargo", tuple(ways), "EX A B", "EX1", 0, 70, 100, 20.0, False, off=tuple(off))


@settings(max_examples=80)
@given(st.lists(hulls(), min_size=1, max_size=3))
def test_legs_tile_the_exercise_and_agree_with_where_a_hull_is(fleet: list[Hull]) -> None:
    made = legs(fleet, HOURS)
    for number, hull in enumerate(fleet):
        own = made.take(made.hull == number)
        assert own.t0[0] == 0
        assert own.t1[-1] == HOURS
        assert np.array_equal(own.t0[1:], own.t1[:-1])
        assert (own.t1 > own.t0).all()
        half = (own.t1 - own.t0) / 2
        lat, lon = where(hull, own.t0 + half)
        assert np.allclose(own.lat + own.lat_s * half, lat, atol=1e-9)
        assert np.allclose(own.lon + own.lon_s * half, lon, atol=1e-9)
        silent = [any(a <= t < b for a, b in hull.off) for t in own.t0.tolist()]
        assert own.on.tolist() == [not one for one in silent]


@given(LAT, LON, st.floats(0, 359.9), st.floats(0.1, 40))
def test_a_shifted_point_lies_where_it_was_sent(lat: float, lon: float, course: float, far: float) -> None:
    there = shifted((lat, lon), course, far)
    assert abs(km((lat, lon), there) - far) < far * 0.002
    assert abs((bearing((lat, lon), there) - course + 180) % 360 - 180) < 0.2


@given(st.lists(st.tuples(st.floats(5, 5.02), st.floats(100, 100.02)), max_size=25))
def test_near_pairs_are_those_of_brute_force(points: list[tuple[float, float]]) -> None:
    lat, lon = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    found = near_pairs(lat, lon)
    assert len(found) == len(set(found))
    for a, b in itertools.combinations(range(len(points)), 2):
        east = (lon[b] - lon[a]) * np.cos(np.radians(lat[a]))
        far = np.hypot(lat[b] - lat[a], east) * KM_PER_DEGREE
        if abs(far - NEAR_KM) > 0.001:
            assert ((a, b) in found) == (far < NEAR_KM)
