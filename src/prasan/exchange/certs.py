"""TLS certificates of a node's doors: self-signed, because partners pin them by card and trust no authority."""

from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from prasan.errors import FormatError


class Certificate(msgspec.Struct, frozen=True):
    """A private key and its certificate, both PEM."""

    key: bytes
    certificate: bytes


def self_signed(name: str, hosts: Sequence[str], *, not_before: int, not_after: int) -> Certificate:
    """A new ECDSA P-256 key and certificate for host names and addresses; times are seconds UTC."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.fromtimestamp(not_before, UTC))
        .not_valid_after(datetime.fromtimestamp(not_after, UTC))
        .add_extension(x509.SubjectAlternativeName([_name(host) for host in hosts]), critical=False)
        # Not an authority: nobody who steals this key can vouch for another certificate.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    made = builder.sign(key, hashes.SHA256())
    return Certificate(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), made.public_bytes(Encoding.PEM)
    )


MAX_CERTIFICATES: Final = 2
"""In a card: the one in use, and the one that follows it."""


def certificates(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM text. FormatError if there are none, or more than a card may hold."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except (ValueError, x509.InvalidVersion) as error:
        raise FormatError(f"The certificate cannot be read: {error}.", "Ask for the partner's card again.") from None
    if len(found) > MAX_CERTIFICATES:
        raise FormatError(f"The card has {len(found)} certificates.", "Ask for the partner's card again.")
    return found


def validity(pem: bytes) -> tuple[float, float]:
    """From when and until when one of these certificates holds, in seconds UTC. FormatError if there is none.

    The one in use and the one that follows it overlap, so there is no hole between.
    """
    found = certificates(pem)
    begins, ends = [one.not_valid_before_utc for one in found], [one.not_valid_after_utc for one in found]
    return min(begins).timestamp(), max(ends).timestamp()


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
