"""Checkpoints (C2SP tlog-checkpoint): what a ledger's keeper signs about it at one size, as a signed note.

th.centre.example/node       origin: which ledger
1042                         tree size
CsUYapGGPo4dkMgIAUqom/Xa…    root, base64
time 1764000000000000        extension lines, optional and opaque
"""

import base64
import binascii
import re
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prasan.errors import IntegrityError, UsageError
from prasan.ledger.note import Keys, Verified, cosign_note, key_id, sign_note, verify_note
from prasan.ledger.tree import HASH_BYTES

__all__ = [
    "Checkpoint",
    "Verified",
    "cosign_note",
    "key_id",
    "open_checkpoint",
    "parse_checkpoint",
    "sign_checkpoint",
    "sign_note",
    "verify_note",
]

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,17}")


class Checkpoint(msgspec.Struct, frozen=True):
    """The root of the ledger `origin` at `size` entries. `extensions` are signed with it and mean nothing here."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The note text. UsageError if a field does not fit the format."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        text = "".join(f"{line}\n" for line in lines)
        if _parse(text) != self:
            raise UsageError(
                "The checkpoint's fields do not fit the format.",
                "Origin and extensions are single lines that are not empty; the root has 32 bytes.",
            )
        return text


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note's text. IntegrityError if it is not one; check the signatures first."""
    checkpoint = _parse(text)
    if checkpoint is None:
        raise IntegrityError("The signed text is not a ledger checkpoint.", "Ask the ledger's keeper for a new one.")
    return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey, name: str | None = None) -> str:
    """The signed note of a checkpoint; the key's name is the origin unless given (tlog-checkpoint, "Signatures")."""
    return sign_note(checkpoint.text(), name or checkpoint.origin, key)


def open_checkpoint(note: str, keys: Keys) -> tuple[Checkpoint, frozenset[str]]:
    """The checkpoint of a note and the names that signed it. IntegrityError as in `verify_note`."""
    verified = verify_note(note, keys)
    return parse_checkpoint(verified.text), verified.names


def _parse(text: str) -> Checkpoint | None:
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines) or not _SIZE.fullmatch(lines[1]):
        return None
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != lines[2]:
        return None
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:]))
