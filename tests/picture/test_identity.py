import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.picture.identity import FORM_NAMES, GEAR, imo_valid, mmsi_form, mmsi_forms, mmsi_mids, of_forms


@pytest.mark.parametrize(
    ("mmsi", "form", "mid"),
    [
        (567_990_001, "ship", 567),
        (5_670_001, "coast", 567),
        (56_700_001, "group", 567),
        (111_567_001, "sar_aircraft", 567),
        (995_670_001, "aton", 567),
        (985_670_001, "craft", 567),
        (856_700_001, "handheld", 567),
        (970_123_456, "locator", 0),
        (972_123_456, "locator", 0),
        (974_123_456, "locator", 0),
        (0, "invalid", 0),
        (123_456_789, "invalid", 0),
        (111_111_111, "invalid", 0),
        (1_193_046, "invalid", 0),
        (890_000_000, "invalid", 0),
        (975_000_000, "invalid", 0),
        (999_999_999, "invalid", 0),
        (4_000_000_000, "invalid", 0),
    ],
)
def test_forms_of_m585(mmsi: int, form: str, mid: int) -> None:
    assert mmsi_form(mmsi) == form
    assert int(mmsi_mids(np.array([mmsi]))[0]) == mid


@given(st.lists(st.integers(0, 2**32 - 1), max_size=20))
def test_forms_of_many_are_the_forms_of_each(numbers: list[int]) -> None:
    assert [FORM_NAMES[index] for index in mmsi_forms(numbers)] == [mmsi_form(number) for number in numbers]
    assert of_forms(numbers, GEAR).tolist() == [mmsi_form(number) in GEAR for number in numbers]


@pytest.mark.parametrize("imo", [9_074_729, 9_176_187, 8_814_275])
def test_imo_numbers_with_the_right_check_digit(imo: int) -> None:
    assert imo_valid([imo]).all()


@given(st.integers(1_000_000, 9_999_999), st.integers(1, 9))
def test_another_check_digit_is_never_right(imo: int, more: int) -> None:
    changed = imo // 10 * 10 + (imo + more) % 10
    assert not imo_valid([imo, changed]).all()


def test_numbers_that_are_not_seven_digits_are_no_imo_numbers() -> None:
    assert imo_valid([0, 1, 999_999, 10_000_000, 90_747_290]).tolist() == [False] * 5
