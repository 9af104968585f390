"""Checkpoints between partners: served with a proof, checked, signed by both, and sent back with what was read."""

import base64
import re
from collections.abc import Sequence
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from prasan.errors import IntegrityError
from prasan.exchange.lanes import Lane
from prasan.ledger.checkpoint import Checkpoint, cosign_note, open_checkpoint
from prasan.ledger.note import Keys
from prasan.ledger.tree import verify_consistency

MAX_NOTE: Final = 16 * 1024


class CheckpointAnswer(msgspec.Struct, frozen=True):
    """The latest note of the pair log, and the hashes (base64) that prove it continues the size asked from."""

    checkpoint: str
    proof: tuple[str, ...] = ()


class Ack(msgspec.Struct, frozen=True):
    """A lane was read up to `upto`; `checkpoint` is the sender's own note with the reader's signature added."""

    lane: Lane
    upto: int
    checkpoint: str


class Ours(msgspec.Struct, frozen=True):
    """This node as a signer; `earlier` are the keys that it signed by before and handed over."""

    id: str
    key: Ed25519PrivateKey
    earlier: tuple[Ed25519PublicKey, ...] = ()

    @property
    def keys(self) -> tuple[Ed25519PublicKey, ...]:
        """Every key that we know our own signature by."""
        return (self.key.public_key(), *self.earlier)


class Theirs(msgspec.Struct, frozen=True):
    """A partner as a signer."""

    id: str
    key: Ed25519PublicKey


_ANSWER: Final = msgspec.json.Decoder(CheckpointAnswer)
_ACK: Final = msgspec.json.Decoder(Ack)


def cosigner(identity: str) -> str:
    """The name under which a node signs another's checkpoint."""
    return f"prasan/{identity}"


def checkpoint_answer(note: str, proof: Sequence[bytes]) -> bytes:
    """The answer of the checkpoint address, as it goes into a bundle."""
    return msgspec.json.encode(CheckpointAnswer(note, tuple(base64.b64encode(one).decode() for one in proof)))


def check_checkpoint(raw: bytes, theirs: Theirs, ours: Ours, last: Checkpoint | None) -> tuple[Checkpoint, str]:
    """The partner's checkpoint of its log about us, and its note. IntegrityError if it does not continue `last`.

    A new epoch (after a restore, docs/wire.md, section 6) is a new log, which continues nothing.
    """
    try:
        answer = _ANSWER.decode(raw)
        proof = tuple(base64.b64decode(one, validate=True) for one in answer.proof)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise _broken("it cannot be read") from None
    checkpoint = _open(answer.checkpoint, theirs.id, ours.id, {"": theirs.key})
    if last is not None and last.origin == checkpoint.origin:
        verify_consistency(last.size, last.root, checkpoint.size, checkpoint.root, proof)
    return checkpoint, answer.checkpoint


def write_ack(lane: Lane, upto: int, note: str, ours: Ours) -> bytes:
    """The body of an acknowledgement, with the partner's note signed by us too."""
    return msgspec.json.encode(Ack(lane, upto, cosign_note(note, cosigner(ours.id), ours.key)))


def read_ack(raw: bytes, theirs: Theirs, ours: Ours) -> tuple[Ack, Checkpoint]:
    """A partner's acknowledgement. IntegrityError unless its note is one of ours and both have signed it."""
    try:
        ack = _ACK.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _broken("it cannot be read") from None
    keys: Keys = {"": ours.keys, cosigner(theirs.id): theirs.key}
    return ack, _open(ack.checkpoint, ours.id, theirs.id, keys)


def _open(note: str, keeper: str, other: str, keys: Keys) -> Checkpoint:
    """The checkpoint of the keeper's log about the other. Every key must have signed; that under "" is the keeper's."""
    origin = note.partition("\n")[0]
    if len(note) > MAX_NOTE or not re.fullmatch(
        rf"prasan/{re.escape(keeper)}/[0-9a-f-]{{36}}/{re.escape(other)}", origin
    ):
        raise _broken("it is not of the log between the two nodes")
    named = {name or origin: key for name, key in keys.items()}
    checkpoint, signers = open_checkpoint(note, named)
    if signers != frozenset(named) or checkpoint.origin != origin:
        raise _broken("a signature is missing")
    return checkpoint


def _broken(why: str) -> IntegrityError:
    return IntegrityError(f"The checkpoint does not hold: {why}.", "Ask the partner for a new one.")
