"""The piracy table."""

import gzip
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prasan
from prasan.errors import FormatError
from prasan.formats.incidents import BadRow, Parsed, parse
from prasan.picture.incident import BOXES

TABLE = Path(prasan.__file__).parent / "data" / "incidents" / "piracy_attacks_1993_2015.csv.gz"
HEADER = "date,time,longitude,latitude,attack_type,nearest_country,vessel_type,vessel_status,data_source"


@pytest.fixture(scope="module")
def shipped() -> Parsed:
    with gzip.open(TABLE, "rt", encoding="utf-8", newline="") as lines:
        return parse(lines)


def test_the_shipped_table(shipped: Parsed) -> None:
    assert (len(shipped.incidents), shipped.bad) == (6588, ())
    assert len({incident.key for incident in shipped.incidents}) == 6588
    assert Counter(incident.precision for incident in shipped.incidents) == {"day": 6579, "minute": 9}
    assert sum(bool(incident.local_time) for incident in shipped.incidents) == 236


@pytest.mark.parametrize(("name", "count"), [("gulf_of_aden", 476), ("malacca_strait", 975)])
def test_the_boxes(shipped: Parsed, name: str, count: int) -> None:
    assert sum(BOXES[name].holds(incident.lat, incident.lon) for incident in shipped.incidents) == count


def one(row: str, header: str = HEADER) -> Parsed:
    return parse([header, row])


def test_a_time_in_utc_is_known_to_the_minute() -> None:
    (incident,) = one("2015-01-01,21:30 UTC,103.5,1.2,Boarded,SGP,Bulk Carrier,steaming,imb").incidents
    assert (incident.occurred, incident.precision) == (1_420_147_800, "minute")
    assert (incident.attack_type, incident.vessel_type, incident.vessel_status) == (
        "boarded",
        "bulk_carrier",
        "steaming",
    )


def test_a_local_time_is_kept_as_such() -> None:
    (incident,) = one("2015-01-01,05:36,103.5,1.2,Fired Upon,SGP,,,imb").incidents
    assert (incident.occurred, incident.precision, incident.local_time) == (1_420_070_400, "day", "05:36")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2015-02-30,,1,1,Boarded,X,,,", "bad_date"),
        ("01/02/2015,,1,1,Boarded,X,,,", "bad_date"),
        ("2015-01-01,25:00,1,1,Boarded,X,,,", "bad_time"),
        ("2015-01-01,noon,1,1,Boarded,X,,,", "bad_time"),
        ("2015-01-01,,181,1,Boarded,X,,,", "bad_place"),
        ("2015-01-01,,1,nan,Boarded,X,,,", "bad_place"),
        ("2015-01-01,,,,Boarded,X,,,", "bad_place"),
        ("2015-01-01,,1,1,Kidnapped,X,,,", "bad_type"),
        ("2015-01-01,,1,1", "bad_csv_row"),
        ("2015-01-01,,1,1,Boarded,X,,,,extra", "bad_csv_row"),
    ],
)
def test_a_bad_row_is_named_and_left_out(row: str, reason: str) -> None:
    parsed = one(row)
    assert (parsed.incidents, parsed.bad) == ((), (BadRow(2, reason),))
    assert parsed.reasons() == {reason: 1}


def test_reading_goes_on_after_a_row_that_is_not_csv() -> None:
    good = "2015-01-01,,1,1,Boarded,X,,,"
    parsed = parse([HEADER, good, f"2015-01-01,,1,1,{'x' * 140_000},X,,,", good])
    assert (len(parsed.incidents), parsed.reasons()) == (2, {"bad_csv_row": 1})


def test_rows_that_are_alike_keep_apart() -> None:
    row = "2015-01-01,,1,1,Boarded,X,,,"
    keys = [incident.key for incident in parse([HEADER, row, row]).incidents]
    assert len(set(keys)) == 2


def test_another_table_is_refused_with_its_columns() -> None:
    with pytest.raises(FormatError, match=r"lacks date, .*its columns are a, b"):
        parse(["a,b", "1,2"])
    with pytest.raises(FormatError, match="none"):
        parse([])


@given(st.lists(st.text(max_size=40), max_size=5))
def test_any_rows_are_counted(rows: list[str]) -> None:
    parsed = parse([HEADER, *rows])
    assert not parsed.incidents
    assert len(parsed.bad) <= sum(row.count("\n") + row.count("\r") + 1 for row in rows)


def test_a_first_line_that_csv_cannot_hold_is_refused() -> None:
    for header in ("a" * 200_000, '"' + "a," * 100_000):
        with pytest.raises(FormatError):
            one("2020-01-01", header)
