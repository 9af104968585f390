"""What partners say beside objects, as tables by type: what is done with what they post to our inbox, with what their
control lane brings, and with the word that they hold what we posted to theirs."""

from collections.abc import Callable
from typing import Final

from prasan.errors import FormatError
from prasan.exchange.intake import Accepted
from prasan.formats.stix_ids import ACCORD, CONSENT, RECALL, RECEIPT, REQUEST
from prasan.node.acts import consenting, obeying, requesting
from prasan.node.node import Node
from prasan.node.partners import accords
from prasan.picture.posted import Item
from prasan.stores.sqlite import Tx
from prasan.stores.traffic import Outgoing, Quarantined

Posted = Callable[[Node, Tx, str, Item], None]
"""Called in the transaction of the post with the partner's identity id. FormatError if it cannot be read."""
Pulled = Callable[[Node, Tx, str, Accepted], None]
"""Called in the transaction of the page, once a version. FormatError if it cannot be read."""
Delivered = Callable[[Node, Tx, str, Outgoing], None]
"""Called once, when the partner's node has said that it holds what waited in our outbox."""

POSTED: Final[dict[str, Posted]] = {
    RECEIPT: obeying.receipt_posted,
    CONSENT: consenting.ask_posted,
    REQUEST: requesting.request_posted,
    ACCORD: accords.accord_posted,
}
PULLED: Final[dict[str, Pulled]] = {
    RECALL: obeying.recall_pulled,
    CONSENT: consenting.answer_pulled,
    REQUEST: requesting.request_pulled,
}
DELIVERED: Final[dict[str, Delivered]] = {
    RECEIPT: obeying.receipt_delivered,
}


def take_posted(node: Node, tx: Tx, owner: str, item: Item) -> None:
    """Do what a new item of a partner's inbox asks for; nothing for one of a type that asks for nothing."""
    act = POSTED.get(item.type)
    if act is None or tx.partner(owner) is None:
        return
    try:
        act(node, tx, owner, item)
    except FormatError:
        _keep_apart(node, tx, owner, item.id, item.version, item.raw)


def take_pulled(node: Node, tx: Tx, partner: str, one: Accepted) -> None:
    """Do what an object of a partner's control lane asks for; one that cannot be read is kept apart and named."""
    try:
        PULLED[one.header.type](node, tx, partner, one)
    except FormatError:
        _keep_apart(node, tx, partner, one.header.id, one.header.version, one.raw)


def delivered(node: Node, tx: Tx, partner: str, sent: Outgoing) -> None:
    """The partner holds what we posted."""
    act = DELIVERED.get(sent.id.partition("--")[0])
    if act is not None:
        act(node, tx, partner, sent)


def _keep_apart(node: Node, tx: Tx, partner: str, object_id: str, version: str, raw: bytes) -> None:  # noqa: PLR0913, PLR0917
    tx.put_quarantined(Quarantined(partner, object_id, version, "bad_object", raw, node.clock.now_us()))
