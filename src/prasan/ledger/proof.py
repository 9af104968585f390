"""One entry of a ledger with all that shows it is there: a file that anybody can check with the keeper's public key.

entry, salt → leaf → path → root ← checkpoint ← signature
"""

import base64
from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.errors import FormatError, IntegrityError
from prasan.ledger.checkpoint import Checkpoint, open_checkpoint
from prasan.ledger.entry import SALT_BYTES, Entry, commit, decode
from prasan.ledger.tree import Proof, verify_inclusion
from prasan.ledger.verify import LeafRow

MAX_PROOF: Final = 64 * 1024


class Proven(msgspec.Struct, frozen=True):
    """What a proof shows: the entry (None for one that was erased) at `index` of the log that `checkpoint` is of."""

    index: int
    entry: Entry | None
    checkpoint: Checkpoint


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: bytes in base64, the entry as the text that it is; `salt` and `entry` are null once erased."""

    prasan_proof: Literal[1]
    index: int
    entry: str | None
    salt: str | None
    leaf: str
    path: tuple[str, ...]
    checkpoint: str


_FILE: Final = msgspec.json.Decoder(_File)


def write_proof(row: LeafRow, path: Proof, note: str) -> bytes:
    """The file for one row: `path` proves it in the tree whose signed checkpoint is `note`."""
    entry = None if row.entry is None else row.entry.decode()
    salt = None if row.salt is None else _text(row.salt)
    return msgspec.json.encode(_File(1, row.index, entry, salt, _text(row.leaf), tuple(map(_text, path)), note)) + b"\n"


def check_proof(raw: bytes, keeper: str, keys: Sequence[Ed25519PublicKey]) -> Proven:
    """What a file proves of a log that `keeper` (an identity id) signed with one of these keys.

    FormatError if it is no proof; IntegrityError says what does not hold.
    """
    try:
        file = _FILE.decode(raw[: MAX_PROOF + 1])
        leaf, path = _bytes(file.leaf), tuple(map(_bytes, file.path))
        salt = None if file.salt is None else _bytes(file.salt)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise FormatError(f"This is not a proof: {error}.", "Ask for the file that 'ledger prove' writes.") from None
    name = file.checkpoint.partition("\n")[0]
    if not name.startswith(f"prasan/{keeper}/"):
        raise IntegrityError(f"The proof is of the log '{name[:120]}', which is another node's.", "Give its card.")
    checkpoint, _ = open_checkpoint(file.checkpoint, {name: keys})
    verify_inclusion(leaf, file.index, checkpoint.size, path, checkpoint.root)
    return Proven(file.index, _entry(file.entry, salt, leaf), checkpoint)


def _entry(text: str | None, salt: bytes | None, leaf: bytes) -> Entry | None:
    """The entry that the leaf commits to; None if both halves of it are gone."""
    if text is None and salt is None:
        return None
    if text is None or salt is None or len(salt) != SALT_BYTES or commit(salt, text.encode()) != leaf:
        raise IntegrityError("The entry in the proof is not the one that was recorded.", "Ask for the proof again.")
    return decode(text.encode())


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
