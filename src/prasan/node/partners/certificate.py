"""The peer port's certificate is followed by another before it ends: partners pin it by our card, so they learn first.

made → in the card beside the one in use → in use, once every partner holds that card
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from prasan.exchange.cards import read_card
from prasan.exchange.certs import validity
from prasan.node.home import new_certificate
from prasan.node.keys import replace_durably
from prasan.node.node import Node
from prasan.node.partners.partnering import own_card
from prasan.node.record import NODE_LOG, note

DAY_S: Final = 86_400
MAKE_S: Final = 60 * DAY_S
"""So long before its end the next certificate is made: a partner at sea has two months to hear of it."""
USE_S: Final = 7 * DAY_S
"""So long before its end the next is used, whether or not every partner has the card that names it."""
PEER: Final = "peer"
NEXT: Final = "peer.next"


class Certified(msgspec.Struct, frozen=True):
    """The peer port's certificate: until when it holds (seconds UTC), whether the next is made, who lacks the card."""

    until: float
    next_made: bool
    lacking: tuple[str, ...]


def certified(node: Node) -> Certified:
    """How the certificate stands."""
    _, until = validity(node.home.tls(PEER)[1].read_bytes())
    issued = read_card(own_card(node)).issued_at
    lacking = [one.name for one in node.store.partners() if node.store.meta(_held(one.id)) != issued]
    return Certified(until, node.home.tls(NEXT)[1].exists(), tuple(lacking))


def card_held(node: Node, partner: str, issued_at: str) -> None:
    """A partner showed that it holds our card of this time."""
    if node.store.meta(_held(partner)) != issued_at:
        with node.store.write() as tx:
            tx.set_meta(_held(partner), issued_at)


def prepare(node: Node) -> None:
    """Make the next certificate; the card names it from now on. One that is made already stays."""
    if not node.home.tls(NEXT)[1].exists():
        new_certificate(node.home, NEXT, node.settings, node.clock.now())
        _record(node, "certificate_made", node.home.tls(NEXT)[1])


def use_next(node: Node) -> None:
    """Put the next certificate in the place of the one in use. A serving node takes it up within a minute."""
    for coming, present in zip(node.home.tls(NEXT), node.home.tls(PEER), strict=True):
        replace_durably(coming, present)
    _record(node, "certificate_used", node.home.tls(PEER)[1])


def replace_now(node: Node) -> None:
    """A new certificate at once, when the old one's key may be in other hands: partners need the new card first."""
    for path in node.home.tls(NEXT):
        path.unlink(missing_ok=True)
    prepare(node)
    use_next(node)


def tend(node: Node) -> None:
    """Do what is due; to be called now and then by a serving node."""
    left = certified(node)
    seconds = left.until - node.clock.now()
    if not left.next_made and seconds < MAKE_S:
        prepare(node)
    elif left.next_made and (seconds < USE_S or not left.lacking):
        use_next(node)


def watch(node: Node, load: Callable[[str, str], None]) -> Callable[[], None]:
    """A check to be made now and then: calls `load(certificate, key)` when the peer port's files were replaced."""
    key, certificate = node.home.tls(PEER)
    seen = [certificate.read_bytes()]

    def check() -> None:
        now = certificate.read_bytes()
        if now != seen[0]:
            load(str(certificate), str(key))
            seen[0] = now

    return check


def _held(partner: str) -> str:
    return f"card_held/{partner}"


def _record(node: Node, kind: str, certificate: Path) -> None:
    with node.store.write() as tx:
        note(node, tx, NODE_LOG, kind, sha256(certificate.read_bytes()).hexdigest(), {})
