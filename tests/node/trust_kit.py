"""Two real nodes that know each other, and requests between them without a socket."""

from collections.abc import Callable
from pathlib import Path

from accord_text import accord_text
from node.node_kit import Hands, Kit, introduce, new_home, sign
from prasan.errors import Refused
from prasan.exchange.asks import Ask
from prasan.exchange.cards import Card
from prasan.exchange.http import Problem
from prasan.exchange.steps import Reply, Summary
from prasan.node.lines.sync import pull_by
from prasan.node.partners.card_news import refresh
from prasan.node.partners.partner_keys import card_of
from prasan.node.releasing.publish import work_due
from prasan.stores.rows import PartnerRow


class Two:
    """`a` and `b` under an accord; each has confirmed the other's fingerprint."""

    def __init__(self, folder: Path) -> None:
        hands = [Hands("a"), Hands("b")]
        self.a, self.b = (Kit(new_home(folder, name, one), one) for name, one in zip(("a", "b"), hands, strict=True))
        introduce(self.a, self.b)
        self.sign()

    def sign(self) -> None:
        """Put an accord in force on both sides, by the keys they have now."""
        sign(self.a, self.b, accord_text(self.a, self.b))

    def close(self) -> None:
        self.a.close()
        self.b.close()


def row(kit: Kit, other: Kit) -> PartnerRow:
    found = kit.node.store.partner(other.id)
    assert found is not None
    return found


def card(kit: Kit, other: Kit) -> Card:
    return card_of(row(kit, other))


def in_force(kit: Kit) -> list[str]:
    return [one.name for one in kit.node.store.accords("in_force")]


def fetcher(kit: Kit, other: Kit) -> Callable[[Ask], Reply]:
    """How `kit` asks `other`: as a socket would, with what its key signs now."""

    def fetch(ask: Ask) -> Reply:
        try:
            return other.serve(kit.asks(other, ask))
        except Refused as error:
            return Problem(401, "Refused", str(error)).response()

    return fetch


def look(kit: Kit, other: Kit) -> PartnerRow:
    """The card news at the beginning of a pull."""
    return refresh(kit.node, row(kit, other), fetcher(kit, other))


def pulled(kit: Kit, other: Kit) -> Summary:
    """What the other has decided, read with the card news before it."""
    work_due(other.node)
    return pull_by(kit.node, look(kit, other), fetcher(kit, other))
