"""A node's card: who it is, where it is, and the keys that speak for it (docs/wire.md, section 1)."""

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


class NodeKey(msgspec.Struct, frozen=True):
    """A public Ed25519 key as a JWK (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str


class Card(msgspec.Struct, frozen=True):
    """What a card says. `peer_certificate` is PEM; `issued_at` is RFC 3339 in UTC."""

    card: Literal[1]
    id: str
    name: str
    country: str
    node_key: NodeKey
    web_url: str
    peer_url: str
    peer_certificate: str
    issued_at: str

    @property
    def key(self) -> Ed25519PublicKey:
        """The key that speaks for the node."""
        return Ed25519PublicKey.from_public_bytes(jws.decode64(self.node_key.x))

    @property
    def fingerprint(self) -> str:
        """What officers compare over another channel before they trust the card."""
        return jws.thumbprint(self.key)


class _Flattened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payload: str
    protected: str
    signature: str


_CARD: Final = msgspec.json.Decoder(Card)
_FLATTENED: Final = msgspec.json.Decoder(_Flattened)


def node_key(key: Ed25519PublicKey) -> NodeKey:
    """A key as it stands in a card."""
    return NodeKey("OKP", "Ed25519", jws.encode64(key.public_bytes_raw()))


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
    return card


def check_new_card(card: Card, our_id: str, known: Card | None) -> None:
    """Refused if the card claims our id, or an id that is known under another key, or is not newer than the known."""
    if card.id == our_id:
        raise Refused(f"The card of {card.name} claims this node's own id.", "Ask the partner for its own card.")
    if known is None:
        return
    if known.fingerprint != card.fingerprint:
        raise Refused(
            f"{card.id} is known under another key ({known.fingerprint[:8]}…).",
            "Compare both fingerprints with the partner by telephone before anything else.",
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


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that do not close
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _bad(why: str) -> FormatError:
    return FormatError(f"This is not a partner's card: {why}.", "Ask for the file that 'prasan partner card' prints.")
