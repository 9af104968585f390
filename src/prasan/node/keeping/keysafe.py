"""The keys of a backup under a passphrase: a JWE (RFC 7516), which any JOSE library opens.

PBES2-HS512+A256KW (RFC 7518, section 4.8) makes a key of the passphrase, A256GCM encrypts and authenticates.
"""

from typing import Final

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from prasan.errors import IntegrityError, UsageError

HEADER: Final = {"alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2c": 300_000}
"""Rounds: OWASP asks for at least 210,000 of PBKDF2-HMAC-SHA512; JOSE libraries refuse more than 300,000."""
ALGORITHMS: Final = ["PBES2-HS512+A256KW", "A256GCM"]
MIN_PASSPHRASE: Final = 14
"""Bytes: whoever has the file can guess as long as they like."""


def check_passphrase(passphrase: bytes) -> None:
    """UsageError for one that is too short, or too long for the standard's implementations."""
    if not MIN_PASSPHRASE <= len(passphrase) <= 1024:
        raise UsageError(
            f"the passphrase has {len(passphrase)} bytes; it needs {MIN_PASSPHRASE} to 1024",
            "Give several random words, or the file with --passphrase-file.",
        )


def lock(raw: bytes, passphrase: bytes) -> bytes:
    """The bytes, encrypted."""
    check_passphrase(passphrase)
    text: str = jwe.encrypt_compact(dict(HEADER), raw, OctKey.import_key(passphrase), algorithms=ALGORITHMS)
    return text.encode()


def unlock(locked: bytes, passphrase: bytes) -> bytes:
    """The bytes again. IntegrityError for another passphrase or one changed bit: which of the two cannot be told."""
    check_passphrase(passphrase)
    try:
        found = jwe.decrypt_compact(locked, OctKey.import_key(passphrase), algorithms=ALGORITHMS).plaintext
    except (JoseError, ValueError, TypeError) as error:
        raise _wrong() from error
    if found is None:
        raise _wrong()
    return found


def _wrong() -> IntegrityError:
    return IntegrityError(
        "keys.jwe of the backup does not open with this passphrase, or is damaged.", "Try the passphrase again."
    )
