"""The node's keys on disk: PEM files that only their owner can read."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from prasan.errors import IntegrityError


def write_private(path: Path, data: bytes) -> None:
    """Write a new file with mode 0600; never over an old one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def new_node_key(path: Path) -> Ed25519PrivateKey:
    """Make the node's Ed25519 key and keep it at `path`."""
    key = Ed25519PrivateKey.generate()
    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def load_node_key(path: Path) -> Ed25519PrivateKey:
    """Read the node's key. IntegrityError if it is gone or of another kind."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise IntegrityError(f"the node key {path} cannot be read: {error}", "Restore it from a backup.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise IntegrityError(f"{path} is not an Ed25519 key", "Restore the node key from a backup.")
    return key
