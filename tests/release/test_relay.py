"""The relay's filter against a reader of single rows, and what an accord may say of it."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_makers import accord

from prasan.errors import AccordError
from prasan.picture.position import AIS_CLASSES, POSITIONS, UNITS_PER_DEGREE
from prasan.release.accord import RelayTerms, combine
from prasan.release.boxes import inside
from prasan.release.relay import Permit, due, sift

AREA = {"area": [97, 1, 105, 14]}
degrees = st.sampled_from([-180.0, -179.5, -10.0, 0.0, 9.5, 10.0, 100.25, 179.5, 180.0])
places = st.sampled_from([-90.0, -5.0, 0.0, 5.5, 9.5, 12.0, 90.0])
rows = st.fixed_dictionaries(
    {
        "t": st.integers(1_700_000_000, 1_700_001_000),
        "mmsi": st.sampled_from([0, 567000001, 567000002, 367000001]),
        "lat": st.none() | places,
        "lon": st.none() | degrees,
        "ais_class": st.none() | st.sampled_from(range(len(AIS_CLASSES))),
        "source": st.sampled_from(["coast", "satellite", "theirs"]),
    }
)
boxes = st.tuples(degrees, places, degrees, places).map(lambda b: (b[0], min(b[1], b[3]), b[2], max(b[1], b[3])))
terms = st.builds(
    RelayTerms,
    area=boxes,
    classes=st.sets(st.sampled_from(["A", "B"]), min_size=1).map(frozenset),
    delay_s=st.integers(0, 900),
)
permits = st.builds(
    Permit,
    terms=st.lists(terms, min_size=1, max_size=3).map(tuple),
    sources=st.frozensets(st.sampled_from(["coast", "satellite", "theirs"])),
    own=st.frozensets(st.sampled_from([567000001, 0])),
)


def table(given_rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as positions; places in degrees."""
    full = [
        {field.name: None for field in POSITIONS}
        | {"time_source": 0, "flags": 0}
        | row
        | {name: None if row[name] is None else round(row[name] * UNITS_PER_DEGREE) for name in ("lat", "lon")}
        for row in given_rows
    ]
    return pa.Table.from_pylist(full, schema=POSITIONS)


def code_of(row: dict[str, Any], permit: Permit) -> str:
    """The first reason to leave one row out, "" for none: the reference."""
    if row["source"] not in permit.sources:
        return "source"
    if row["mmsi"] in permit.own:
        return "own_vessel"
    if any(row["ais_class"] is None or AIS_CLASSES[row["ais_class"]] not in one.classes for one in permit.terms):
        return "class"
    if row["lat"] is None or row["lon"] is None:
        return "no_place"
    return "" if all(inside(one.area, row["lat"], row["lon"]) for one in permit.terms) else "area"


@given(st.lists(rows, max_size=40), permits)
def test_what_is_kept_is_what_a_reader_of_single_rows_keeps(given_rows: list[dict[str, Any]], permit: Permit) -> None:
    given_table = table(given_rows)
    codes = [code_of(row, permit) for row in given_rows]
    sifted = sift(given_table, permit)
    assert sifted.rows.to_pylist() == [
        row for row, code in zip(given_table.to_pylist(), codes, strict=True) if not code
    ]
    assert sifted.left_out == {code: codes.count(code) for code in set(codes) if code}


@given(st.lists(rows, max_size=20), st.integers(0, 900), st.integers(0, 2000))
def test_a_row_is_told_when_it_is_old_enough(given_rows: list[dict[str, Any]], delay_s: int, after: int) -> None:
    now = 1_700_000_000 + after
    told = due(table(given_rows), delay_s, now)
    assert told.tolist() == [now - row["t"] >= delay_s for row in given_rows]
    assert told.dtype == np.bool_


@given(st.lists(rows, max_size=20), permits, terms)
def test_another_accord_never_lets_more_out(given_rows: list[dict[str, Any]], permit: Permit, more: RelayTerms) -> None:
    stricter = Permit((*permit.terms, more), permit.sources, permit.own)
    assert stricter.delay_s >= permit.delay_s
    kept = sift(table(given_rows), permit).rows.to_pylist()
    assert all(row in kept for row in sift(table(given_rows), stricter).rows.to_pylist())


def test_an_accord_with_a_relay() -> None:
    with_it, plain = accord(relay=AREA | {"classes": ["A"], "delay_s": 300}), accord()
    assert with_it.relay == RelayTerms((97.0, 1.0, 105.0, 14.0), frozenset({"A"}), 300)
    assert plain.relay is None
    alone, both = combine((with_it,)), combine((with_it, plain))
    assert alone is not None
    assert alone.relay == (with_it.relay,)
    assert both is not None
    assert both.relay == (), "one accord without it is none at all"


@pytest.mark.parametrize(
    "relay",
    [
        {"area": [97, 14, 105, 1]},
        {"area": [97, 1, 300, 14]},
        AREA | {"classes": []},
        AREA | {"classes": ["base"]},
        AREA | {"delay_s": -1},
        {"delay_s": 1},
    ],
)
def test_a_relay_that_does_not_hold(relay: dict[str, Any]) -> None:
    with pytest.raises(AccordError, match="relay"):
        accord(relay=relay)
