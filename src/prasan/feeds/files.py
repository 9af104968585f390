"""Files, folders and standard input -> decoded batches. Plain or gzip, read as a stream, nothing held whole.

A compressed file may not unpack to more than `RATIO` times its size beyond the first `FREE` bytes, so that a small file
cannot fill the machine.
"""

import sys
import zlib
from collections.abc import Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final, cast

import msgspec

from prasan.errors import FormatError, UsageError
from prasan.formats.ais_batch import Batch, Counts, Options
from prasan.formats.ais_detect import Decoder

READ: Final = 1 << 20
RATIO: Final = 200
FREE: Final = 64 << 20
SUFFIXES: Final = (".nmea", ".ais", ".log", ".txt", ".csv", ".json", ".jsonl")
"""Files taken from a folder, each also with `.gz`."""


class FileBatch(msgspec.Struct, frozen=True):
    """A batch and where it came from: the file's name as given (`-` for standard input), and its dialect."""

    source: str
    dialect: str | None
    batch: Batch


class Summary(msgspec.Struct, frozen=True):
    """Accounts of some files."""

    by_file: dict[str, Counts] = {}

    def add(self, item: FileBatch) -> "Summary":
        """With the account of one more batch."""
        counts = self.by_file.get(item.source, Counts()) + item.batch.counts
        return Summary({**self.by_file, item.source: counts})

    @property
    def total(self) -> Counts:
        """Over all files."""
        return sum(self.by_file.values(), Counts())

    def to_json(self) -> dict[str, object]:
        """`files`, `lines`, `kept`, `dropped`, and the same per file under `by_file`."""
        total = msgspec.to_builtins(self.total)
        return {"files": len(self.by_file), **total, "by_file": msgspec.to_builtins(self.by_file)}


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
    """One file, or `-` for standard input -> batches. Each file is a stream of its own.

    `name` goes into the `source` column (default: the path as given). UsageError if it cannot be opened, FormatError if
    it is no AIS dialect, ends inside its compression, or unpacks to more than is allowed.
    """
    decoder = Decoder(Options(name or source, now=now), dialect)
    if source == "-":
        yield from _decode(cast(BufferedReader, sys.stdin.buffer), source, decoder, piece)
        return
    try:
        with Path(source).open("rb") as file:
            yield from _decode(file, source, decoder, piece)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise UsageError(f"'{source}' cannot be read: {reason}.", "Check the path and its permissions.") from error


def read_sources(sources: Iterable[str], now: float | None = None, dialect: str | None = None) -> Iterator[FileBatch]:
    """Files, folders and `-`, one after the other."""
    for source in list_files(sources):
        yield from read_source(source, now, dialect)


def _in_folder(folder: Path) -> list[str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not _hidden(path.relative_to(folder)))
    found = [str(path) for path in files if path.name.lower().removesuffix(".gz").endswith(SUFFIXES)]
    if not found:
        remedy = f"Name the file itself; a folder is read for {', '.join(SUFFIXES)}."
        raise UsageError(f"The folder '{folder}' has no file to read.", remedy)
    return found


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _decode(file: BufferedReader, source: str, decoder: Decoder, piece: int) -> Iterator[FileBatch]:
    try:
        for data in _plain(file, piece):
            for batch in decoder.feed(data):
                yield FileBatch(source, decoder.dialect, batch)
        for batch in decoder.finish():
            yield FileBatch(source, decoder.dialect, batch)
    except FormatError as error:
        raise FormatError(f"'{source}': {error}", error.remedy) from error


def _plain(file: BufferedReader, piece: int) -> Iterator[bytes]:
    first = file.read1(piece)
    if len(first) == 1:
        first += file.read1(piece)
    if first[:2] == b"\x1f\x8b":
        yield from _gunzip(first, file, piece)
        return
    while first:
        yield first
        first = file.read1(piece)


def _gunzip(data: bytes, file: BufferedReader, piece: int) -> Iterator[bytes]:
    """One or more gzip members (RFC 1952), at most `piece` bytes out at a time."""
    unpack, ended = zlib.decompressobj(zlib.MAX_WBITS | 16), True
    taken = given = 0
    while data:
        taken += len(data)
        while data:
            out, unpack, data, ended = _unpacked(unpack, data, piece)
            given += len(out)
            if given > FREE + RATIO * taken:
                raise FormatError(
                    f"It unpacks to more than {RATIO} times its size.", "Unpack it first, if it is genuine."
                )
            if out:
                yield out
        data = file.read1(piece)
    if not ended:
        raise FormatError("The gzip data ends too early.", "Fetch the file again.")


def _unpacked(unpack: "zlib._Decompress", data: bytes, most: int) -> "tuple[bytes, zlib._Decompress, bytes, bool]":
    """One step -> (bytes, the unpacker to go on with, what is still packed, whether a member has just ended)."""
    try:
        out = unpack.decompress(data, most)
    except zlib.error:
        raise FormatError("The gzip data is damaged.", "Fetch the file again.") from None
    if unpack.eof:  # zero bytes may pad the end of a member
        return out, zlib.decompressobj(zlib.MAX_WBITS | 16), unpack.unused_data.lstrip(b"\0"), True
    return out, unpack, unpack.unconsumed_tail, False
