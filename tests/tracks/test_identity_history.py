"""The history of what a transmitter said, and the law: any cut and any order of the rows give the same."""

from itertools import pairwise
from random import Random

import msgspec
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.exercise.player import static_table
from prasan.picture.position import Flag
from prasan.tracks.identity import MAX_VALUES, Change, IdentityCarry, disputed, slip, tell

T0 = 1_772_409_600
SHIP = 567_000_001
IMO = 9_074_729
FAR = T0 + 10**7

Row = tuple[int, int, str | None, int | None, str]  # mmsi, t, name, imo, source


def table(rows: list[Row]) -> pa.Table:
    tables = [
        static_table(
            {
                "mmsi": [row[0] for row in rows if row[4] == source],
                "t": [row[1] for row in rows if row[4] == source],
                "name": [row[2] for row in rows if row[4] == source],
                "imo": [row[3] for row in rows if row[4] == source],
            },
            source,
        )
        for source in sorted({row[4] for row in rows})
    ]
    return pa.concat_tables(tables).unify_dictionaries() if tables else static_table({"t": [], "mmsi": []}, "a")


def said(name: str, turns: range, mmsi: int = SHIP, imo: int | None = None, source: str = "a") -> list[Row]:
    return [(mmsi, T0 + 360 * turn, name, imo, source) for turn in turns]


def changes(rows: list[Row]) -> list[Change]:
    return tell(table(rows), None, FAR, 3)[0]


ROWS = st.lists(
    st.tuples(
        st.sampled_from([SHIP, SHIP + 1, SHIP + 2]),
        st.integers(0, 40).map(lambda turn: T0 + 200 * turn),
        st.sampled_from([None, "SEA STAR", "SEA STAX", "SEA ST", "MOONLIGHT", "@", "GULF PEARL"]),
        st.sampled_from([None, 0, IMO, 1_234_567]),
        st.sampled_from(["a", "b"]),
    ),
    max_size=60,
)


def in_pieces(rows: list[Row], cuts: list[int], limit: int) -> tuple[list[Change], IdentityCarry]:
    """Rows in the order given, cut by count; each piece's watermark is the earliest second still to come."""
    bounds = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    carry, found = None, list[Change]()
    for begin, end in pairwise(bounds):
        upto = min((row[1] for row in rows[end:]), default=FAR)
        more, carry = tell(table(rows[begin:end]), carry, upto, 3, limit)
        found += more
    more, carry = tell(None, carry, FAR, 3, limit)
    return found + more, carry


@settings(max_examples=100, deadline=None)
@given(ROWS, st.lists(st.integers(1, 60), max_size=5), st.randoms(use_true_random=False), st.sampled_from([2, 100]))
def test_cut_and_order_change_nothing(rows: list[Row], cuts: list[int], random: Random, limit: int) -> None:
    whole, kept = in_pieces(rows, [], limit)
    shuffled = list(rows)
    random.shuffle(shuffled)
    pieces, carry = in_pieces(shuffled, cuts, limit)
    assert pieces == whole
    assert carry.histories == kept.histories
    assert carry.evicted == kept.evicted


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_history_counts_what_a_plain_count_counts(rows: list[Row]) -> None:
    _, carry = tell(table(rows), None, FAR, 3)
    for mmsi in {row[0] for row in rows}:
        held = {value.text: value for value in carry.history(mmsi)["name"].values} if rows_with(rows, mmsi) else {}
        for text in rows_with(rows, mmsi):
            mine = [row for row in rows if row[0] == mmsi and row[2] == text]
            times = [row[1] for row in mine]
            assert (held[text].first, held[text].last) == (min(times), max(times))
            assert held[text].count == len({t // 360 for t in times})
            assert held[text].sources == sorted({row[4] for row in mine})


def rows_with(rows: list[Row], mmsi: int) -> set[str]:
    return {row[2] for row in rows if row[0] == mmsi and row[2] and row[2] != "@"}


def test_a_new_name_settles_at_its_third_turn() -> None:
    (one,) = changes(said("SEA STAR", range(10)) + said("MOONLIGHT", range(10, 20)))
    assert (one.key, one.field, one.old, one.new) == (SHIP, "name", "SEA STAR", "MOONLIGHT")
    assert (one.last, one.first, one.at) == (T0 + 9 * 360, T0 + 10 * 360, T0 + 12 * 360)
    assert one.count == 10
    assert not one.turns


def test_slips_rare_values_and_repeats_within_a_turn_are_no_change() -> None:
    steady = said("SEA STAR", range(10))
    for other in ("SEA STAX", "SEA SSTAR", "SEA ST@@@@", "SEA ST", ""):
        assert changes(steady + said(other, range(10, 20))) == []
    assert changes(steady + said("MOONLIGHT", range(10, 12)) + said("SEA STAR", range(12, 20))) == []
    burst: list[Row] = [(SHIP, T0 + 3600 + second, "MOONLIGHT", None, "a") for second in range(0, 300, 10)]
    assert changes(steady + burst) == []
    assert changes(said("SEA STAR", range(2)) + said("MOONLIGHT", range(2, 20))) == []


def test_names_that_take_turns_are_told_so() -> None:
    rows = said("SEA STAR", range(5)) + said("MOONLIGHT", range(5, 10)) + said("SEA STAR", range(10, 15))
    last = {(one.old, one.new): one.turns for one in changes(rows)}
    assert last == {("SEA STAR", "MOONLIGHT"): True, ("MOONLIGHT", "SEA STAR"): True}


def test_one_imo_number_under_two_numbers_in_sequence_and_at_once() -> None:
    then = said("A", range(5), SHIP, IMO) + said("A", range(5, 10), SHIP + 7, IMO)
    (one,) = changes(then)
    assert (one.key, one.field, one.old, one.new) == (-IMO, "mmsi", str(SHIP), str(SHIP + 7))
    both = said("A", range(0, 20, 2), SHIP, IMO) + said("A", range(1, 20, 2), SHIP + 7, IMO)
    (one,) = changes(both)
    assert (one.field, one.turns) == ("imo", True)
    for none in (0, 1_234_567, IMO - 1):
        assert changes([(row[0], row[1], row[2], none, row[4]) for row in then]) == []


def test_both_sides_of_a_dispute_are_kept() -> None:
    rows = said("SEA STAR", range(5)) + said("MOONLIGHT", range(5), source="b") + said("OLD", range(1), source="b")
    history = tell(table(rows), None, FAR, 3)[1].history(SHIP)
    assert sorted((value.text, value.sources) for value in disputed(history)["name"]) == [
        ("MOONLIGHT", ["b"]),
        ("SEA STAR", ["a"]),
    ]
    agreed = tell(table(said("SEA STAR", range(5)) + said("SEA STAR", range(5), source="b")), None, FAR, 3)[1]
    assert disputed(agreed.history(SHIP)) == {}


def test_a_flood_of_values_and_of_vessels_is_let_go_and_counted() -> None:
    flood: list[Row] = [(SHIP, T0 + 360 * n, f"NAME NUMBER {n * 1001}", None, "a") for n in range(100)]
    _, carry = tell(table(flood), None, FAR, 3)
    assert len(carry.history(SHIP)["name"].values) == MAX_VALUES
    crowd: list[Row] = [(SHIP + n, T0 + n, "X", None, "a") for n in range(1000)]
    _, carry = tell(table(crowd), None, FAR, 3, limit=100)
    assert len(carry.histories) <= 100
    assert carry.evicted == 1000 - len(carry.histories)
    assert SHIP + 999 in carry.histories


def test_late_and_badly_timed_rows_are_counted() -> None:
    _, carry = tell(table(said("A", range(3))), None, T0 + 720, 3)
    rows = table(said("A", range(3)))
    flags = pa.array([0, 0, int(Flag.FUTURE_TIME)], pa.uint16())
    rows = rows.set_column(rows.schema.get_field_index("flags"), rows.schema.field("flags"), flags)
    _, carry = tell(rows, carry, FAR, 3)
    assert carry.dropped == {"late": 2, "bad_time": 1}
    assert carry.history(SHIP + 5) == {}


@given(st.text("ABC", min_size=3, max_size=8), st.integers(0, 7), st.sampled_from("ABCD"))
def test_one_letter_off_is_a_slip_either_way(text: str, at: int, letter: str) -> None:
    at = min(at, len(text) - 1)
    for other in (text[:at] + letter + text[at + 1 :], text[:at] + letter + text[at:], text[:-1]):
        if len(other) >= 3:
            assert slip(text, other)
            assert slip(other, text)
    assert not slip(text, "ZZZ" + text)


def test_a_change_is_a_value() -> None:
    (one,) = changes(said("SEA STAR", range(5)) + said("MOONLIGHT", range(5, 9)))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=Change) == one


def test_who_was_never_given_a_number_has_no_identity() -> None:
    _, carry = tell(table(said("NOBODY", range(5), mmsi=0) + said("ALPHA", range(5))), None, FAR, 3)
    assert set(carry.histories) == {SHIP}
    assert carry.dropped == {"mmsi_zero": 5}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["SEA STAR", "SEA STAX", "MOONLIGHT", "GULF PEARL"]),
            st.sampled_from([None, IMO]),
            st.integers(1, 20),
            st.sampled_from(["a", "b", "ab"]),
        ),
        max_size=8,
    )
)
def test_repeats_counted_at_once_are_counted_as_one_by_one(spoken: list[tuple[str, int | None, int, str]]) -> None:
    rows: list[Row] = []
    for name, imo, times, sources in spoken:
        for number in range(times):
            rows.append((SHIP, T0 + 200 * len(rows), name, imo, sources[number % len(sources)]))
    found, kept = in_pieces(rows, [], 100)
    single, carry = in_pieces(rows, list(range(60)), 100)
    assert found == single
    assert carry.histories == kept.histories
