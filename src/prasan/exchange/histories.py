"""Is a partner's log still the one it showed us before? What it answers, and what we hold, compared.

A log goes on: every checkpoint continues the one before it, also over a new epoch, which gives it another name. If a
log was cut back to a backup, its own entry of kind `epoch` says at which size; what we saw beyond that is lost there,
and is counted, not called fraud. Whatever else differs is two histories.
"""

import base64
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from prasan.errors import IntegrityError, UsageError
from prasan.exchange.acks import MAX_NOTE, Theirs
from prasan.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from prasan.ledger.entry import commit, decode
from prasan.ledger.tree import Proof, verify_consistency, verify_inclusion

EPOCH: Final = "epoch"
MAX_EPOCHS: Final = 50
_UUID: Final = "[0-9a-f-]{36}"


class EpochEntry(msgspec.Struct, frozen=True):
    """An entry that began an epoch, with the proof that it is in the log; bytes in base64."""

    index: int
    entry: str
    salt: str
    proof: tuple[str, ...]


class Shown(msgspec.Struct, frozen=True):
    """The answer of the checkpoint address: the note, that it continues the size asked from, and each epoch's entry."""

    checkpoint: str
    proof: tuple[str, ...] = ()
    epochs: tuple[EpochEntry, ...] = ()


class Began(msgspec.Struct, frozen=True):
    """What an epoch's entry says: the epochs before and after it, and where the log stood."""

    before: str
    after: str
    size: int
    root: str
    why: str


class Going(msgspec.Struct, frozen=True):
    """A log that goes on. `lost`: entries we had seen that are not in it any more, since it was restored, and `why`."""

    checkpoint: Checkpoint
    note: str
    lost: int = 0
    why: str = ""


class TwoHistories(IntegrityError):  # noqa: N818 - named for what happened
    """One log, signed by its keeper, in two versions. `held` is the note we had, `shown` the one that denies it."""

    def __init__(self, held: str, shown: str, kind: str, message: str) -> None:
        super().__init__(message, "Nothing more is read from it. Show both notes to its officer: ledger evidence.")
        self.held, self.shown, self.kind = held, shown, kind


_SHOWN: Final = msgspec.json.Decoder(Shown)


def write_shown(note: str, proof: Proof, epochs: Sequence[EpochEntry]) -> bytes:
    """The answer of the checkpoint address."""
    return msgspec.json.encode(Shown(note, tuple(map(_text, proof)), tuple(epochs)))


def epoch_entry(index: int, entry: bytes, salt: bytes, proof: Proof) -> EpochEntry:
    """An epoch's entry as it goes over the wire."""
    return EpochEntry(index, _text(entry), _text(salt), tuple(map(_text, proof)))


def checkpoint_of(note: str) -> Checkpoint:
    """The checkpoint of a note that was checked when it came."""
    return parse_checkpoint(note.partition("\n\n")[0] + "\n")


def read_shown(raw: bytes, keeper: Theirs, log: str) -> tuple[Checkpoint, Shown]:
    """The keeper's checkpoint of `log`. IntegrityError unless it is its log and its key signed it."""
    try:
        shown = _SHOWN.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _broken("it cannot be read") from None
    name = shown.checkpoint.partition("\n")[0]
    if len(shown.checkpoint) > MAX_NOTE or not re.fullmatch(rf"prasan/{re.escape(keeper.id)}/{_UUID}/{log}", name):
        raise _broken("it is of another log")
    checkpoint, _ = open_checkpoint(shown.checkpoint, {name: keeper.key})
    return checkpoint, shown


def resumes_at(checkpoint: Checkpoint, shown: Shown, held: Checkpoint) -> int | None:
    """The size up to which the log must hold what we saw. None: its epoch began without an entry that says so."""
    if checkpoint.origin == held.origin:
        return held.size
    told = {one.before: one for one in _epochs(checkpoint, shown)}
    now, at, size = _epoch_of(checkpoint), _epoch_of(held), held.size
    for _ in range(len(told)):
        if at == now:
            break
        if at not in told:
            return None
        at, size = told[at].after, min(size, told[at].size)
    return size if at == now else None


def compare(answer: tuple[Checkpoint, Shown], held: str, base: str) -> Going:
    """The log goes on from the note `held`. `base` is the latest note of ours that `resumes_at` covers, and what the
    answer was asked from; "" if we hold none so early. TwoHistories if it does not go on.
    """
    checkpoint, shown = answer
    last = checkpoint_of(held)
    size = resumes_at(checkpoint, shown, last)
    if size is None:
        why = "It began its log anew without an entry that says why."
        raise TwoHistories(held, shown.checkpoint, "unexplained_epoch", why)
    if base:
        first = checkpoint_of(base)
        try:
            proof = tuple(base64.b64decode(one, validate=True) for one in shown.proof)
            verify_consistency(first.size, first.root, checkpoint.size, checkpoint.root, proof)
        except (ValueError, IntegrityError):
            why = f"It showed its log with {first.size} entries, and now one of {checkpoint.size} that does not go on."
            raise TwoHistories(base, shown.checkpoint, "two_histories", why) from None
    told = [one.why for one in _epochs(checkpoint, shown)]
    return Going(checkpoint, shown.checkpoint, last.size - size, told[-1] if told and size < last.size else "")


def _epochs(checkpoint: Checkpoint, shown: Shown) -> list[Began]:
    """The epochs that are proved to be entries of this log."""
    found = list[Began]()
    for one in shown.epochs[-MAX_EPOCHS:]:
        try:
            raw, salt = base64.b64decode(one.entry, validate=True), base64.b64decode(one.salt, validate=True)
            proof = tuple(base64.b64decode(step, validate=True) for step in one.proof)
            verify_inclusion(commit(salt, raw), one.index, checkpoint.size, proof, checkpoint.root)
            entry = decode(raw)
            says = {"after": entry.subject, **entry.detail}
            began = msgspec.convert(says, Began)
        except (ValueError, msgspec.MsgspecError, IntegrityError, UsageError):
            raise _broken("an entry that begins an epoch is not in it") from None
        if entry.kind != EPOCH or began.size != one.index:
            raise _broken("an entry that begins an epoch says another size")
        found.append(began)
    return found


def _epoch_of(checkpoint: Checkpoint) -> str:
    return checkpoint.origin.split("/")[2]


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _broken(why: str) -> IntegrityError:
    return IntegrityError(f"The checkpoint does not hold: {why}.", "Ask the partner for a new one.")
