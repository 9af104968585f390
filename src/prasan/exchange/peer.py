"""Requests signed by the node key (docs/wire.md, section 10): the shape of RFC 9449 over a JWS."""

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from prasan.errors import IntegrityError, Refused
from prasan.exchange import jws
from prasan.exchange.http import Request

SCHEME: Final = "Prasan"
SKEW_S: Final = 60
"""How far `iat` may be from the receiver's clock, either way."""
KEEP_S: Final = 2 * SKEW_S
"""How long a nonce is remembered: as long as the request that used it could come again."""
BRINGS_CARD: Final = ("POST", "/peer/v1/card")
_STRANGER: Final = "it is not signed by the key of a partner of this node"
"""The same for a wrong signature and for a sender nobody knows: who our partners are is nobody else's business."""
_MAX_NONCE: Final = 64
_MAX_TOKEN: Final = 4096


class Claims(msgspec.Struct, frozen=True):
    """What a request says of itself: from, to, method, path with query, body hash, time in seconds, nonce."""

    iss: str
    aud: str
    htm: str
    htu: str
    bh: str
    iat: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    jti: str


_CLAIMS: Final = msgspec.json.Decoder(Claims)

Seen = Callable[[str, str, int, int], bool]
"""`first_use(issuer, nonce, until_us, now_us)`: remembers a nonce, across restarts; False if it was seen before."""


def body_hash(body: bytes) -> str:
    """SHA-256 in base64url."""
    return jws.encode64(sha256(body).digest())


def authorization(claims: Claims, key: Ed25519PrivateKey) -> str:
    """The value of the Authorization header."""
    return f"{SCHEME} {jws.sign(msgspec.json.encode(claims), 'prasan-request', key)}"


Follow = Callable[[str, bytes], Ed25519PublicKey | None]
"""`follow(issuer, card)`: the key of a card that this partner's key handed over to; None for any other card."""


def _nobody(_issuer: str, _card: bytes) -> None:
    return None


class Doorkeeper(msgspec.Struct, frozen=True):
    """Lets partners in. `key_of` gives the key of a registered partner's card, or None.

    A partner with a new key is let in with one request only: the one that brings the card which says so.
    """

    our_id: str
    key_of: Callable[[str], Ed25519PublicKey | None]
    first_use: Seen
    follow: Follow = _nobody

    def admit(self, request: Request, now_us: int) -> str:
        """The identity id of the partner who signed this request. Refused says why not."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != SCHEME or len(token) > _MAX_TOKEN:
            raise _refused("it is not signed by a node key")
        claims = self._claims(token, request)
        self._check(claims, request, now_us)
        # The nonce comes last: only a request that is right in all else may fill the memory.
        if not self.first_use(claims.iss, claims.jti, now_us + KEEP_S * 1_000_000, now_us):
            raise _refused("its nonce was used before")
        return claims.iss

    def _claims(self, token: str, request: Request) -> Claims:
        try:
            claimed = _CLAIMS.decode(jws.decode64(token.split(".")[1]))
            key = self.key_of(claimed.iss)
            if key is not None and (request.method, request.path) == BRINGS_CARD:
                key = self.follow(claimed.iss, request.body) or key
            if key is None:
                raise _refused(_STRANGER)
            jws.verify(token, "prasan-request", key)
        except (IndexError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise _refused("its token cannot be read") from None
        except IntegrityError:
            raise _refused(_STRANGER) from None
        return claimed

    def _check(self, claims: Claims, request: Request, now_us: int) -> None:
        holds = {
            "it is for another node": claims.aud == self.our_id,
            "it is for another method": claims.htm == request.method,
            "it is for another address": claims.htu == request.target,
            "its body is another": claims.bh == body_hash(request.body),
            "its time is more than a minute from our clock": abs(claims.iat - now_us / 1e6) <= SKEW_S,
            "its nonce does not fit": 0 < len(claims.jti) <= _MAX_NONCE,
        }
        for why, holds_so in holds.items():
            if not holds_so:
                raise _refused(why)


def _refused(why: str) -> Refused:
    return Refused(f"The request was refused: {why}.", "Check the card, the clock and the address on both sides.")
