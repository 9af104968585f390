"""What the two ports ask of the node, as the small protocols of `exchange` and `web` name it."""

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.exchange.door import Door
from prasan.exchange.histories import EpochEntry
from prasan.exchange.lanes import Lane
from prasan.exchange.peer import Doorkeeper
from prasan.ledger.checkpoint import parse_checkpoint
from prasan.ledger.tree import Proof
from prasan.node.acts.control import take_posted
from prasan.node.clock_guard import require as require_clock
from prasan.node.lines.inbox import take_in
from prasan.node.node import Node
from prasan.node.partners import histories
from prasan.node.partners.certificate import card_held
from prasan.node.partners.partner_keys import card_of, successor
from prasan.node.partners.partnering import own_card, take_card
from prasan.node.partners.rotation import signer
from prasan.node.people import check_password, check_token
from prasan.node.record import note, seal
from prasan.picture.posted import Item
from prasan.stores.rows import CheckpointRow, Sent, Shelved, UserRow, Vouched, Wanted
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.shelf import StoreShelf


def key_of(node: Node, partner: str) -> Ed25519PublicKey | None:
    """The key of a registered partner's card."""
    row = node.store.partner(partner)
    return card_of(row).key if row is not None and row.id == partner else None


def doorkeeper(node: Node) -> Doorkeeper:
    """Who lets partners in at the peer port."""

    def first_use(issuer: str, nonce: str, until_us: int, now_us: int) -> bool:
        with node.store.write() as tx:
            return tx.first_use(issuer, nonce, until_us, now_us)

    def follow(partner: str, raw: bytes) -> Ed25519PublicKey | None:
        row = node.store.partner(partner)
        return successor(row, raw) if row is not None and row.id == partner else None

    return Doorkeeper(node.id, lambda partner: key_of(node, partner), first_use, follow)


def door(node: Node) -> Door:
    """Who answers there."""
    return Door(lambda: signer(node), lambda partner: key_of(node, partner), lambda: own_card(node))


def shelf(node: Node) -> StoreShelf:
    """The collections. What a partner posts to its inbox is acted on with the post."""

    def on_post(tx: Tx, owner: str, items: Sequence[Item], _now_us: int) -> None:
        for item in items:
            take_posted(node, tx, owner, item)

    return _Shelf(node, on_post, lambda *told: take_in(node, *told))


class _Shelf(StoreShelf):
    """Pages end while the clock stops release; what is posted is taken in."""

    def __init__(self, node: Node, *told: Any) -> None:
        super().__init__(node.store, *told)
        self._node = node

    def view_page(self, recipient: str, lane: str, wanted: Wanted, now_us: int) -> Sequence[Shelved]:
        """Rows of an outbound collection."""
        require_clock(self._node)
        return super().view_page(recipient, lane, wanted, now_us)


class PeerDesk:
    """What a partner may ask of this node beside TAXII."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def statements(self, recipient: str, lane: str, after: int, limit: int, now_us: int) -> Sequence[Sent]:
        """Statements after a seq, in order."""
        require_clock(self._node)
        return self._node.store.statements(recipient, lane, after, limit, now_us)

    def epoch(self) -> str:
        """The UUID that collection ids are made of."""
        return self._node.store.epoch()

    def parcel_rows(self, recipient: str, lane: str, after: int, limit: int, now_us: int) -> Sequence[Vouched]:
        """What a recipient can read now of a lane, each row with its statement."""
        require_clock(self._node)
        return self._node.store.parcel_rows(recipient, lane, after, limit, now_us)

    def last_seq(self, recipient: str, lane: str) -> int:
        """The highest seq ever given in a lane."""
        return self._node.store.last_seq(recipient, lane)

    def checkpoint(self, recipient: str) -> str:
        """The signed note of the pair log as it stands."""
        require_clock(self._node)
        with self._node.store.write() as tx:
            return seal(self._node, tx, recipient).note

    def consistency(self, recipient: str, old: int, new: int) -> Sequence[bytes]:
        """The proof that the first `old` entries of the pair log are the beginning of the first `new`."""
        return self._node.store.log_consistency(recipient, old, new)

    def acknowledge(self, recipient: str, lane: Lane, upto: int, note_text: str, now_us: int) -> None:
        """Record that a lane was read, and keep the checkpoint that both have signed. Sent again it changes nothing."""
        node = self._node
        with node.store.write() as tx:
            if not tx.put_ack(recipient, lane, upto, now_us):
                return
            size = parse_checkpoint(note_text.partition("\n\n")[0] + "\n").size
            tx.put_checkpoint(CheckpointRow(recipient, size, recipient, note_text, now_us))
            note(node, tx, recipient, "acknowledged", lane, {"upto": upto, "size": size})

    def hours(self, old: int) -> tuple[str, Proof] | None:
        """The note of the hour log and the proof from a size; None before its first hour."""
        return histories.shown_hours(self._node, old)

    def epochs(self, log: str, size: int) -> Sequence[EpochEntry]:
        """The entries of a log that began epochs, with proofs in its first `size` entries."""
        return histories.epoch_entries(self._node, log, size)

    def take_checkpoint(self, recipient: str, raw: bytes) -> None:
        """A checkpoint of ours that the partner has signed too."""
        histories.take_brought(self._node, recipient, raw)

    def card_held(self, recipient: str, issued_at: str) -> None:
        """The partner showed that it holds our card of this time."""
        card_held(self._node, recipient, issued_at)

    def take_card(self, recipient: str, raw: bytes) -> None:
        """A card that the partner brings."""
        take_card(self._node, recipient, raw)


class People:
    """Users, as the web port's credentials look them up."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def user(self, name: str) -> UserRow | None:
        """One user."""
        return self._node.store.user(name)

    def token_user(self, token: str) -> UserRow | None:
        """The user of a bearer token."""
        return check_token(self._node, token)

    def check_password(self, name: str, password: str) -> UserRow | None:
        """The user, if the password is right."""
        return check_password(self._node, name, password)
