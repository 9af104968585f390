"""Signed notes (C2SP signed-note v1.0.0): a text with one or more Ed25519 signatures under it.

Several keys may sign one text, which is how a partner countersigns a checkpoint. Signatures by keys we do not know are
ignored; one by a key we do know must verify, or the whole note is refused.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from prasan.errors import IntegrityError, UsageError

ED25519: Final = b"\x01"
"""The signature type of plain Ed25519 (signed-note, "Signature types")."""
MAX_SIGNATURES: Final = 100
"""The standard asks for at least 16; a limit keeps a hostile note from costing hours of checking."""
Keys = Mapping[str, Ed25519PublicKey | Sequence[Ed25519PublicKey]]
"""Whose signatures count: name -> its key, or the keys it has had one after the other."""
_MARK: Final = "— "
_ID_BYTES: Final = 4


class Verified(msgspec.Struct, frozen=True):
    """The text of a note and the names whose signatures on it verified."""

    text: str
    names: frozenset[str]


def key_id(name: str, key: Ed25519PublicKey) -> bytes:
    """The four bytes that stand for a key in a note: SHA-256(name || 0x0A || 0x01 || public key)[:4]."""
    return sha256(name.encode() + b"\n" + ED25519 + key.public_bytes_raw()).digest()[:_ID_BYTES]


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """A note of `text` with one signature. UsageError if the text or the name cannot stand in a note."""
    flaw = _flaw(text)
    if flaw:
        raise UsageError(f"The text cannot be signed as a note: {flaw}.", "End it with a newline; use plain lines.")
    return text + "\n" + _signature_line(text, name, key)


def cosign_note(note: str, name: str, key: Ed25519PrivateKey) -> str:
    """The note with one more signature over the same text; unchanged if that signature is there already."""
    text, lines = _split(note)
    line = _signature_line(text, name, key)
    return note if line.rstrip("\n") in lines else note + line


def verify_note(note: str, keys: Keys) -> Verified:
    """The text and the names of the known keys that signed it.

    IntegrityError if the note is malformed, if a known key's signature does not verify, or if no known key signed.
    """
    text, lines = _split(note)
    names = set[str]()
    for line in lines:
        name, signature = _parse_line(line)
        for key in _keys_of(keys, name):
            if signature[:_ID_BYTES] == key_id(name, key):
                _check(key, name, signature[_ID_BYTES:], text)
                names.add(name)
    if not names:
        raise IntegrityError(
            "No known key has signed this note.", "Compare the signer's card with the one that was confirmed."
        )
    return Verified(text, frozenset(names))


def _keys_of(keys: Keys, name: str) -> Sequence[Ed25519PublicKey]:
    found = keys.get(name, ())
    return (found,) if isinstance(found, Ed25519PublicKey) else found


def _check(key: Ed25519PublicKey, name: str, signature: bytes, text: str) -> None:
    try:
        key.verify(signature, text.encode())
    except InvalidSignature:
        raise IntegrityError(
            f"The signature of {name} does not fit the text of the note.", "The text was changed: fetch it again."
        ) from None


def _signature_line(text: str, name: str, key: Ed25519PrivateKey) -> str:
    if not _is_name(name):
        raise UsageError(f"'{name}' cannot name a key.", "Use a name without spaces, control characters and '+'.")
    signature = key_id(name, key.public_key()) + key.sign(text.encode())
    return f"{_MARK}{name} {base64.b64encode(signature).decode()}\n"


def _split(note: str) -> tuple[str, list[str]]:
    """The text and the signature lines: the last empty line parts them."""
    text, gap, block = note.rpartition("\n\n")
    lines = block.removesuffix("\n").split("\n")
    flaw = _flaw(note) or _flaw(text + "\n")
    if flaw or not gap or not block.endswith("\n") or len(lines) > MAX_SIGNATURES:
        raise IntegrityError(
            f"This is not a signed note: {flaw or 'its signatures are missing or too many'}.", "Fetch it again whole."
        )
    return text + "\n", lines


def _parse_line(line: str) -> tuple[str, bytes]:
    mark, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    try:
        signature = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    canonical = base64.b64encode(signature).decode() == encoded
    if mark != _MARK.strip() or not _is_name(name) or len(signature) <= _ID_BYTES or not canonical:
        raise IntegrityError("A signature line of the note cannot be read.", "Fetch the note again whole.")
    return name, signature


def _flaw(text: str) -> str:
    """Why `text` cannot stand in a note, or "": UTF-8, no control character but newline, a newline at the end."""
    if not text.endswith("\n"):
        return "it does not end with a newline"
    if any(c < " " and c != "\n" for c in text):
        return "it holds a control character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    return ""


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not _flaw(name + "\n") and not any(c.isspace() for c in name)
