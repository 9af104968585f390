"""Files, folders and standard input -> decoded batches. Plain or packed (gzip, zstandard, zip), read as a stream."""

import sys
from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final, cast

import msgspec

from prasan.errors import FormatError, UsageError
from prasan.feeds.unpack import PACKED, SUFFIXES, is_ours, streams
from prasan.formats.ais_batch import Batch, Counts, Options
from prasan.formats.ais_detect import Decoder

READ: Final = 1 << 20


class FileBatch(msgspec.Struct, frozen=True):
    """A batch and where it came from: the file's name as given (`-` for standard input), and its dialect."""

    source: str
    dialect: str | None
    batch: Batch


class Summary(msgspec.Struct, frozen=True):
    """Accounts of some files, and why others could not be read."""

    by_file: dict[str, Counts] = {}
    refused: dict[str, str] = {}

    def add(self, item: FileBatch) -> "Summary":
        """With the account of one more batch."""
        counts = self.by_file.get(item.source, Counts()) + item.batch.counts
        return Summary({**self.by_file, item.source: counts}, self.refused)

    @property
    def total(self) -> Counts:
        """Over all files."""
        return sum(self.by_file.values(), Counts())

    def to_json(self) -> dict[str, object]:
        """`files`, `lines`, `kept`, `dropped`, the same per file in `by_file`, and `refused` files with the reason."""
        total = msgspec.to_builtins(self.total)
        by_file = msgspec.to_builtins(self.by_file)
        return {"files": len(self.by_file), **total, "by_file": by_file, "refused": self.refused}


def list_files(sources: Iterable[str]) -> list[str]:
    """Files as given, folders opened (all levels, by name, hidden ones and other kinds of file left out).

    UsageError for a path that is not there, cannot be read, or a folder without a file to read.
    """
    found = []
    for source in sources:
        path = Path(source)
        if source != "-" and path.is_dir():
            found += _in_folder(path)
        else:
            if source != "-" and not path.exists():
                remedy = "Check the path, or use - to read standard input."
                raise UsageError(f"There is no file or folder '{source}'.", remedy)
            found.append(source)
    return found


def read_source(
    source: str, now: float | None = None, dialect: str | None = None, name: str | None = None, piece: int = READ
) -> Iterator[FileBatch]:
    """One file, or `-` for standard input -> batches. Each file is a stream of its own, also each file of a zip.

    `name` goes into the `source` column (default: the path as given). UsageError if it cannot be opened, FormatError if
    it is no AIS dialect, ends inside its compression, or unpacks to more than is allowed.
    """
    options = Options(name or source, now=now)
    if source == "-":
        yield from _decode(cast(BufferedReader, sys.stdin.buffer), source, options, dialect, piece)
        return
    try:
        with Path(source).open("rb") as file:
            yield from _decode(file, source, options, dialect, piece)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise UsageError(f"'{source}' cannot be read: {reason}.", "Check the path and its permissions.") from error


Refused = Callable[[str, FormatError], None]


def read_sources(
    sources: Iterable[str], now: float | None = None, dialect: str | None = None, refused: Refused | None = None
) -> Iterator[FileBatch]:
    """Files, folders and `-`, one after the other.

    FormatError for a file that cannot be read. With `refused`, one of a folder is passed over instead, and told with
    the reason, as long as another can be read.
    """
    named, read, last = frozenset(sources := list(sources)), False, None
    for source in list_files(sources):
        try:
            yield from read_source(source, now, dialect)
            read = True
        except FormatError as error:
            if refused is None or source in named:
                raise
            refused(source, error)
            last = error
    if last is not None and not read:
        raise last


def _in_folder(folder: Path) -> list[str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and _is_ours(path.relative_to(folder)))
    if not files:
        remedy = f"Name the file itself; a folder is read for {', '.join(SUFFIXES)}, packed or not, and .zip."
        raise UsageError(f"The folder '{folder}' has no file to read.", remedy)
    return [str(path) for path in files]


def _is_ours(path: Path) -> bool:
    name = path.as_posix()
    for ending in PACKED:
        name = name[: -len(ending)] if name.lower().endswith(ending) else name
    return is_ours(name) or (name.lower().endswith(".zip") and is_ours(name[:-4] + SUFFIXES[0]))


def _decode(
    file: BufferedReader, source: str, options: Options, dialect: str | None, piece: int
) -> Iterator[FileBatch]:
    try:
        for stream in streams(file, piece):
            decoder = Decoder(options, dialect)
            for data in stream:
                for batch in decoder.feed(data):
                    yield FileBatch(source, decoder.dialect, batch)
            for batch in decoder.finish():
                yield FileBatch(source, decoder.dialect, batch)
    except FormatError as error:
        raise FormatError(f"'{source}': {error}", error.remedy) from error
