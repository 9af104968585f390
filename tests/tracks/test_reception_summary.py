"""Hearings by cell and hour, equal for any cut; summaries that merge like sets."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.exercise.player import position_table
from prasan.tracks.reception import Reception, cells, cells_around, listen, no_reception
from prasan.tracks.reception_summary import Summary, merge, received, shared, summarise
from prasan.tracks.settle import SettleCarry, settle

T0 = 1_772_409_600
Row = tuple[int, int, int, int]
ROWS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 40_000), st.integers(-300_000, 300_000), st.integers(-9, 9)),
    min_size=1, max_size=40,
)  # fmt: skip


def heard(rows: list[Row], cuts: list[int], source: str = "a") -> Reception:
    reception, held = no_reception(3600), SettleCarry()
    for begin, end in pairwise([0, *sorted(set(cuts) - {0, 90_000}), 90_000]):
        some = [row for row in rows if begin <= row[1] < end]
        columns = {
            "mmsi": [567_000_000 + row[0] for row in some], "t": [T0 + row[1] for row in some],
            "lat": [row[2] for row in some], "lon": [107_999_990 + row[3] for row in some],
        }  # fmt: skip
        fixes, held = settle(position_table(columns, source), held, T0 + end)
        reception = listen(reception, fixes, T0 + end, 10**6)
    return reception


def lines(summary: Summary) -> list[tuple[str | int, ...]]:
    columns = (summary.cell, summary.slot, summary.ais_class, summary.heard, summary.expected)
    names = [summary.names[number] for number in summary.source.tolist()]
    return list(zip(names, *(column.tolist() for column in columns), strict=True))


@settings(max_examples=40, deadline=None)
@given(ROWS, st.lists(st.integers(1, 89_999), max_size=5))
def test_any_cut_leaves_the_same(rows: list[Row], cuts: list[int]) -> None:
    whole, pieces = heard(rows, []), heard(rows, cuts)
    for name in ("cell", "slot", "mmsi", "first", "last", "lat", "lon", "sog"):
        assert np.array_equal(getattr(whole.past, name), getattr(pieces.past, name)), name
    assert lines(summarise(whole)) == lines(summarise(pieces))


@settings(max_examples=40, deadline=None)
@given(ROWS, ROWS, ROWS)
def test_merging_is_a_union(a: list[Row], b: list[Row], c: list[Row]) -> None:
    x, y, z = (summarise(heard(rows, [], name)) for rows, name in ((a, "p"), (b, "q"), (c, "p")))
    assert lines(merge(x, y)) == lines(merge(y, x))
    assert lines(merge(merge(x, y), z)) == lines(merge(x, merge(y, z)))
    assert lines(merge(x, x)) == lines(x)
    assert all(row[4] <= row[5] for row in lines(merge(x, z)))  # type: ignore[operator]


def test_a_vessel_that_is_missed_for_an_hour_was_expected_there() -> None:
    reception = heard([(1, 100, 0, 0), (1, 7300, 200_000, 0)], [])
    assert [(row[4], row[5]) for row in lines(summarise(reception))] == [(1, 1), (0, 1), (1, 1)]


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 200_000), st.floats(0, 360))
def test_the_cells_around_a_place_hold_every_place_so_near(
    lat: float, lon: float, metres: float, bearing: float
) -> None:
    _, near = cells_around(np.array([lat]), np.array([lon]), np.array([metres + 100]))
    angle, way = np.radians(bearing), metres / 6_371_008.8
    phi, lam = np.radians(lat), np.radians(lon)
    there = np.arcsin(np.clip(np.sin(phi) * np.cos(way) + np.cos(phi) * np.sin(way) * np.cos(angle), -1, 1))
    east = np.arctan2(np.sin(angle) * np.sin(way) * np.cos(phi), np.cos(way) - np.sin(phi) * np.sin(there))
    units = [np.array([round(np.degrees(value) * 600_000)], np.int32) for value in (there, (lam + east))]
    assert int(cells(units[0], units[1])[0]) in near


def test_nothing_heard_is_a_summary_too() -> None:
    empty = summarise(no_reception(3600))
    assert lines(merge(empty, empty)) == []


@settings(max_examples=40, deadline=None)
@given(ROWS, ROWS)
def test_what_is_sent_in_pieces_comes_whole(a: list[Row], b: list[Row]) -> None:
    whole = merge(summarise(heard(a, [], "p")), summarise(heard(b, [], "q")))
    pieces = shared(whole)
    assert all(len({row[0] for row in one.rows}) <= 25 for one in pieces), "cells of one square degree"
    assert len({(one.source, one.start, one.south, one.west) for one in pieces}) == len(pieces)
    again = summarise(no_reception(3600))
    for one in reversed(pieces):
        again = merge(received(one, one.source), again)
    assert lines(again) == lines(whole)
