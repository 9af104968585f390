"""Checkpoints against the C2SP example and as a round trip."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from prasan.errors import IntegrityError, UsageError
from prasan.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint

EXAMPLE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"  # c2sp.org/tlog-checkpoint
)
ROOT = base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

lines = st.text(st.characters(min_codepoint=33, codec="utf-8"), min_size=1, max_size=30)


def test_the_published_example() -> None:
    checkpoint = parse_checkpoint(EXAMPLE)
    assert checkpoint == Checkpoint("example.com/behind-the-sofa", 20852163, ROOT)
    assert checkpoint.text() == EXAMPLE


@given(lines, st.integers(0, 10**18 - 1), st.binary(min_size=32, max_size=32), st.lists(lines, max_size=3))
def test_round_trip(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    note = sign_checkpoint(checkpoint, key, "th.example/node")
    assert open_checkpoint(note, {"th.example/node": key.public_key()}) == (
        checkpoint,
        frozenset({"th.example/node"}),
    )


def test_the_key_is_named_after_the_origin() -> None:
    note = sign_checkpoint(Checkpoint("th.example/node", 0, ROOT), key)
    assert open_checkpoint(note, {"th.example/node": key.public_key()})[0].size == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n1\n",
        EXAMPLE.rstrip("\n"),
        EXAMPLE.replace("20852163", "020852163"),
        EXAMPLE.replace("20852163", "-1"),
        EXAMPLE.replace("20852163", "2٣"),
        EXAMPLE.replace("q2I=", "q2J="),
        EXAMPLE.replace("CsUY", "CsU"),
        EXAMPLE + "\n",
        EXAMPLE + "\nextension\n",
        "\n" + EXAMPLE,
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(IntegrityError, match="not a ledger checkpoint"):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 1, ROOT),
        Checkpoint("two\nlines", 1, ROOT),
        Checkpoint("o", -1, ROOT),
        Checkpoint("o", 1, b"short"),
        Checkpoint("o", 1, ROOT, ("",)),
    ],
)
def test_fields_that_do_not_fit_are_wrong_use(checkpoint: Checkpoint) -> None:
    with pytest.raises(UsageError, match="do not fit"):
        checkpoint.text()
