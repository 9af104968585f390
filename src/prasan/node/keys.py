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

from prasan.archive.disk import sync_folder
from prasan.errors import IntegrityError
from prasan.exchange.jws import thumbprint


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


class KeyFile:
    """The key in a file, read again when the file was replaced: a key is changed while the node serves."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int], Ed25519PrivateKey] | None = None

    def key(self) -> Ed25519PrivateKey:
        """The key. IntegrityError as `load_node_key`."""
        try:
            found = self._path.stat()
        except OSError:
            return load_node_key(self._path)
        mark = found.st_ino, found.st_mtime_ns
        if self._read is None or self._read[0] != mark:
            self._read = mark, load_node_key(self._path)
        return self._read[1]


def finish_change(path: Path, coming: Path, current: str) -> None:
    """A change of key that was cut off: the new key counts if the store calls it `current`, else it never was."""
    if not coming.exists():
        return
    if thumbprint(load_node_key(coming).public_key()) == current:
        replace_durably(coming, path)
    else:
        coming.unlink(missing_ok=True)


def replace_durably(new: Path, old: Path) -> None:
    """Put a file in the place of another, so that a power cut leaves one of them whole."""
    new.replace(old)
    sync_folder(old.parent)


def load_node_key(path: Path) -> Ed25519PrivateKey:
    """Read the node's key. IntegrityError if it is gone or of another kind."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise IntegrityError(f"the node key {path} cannot be read: {error}", "Restore it from a backup.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise IntegrityError(f"{path} is not an Ed25519 key", "Restore the node key from a backup.")
    return key
