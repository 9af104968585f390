"""A node's card: who it is, where it is, and the keys that speak for it (docs/wire.md, section 1)."""

from hmac import compare_digest
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from prasan.errors import FormatError, IntegrityError, Refused
from prasan.exchange import jws
from prasan.exchange.certs import validity
from prasan.exchange.http import time_us
from prasan.formats.stix_ids import is_id

MAX_CARD: Final = 32 * 1024
MAX_HANDOVERS: Final = 20
"""Changes of key that a card can carry: a partner that slept through more must be given the card by hand."""


class NodeKey(msgspec.Struct, frozen=True):
    """A public Ed25519 key as a JWK (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str


class Handover(msgspec.Struct, frozen=True):
    """What an old key says of the one after it: from `at` on it speaks for the node in its place."""

    v: Literal[1]
    node: str
    old: NodeKey
    new: NodeKey
    at: str


class RevokedKey(msgspec.Struct, frozen=True):
    """A key that others may hold: what it signed from `since` on counts for nothing."""

    key: str
    since: str


class Card(msgspec.Struct, frozen=True):
    """What a card says. `peer_certificate` is PEM, one certificate or two; `issued_at` is RFC 3339 in UTC.

    `handovers` lead from older keys to `node_key`, oldest first, each a compact JWS by the older key.
    """

    card: Literal[1]
    id: str
    name: str
    country: str
    node_key: NodeKey
    web_url: str
    peer_url: str
    peer_certificate: str
    issued_at: str
    handovers: tuple[str, ...] = ()
    revoked: tuple[RevokedKey, ...] = ()

    @property
    def key(self) -> Ed25519PublicKey:
        """The key that speaks for the node."""
        return _public(self.node_key)

    @property
    def fingerprint(self) -> str:
        """What officers compare over another channel before they trust the card."""
        return jws.thumbprint(self.key)

    def earlier_keys(self) -> tuple[Ed25519PublicKey, ...]:
        """The keys that handed over, oldest first: good for what they signed until then."""
        return tuple(_public(_HANDOVER.decode(jws.payload_of(text)).old) for text in self.handovers)

    def successors(self, fingerprint: str) -> tuple[Handover, ...]:
        """The handovers that lead from this key to the one in the card; none if the card does not follow it."""
        chain = [_HANDOVER.decode(jws.payload_of(text)) for text in self.handovers]
        olds = [jws.thumbprint(_public(one.old)) for one in chain]
        return tuple(chain[olds.index(fingerprint) :]) if fingerprint in olds else ()


class _Flattened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payload: str
    protected: str
    signature: str


_CARD: Final = msgspec.json.Decoder(Card)
_HANDOVER: Final = msgspec.json.Decoder(Handover)
_FLATTENED: Final = msgspec.json.Decoder(_Flattened)


def node_key(key: Ed25519PublicKey) -> NodeKey:
    """A key as it stands in a card."""
    return NodeKey("OKP", "Ed25519", jws.encode64(key.public_bytes_raw()))


def hand_over(node: str, old: Ed25519PrivateKey, new: Ed25519PublicKey, at: str) -> str:
    """The old key's word that the new one speaks for the node from now on: a compact JWS."""
    says = Handover(1, node, node_key(old.public_key()), node_key(new), at)
    return jws.sign(msgspec.json.encode(says), "prasan-key", old)


def issue_card(card: Card, key: Ed25519PrivateKey) -> bytes:
    """The card signed: a JWS in flattened JSON."""
    _check(card)
    payload, signature = jws.parts(jws.sign(msgspec.json.encode(card), "prasan-card", key))
    return msgspec.json.encode(_Flattened(payload, signature.protected, signature.signature))


def read_card(raw: bytes) -> Card:
    """The card of a file. FormatError if it is none; IntegrityError unless it is signed by the key in it."""
    if len(raw) > MAX_CARD:
        raise _bad(f"it has {len(raw)} bytes")
    try:
        outer = _FLATTENED.decode(raw)
        payload = jws.decode64(outer.payload)
        card = _CARD.decode(payload)
        key = card.key
    except (msgspec.MsgspecError, RecursionError, ValueError, IntegrityError) as error:
        raise _bad(str(error)) from None
    _check(card)
    jws.verify(jws.compact(outer.payload, jws.Signature(outer.protected, outer.signature)), "prasan-card", key)
    _check_handovers(card)
    return card


def check_confirmed(card: Card, confirmed: str) -> None:
    """Refused unless the fingerprint that officers compared is that of the card; compared in constant time."""
    if not compare_digest(confirmed.strip().encode(), card.fingerprint.encode()):
        raise Refused(
            f"The card of {card.name} has another fingerprint than the one that was confirmed.",
            "Ask the partner's officer again, by a number that you knew before. Do not use this card.",
            code="fingerprint_other",
            name=card.name,
        )


def check_new_card(card: Card, our_id: str, known: Card | None, *, confirmed: bool = False) -> None:
    """Refused if the card claims our id, or an id known under a key that did not hand over to the one in it, or is
    not newer than the known. What officers have `confirmed` needs neither handover nor a later time.
    """
    if card.id == our_id:
        raise Refused(f"The card of {card.name} claims this node's own id.", "Ask the partner for its own card.")
    if known is None or (confirmed and known.fingerprint != card.fingerprint):
        return
    if known.fingerprint != card.fingerprint and not card.successors(known.fingerprint):
        raise Refused(
            f"{card.id} is known under another key ({known.fingerprint[:8]}…), which has not handed over to this one.",
            "Compare the new fingerprint with the partner by telephone, then add the card with --confirm FINGERPRINT.",
        )
    if (time_us(card.issued_at) or 0) <= (time_us(known.issued_at) or 0):
        raise Refused(f"The card of {card.name} is not newer than the one here.", "Ask for the partner's latest card.")


def _check(card: Card) -> None:
    if not (card.id.startswith("identity--") and is_id(card.id)):
        raise _bad(f"'{card.id[:60]}' is not an identity id")
    for url in (card.web_url, card.peer_url):
        if not _is_https(url):
            raise _bad(f"'{url[:80]}' is not an https address")
    if time_us(card.issued_at) is None:
        raise _bad("'issued_at' is not a time such as 2026-01-31T08:00:00Z")
    validity(card.peer_certificate.encode())
    if any(time_us(one.since) is None for one in card.revoked):
        raise _bad("a revoked key has no time")


def _check_handovers(card: Card) -> None:
    """Each by its old key, about this node, and each leading to the next, the last to the card's key."""
    if len(card.handovers) > MAX_HANDOVERS:
        raise _bad(f"it has {len(card.handovers)} changes of key")
    wanted = card.node_key
    for text in reversed(card.handovers):
        try:
            says = _HANDOVER.decode(jws.payload_of(text))
            jws.verify(text, "prasan-key", _public(says.old))
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            raise _bad(f"a change of key cannot be read ({error})") from None
        if says.node != card.id or says.new != wanted or time_us(says.at) is None:
            raise _bad("a change of key in it is not this node's, or leads elsewhere")
        wanted = says.old


def _public(key: NodeKey) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(jws.decode64(key.x))


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that do not close
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _bad(why: str) -> FormatError:
    return FormatError(f"This is not a partner's card: {why}.", "Ask for the file that 'prasan partner card' prints.")
