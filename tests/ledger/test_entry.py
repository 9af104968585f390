"""Entries: one way to write them, and nothing in them that has no place there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.errors import IntegrityError, UsageError
from prasan.ledger.entry import MAX_ENTRY, MAX_TEXT, Code, Entry, commit, decode, encode

words = st.text(st.characters(codec="utf-8"), max_size=20)
codes: st.SearchStrategy[Code] = words | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none()
details = st.dictionaries(words, codes | st.lists(words, max_size=3).map(tuple), max_size=5)
entries = st.builds(Entry, words, st.integers(0, 2**62), words, details)


@given(entries)
def test_an_entry_comes_back_from_its_bytes(entry: Entry) -> None:
    assert decode(encode(entry)) == entry


@given(entries, st.randoms())
def test_the_order_of_details_does_not_matter(entry: Entry, random: object) -> None:
    items = list(entry.detail.items())[::-1]
    assert encode(Entry(entry.kind, entry.at, entry.subject, dict(items))) == encode(entry)


def test_the_bytes_are_fixed_for_ever() -> None:
    entry = Entry("recall", 1764000000000000, "view--1", {"reason": "error", "deadline_h": 24, "ids": ("b", "a")})
    assert encode(entry) == (
        b'{"at":1764000000000000,"detail":{"deadline_h":24,"ids":["b","a"],"reason":"error"},'
        b'"kind":"recall","subject":"view--1"}'
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"\xff",
        b'{"kind":"a","at":1,"subject":"s","detail":{}}',
        b'{"at":1,"detail":{},"kind":"a","subject":"s"} ',
        b'{"at":1,"detail":{},"kind":"a","subject":"s","x":1}',
        b'{"at":1,"detail":{"a":1,"a":2},"kind":"a","subject":"s"}',
        b'{"at":1,"detail":{"a":1.5},"kind":"a","subject":"s"}',
    ],
)
def test_other_bytes_are_no_entry(raw: bytes) -> None:
    with pytest.raises(IntegrityError, match="canonical"):
        decode(raw)


@pytest.mark.parametrize(
    "entry",
    [
        Entry("object", 1, "id", {"bytes": "x" * (MAX_TEXT + 1)}),
        Entry("x" * (MAX_TEXT + 1), 1, "id"),
        Entry("object", 1, "id", {"ids": ("x" * (MAX_TEXT + 1),)}),
        Entry("object", 1, "id", {str(i): "x" * MAX_TEXT for i in range(MAX_ENTRY // MAX_TEXT)}),
        Entry("object", 1, "id", {"score": 0.5}),  # type: ignore[dict-item]
        Entry("object", 1, "id", {"object": {"a": 1}}),  # type: ignore[dict-item]
        Entry("object", 1, "\ud800"),
        Entry("object", 1, "id", {"n": 2**70}),
    ],
)
def test_what_has_no_place_in_a_ledger_is_wrong_use(entry: Entry) -> None:
    with pytest.raises(UsageError):
        encode(entry)


def test_a_leaf_needs_a_whole_salt() -> None:
    assert commit(bytes(32), b"") != commit(bytes(31) + b"\x01", b"")
    with pytest.raises(UsageError, match="32 bytes"):
        commit(b"short", b"")
