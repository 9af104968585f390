"""JSON web signatures as the wire has them: EdDSA over Ed25519, a key id, a type, and nothing else in the header.

RFC 7515 and RFC 8037 through joserfc. The `typ` keeps a signature made for one purpose from serving another.
"""

import binascii
from base64 import urlsafe_b64decode
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.util import urlsafe_b64encode

from prasan.errors import IntegrityError

Type = Literal[
    "prasan-card", "prasan-key", "prasan-accord", "prasan-accord-change", "prasan-statements", "prasan-request",
    "prasan-request-change", "prasan-bundle",
]  # fmt: skip

ALG: Final = "EdDSA"
MAX_TEXT: Final = 64 * 1024
"""Characters in one JWS, at most."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole protected header: `crit`, `b64` and anything else are refused."""

    alg: Literal["EdDSA"]
    kid: str
    typ: Type


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature of a JWS in JSON; an unprotected header is refused."""

    protected: str
    signature: str


class _Registry(jws.JWSRegistry):
    """The one algorithm of the wire. RFC 9864 calls it `Ed25519`, so joserfc warns of this name; the wire keeps it."""

    def get_alg(self, name: str) -> Any:
        if name != ALG:
            raise JoseError(f"{name} is not {ALG}")
        return self.algorithms[ALG]


_REGISTRY: Final = _Registry(algorithms=[ALG])
_HEADER: Final = msgspec.json.Decoder(Header)


def sign(payload: bytes, typ: Type, key: Ed25519PrivateKey) -> str:
    """A compact JWS."""
    header = {"alg": ALG, "kid": thumbprint(key.public_key()), "typ": typ}
    return jws.serialize_compact(header, payload, OKPKey.import_key(key), registry=_REGISTRY)


def verify(text: str, typ: Type, key: Ed25519PublicKey) -> bytes:
    """The payload of a compact JWS. IntegrityError unless header, key id, type and signature are right."""
    header = header_of(text)
    if header.typ != typ or header.kid != thumbprint(key):
        raise _broken(f"it is a {header.typ} by key {header.kid[:8]}…")
    try:
        return jws.deserialize_compact(text, OKPKey.import_key(key), registry=_REGISTRY).payload
    except (JoseError, ValueError) as error:
        raise _broken(str(error)) from None


def header_of(text: str) -> Header:
    """The header of a compact JWS, which nobody has vouched for yet. IntegrityError if it is not as the wire has it."""
    if len(text) > MAX_TEXT or not text.isascii() or text.count(".") != 2:
        raise _broken("it is not a compact JWS")
    try:
        return _HEADER.decode(decode64(text.partition(".")[0]))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _broken("its header is not alg EdDSA, kid and typ") from None


def payload_of(text: str) -> bytes:
    """What a compact JWS says, which nobody has vouched for yet. IntegrityError if it is none."""
    header_of(text)
    return decode64(text.split(".")[1])


def parts(text: str) -> tuple[str, Signature]:
    """A compact JWS as the payload and the signature of a JWS in JSON."""
    protected, payload, signature = text.split(".")
    return payload, Signature(protected, signature)


def compact(payload: str, signature: Signature) -> str:
    """The same, back: the two forms differ in their wrapping only."""
    return f"{signature.protected}.{payload}.{signature.signature}"


def decode64(text: str) -> bytes:
    """Base64url without padding. IntegrityError if it is not."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise _broken("it is not base64url") from None


def encode64(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).decode()


@lru_cache(256)
def _print_of(raw: bytes) -> str:
    # RFC 7638 over the members that RFC 8037 section 2 names, in their order.
    text = f'{{"crv":"Ed25519","kty":"OKP","x":"{encode64(raw)}"}}'
    return encode64(sha256(text.encode()).digest())


def thumbprint(key: Ed25519PublicKey) -> str:
    """The RFC 7638 thumbprint: what officers compare, and the `kid` of every signature."""
    return _print_of(key.public_bytes_raw())


def _broken(why: str) -> IntegrityError:
    return IntegrityError(f"The signature does not hold: {why}.", "Ask the sender for it again.")
