import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.picture.sphere import bearing_deg, distance_m
from prasan.picture.world import CELL_M, FINE_M, make_world, places, with_hulls

LAT = st.floats(-90, 90, allow_nan=False)
LON = st.floats(-180, 180, allow_nan=False)


@settings(deadline=None)
@given(
    st.lists(st.tuples(LAT, LON), min_size=1, max_size=20),
    st.floats(-0.2, 0.2),
    st.floats(-0.2, 0.2),
    st.floats(10, CELL_M) | st.floats(10, FINE_M),
)
def test_nearest_is_that_of_brute_force(
    points: list[tuple[float, float]], up: float, east: float, limit: float
) -> None:
    lat = float(np.clip(points[0][0] + up, -90, 90))
    lon = points[0][1] + east
    least = min(float(distance_m(lat, lon, *point)) for point in points)
    found = float(places([p[0] for p in points], [p[1] for p in points]).nearest_m([lat], [lon], limit)[0])
    if least < limit - 0.01:
        assert abs(found - least) < 0.01
    elif least > limit + 0.01:
        assert found == np.inf


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(-0.08, 0.08), st.floats(-0.08, 0.08)), min_size=1, max_size=30),
    st.lists(st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)), min_size=1, max_size=30),
    LAT.map(lambda lat: lat * 0.9),
    LON,
    st.sampled_from([FINE_M, CELL_M]),
)
def test_among_many_points_of_one_harbour_the_nearest_is_found(
    points: list[tuple[float, float]], asked: list[tuple[float, float]], lat: float, lon: float, limit: float
) -> None:
    here = [(lat + up, lon + east) for up, east in points]
    rows = [(lat + up, lon + east) for up, east in asked for _ in range(2)]  # ships lie still
    known = places([up for up, _ in here], [east for _, east in here])
    found = known.nearest_m([up for up, _ in rows], [east for _, east in rows], limit)
    least = np.array([min(float(distance_m(*row, *point)) for point in here) for row in rows])
    sure = np.abs(least - limit) > 0.01
    assert np.allclose(found[sure], np.where(least < limit, least, np.inf)[sure], atol=0.01)


def test_no_places_are_near_nothing() -> None:
    assert places([], []).nearest_m([1.0, 2.0], [3.0, 4.0]).tolist() == [np.inf, np.inf]
    assert places([1.0], [2.0]).nearest_m([], []).tolist() == []


def test_the_digest_names_the_whole_world() -> None:
    world = make_world(places([13.0], [100.8]), {567: "TH"})
    assert make_world(places([13.0], [100.8]), {567: "TH"}).digest == world.digest
    others = (
        make_world(places([13.1], [100.8]), {567: "TH"}),
        make_world(places([13.0], [100.8]), {567: "TH", 338: "US"}),
        with_hulls(world, {567_990_001: 52}, {}),
        with_hulls(world, {}, {567_990_001: 9_074_729}),
    )
    assert len({world.digest, *(other.digest for other in others)}) == 5
    assert with_hulls(others[2], {567_990_002: 50}, {}).ship_types == {567_990_001: 52, 567_990_002: 50}
    assert isinstance(world, msgspec.Struct)


def test_flags_come_from_the_mid() -> None:
    world = make_world(places([], []), {567: "TH"})
    assert world.flag(567_990_001) == world.flag(5_670_001) == world.flag(995_670_001) == "TH"
    assert world.flag(299_000_001) is None
    assert world.flag(970_000_001) is None


def test_bearings_point_where_they_should() -> None:
    there = bearing_deg([0, 0, 0, 0, 10], [0, 0, 0, 179.5, 20], [1, 0, -1, 0, 10], [0, 1, 0, -179.5, 20])
    np.testing.assert_allclose(there[:4], [0, 90, 180, 90], atol=1e-9)
