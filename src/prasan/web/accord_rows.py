"""The accords with a partner, as the partners page shows them: how each stands, and what waits for our signature."""

from typing import Final

from prasan.exchange.accords import signers_of
from prasan.exchange.jws import thumbprint
from prasan.node.node import Node
from prasan.node.recipients import accord_now
from prasan.node.record import own_public_keys
from prasan.release.accord import parse_accord
from prasan.stores.rows import AccordRow as Stored
from prasan.stores.rows import PartnerRow
from prasan.web.partner_values import AccordRow
from prasan.words import Message, known

ORDER: Final = ("proposed", "in_force", "not_yet", "replaced", "ended", "over")


def accord_rows(node: Node, partner: PartnerRow) -> tuple[AccordRow, ...]:
    """All accords with one partner: what waits first, then what is in force."""
    rows = [_row(node, partner, row) for row in node.store.accords() if parse_accord(row.raw).party(partner.id)]
    return tuple(sorted(rows, key=lambda one: (ORDER.index(one.standing), -one.until, one.name)))


def _row(node: Node, partner: PartnerRow, row: Stored) -> AccordRow:
    accord, standing = accord_now(node, row.hash)
    ours = {thumbprint(key) for key in own_public_keys(node)}
    return AccordRow(
        name=accord.name,
        hash=accord.hash,
        partner=partner.name,
        standing=standing,
        mode=accord.mode,
        highest_tlp=accord.highest_tlp.label,
        purposes=tuple(_purpose(one) for one in sorted(accord.purposes)),
        onward=accord.onward,
        until=int(accord.valid_until),
        narrowed=accord != parse_accord(row.raw),
        to_sign=standing == "proposed" and ours.isdisjoint(signers_of(row.signed)),
    )


def _purpose(name: str) -> str | Message:
    return Message(f"purpose.{name}") if known(f"purpose.{name}") else name
