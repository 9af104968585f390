"""Which point lies in which area, and how far the shore is: both against plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.errors import FormatError
from prasan.picture.areas import areas
from prasan.picture.shore import LIMIT_M, segment_m, shore
from prasan.picture.sphere import EARTH_M, chord_m, distance_m, lat_lon, vectors

Corner = tuple[float, float]  # longitude, latitude


def box(west: float, south: float, east: float, north: float) -> list[Corner]:
    return [(west, south), (east, south), (east, north), (west, north)]


def ring(corners: list[Corner]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array(corners, np.float64)


def plainly_inside(corners: list[Corner], lat: float, lon: float) -> bool:
    """The even-odd rule, one edge after the other."""
    odd = False
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) / (y2 - y1) * (x2 - x1):
            odd = not odd
    return odd


GRID = st.integers(-40, 40).map(lambda n: n / 4)
CORNERS = st.lists(st.tuples(GRID, GRID), min_size=3, max_size=8, unique=True)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(CORNERS, min_size=1, max_size=4), st.lists(st.tuples(GRID, GRID), max_size=20), st.sampled_from([0, 178])
)
def test_inside_is_that_of_the_plain_rule_also_across_180_degrees(
    drawn: list[list[Corner]], asked: list[Corner], east: float
) -> None:
    zones = areas((f"zone {n}", [[ring([(x + east, y) for x, y in one])]]) for n, one in enumerate(drawn))
    lat, lon = [y for _, y in asked], [(x + east + 180) % 360 - 180 for x, _ in asked]
    point, area = zones.inside(lat, lon)
    expected = [(n, k) for n, (x, y) in enumerate(asked) for k, one in enumerate(drawn) if plainly_inside(one, y, x)]
    assert list(zip(point.tolist(), area.tolist(), strict=True)) == expected
    assert zones.holds(lat, lon).tolist() == [any(n == at for n, _ in expected) for at in range(len(asked))]


def test_holes_parts_and_names() -> None:
    lagoon = [ring(box(0, 0, 10, 10)), ring(box(4, 4, 6, 6))]
    zones = areas(
        [("atoll", [lagoon]), ("bank", [[ring(box(20, 0, 21, 1))]]), ("atoll", [[ring(box(4.5, 4.5, 5, 5))]])]
    )
    assert zones.names == ("atoll", "bank")
    point, area = zones.inside([1, 5.5, 4.7, 0.5, 50], [1, 5.5, 4.7, 20.5, 50])
    assert list(zip(point.tolist(), area.tolist(), strict=True)) == [(0, 0), (2, 0), (3, 1)]
    overlapping = areas([("two", [[ring(box(0, 0, 2, 2))], [ring(box(1, 1, 3, 3))]])])
    assert overlapping.holds([1.5, 0.5, 2.5], [1.5, 0.5, 2.5]).all()


def test_a_zone_across_180_degrees_may_be_drawn_in_three_ways() -> None:
    drawn = (
        [[ring(box(178, -5, 182, 5))]],
        [[ring([(178, -5), (-178, -5), (-178, 5), (178, 5)])]],
        [[ring(box(178, -5, 180, 5))], [ring(box(-180, -5, -178, 5))]],
    )
    lat = np.zeros(7)
    lon = np.array([177.9, 178.0, 179.9, 180.0, -180.0, -178.1, -177.9])
    for polygons in drawn:
        assert areas([("z", polygons)]).holds(lat, lon).tolist() == [False, True, True, True, True, True, False]


def test_a_cap_around_a_pole_is_drawn_with_the_frame_of_the_map() -> None:
    cap = [(-180.0, 60.0), (180.0, 60.0), (180.0, 90.0), (-180.0, 90.0)]
    zone = areas([("cap", [[ring(cap)]])])
    assert zone.holds([59.9, 60.1, 89.0, 75.0], [0.0, 179.0, -180.0, 45.0]).tolist() == [False, True, True, True]


@pytest.mark.parametrize(
    "corners",
    [
        [(0.0, 0.0), (1.0, 1.0)],
        [(0.0, 0.0), (95.0, 95.0), (0.0, 95.0)],
        [(0.0, 80.0), (120.0, 80.0), (-120.0, 80.0)],
        [(math.nan, 0.0), (1.0, 0.0), (1.0, 1.0)],
    ],
)
def test_rings_that_bound_nothing_are_refused_by_name(corners: list[Corner]) -> None:
    with pytest.raises(FormatError) as caught:
        areas([("reef", [[ring(corners)]])])
    assert "reef" in str(caught.value)
    assert caught.value.remedy


LAT, LON = st.floats(-89.9, 89.9), st.floats(-180, 180)
STEP = st.floats(-0.8, 0.8)


@settings(max_examples=100, deadline=None)
@given(
    LAT, LON, st.lists(st.tuples(STEP, STEP, STEP, STEP), min_size=1, max_size=8), STEP, STEP,
    st.sampled_from([LIMIT_M, 50_000.0]),
)  # fmt: skip
def test_the_shore_is_as_near_as_its_nearest_point(  # noqa: PLR0917
    lat: float, lon: float, pieces: list[tuple[float, float, float, float]], up: float, east: float, limit: float
) -> None:
    ends = np.array([[np.clip(lat + a, -90, 90), lon + b, np.clip(lat + c, -90, 90), lon + d] for a, b, c, d in pieces])
    at = (float(np.clip(lat + up, -90, 90)), lon + east)
    least = math.inf
    for lat1, lon1, lat2, lon2 in ends.tolist():
        share = np.linspace(0, 1, 400)[:, None]
        line = (1 - share) * vectors(lat1, lon1) + share * vectors(lat2, lon2)
        if np.allclose(line[0], line[-1], atol=0):
            continue
        least = min(least, float(distance_m(*at, *lat_lon(line)).min()))
    found = float(shore(*ends.T).distance_m(*at, limit)[0])
    if least < limit - 500:
        assert least - 500 <= found <= least + 0.01  # the samples lie up to a kilometre apart
    elif least > limit + 500:
        assert found == math.inf


def test_distance_to_a_segment_is_to_its_side_or_its_ends() -> None:
    a, b = vectors([0.0], [10.0]), vectors([0.0], [11.0])
    degree = EARTH_M * math.pi / 180
    for lat, lon, metres in [(0.5, 10.5, degree / 2), (0.0, 10.5, 0.0), (0.0, 12.0, degree), (-1.0, 10.0, degree)]:
        assert abs(float(segment_m(vectors([lat], [lon]), a, b)[0]) - metres) < 0.01
    assert chord_m(a, a)[0] == 0


def test_no_coast_is_far_from_everywhere() -> None:
    assert shore([], [], [], []).distance_m([1.0, 2.0], [3.0, 4.0]).tolist() == [math.inf, math.inf]
    assert shore([], [], [], []).distance_m([], []).tolist() == []
