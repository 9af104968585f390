"""Signing an accord: its TOML bytes as a JWS in general JSON, one signature a party (docs/wire.md, section 3)."""

from collections.abc import Mapping
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from prasan.errors import AccordError, IntegrityError
from prasan.exchange import jws
from prasan.release.accord import Accord, parse_accord

MAX_ACCORD: Final = 64 * 1024


class SignedAccord(msgspec.Struct, frozen=True):
    """An accord, its text, and the thumbprints whose signatures on it verified."""

    accord: Accord
    text: bytes
    signed_by: frozenset[str]

    @property
    def complete(self) -> bool:
        """True if both parties have signed."""
        return {party.key for party in self.accord.parties} <= self.signed_by


class _General(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payload: str
    signatures: tuple[jws.Signature, ...]


_GENERAL: Final = msgspec.json.Decoder(_General)


def propose(text: bytes, key: Ed25519PrivateKey) -> bytes:
    """The accord with our signature. AccordError if it does not hold, or our key is not one of those it names."""
    _check_party(parse_accord(text), key)
    payload, signature = jws.parts(jws.sign(text, "prasan-accord", key))
    return msgspec.json.encode(_General(payload, (signature,)))


def countersign(signed: bytes, key: Ed25519PrivateKey, keys: Mapping[str, Ed25519PublicKey]) -> bytes:
    """The accord with our signature added, after the others were checked with `keys` (thumbprint to key)."""
    found = read_signed(signed, keys)
    if found.complete:
        return signed
    _check_party(found.accord, key)
    if jws.thumbprint(key.public_key()) in found.signed_by:
        return signed
    general = _GENERAL.decode(signed)
    _, signature = jws.parts(jws.sign(found.text, "prasan-accord", key))
    return msgspec.json.encode(_General(general.payload, (*general.signatures, signature)))


def read_signed(signed: bytes, keys: Mapping[str, Ed25519PublicKey]) -> SignedAccord:
    """An accord whose every signature verifies with a key that we know and that the accord names.

    AccordError if it is no accord or is signed by anybody else; IntegrityError if a signature does not hold.
    """
    try:
        general = _GENERAL.decode(signed[: MAX_ACCORD + 1])
        text = jws.decode64(general.payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, IntegrityError) as error:
        raise AccordError(f"This is not a signed accord: {error}.", "Ask the partner to send it again.") from None
    signed_by = [_signer(general, signature, keys) for signature in general.signatures]
    accord = parse_accord(text)
    named = {party.key for party in accord.parties}
    if not signed_by or len(set(signed_by)) < len(signed_by) or not named.issuperset(signed_by):
        raise AccordError(f"The accord '{accord.name}' must have one signature a party.", "Ask for it again.")
    return SignedAccord(accord, text, frozenset(signed_by))


def _signer(general: _General, signature: jws.Signature, keys: Mapping[str, Ed25519PublicKey]) -> str:
    """By which known key it was signed: what nobody known has signed is not read at all."""
    compact = jws.compact(general.payload, signature)
    kid = jws.header_of(compact).kid
    if kid not in keys:
        raise AccordError(
            f"The accord is signed by a key ({kid[:8]}…) that is not a known party's.",
            "Add the partner's card first, and compare the fingerprint in the accord with it.",
        )
    jws.verify(compact, "prasan-accord", keys[kid])
    return kid


def signers_of(signed: bytes) -> frozenset[str]:
    """The thumbprints that an accord kept here says it was signed by."""
    general = _GENERAL.decode(signed)
    return frozenset(jws.header_of(jws.compact(general.payload, one)).kid for one in general.signatures)


def _check_party(accord: Accord, key: Ed25519PrivateKey) -> None:
    if jws.thumbprint(key.public_key()) not in {party.key for party in accord.parties}:
        raise AccordError(
            f"The accord '{accord.name}' does not name this node's key.",
            "Put the fingerprint that 'prasan partner card' prints into it.",
        )
