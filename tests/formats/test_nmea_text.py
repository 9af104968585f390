"""The small vectorised tools agree with what they stand for."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.formats.ais_columns import mmsi_ok
from prasan.formats.nmea_text import index_of_next, next_of

PLACES = st.lists(st.integers(0, 30), max_size=12).map(sorted)


@settings(deadline=None)
@given(PLACES, PLACES)
def test_the_next_place_is_found_with_or_without_a_search(places: list[int], at: list[int]) -> None:
    marks = np.array([*places, 31], np.int64)
    found = index_of_next(marks, np.array(at, np.int64))
    assert found.tolist() == [sum(place < one for place in places) for one in at]
    assert next_of(marks, np.array(at, np.int64)).tolist() == [next((p for p in places if p >= one), 31) for one in at]


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(0, 2**32 - 1), st.integers(200_000_000, 999_999_999)), max_size=20))
def test_forms_of_mmsi_do_not_depend_on_the_others(mmsi: list[int]) -> None:
    together = mmsi_ok(np.array(mmsi, np.uint32)).tolist()
    assert together == [bool(mmsi_ok(np.array([one], np.uint32))[0]) for one in mmsi]
