"""A home made of a backup: all of it checked, then a new epoch, so that partners read everything from the start."""

import io
import shutil
import tarfile
from pathlib import Path

import msgspec

from prasan.archive.disk import sync_folder
from prasan.errors import IntegrityError, UsageError
from prasan.node import epochs
from prasan.node.clock import Clock
from prasan.node.keeping import tarball
from prasan.node.keeping.backup import FORMAT, KEYS
from prasan.node.keeping.keysafe import unlock
from prasan.node.keeping.tarball import Contents
from prasan.node.keys import write_private
from prasan.node.node import Node
from prasan.node.record import NODE_LOG, note, seal_all, verify


class Restored(msgspec.Struct, frozen=True):
    """A home made of a backup: whose, as it was when, and its new epoch."""

    node: str
    name: str
    made_at: str
    epoch: str


def restore(path: Path, home: Path, passphrase: bytes, clock: Clock | None = None) -> Restored:
    """Make a new home of a backup. UsageError if the folder is there; IntegrityError names what does not hold.

    Nothing is there under the home's name before all of it was checked.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise UsageError(f"{home} is not empty", "Name a new folder: nothing is ever overwritten.")
    part = home.with_name(home.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        contents = tarball.check(path, part)
        if contents.prasan_backup != FORMAT:
            raise UsageError(f"{path.name} is a backup of form {contents.prasan_backup}", "Use a newer prasan.")
        _put_keys(part, passphrase)
        restored = _begin(part, contents, clock)
        if home.exists():
            home.rmdir()
        part.replace(home)
        sync_folder(home.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return restored


def _put_keys(part: Path, passphrase: bytes) -> None:
    locked = part / KEYS
    raw = unlock(locked.read_bytes(), passphrase)
    keys = part / "keys"
    keys.mkdir(mode=0o700)
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        for info in tar:
            source = tar.extractfile(info)
            if source is None or "/" in info.name or info.name.startswith("."):
                raise IntegrityError(f"keys.jwe holds '{info.name[:80]}'.", "Use another backup.")
            write_private(keys / info.name, source.read())
    locked.unlink()
    for folder in ("accords", "policies", "areas", "archive"):
        (part / folder).mkdir(exist_ok=True)


def _begin(part: Path, contents: Contents, clock: Clock | None) -> Restored:
    """Check store, ledgers and archive as a running node would see them; then the new epoch."""
    node = Node(part, clock)
    try:
        if node.id != contents.node:
            raise IntegrityError("The backup's settings are those of another node.", "Use another backup.")
        for one in verify(node):
            one.report.require()
        damaged = node.archive.check()
        if damaged:
            raise IntegrityError(f"archive/{damaged[0].path} is {damaged[0].what}.", "Use another backup.")
        with node.store.write() as tx:
            epoch = epochs.begin(node, tx, "restore")
            note(node, tx, NODE_LOG, "restored", epoch, {"before": contents.epoch, "made_at": contents.made_at})
        seal_all(node)
    finally:
        node.close()
    return Restored(contents.node, contents.name, contents.made_at, epoch)
