"""One file with all a node knows, made while it serves: settings, stores, archive, ledger, and keys under a passphrase.

The store is copied first: an archive that is ahead of the store is what a crash leaves, and is caught up with.
"""

import io
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from prasan.archive.archive import MANIFEST
from prasan.archive.snapshot import snapshot
from prasan.errors import PrasanError, UsageError
from prasan.exchange.http import time_text
from prasan.node import settings as settings_file
from prasan.node.keeping import tarball
from prasan.node.keeping.keysafe import check_passphrase, lock, unlock
from prasan.node.keeping.tarball import Contents, LogAt, Writer
from prasan.node.node import Node
from prasan.node.record import NODE_LOG, note, seal_all
from prasan.stores.sqlite import Store

FORMAT: Final = 1
KEYS: Final = "keys.jwe"
TEXTS: Final = ("accords", "policies", "areas")
TRIES: Final = 5


class Saved(msgspec.Struct, frozen=True):
    """A backup that was written and read back."""

    file: str
    bytes: int
    members: int
    made_at: str


def backup(node: Node, path: Path, passphrase: bytes) -> Saved:
    """Write a backup, read it back, and only then give it its name. What was there under that name is replaced.

    Killed at any moment it leaves the old file or the new one whole; `PATH.part` and `PATH.work` are cleared next time.
    """
    check_passphrase(passphrase)
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "Name the file that is to be written.")
    seal_all(node)
    part = path.with_name(path.name + ".part")
    with _work_folder(path) as work:
        try:
            _write(node, part, work, passphrase)
            node.at("backup")
            contents = tarball.check(part)
            tarball.finish(part, path)
        finally:
            part.unlink(missing_ok=True)
    with node.store.write() as tx:
        note(node, tx, NODE_LOG, "backup", node.id, {"members": len(contents.members)})
    return Saved(str(path), path.stat().st_size, len(contents.members), contents.made_at)


def _write(node: Node, part: Path, work: Path, passphrase: bytes) -> None:
    made_at = time_text(node.clock.now_us())
    keys, store = _store_with_keys(node, work)
    locked = lock(keys, passphrase)
    if unlock(locked, passphrase) != keys:
        raise PrasanError("The keys did not survive encryption.", "Give this node's log to its administrator.")
    with tarball.writing(part) as out:
        out.add(settings_file.FILE, node.home.root / settings_file.FILE)
        out.add_bytes(KEYS, locked)
        out.add("store.sqlite", store)
        for folder in TEXTS:
            for file in sorted((node.home.root / folder).glob("*")):
                if file.is_file():
                    out.add(f"{folder}/{file.name}", file)
        _add_archive(node, out, work)
        contents = _contents(node, store, made_at, out)
        out.add_bytes(tarball.LIST, msgspec.json.encode(contents))


def _add_archive(node: Node, out: Writer, work: Path) -> None:
    node.archive.room()  # opened once, so that there is a manifest to copy
    with snapshot(node.home.archive, work / MANIFEST) as pieces:
        out.add(f"archive/{MANIFEST}", work / MANIFEST)
        for piece in pieces:
            out.add(f"archive/{piece.path}", node.home.archive / piece.path, piece.length)


def _store_with_keys(node: Node, work: Path) -> tuple[bytes, Path]:
    """A copy of the store and the keys that belong to it: a change of key in between makes both anew."""
    copy = work / "store.sqlite"
    for _ in range(TRIES):
        keys = _keys(node)
        copy.unlink(missing_ok=True)
        node.store.copy_to(copy)
        if _keys(node) == keys:
            return keys, copy
    raise PrasanError("The node's keys change while they are copied.", "Try again when that is done.")


def _keys(node: Node) -> bytes:
    """The folder of keys as a tar; the same bytes for the same files."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for file in sorted((node.home.root / "keys").glob("*")):
            info = tarfile.TarInfo(file.name)
            data = file.read_bytes()
            info.size, info.mode = len(data), 0o600
            tar.addfile(info, io.BytesIO(data))
    return raw.getvalue()


def _contents(node: Node, store: Path, made_at: str, out: Writer) -> Contents:
    copied = Store(store)
    try:
        fronts = {log: copied.frontier(log) for log in copied.logs()}
        epoch = copied.epoch()
    finally:
        copied.close()
    logs = tuple(LogAt(log, front.size, front.root().hex()) for log, front in fronts.items())
    return Contents(FORMAT, node.id, node.settings.name, epoch, made_at, logs, dict(out.members))


@contextmanager
def _work_folder(path: Path) -> Iterator[Path]:
    """Where copies lie meanwhile: beside the file, so that there is as much room as for it."""
    work = path.with_name(path.name + ".work")
    shutil.rmtree(work, ignore_errors=True)
    path.with_name(path.name + ".part").unlink(missing_ok=True)
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
