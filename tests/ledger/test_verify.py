"""A changed ledger is always found, and the report names the entry."""

from hashlib import sha256

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from prasan.errors import IntegrityError
from prasan.ledger.checkpoint import Checkpoint, cosign_note, sign_checkpoint
from prasan.ledger.entry import Entry, commit, encode
from prasan.ledger.tree import EMPTY_ROOT, root
from prasan.ledger.verify import MAX_PROBLEMS, LeafRow, Report, verify_log

ORIGIN = "th.example/node"
key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
partner = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEYS = {ORIGIN: key.public_key(), "us.example/node": partner.public_key()}


def row(index: int, what: str = "") -> LeafRow:
    salt = sha256(f"salt {index}".encode()).digest()
    raw = encode(Entry("statement", 1_764_000_000_000_000 + index, f"view--{index}{what}"))
    return LeafRow(index, commit(salt, raw), salt, raw)


def note(rows: list[LeafRow], size: int, origin: str = ORIGIN) -> str:
    return sign_checkpoint(Checkpoint(origin, size, root(r.leaf for r in rows[:size])), key, ORIGIN)


def check(rows: list[LeafRow], notes: list[str]) -> Report:
    return verify_log(rows, notes, KEYS, origins=[ORIGIN])


ROWS = [row(i) for i in range(20)]
NOTES = [note(ROWS, size) for size in (16, 0, 8, 12, 8)]


def test_an_untouched_ledger_verifies() -> None:
    report = check(ROWS, NOTES).require()
    assert report == Report(20, 0, root(r.leaf for r in ROWS), 5, 16, ())


def test_an_empty_ledger_verifies() -> None:
    assert check([], []) == Report(0, 0, EMPTY_ROOT, 0, 0, ())


@given(st.sets(st.integers(0, 19)))
def test_erased_entries_are_counted_and_still_verify(erased: set[int]) -> None:
    rows = [LeafRow(r.index, r.leaf, None, None) if r.index in erased else r for r in ROWS]
    report = check(rows, NOTES)
    assert report.ok
    assert report.erased == len(erased)


@given(st.integers(0, 19), st.sampled_from(["leaf", "salt", "entry"]), st.data())
def test_any_flipped_bit_is_named(index: int, field: str, data: st.DataObject) -> None:
    old: bytes = getattr(ROWS[index], field)
    at, bit = data.draw(st.integers(0, len(old) - 1)), data.draw(st.integers(0, 7))
    changed = msgspec.structs.replace(ROWS[index], **{field: old[:at] + bytes([old[at] ^ (1 << bit)]) + old[at + 1 :]})
    report = check([*ROWS[:index], changed, *ROWS[index + 1 :]], NOTES)
    assert report.problems[0].first == index
    assert report.problems[0].message == f"Entry {index}: its salt and text do not give its leaf."
    with pytest.raises(IntegrityError, match=f"Entry {index}:"):
        report.require()


@given(st.integers(0, 15))
def test_an_entry_rewritten_with_its_leaf_is_found_by_the_next_checkpoint(index: int) -> None:
    report = check([*ROWS[:index], row(index, "forged"), *ROWS[index + 1 :]], NOTES)
    first = report.problems[0]
    assert first.fault == "root"
    assert first.first is not None
    assert first.last is not None
    assert first.first <= index <= first.last
    assert first.last - first.first < 8


def test_entries_after_the_last_checkpoint_are_said_to_be_unsigned() -> None:
    report = check([*ROWS[:18], row(18, "forged"), ROWS[19]], NOTES)
    assert report.ok
    assert report.size - report.signed == 4


@given(st.integers(0, 19))
def test_a_missing_row_is_named(index: int) -> None:
    report = check(ROWS[:index] + ROWS[index + 1 :], NOTES)
    if index == 19:
        assert report.ok  # the last entry was not yet signed
        assert report.size == 19
    else:
        assert [(p.fault, p.first) for p in report.problems] == [("missing", index)]


def test_a_ledger_cut_off_below_a_checkpoint_is_named() -> None:
    report = check(ROWS[:10], NOTES)
    assert report.problems[-1].message == "Entries 10 to 15 were signed and are no longer in the ledger."


def test_half_an_erasure_is_no_erasure() -> None:
    rows = [msgspec.structs.replace(ROWS[0], salt=None), *ROWS[1:]]
    assert check(rows, NOTES).problems[0].fault == "half_erased"


def test_text_that_is_no_entry_is_named_though_its_leaf_fits() -> None:
    raw = b'{"kind":"free text"}'
    rows = [LeafRow(0, commit(bytes(32), raw), bytes(32), raw)]
    assert check(rows, []).problems[0].fault == "not_canonical"


def test_checkpoints_that_cannot_be_trusted_are_named() -> None:
    forged = NOTES[0].replace("\n16\n", "\n15\n")
    elsewhere = note(ROWS, 8, "us.example/node")
    report = check(ROWS, [forged, elsewhere, NOTES[2]])
    assert [p.fault for p in report.problems] == ["signature", "origin"]
    assert report.signed == 8


def test_a_pair_log_asks_both_signatures() -> None:
    both = cosign_note(NOTES[0], "us.example/node", partner)
    required = {ORIGIN, "us.example/node"}
    assert verify_log(ROWS, [both], KEYS, origins=[ORIGIN], required=required).ok
    report = verify_log(ROWS, [NOTES[0]], KEYS, origins=[ORIGIN], required=required)
    assert report.problems[0].message == "Checkpoint 0 lacks the signature of us.example/node."


def test_two_signed_histories_of_one_size_are_found() -> None:
    other = [row(0, "other"), *ROWS[1:]]
    assert [p.fault for p in check(ROWS, [NOTES[0], note(other, 16)]).problems] == ["root"]


def test_a_report_stays_small() -> None:
    rows = [LeafRow(i, b"?", None, None) for i in range(MAX_PROBLEMS * 2)]
    assert len(check(rows, []).problems) == MAX_PROBLEMS
