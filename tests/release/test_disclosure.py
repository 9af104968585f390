"""Counts for everybody: whoever adds and subtracts cannot tell a hidden one to within the floor."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from prasan.release.disclosure import FLOOR, Published, protect, rounded

tables = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 40), max_size=8)


@given(tables)
def test_what_is_small_is_never_shown(counts: dict[str, int]) -> None:
    found = protect(counts)
    assert all(count == 0 or count >= FLOOR for count in found.counts.values())
    assert {*found.counts, *found.hidden} == {*counts}
    assert all(counts[name] == count for name, count in found.counts.items())
    assert found.total in (None, sum(counts.values()))


@given(tables)
def test_nobody_can_work_it_out(counts: dict[str, int]) -> None:
    """Every hidden count could be any of `FLOOR` numbers at least, for all that the rest says."""
    found = protect(counts)
    for name in found.hidden:
        if found.total is not None:
            assert len(possible(found, name)) >= FLOOR


def possible(found: Published, name: str) -> set[int]:
    """Everything that one hidden count could be, tried out: two cells stand for any number of others."""
    left = (found.total or 0) - sum(found.counts.values())
    others = len(found.hidden) - 1
    return {one for one in range(1, left + 1) if (left - one >= others if others else left == one)}


def test_small_tables_tried_out_whole() -> None:
    for values in product(range(8), repeat=3):
        counts = dict(zip("abc", values, strict=True))
        found = protect(counts)
        worlds = [
            world
            for world in product(range(1, 25), repeat=len(found.hidden))
            if found.total is None or sum(world) + sum(found.counts.values()) == found.total
        ]
        for number in range(len(found.hidden)):
            assert len({world[number] for world in worlds}) >= FLOOR, counts


def test_as_little_is_hidden_as_will_do() -> None:
    assert protect({"a": 9, "b": 12}) == Published({"a": 9, "b": 12}, (), 21)
    assert protect({"a": 3, "b": 12, "c": 40}) == Published({"c": 40}, ("a", "b"), 55)
    assert protect({"a": 3, "b": 4, "c": 40}) == Published({"c": 40}, ("a", "b"), 47)
    assert protect({"a": 1, "b": 1}) == Published({}, ("a", "b"), None)
    assert protect({"a": 2, "b": 0}) == Published({"b": 0}, ("a",), None)


def test_a_count_that_is_told_again_and_again() -> None:
    assert [rounded(count) for count in (0, 4, 5, 9, 10)] == [0, 0, 5, 5, 10]
