"""Signed notes against the example of Go's sumdb/note, and against every single change."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import assume, given
from hypothesis import strategies as st

from prasan.errors import IntegrityError, UsageError
from prasan.ledger.note import MAX_SIGNATURES, cosign_note, key_id, sign_note, verify_note

# golang.org/x/mod/sumdb/note, package example.
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
PUBLIC = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
PETER = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

peter = Ed25519PrivateKey.from_private_bytes(SEED)
enoch = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEYS = {"PeterNeumann": peter.public_key(), "EnochRoot": enoch.public_key()}

texts = st.text(st.characters(min_codepoint=32, codec="utf-8") | st.just("\n"), max_size=80).map(lambda t: t + "\n")


def test_the_published_example() -> None:
    assert peter.public_key().public_bytes_raw() == PUBLIC
    assert key_id("PeterNeumann", peter.public_key()).hex() == "c74f20a3"
    note = sign_note(TEXT, "PeterNeumann", peter)
    assert note == TEXT + "\n" + PETER
    assert cosign_note(note, "EnochRoot", enoch) == TEXT + "\n" + PETER + ENOCH


def test_two_signers_are_both_named_and_unknown_ones_ignored() -> None:
    note = cosign_note(sign_note(TEXT, "PeterNeumann", peter), "EnochRoot", enoch)
    assert verify_note(note, KEYS).names == {"PeterNeumann", "EnochRoot"}
    alone = verify_note(note, {"EnochRoot": KEYS["EnochRoot"]})
    assert alone.text == TEXT
    assert alone.names == {"EnochRoot"}
    assert cosign_note(note, "EnochRoot", enoch) == note


def test_a_name_with_another_key_is_unknown() -> None:
    note = sign_note(TEXT, "PeterNeumann", enoch)
    with pytest.raises(IntegrityError, match="No known key"):
        verify_note(note, KEYS)


@given(texts)
def test_any_text_comes_back(text: str) -> None:
    assert verify_note(sign_note(text, "PeterNeumann", peter), KEYS).text == text


@given(st.data())
def test_no_changed_note_verifies_with_another_text(data: st.DataObject) -> None:
    note = sign_note(TEXT, "PeterNeumann", peter)
    at = data.draw(st.integers(0, len(note) - 1))
    changed = note[:at] + data.draw(st.sampled_from(["", "x", "\n", " ", "A", "—", "=", "\x00"])) + note[at + 1 :]
    assume(changed != note)
    with pytest.raises(IntegrityError):
        verify_note(changed, KEYS)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        TEXT,
        TEXT + "\n",
        TEXT + "\n" + PETER.rstrip("\n"),
        TEXT + PETER,
        TEXT + "\n" + PETER + "\n",
        TEXT + "\n" + "— PeterNeumann !!!\n",
        TEXT + "\n" + "— PeterNeumann x08g\n",
        TEXT + "\r\n\n" + PETER,
        "\ud800\n\n" + PETER,
        TEXT + "\n" + PETER * (MAX_SIGNATURES + 1),
    ],
)
def test_what_is_no_signed_note_is_refused(note: str) -> None:
    with pytest.raises(IntegrityError):
        verify_note(note, KEYS)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\t", "no\u00a0break", "new\nline"])
def test_a_name_that_cannot_stand_in_a_note_is_wrong_use(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a key"):
        sign_note(TEXT, name, peter)


@pytest.mark.parametrize("text", ["no newline", "tab\there\n", "\ud800\n"])
def test_a_text_that_cannot_stand_in_a_note_is_wrong_use(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be signed"):
        sign_note(text, "PeterNeumann", peter)


def test_the_public_key_is_enough_to_verify() -> None:
    key = Ed25519PublicKey.from_public_bytes(PUBLIC)
    assert verify_note(TEXT + "\n" + PETER + ENOCH, {"PeterNeumann": key}).names == {"PeterNeumann"}
