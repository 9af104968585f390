"""How a program that reads TAXII pages reads `/peer/v1/statements` (docs/wire.md, section 7), for the tests."""

from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.errors import IntegrityError
from prasan.exchange import jws
from prasan.exchange.statements import FRESH_S, Page, Seal, Statement, digest

_STATEMENT: Final = msgspec.json.Decoder(Statement)
_PAGE: Final = msgspec.json.Decoder(Page)
_SEAL: Final = msgspec.json.Decoder(Seal)


def open_page(raw: bytes, key: Ed25519PublicKey, expected: Seal) -> tuple[list[tuple[Statement, bytes]], bool]:
    """The statements of a page with their bytes, and whether more follow. IntegrityError names what does not hold.

    Of `expected` count: iss, aud, lane, after, and `iat` as our own clock in seconds.
    """
    try:
        page = _PAGE.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(f"it cannot be read ({error})") from None
    texts = [text.encode() for text in page.statements]
    try:
        seal = _SEAL.decode(jws.verify(page.jws, "prasan-statements", key))
        found = [_STATEMENT.decode(text) for text in texts]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(f"it cannot be read ({error})") from None
    seqs = [one.seq for one in found]
    holds = {
        "it was made for another request": (seal.iss, seal.aud, seal.lane, seal.after)
        == (expected.iss, expected.aud, expected.lane, expected.after),
        "it is old": abs(seal.iat - expected.iat) <= FRESH_S,
        "its signature is for other statements": (seal.more, seal.count, seal.sha256)
        == (page.more, len(texts), digest(texts)),
        "its statements are out of order": all(a < b for a, b in zip([seal.after, *seqs], seqs, strict=False))
        and seal.last == (seqs[-1] if seqs else seal.after),
    }
    for why, holds_so in holds.items():
        if not holds_so:
            raise _broken(why)
    return list(zip(found, texts, strict=True)), page.more


def _broken(why: str) -> IntegrityError:
    return IntegrityError(f"The page of statements does not hold: {why}.", "Ask the partner for it again.")
