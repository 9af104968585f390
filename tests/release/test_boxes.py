"""Places in boxes: one by one and in columns alike, edges included."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prasan.release.boxes import Area, inside, inside_all

LAT = st.integers(-9, 9).map(lambda step: step * 10.0)
LON = st.integers(-18, 18).map(lambda step: step * 10.0)


@given(st.tuples(LON, LAT, LON, LAT), st.lists(st.tuples(LAT, LON), min_size=1))
def test_columns_say_what_each_place_says(area: Area, places: list[tuple[float, float]]) -> None:
    lats, lons = (np.array(column) for column in zip(*places, strict=True))
    assert inside_all(area, lats, lons).tolist() == [inside(area, *place) for place in places]


def test_edges_are_inside_and_a_box_may_cross_180_degrees() -> None:
    assert inside((170.0, -10.0, -170.0, 10.0), 10.0, -170.0)
    assert not inside((170.0, -10.0, -170.0, 10.0), 10.0, 169.0)
