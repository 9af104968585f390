"""What tables of columns tell of themselves, against the same said plainly."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.exercise.player import position_table
from prasan.tracks.columns import Fixes, concat, put, put_before, ranges, seek, steps_over, take, track_keys, track_of
from prasan.tracks.emitters import assign
from prasan.tracks.settle import FOREVER, settle

T0 = 1_772_409_600
ROWS = st.lists(
    st.tuples(
        st.sampled_from([567_000_001, 567_000_002, 123]), st.integers(0, 30_000), st.sampled_from([0, 9_000_000])
    ),
    max_size=40,
)


def fixes(rows: list[tuple[int, int, int]]) -> Fixes:
    columns = {
        "mmsi": [mmsi for mmsi, _, _ in rows],
        "t": [T0 + late for _, late, _ in rows],
        "lat": [lat for _, _, lat in rows],
        "lon": [0 for _ in rows],
    }
    return assign(settle(position_table(columns, "test"), None, FOREVER)[0], None)[0]


@settings(deadline=None)
@given(ROWS, st.sampled_from([0, 599, 600, 601, 7200]))
def test_rows_that_begin_something(rows: list[tuple[int, int, int]], seconds: int) -> None:
    made = fixes(rows)
    keys, t = track_keys(made).tolist(), made.t.tolist()
    begins = [row for row in range(len(made)) if not row or keys[row] != keys[row - 1]]
    assert made.begins.tolist() == begins
    assert made.ends.tolist() == [row for row in range(len(made)) if row + 1 == len(made) or row + 1 in begins]
    assert made.keys.tolist() == [keys[row] for row in begins]
    assert made.tens.tolist() == [
        row for row in range(len(made)) if row in begins or t[row] // 600 != t[row - 1] // 600
    ]
    over = [row for row in range(len(made) - 1) if row + 1 not in begins and t[row + 1] - t[row] > seconds]
    assert steps_over(made, seconds).tolist() == over
    assert [begins[track] for track in track_of(made, np.arange(len(made)))] == [
        max(begin for begin in begins if begin <= row) for row in range(len(made))
    ]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=6))
def test_ranges(some: list[tuple[int, int]]) -> None:
    begin, count = np.array(some, np.int64).reshape(-1, 2).T
    assert ranges(begin, count).tolist() == [first + k for first, size in some for k in range(size)]


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), max_size=30), st.data())
def test_seek(values: list[int], data: st.DataObject) -> None:
    values.sort()
    place = st.integers(0, len(values))
    spans = data.draw(st.lists(st.tuples(place, place, st.integers(-1, 21)), max_size=5))
    low, high, asked = np.array([(min(a, b), max(a, b), x) for a, b, x in spans], np.int64).reshape(-1, 3).T
    found = seek(np.array(values), low, high, asked)
    for first, end, x, row in zip(low, high, asked, found, strict=True):
        assert row == next((at for at in range(first, end) if values[at] >= x), end)


@settings(deadline=None)
@given(ROWS, st.integers(0, 30_000))
def test_carried_rows_come_before_new_ones_and_give_way_to_them(rows: list[tuple[int, int, int]], cut: int) -> None:
    made = fixes(rows)
    known, fresh = take(made, made.t < T0 + cut), take(made, made.t >= T0 + cut)
    known = take(known, known.ends)
    both, new = put_before(known, fresh)
    order = np.lexsort((both.t, both.mmsi))
    assert (both.mmsi[order] == both.mmsi).all()
    assert (np.diff(both.t)[np.diff(both.mmsi) == 0] >= 0).all() or (made.emitter > 0).any()
    assert new.sum() == len(fresh)
    plain = {
        key: t for table in (known, take(fresh, fresh.ends)) for key, t in zip(track_keys(table), table.t, strict=True)
    }
    last = put(known, take(fresh, fresh.ends))
    assert dict(zip(track_keys(last), last.t, strict=True)) == plain
    assert (np.diff(track_keys(last)) > 0).all()
    assert len(concat(known, fresh)) == len(both)
