import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.exercise.player import position_table
from prasan.picture.position import Flag
from prasan.tracks.columns import Fixes
from prasan.tracks.settle import FOREVER, settle

T0 = 1_772_409_600
ROW = st.tuples(st.integers(1, 3), st.integers(0, 4), st.integers(-2, 2), st.sampled_from(["a", "b", "c"]))


def table(rows: list[tuple[int, int, int, str]], **more: list[int | None]) -> pa.Table:
    parts = [
        position_table(
            {"mmsi": [567_000_000 + row[0]], "t": [T0 + row[1]], "lat": [row[2]], "lon": [row[2]]}
            | {name: [column[number]] for name, column in more.items()},
            row[3],
        )
        for number, row in enumerate(rows)
    ]
    return pa.concat_tables(parts) if parts else position_table({"mmsi": [], "t": [], "lat": [], "lon": []}, "a")


def seen(fixes: Fixes) -> list[tuple[int, int, int, int, tuple[str, ...]]]:
    columns = (fixes.mmsi, fixes.t, fixes.lat, fixes.heard)
    names = [fixes.sets[index] for index in fixes.origin.tolist()]
    return list(zip(*(column.tolist() for column in columns), names, strict=True))


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=25))
def test_sorted_folded_and_every_witness_kept(rows: list[tuple[int, int, int, str]]) -> None:
    fixes, carry = settle(table(rows), None, FOREVER)
    expected: dict[tuple[int, int, int], list[str]] = {}
    for mmsi, t, place, source in rows:
        expected.setdefault((567_000_000 + mmsi, T0 + t, place), []).append(source)
    wanted = [(*key, len(names), tuple(sorted(set(names)))) for key, names in sorted(expected.items())]
    assert seen(fixes) == wanted
    assert carry.folded == len(rows) - len(wanted)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=25), st.integers(0, 25))
def test_a_cut_even_inside_a_second_changes_nothing(rows: list[tuple[int, int, int, str]], cut: int) -> None:
    rows = sorted(rows, key=lambda row: row[1])
    whole, _ = settle(table(rows), None, FOREVER)
    upto = T0 + rows[cut][1] if cut < len(rows) else FOREVER
    first, carry = settle(table(rows[:cut]), None, upto)
    second, carry = settle(table(rows[cut:]), carry, FOREVER)
    assert sorted(seen(first) + seen(second)) == sorted(seen(whole))
    assert carry.dropped == {}


def test_rows_that_no_kernel_can_use_are_counted_by_reason() -> None:
    flags = [0, Flag.NO_TIME, Flag.FUTURE_TIME, Flag.EPOCH_TIME, Flag.NULL_ISLAND, 0, Flag.MMSI_ZERO]
    lat: list[int | None] = [1, 1, 1, 1, 1, None, 60_000_000]
    rows = table([(1, second, 0, "a") for second in range(7)], flags=[int(flag) for flag in flags])
    rows = rows.set_column(rows.schema.get_field_index("lat"), rows.schema.field("lat"), pa.array(lat, pa.int32()))
    fixes, carry = settle(rows, None, FOREVER)
    assert len(fixes) == 1
    assert carry.dropped == {
        "no_time": 1, "future_time": 1, "epoch_time": 1, "null_island": 1, "no_position": 1, "bad_position": 1,
    }  # fmt: skip
    _, carry = settle(table([(1, 0, 0, "a")]), carry, FOREVER)
    assert carry.dropped["late"] == 1


def test_the_row_that_says_more_is_kept() -> None:
    rows = table([(1, 0, 5, "a"), (1, 0, 5, "b")], sog=[None, 83], cog=[None, 900])
    fixes, _ = settle(rows, None, FOREVER)
    assert (fixes.sog.tolist(), fixes.cog.tolist(), fixes.heard.tolist()) == ([83], [900], [2])
    assert np.array_equal(fixes.lat, [5])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 1023)), min_size=1, max_size=8))
def test_speeds_that_receivers_make_up_are_not_given(said: list[int | None]) -> None:
    rows = table([(1, second, 0, "a") for second in range(len(said))], sog=[*said])
    fixes, _ = settle(rows, None, FOREVER)
    assert fixes.sog.tolist() == [-1 if one is None or one in {512, 630, 1022, 1023} else one for one in said]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([None, 0, 359, 360, 511]), st.sampled_from([None, 0, 5, 15])), max_size=5),
    st.randoms(use_true_random=False),
)
def test_heading_and_status_are_the_first_known_whoever_heard_them(
    said: list[tuple[int | None, int | None]], random: np.random.Generator
) -> None:
    def fold(order: list[tuple[int | None, int | None]]) -> Fixes:
        rows: list[tuple[int, int, int, str]] = [(1, 0, 5, "abc"[number % 3]) for number in range(len(order))]
        heading, status = [one[0] for one in order], [one[1] for one in order]
        return settle(table(rows, heading=heading, nav_status=status), None, FOREVER)[0]

    shuffled = list(said)
    random.shuffle(shuffled)
    fixes, again = fold(said), fold(shuffled)
    assert (fixes.heading.tolist(), fixes.nav_status.tolist()) == (again.heading.tolist(), again.nav_status.tolist())
    headings = [heading for heading, _ in said if heading is not None and heading < 360]
    statuses = {status for _, status in said if status is not None}
    assert fixes.heading.tolist() == ([max(headings, default=-1)] if said else [])
    assert set(fixes.nav_status.tolist()) <= (statuses - {15} or statuses or {255})
