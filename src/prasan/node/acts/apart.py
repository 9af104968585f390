"""What came and was not taken, with the reason: the quarantine as officers read it (docs/wire.md, sections 7 and 9)."""

from hashlib import sha256
from typing import Final

import msgspec

from prasan.errors import UsageError
from prasan.formats.stix import format_time
from prasan.node.node import Node
from prasan.stores.rows import OWN
from prasan.stores.traffic import Quarantined
from prasan.words import LANGUAGES, say

MOST: Final = 1000
"""Lines listed where nothing else is asked."""


class Apart(msgspec.Struct, frozen=True):
    """One thing that was not taken. `sender` is our name for who sent it, `speaker` for whose id it is ("us" for ours,
    "" if nobody has sent it before); `text` says the reason in each language."""

    number: int
    sender: str
    object_id: str
    version: str
    reason: str
    text: dict[str, str]
    speaker: str
    at: str
    size: int
    sha256: str


def listed(node: Node, sender: str | None = None, reason: str | None = None, most: int = MOST) -> list[Apart]:
    """The latest first, of one sender (a partner's name, or `source/NAME`) and for one reason if asked.

    UsageError for a sender that never sent anything of the kind and is no partner.
    """
    who = _sender(node, sender) if sender else None
    return [_apart(node, number, row) for number, row in node.store.quarantine_rows(who, reason, most)]


def shown(node: Node, number: int) -> tuple[Apart, bytes]:
    """One with its bytes as they came. UsageError if there is none of this number."""
    row = node.store.quarantine_row(number)
    if row is None:
        raise UsageError(f"there is no number {number} in quarantine", "Copy it from 'prasan quarantine list'.")
    return _apart(node, number, row), row.raw


def _sender(node: Node, name: str) -> str:
    partner = node.store.partner(name)
    if partner is not None:
        return partner.id
    if node.store.quarantine_counts(name):
        return name
    known = ", ".join(one.name for one in node.store.partners()) or "none yet"
    raise UsageError(f"'{name}' is no partner (registered: {known})", "Name one, or 'source/NAME' for a source.")


def _apart(node: Node, number: int, row: Quarantined) -> Apart:
    code = f"quarantine.{row.reason}"
    return Apart(
        number=number,
        sender=_name(node, row.partner),
        object_id=row.object_id,
        version=row.version,
        reason=row.reason,
        text={lang: say(code, {}, lang) for lang in LANGUAGES},
        speaker=_name(node, node.store.speaker(row.object_id) or ""),
        at=format_time(row.at_us / 1e6),
        size=len(row.raw),
        sha256=sha256(row.raw).hexdigest(),
    )


def _name(node: Node, who: str) -> str:
    if who == OWN:
        return "us"
    partner = node.store.partner(who) if who else None
    return partner.name if partner else who
