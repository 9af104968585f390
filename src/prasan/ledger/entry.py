"""What one ledger entry says, the one way to write it, and the leaf that commits to it.

The leaf is SHA-256(32-byte salt || entry bytes). Salt and entry lie beside the tree: deleting both erases what was
said, and the leaf that stays still verifies as a hole. Without the salt a guessed entry cannot be confirmed.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from prasan.errors import IntegrityError, UsageError

SALT_BYTES: Final = 32
MAX_TEXT: Final = 256
"""Characters in a code, an id or a hash: too few for an object's bytes, which have no place in a ledger."""
MAX_ENTRY: Final = 16_384

Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A number that every reader of JSON in every language can hold, and that no object's bytes fit in."""
Code = str | Whole | bool | None
Detail = Mapping[str, Code | tuple[str, ...]]


class Entry(msgspec.Struct, frozen=True):
    """One act on record. `at` is microseconds UTC; `kind`, `subject` and `detail` hold codes, ids, numbers and hashes.

    Never object bytes, names of people or free text: an entry is shown to a partner who may prove it years later.
    """

    kind: str
    at: int
    subject: str
    detail: Detail = {}


_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_DECODER: Final = msgspec.json.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    """The canonical bytes: UTF-8 JSON without spaces, every key in sorted order. UsageError if it is not an entry."""
    try:
        raw = _ENCODER.encode(entry)
        same = _DECODER.decode(raw) == entry
    except (ValueError, TypeError) as error:
        raise UsageError(f"This cannot be a ledger entry: {error}.", "Put codes, ids, whole numbers in it.") from None
    long = max(map(len, _texts(entry)), default=0) > MAX_TEXT or len(raw) > MAX_ENTRY
    if long or not same:
        raise UsageError(
            f"The ledger entry '{entry.kind[:40]}' holds more than codes, ids and hashes.",
            f"Keep each text under {MAX_TEXT} characters; put the hash of an object, not the object.",
        )
    return raw


def decode(raw: bytes) -> Entry:
    """The entry of canonical bytes. IntegrityError if they are no entry or are written in another way."""
    try:
        entry = _DECODER.decode(raw)
    except (ValueError, TypeError, RecursionError):
        entry = None
    if entry is None or _ENCODER.encode(entry) != raw:
        raise IntegrityError("The bytes are not a ledger entry in its canonical form.", "Restore it from a backup.")
    return entry


def commit(salt: bytes, raw: bytes) -> bytes:
    """The leaf of an entry's bytes: SHA-256(salt || raw). UsageError unless the salt has 32 bytes."""
    if len(salt) != SALT_BYTES:
        raise UsageError(f"A salt has {SALT_BYTES} bytes, not {len(salt)}.", "Draw 32 random bytes for each entry.")
    return sha256(salt + raw).digest()


def _texts(entry: Entry) -> list[str]:
    texts = [entry.kind, entry.subject, *entry.detail]
    for value in entry.detail.values():
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, tuple):
            texts.extend(value)
    return texts
