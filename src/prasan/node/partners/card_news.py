"""At each pull: has the partner a new card, and does it know ours? So keys change without a telephone."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from prasan.exchange.asks import Ask
from prasan.exchange.http import Response
from prasan.exchange.steps import Reply
from prasan.node.node import Node
from prasan.node.partners.partner_keys import card_of
from prasan.node.partners.partnering import own_card, take_card
from prasan.stores.rows import PartnerRow

CARD: Final = "/peer/v1/card"
REFUSED: Final = (401, 403)


def refresh(node: Node, partner: PartnerRow, fetch: Callable[[Ask], Reply]) -> PartnerRow:
    """The partner with its latest card. Refused if the card that its node shows does not hold.

    Whatever else goes wrong here goes wrong in the pull as well, and is said there.
    """
    target = f"{CARD}?{urlencode({'since': card_of(partner).issued_at})}"
    answer = fetch(Ask("GET", target))
    if isinstance(answer, Response) and answer.status in REFUSED:
        # It may know us by an older key only: our card tells it of this one.
        fetch(Ask("POST", CARD, own_card(node)))
        answer = fetch(Ask("GET", target))
    if isinstance(answer, Response) and answer.status == 200:
        take_card(node, partner.id, answer.body)
    return node.store.partner(partner.id) or partner
