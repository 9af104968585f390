"""Times for people: ISO in lists, the Buddhist era only with its word."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.words import dates

NOON = int(datetime(2026, 11, 22, 11, 5, 9, tzinfo=UTC).timestamp())
SECONDS = st.integers(min_value=-1_500_000_000, max_value=4_000_000_000)
OFFSETS = st.integers(min_value=-12 * 60, max_value=14 * 60)


@pytest.mark.parametrize(
    ("precision", "text"),
    [
        ("second", "2026-11-22T11:05:09Z"),
        ("minute", "2026-11-22T11:05Z"),
        ("hour", "2026-11-22T11Z"),
        ("day", "2026-11-22"),
        ("month", "2026-11"),
        ("year", "2026"),
    ],
)
def test_iso_is_no_finer_than_what_is_known(precision: str, text: str) -> None:
    assert dates.iso(NOON, precision) == text


def test_local_clock_names_its_zone_and_another_day() -> None:
    assert dates.local_clock(NOON, 420) == "18:05 +07"
    assert dates.local_clock(NOON, 345) == "16:50 +05:45"
    assert dates.local_clock(NOON, 0) == "11:05 UTC"
    assert dates.local_clock(NOON + 8 * 3600, 420) == "11-23 02:05 +07"


def test_thai_prose_says_the_era() -> None:
    assert dates.prose(NOON, "th", 420) == "22 พฤศจิกายน พ.ศ. 2569 เวลา 18:05 น. (+07)"
    assert dates.prose(NOON, "en", 420) == "22 November 2026, 18:05 (+07)"


def test_a_date_without_a_time_keeps_its_day_everywhere() -> None:
    midnight = int(datetime(2008, 4, 1, tzinfo=UTC).timestamp())
    assert dates.prose(midnight, "th", -300, "day") == "1 เมษายน พ.ศ. 2551"
    assert dates.prose(midnight, "th", -300, "month") == "เมษายน พ.ศ. 2551"
    assert dates.prose(midnight, "en", -300, "year") == "2008"


@given(SECONDS, OFFSETS)
def test_iso_reads_back(seconds: int, offset: int) -> None:
    assert datetime.fromisoformat(dates.iso(seconds)).timestamp() == seconds
    assert dates.local_clock(seconds, offset)


@given(SECONDS, OFFSETS)
def test_a_buddhist_year_never_stands_without_its_word(seconds: int, offset: int) -> None:
    words = dates.prose(seconds, "th", offset)
    year = datetime.fromtimestamp(seconds + offset * 60, UTC).year
    assert f"พ.ศ. {year + 543}" in words
    assert f" {year} " not in words
