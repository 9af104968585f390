"""The notes of partners' logs that we hold: signed by a key that spoke for them, or one that others may have had."""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.errors import IntegrityError
from prasan.ledger.checkpoint import open_checkpoint
from prasan.node.node import Node
from prasan.node.partners.histories import seen_log
from prasan.node.partners.partner_keys import keys_of
from prasan.node.record import HOURS_LOG
from prasan.stores.rows import CheckpointRow, PartnerRow
from prasan.stores.trust import KeyRow

How = Literal["good", "untrusted", "bad"]


class SeenNotes(msgspec.Struct, frozen=True):
    """What of a partner's notes verifies; `untrusted` are those by a revoked key, held since it was lost."""

    partner: str
    good: int
    untrusted: int
    bad: int


def seen_notes(node: Node) -> Iterator[SeenNotes]:
    """Check every note that we hold of every partner's logs."""
    for partner in node.store.partners():
        keys = keys_of(node.store, partner)
        found = [_judge(row, keys) for row in _rows(node, partner)]
        yield SeenNotes(partner.name, found.count("good"), found.count("untrusted"), found.count("bad"))


def _rows(node: Node, partner: PartnerRow) -> list[CheckpointRow]:
    logs = (seen_log(partner.id, node.id), seen_log(partner.id, HOURS_LOG))
    return [row for log in logs for row in node.store.checkpoints(log)]


def _judge(row: CheckpointRow, keys: Mapping[str, KeyRow]) -> How:
    name = row.note.partition("\n")[0]
    for key in keys.values():
        try:
            open_checkpoint(row.note, {name: Ed25519PublicKey.from_public_bytes(key.x)})
        except IntegrityError:
            continue
        lost = key.state == "revoked" and row.at_us >= (key.until_us or 0)
        return "untrusted" if lost else "good"
    return "bad"
