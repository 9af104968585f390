"""Laws of the lattice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.picture.marking import CISE_PURPOSES, PUBLIC, PURPOSES, Marking, Tlp, join_all

names = st.frozensets(st.sampled_from(["a", "b", "c"]))
markings = st.builds(
    Marking,
    tlp=st.sampled_from(list(Tlp)),
    rel_to=st.none() | names,
    orcon=names,
    purposes=st.none() | names,
    personal_data=st.booleans(),
    expires=st.none() | st.integers(0, 9),
    exercise=st.booleans(),
)


@given(markings, markings, markings)
def test_join_is_associative(a: Marking, b: Marking, c: Marking) -> None:
    assert a.join(b).join(c) == a.join(b.join(c)) == join_all([a, b, c])


@given(markings, markings)
def test_join_is_commutative_and_an_upper_bound(a: Marking, b: Marking) -> None:
    assert a.join(b) == b.join(a)
    assert a.at_most(a.join(b))
    assert b.at_most(a.join(b))


@given(markings)
def test_join_is_idempotent_with_the_public_at_the_bottom(a: Marking) -> None:
    assert a.join(a) == a
    assert a.join(PUBLIC) == a
    assert PUBLIC.at_most(a)
    assert join_all([]) == PUBLIC


@given(markings, markings, markings)
def test_join_is_the_least_upper_bound_and_monotone(a: Marking, b: Marking, c: Marking) -> None:
    if a.at_most(c) and b.at_most(c):
        assert a.join(b).at_most(c)
    if a.at_most(b):
        assert a.join(c).at_most(b.join(c))


@given(markings, markings)
def test_at_most_is_an_order(a: Marking, b: Marking) -> None:
    assert not (a.at_most(b) and b.at_most(a)) or a == b


@pytest.mark.parametrize("tlp", list(Tlp))
def test_labels_go_there_and_back(tlp: Tlp) -> None:
    assert Tlp.parse(tlp.label) == Tlp.parse(tlp.label.lower().removeprefix("tlp:")) == tlp


def test_labels_that_are_not() -> None:
    assert Tlp.parse("TLP:WHITE") == Tlp.CLEAR
    with pytest.raises(ValueError, match="not a TLP"):
        Tlp.parse("TLP:PURPLE")


def test_purposes_hold_those_of_cise() -> None:
    assert len(CISE_PURPOSES) == 21
    assert set(CISE_PURPOSES) < PURPOSES
