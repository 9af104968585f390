"""A backup as a file: a tar of named members under zstd, the last of them the list of all with their hashes."""

import io
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Final, Self

import msgspec
import pyarrow as pa

from prasan.archive.disk import sync_folder
from prasan.errors import IntegrityError

LIST: Final = "manifest.json"
MEMBER: Final = re.compile(
    r"prasan\.toml|store\.sqlite|keys\.jwe|(accords|policies|areas)/[^/\0]{1,200}"
    r"|archive/archive\.sqlite|archive/(positions|statics|bins|quarantine|hot)/[^\0]{1,300}"
)
"""What a backup may hold. Nothing else is ever written below the new home."""
_CHUNK: Final = 1 << 20


class Member(msgspec.Struct, frozen=True):
    """One file of a backup: bytes and SHA-256 in hexadecimal."""

    size: int
    sha256: str


class LogAt(msgspec.Struct, frozen=True):
    """Where one ledger stood."""

    log: str
    size: int
    root: str


class Contents(msgspec.Struct, frozen=True):
    """What a backup says of itself. `made_at` is RFC 3339; `members` are all files but this list."""

    prasan_backup: int
    node: str
    name: str
    epoch: str
    made_at: str
    logs: tuple[LogAt, ...]
    members: dict[str, Member]


class Writer:
    """Adds members one after the other, and remembers their hashes."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members = dict[str, Member]()

    def add(self, name: str, path: Path, length: int | None = None) -> None:
        """A file, or its first `length` bytes. IntegrityError if it is shorter."""
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size if length is None else length
            self._put(name, _Hashed(file, size), size)

    def add_bytes(self, name: str, raw: bytes) -> None:
        """Bytes as a file."""
        self._put(name, _Hashed(io.BytesIO(raw), len(raw)), len(raw))

    def _put(self, name: str, source: "_Hashed", size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        try:
            self._tar.addfile(info, source)
        except OSError as error:
            raise IntegrityError(f"{name} cannot be copied: {error}.", "Try the backup again.") from error
        self.members[name] = Member(size, source.digest.hexdigest())


class _Hashed:
    """The first bytes of a file, hashed as they are read."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left, self.digest = file, size, sha256()

    def read(self, count: int = _CHUNK) -> bytes:
        found = self._file.read(min(count, self._left))
        self._left -= len(found)
        self.digest.update(found)
        return found

    def __enter__(self) -> Self:
        return self


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A new file under a working name, durable at the end; the caller gives it its real name once it is checked."""
    with (
        pa.CompressedOutputStream(str(path), "zstd") as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_CHUNK) as tar,
    ):
        yield Writer(tar)
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def reading(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Each member's name and bytes, which must be read before the next. IntegrityError names what is damaged."""
    last = "its beginning"
    try:
        with (
            pa.CompressedInputStream(pa.OSFile(str(path), "rb"), "zstd") as packed,
            tarfile.open(fileobj=packed, mode="r|", bufsize=_CHUNK) as tar,
        ):
            for info in tar:
                last = info.name
                source = tar.extractfile(info) if info.isreg() else None
                if source is None or not _may_be(info.name):
                    raise _damaged(path, f"it holds '{info.name[:80]}', which no backup does")
                yield info.name, source
    except (OSError, tarfile.TarError, EOFError, pa.ArrowException) as error:
        raise _damaged(path, f"at {last[:120]} it cannot be read ({error})") from None


def _may_be(name: str) -> bool:
    """Whether a backup may hold a member of this name."""
    steps = name.split("/")
    return (name == LIST or bool(MEMBER.fullmatch(name))) and not {"", ".", ".."} & set(steps)


def check(path: Path, into: Path | None = None) -> Contents:
    """Read all of a backup and compare every member with the list; with `into`, write the members there.

    IntegrityError names the first file that is missing or changed.
    """
    found, raw = dict[str, Member](), b""
    for name, source in reading(path):
        if name == LIST:
            raw = source.read(1 << 26)
        elif name in found:
            raise _damaged(path, f"{name} is in it twice")
        else:
            found[name] = _copy(source, into / name if into else None)
    try:
        contents = msgspec.json.decode(raw, type=Contents)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _damaged(path, f"its list {LIST} is missing or cannot be read ({error})") from None
    for name in sorted({*found, *contents.members}):
        if found.get(name) != contents.members.get(name):
            how = "is missing" if name not in found else "is not the file that was saved"
            raise _damaged(path, f"{name} {how}")
    return contents


def finish(working: Path, path: Path) -> None:
    """Give a checked backup its name."""
    working.replace(path)
    sync_folder(path.parent)


def _copy(source: IO[bytes], target: Path | None) -> Member:
    size, digest = 0, sha256()
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") if target else io.BytesIO() as file:
        while block := source.read(_CHUNK):
            size += len(block)
            digest.update(block)
            if target is not None:
                file.write(block)
        if target is not None:
            file.flush()
            os.fsync(file.fileno())
    return Member(size, digest.hexdigest())


def _damaged(path: Path, why: str) -> IntegrityError:
    return IntegrityError(f"The backup {path.name} is damaged: {why}.", "Use another copy of it, or an earlier one.")
