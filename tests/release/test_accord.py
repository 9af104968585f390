"""Accords: what is read, what is refused with which words, and how several become one."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_makers import ACCORDS, NODE, NOW, US, accord, accords, text_of_accord

from prasan.errors import AccordError
from prasan.picture.marking import Tlp
from prasan.release.accord import Accord, Narrowing, accord_hash, combine, holding, parse_accord, successors


def test_an_accord_is_its_bytes() -> None:
    read = accord()
    assert read.hash == accord_hash(text_of_accord())
    assert parse_accord(text_of_accord() + b"\n").hash != read.hash
    assert (read.highest_tlp, read.onward, read.recall_days) == (Tlp.AMBER, "never", 2)
    assert read.other(NODE).id == US
    with pytest.raises(AccordError, match="not a party"):
        read.other("identity--x")


def test_in_force_from_and_until() -> None:
    read = accord()
    assert read.in_force(NOW)
    assert read.in_force(read.valid_from)
    assert not read.in_force(read.valid_until)
    assert not read.in_force(read.valid_from - 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"highest_tlp": "purple"}, "highest_tlp.*purple"),
        ({"mode": "war"}, "mode"),
        ({"onward": "maybe"}, "onward"),
        ({"recall_days": 0}, "recall_days"),
        ({"recall_days": "two"}, "recall_days"),
        ({"purposes": []}, "purposes is empty"),
        ({"purposes": ["maritime_securty"]}, "maritime_securty"),
        ({"valid_until": datetime(2026, 1, 1, tzinfo=UTC)}, "valid_until is not after"),
        ({"valid_until": datetime(2027, 1, 1)}, "valid_until"),
        ({"prasan_accord": 2}, "prasan_accord"),
        ({"surprise": 1}, "surprise"),
        ({"name": "A B"}, "name"),
    ],
)
def test_errors_say_what_and_where(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(AccordError, match=words) as caught:
        accord(**changes)
    assert caught.value.remedy


def test_errors_of_the_file_itself() -> None:
    with pytest.raises(AccordError, match="line 2"):
        parse_accord(b"prasan_accord = 1\nname = \n")
    with pytest.raises(AccordError, match="UTF-8"):
        parse_accord(b"\xff")
    with pytest.raises(AccordError, match="same id"):
        parse_accord(text_of_accord(us=NODE))
    with pytest.raises(AccordError, match="not an identity id"):
        parse_accord(text_of_accord(us="us-mo"))
    with pytest.raises(AccordError, match="missing"):
        parse_accord(b"prasan_accord = 1")


@given(accords)
def test_combining_takes_the_stricter_in_any_order(held: tuple[Accord, ...]) -> None:
    combined = combine(held)
    assert all(combine(tuple(order)) == combined for order in permutations(held))
    if combined is None:
        assert not held
        return
    for one in held:
        assert combined.highest_tlp <= one.highest_tlp
        assert combined.purposes <= one.purposes
        assert combined.recall_days <= one.recall_days
        assert one.mode == "exercise" or combined.mode == "real"


def test_own_purposes_begin_with_x() -> None:
    assert accord(purposes=["x_joint_patrol"]).purposes == {"x_joint_patrol"}
    assert len({a.hash for a in ACCORDS}) == len(ACCORDS)


narrowings = st.builds(
    Narrowing,
    highest_tlp=st.none() | st.sampled_from(list(Tlp)),
    purposes=st.none() | st.frozensets(st.sampled_from(["maritime_security", "counter_piracy", "safety"])),
    onward=st.sampled_from([None, "never", "ask", "tlp"]),
    recall_days=st.none() | st.integers(1, 900),
    store_days=st.none() | st.integers(1, 900),
    valid_until=st.none() | st.floats(0, 3e9),
)


@given(narrowings, narrowings)
def test_a_word_of_one_party_only_ever_makes_it_stricter(first: Narrowing, second: Narrowing) -> None:
    """In whatever order the parties speak, and however often."""
    before = accord(onward="tlp")
    after = second.applied(first.applied(before))
    assert after == first.applied(second.applied(before)) == second.applied(after)
    assert combine((before, after)) == msgspec.structs.replace(
        combine((after, after)) or pytest.fail("an accord"), accords=(before.hash, after.hash)
    )
    assert after.valid_until <= before.valid_until


def test_one_that_replaces_another_holds_alone() -> None:
    old = accord()
    new = accord(name="new", replaces=[old.hash])
    late = accord(name="late", replaces=[new.hash], valid_from=datetime(2030, 1, 1, tzinfo=UTC))
    now, then = 1_800_000_000, 1_900_000_000
    assert holding((old, new, late), now) == (new,)
    assert holding((old, new, late), then) == (late,)
    assert holding((old,), now) == (old,)
    ended = Narrowing(valid_until=now - 5).applied(new)
    assert holding((old, ended), now) == (), "what was replaced does not come back"
    assert successors(old.hash, (old, new, late)) == {old.hash, new.hash, late.hash}
