"""A proof of one entry: whole it holds for anybody with the key, and changed anywhere it does not."""

import json
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from prasan.errors import FormatError, IntegrityError, PrasanError
from prasan.ledger.checkpoint import Checkpoint, sign_checkpoint
from prasan.ledger.entry import Entry, commit, encode
from prasan.ledger.proof import check_proof, write_proof
from prasan.ledger.tree import inclusion_proof, root
from prasan.ledger.verify import LeafRow

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
KEEPER = "identity--00000000-0000-4000-8000-000000000001"
NAME = f"prasan/{KEEPER}/epoch/node"
ENTRIES = [Entry("user", 1_700_000_000_000_000 + n, f"s{n}", {"n": n}) for n in range(13)]
SALTS = [bytes([n]) * 32 for n in range(13)]
LEAVES = [commit(salt, encode(entry)) for salt, entry in zip(SALTS, ENTRIES, strict=True)]
NOTE = sign_checkpoint(Checkpoint(NAME, len(LEAVES), root(LEAVES)), KEY)
KEYS = [OTHER.public_key(), KEY.public_key()]


def proof(index: int, *, erased: bool = False) -> bytes:
    row = LeafRow(index, LEAVES[index], None if erased else SALTS[index], None if erased else encode(ENTRIES[index]))
    return write_proof(row, inclusion_proof(LEAVES, index), NOTE)


@given(st.integers(0, 12), st.booleans())
def test_a_proof_shows_the_entry_or_the_hole(index: int, erased: bool) -> None:
    found = check_proof(proof(index, erased=erased), KEEPER, KEYS)
    assert (found.index, found.entry) == (index, None if erased else ENTRIES[index])
    assert found.checkpoint.size == 13


@given(st.integers(0, 12), st.integers(0, 10**6), st.integers(1, 255))
def test_a_changed_proof_shows_nothing_else(index: int, place: int, by: int) -> None:
    raw = bytearray(proof(index))
    raw[place % len(raw)] ^= by
    with suppress(PrasanError):
        assert check_proof(bytes(raw), KEEPER, KEYS).entry == ENTRIES[index]


@pytest.mark.parametrize("field", ["entry", "salt"])
def test_half_an_entry_is_refused(field: str) -> None:
    with pytest.raises(IntegrityError, match="not the one that was recorded"):
        check_proof(json.dumps(json.loads(proof(3)) | {field: None}).encode(), KEEPER, KEYS)


def test_another_index_key_or_keeper_is_refused() -> None:
    moved = json.dumps(json.loads(proof(3)) | {"index": 4}).encode()
    with pytest.raises(IntegrityError, match="does not show entry 4"):
        check_proof(moved, KEEPER, KEYS)
    with pytest.raises(IntegrityError, match="No known key"):
        check_proof(proof(3), KEEPER, [OTHER.public_key()])
    with pytest.raises(IntegrityError, match="another node's"):
        check_proof(proof(3), KEEPER[:-1] + "2", KEYS)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b"\xff", b"[" * 5000, b'{"prasan_proof":2}'])
def test_what_is_no_proof_is_said(raw: bytes) -> None:
    with pytest.raises(FormatError, match="not a proof"):
        check_proof(raw, KEEPER, KEYS)
