"""What hulls say of their size, and from when on: against a plain reading, in any pieces."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.exercise.player import static_table
from prasan.picture.position import STATICS, Flag
from prasan.tracks.sizes import SIDES, SizesCarry, no_sizes, sizes

SHIP = 567_990_100
KEPT_S = 100

Said = tuple[int, int, int, int, int, int]  # mmsi, t, bow, stern, port, starboard


def statics(rows: list[Said]) -> pa.Table:
    names = ("mmsi", "t", *SIDES)
    return static_table({name: [row[at] for row in rows] for at, name in enumerate(names)}, "test")


def plain(rows: list[Said], mmsi: int, t: int) -> tuple[int, ...]:
    """The last word by then; of two of one second the larger."""
    fit = [row for row in rows if row[0] == mmsi and row[1] <= t and row[2] + row[3] and row[4] + row[5]]
    return max(fit, key=lambda row: row[1:])[2:] if fit else (0, 0, 0, 0)


def ask(said: list[Said], marks: list[int], asked: list[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Rows given between marks, each question asked at the first mark after it and at all while it may be."""
    carry: SizesCarry | None = None
    answers: dict[tuple[int, int], set[tuple[int, ...]]] = {one: set() for one in asked}
    for begin, end in pairwise([0, *marks]):
        table, carry = sizes(statics([row for row in said if begin <= row[1] < end]), carry, end, KEPT_S)
        for mmsi, t in asked:
            if begin - KEPT_S < t < end:
                answers[mmsi, t].add(tuple(table.at(np.array([mmsi]), np.array([t]))[0].tolist()))
    assert all(len(found) == 1 for found in answers.values())
    return [next(iter(answers[one])) for one in asked]


SAID = st.lists(
    st.tuples(
        st.sampled_from([SHIP, SHIP + 1]), st.integers(0, 999),
        *(st.sampled_from([0, 10, 20]) for _ in range(2)), *(st.sampled_from([0, 4]) for _ in range(2)),
    ),
    max_size=12,
)  # fmt: skip


@settings(deadline=None)
@given(SAID, st.lists(st.integers(1, 999), max_size=4), st.lists(st.integers(0, 999), min_size=1, max_size=6))
def test_the_last_word_by_then_in_any_pieces(said: list[Said], cuts: list[int], times: list[int]) -> None:
    asked = [(mmsi, t) for mmsi in (SHIP, SHIP + 1, SHIP + 2) for t in times]
    expected = [plain(said, *one) for one in asked]
    assert ask(said, [1000], asked) == expected
    assert ask(said, [*sorted(set(cuts)), 1000], asked) == expected


def test_what_is_said_for_later_waits_and_repeats_take_no_room() -> None:
    said: list[Said] = [(SHIP, t, 20, 10, 4, 4) for t in range(0, 5000, 360)]
    table, carry = sizes(statics(said), None, 1000, KEPT_S)
    assert len(table) == len(carry.said) == 1
    table, carry = sizes(None, carry, 10_000, KEPT_S)
    assert len(table) == 1
    assert not len(carry.pending)


def test_rows_without_a_time_or_a_number_say_nothing() -> None:
    said = statics([(SHIP, 10, 20, 10, 4, 4), (0, 10, 20, 10, 4, 4)]).to_pylist()
    said[0]["flags"] = int(Flag.NO_TIME)
    table, _ = sizes(pa.Table.from_pylist(said, STATICS), None, 1000, KEPT_S)
    assert len(table) == 0
    assert no_sizes().at(np.array([SHIP]), np.array([5])).tolist() == [[0, 0, 0, 0]]
