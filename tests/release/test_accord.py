"""Accords: what is read, what is refused with which words, and how several become one."""

from itertools import permutations

import pytest
from hypothesis import given
from release_makers import ACCORD, ACCORDS, NODE, NOW, US, accord, accords

from prasan.errors import AccordError
from prasan.picture.marking import Tlp
from prasan.release.accord import Accord, accord_hash, combine, parse_accord


def test_an_accord_is_its_bytes() -> None:
    read = parse_accord(ACCORD.encode())
    assert read.hash == accord_hash(ACCORD.encode())
    assert parse_accord(ACCORD.encode() + b"\n").hash != read.hash
    assert (read.highest_tlp, read.onward, read.recall_days) == (Tlp.AMBER, "never", 2)
    assert read.other(NODE).id == US
    with pytest.raises(AccordError, match="not a party"):
        read.other("identity--x")


def test_in_force_from_and_until() -> None:
    read = parse_accord(ACCORD.encode())
    assert read.in_force(NOW)
    assert read.in_force(read.valid_from)
    assert not read.in_force(read.valid_until)
    assert not read.in_force(read.valid_from - 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"highest_tlp": '"purple"'}, "highest_tlp.*purple"),
        ({"mode": '"war"'}, "mode"),
        ({"onward": '"maybe"'}, "onward"),
        ({"recall_days": "0"}, "recall_days"),
        ({"recall_days": '"two"'}, "recall_days"),
        ({"purposes": "[]"}, "purposes is empty"),
        ({"purposes": '["maritime_securty"]'}, "maritime_securty"),
        ({"valid_until": "2026-01-01T00:00:00Z"}, "valid_until is not after"),
        ({"valid_until": "2027-01-01T00:00:00"}, "valid_until"),
        ({"prasan_accord": "2"}, "prasan_accord"),
        ({"surprise": "1"}, "surprise"),
        ({"name": '"A B"'}, "name"),
    ],
)
def test_errors_say_what_and_where(changes: dict[str, str], words: str) -> None:
    with pytest.raises(AccordError, match=words) as caught:
        accord(**changes)
    assert caught.value.remedy


def test_errors_of_the_file_itself() -> None:
    with pytest.raises(AccordError, match="line 2"):
        parse_accord(b"prasan_accord = 1\nname = \n")
    with pytest.raises(AccordError, match="UTF-8"):
        parse_accord(b"\xff")
    with pytest.raises(AccordError, match="same id"):
        parse_accord(ACCORD.replace(US, NODE).encode())
    with pytest.raises(AccordError, match="not an identity id"):
        parse_accord(ACCORD.replace(US, "us-mo").encode())
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
    assert accord(purposes='["x_joint_patrol"]').purposes == {"x_joint_patrol"}
    assert len({a.hash for a in ACCORDS}) == len(ACCORDS)
