"""Two real nodes that know each other, and requests between them without a socket."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from node.node_kit import Hands, Kit, new_home
from partner import ACCORD
from prasan.errors import Refused
from prasan.exchange.asks import Ask
from prasan.exchange.cards import Card
from prasan.exchange.http import Problem, Request
from prasan.exchange.jws import thumbprint
from prasan.exchange.peer import Claims, authorization, body_hash
from prasan.exchange.steps import Reply, Summary
from prasan.node.lines.sync import pull_by
from prasan.node.partners.card_news import refresh
from prasan.node.partners.partner_keys import card_of
from prasan.node.partners.partnering import accept_accord, add_partner, own_card, propose_accord
from prasan.node.releasing.publish import work_due
from prasan.stores.rows import PartnerRow


class Two:
    """`a` and `b` under an accord; each has confirmed the other's fingerprint."""

    def __init__(self, folder: Path) -> None:
        hands = [Hands("a"), Hands("b")]
        self.a, self.b = (Kit(new_home(folder, name, one), one) for name, one in zip(("a", "b"), hands, strict=True))
        for one, other in ((self.a, self.b), (self.b, self.a)):
            add_partner(one.node, own_card(other.node), fingerprint(other))
        self.sign()

    def text(self) -> bytes:
        """The accord between them, by the keys they have now."""
        return ACCORD.format(
            a=_Side("a", self.a), b=_Side("b", self.b), mode="exercise", until="2027-01-01T00:00:00Z"
        ).encode()

    def sign(self) -> None:
        """Put it in force on both sides."""
        signed, _ = accept_accord(self.b.node, propose_accord(self.a.node, self.text()))
        accept_accord(self.a.node, signed)

    def close(self) -> None:
        self.a.close()
        self.b.close()


class _Side:
    def __init__(self, name: str, kit: Kit) -> None:
        self.name, self.id, self.print = name, kit.id, fingerprint(kit)


def fingerprint(kit: Kit) -> str:
    return thumbprint(kit.node.key.public_key())


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
        claims = Claims(
            kit.id, other.id, ask.method, ask.target, body_hash(ask.body), kit.hands.now_us // 10**6,
            kit.node.clock.uuid("nonce"),
        )  # fmt: skip
        parts = urlsplit(ask.target)
        headers = ask.headers | {"authorization": authorization(claims, kit.node.key)}
        try:
            return other.serve(Request(ask.method, parts.path, parts.query, headers, ask.body))
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
