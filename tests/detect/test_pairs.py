import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect import pairs
from prasan.detect.pairs import grid, near_pairs
from prasan.picture.sphere import distance_m, lat_lon, vectors


@st.composite
def clusters(draw: st.DrawFn) -> tuple[list[float], list[float], list[int]]:
    """Points around places that break naive grids: the poles, 180 degrees, the equator."""
    lat0 = draw(st.sampled_from([-90.0, -89.999, -78.3, 0.0, 2.0001, 51.5, 84.9, 89.99, 90.0]))
    lon0 = draw(st.sampled_from([-180.0, -179.9999, -0.0001, 0.0, 99.5, 179.9999, 180.0]))
    size = draw(st.integers(2, 25))
    spread = draw(st.sampled_from([0.002, 0.006, 0.02, 1.0]))
    offset = st.floats(-1, 1, allow_nan=False)
    squeeze = max(np.cos(np.radians(lat0)), 1e-3)
    lat = [float(np.clip(lat0 + draw(offset) * spread, -90, 90)) for _ in range(size)]
    lon = [float((lon0 + draw(offset) * spread / squeeze + 180) % 360 - 180) for _ in range(size)]
    return lat, lon, [draw(st.integers(0, 1)) + 2_900_000 for _ in range(size)]


@settings(max_examples=200, deadline=None)
@given(clusters(), st.sampled_from([150.0, 500.0, 5000.0]))
def test_pairs_are_those_of_brute_force(cluster: tuple[list[float], list[float], list[int]], metres: float) -> None:
    lat, lon, bins = cluster
    i, j, found_m = near_pairs(np.array(bins), vectors(lat, lon), metres)
    expected = {}
    for a in range(len(lat)):
        for b in range(a + 1, len(lat)):
            apart = float(distance_m(lat[a], lon[a], lat[b], lon[b]))
            if bins[a] == bins[b] and apart <= metres:
                expected[(a, b)] = apart
    found = dict(zip(zip(i.tolist(), j.tolist(), strict=True), found_m.tolist(), strict=True))
    # haversine and chord differ by rounding only: let pairs within a millimetre of the limit go either way
    edge = {pair for pair, apart in (expected | found).items() if abs(apart - metres) < 1e-3}
    assert found.keys() - edge == expected.keys() - edge
    assert all(abs(found[pair] - expected[pair]) < 1e-3 for pair in found.keys() & expected.keys())


@settings(max_examples=100, deadline=None)
@given(clusters(), st.sampled_from([150.0, 5000.0]), st.data())
def test_asked_rows_get_their_pairs_however_rows_are_cut(
    cluster: tuple[list[float], list[float], list[int]], metres: float, data: st.DataObject
) -> None:
    lat, lon, bins = cluster
    asked = np.array(data.draw(st.lists(st.booleans(), min_size=len(bins), max_size=len(bins))))
    point = vectors(lat, lon)
    i, j, found_m = near_pairs(np.array(bins), point, metres)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "AT_ONCE", data.draw(st.integers(1, 9)))
        again = near_pairs(np.array(bins), point, metres)
        some = near_pairs(np.array(bins), point, metres, asked)
    wanted = asked[i] | asked[j]
    for one, all_, few in zip((i, j, found_m), again, some, strict=True):
        np.testing.assert_array_equal(all_, one)
        np.testing.assert_array_equal(few, one[wanted])


@given(st.sampled_from([10.0, 500.0, 20_000.0]))
def test_cells_are_never_narrower_than_the_distance(metres: float) -> None:
    cells = grid(metres)
    row = np.arange(len(cells.cells))
    lat = np.degrees((row + 0.5) * cells.height - np.pi / 2)
    many = cells.cells > 1
    width = distance_m(lat[many], 0.0, lat[many], 360.0 / cells.cells[many])
    assert (width >= min(metres, 20_000.0)).all()


def test_a_vector_goes_there_and_back() -> None:
    lat, lon = lat_lon(vectors([89.0, -45.0, 0.0], [179.5, -179.5, 0.0]))
    np.testing.assert_allclose(lat, [89.0, -45.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(lon, [179.5, -179.5, 0.0], atol=1e-12)
