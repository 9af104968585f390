"""Packed files -> their bytes as a stream: gzip, zstandard, and the one or more files of a zip.

A packed file may not unpack to more than `RATIO` times its size beyond the first `FREE` bytes, so that a small file
cannot fill the machine. Nothing is held whole.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BufferedReader
from typing import Any, Final

import pyarrow as pa

from prasan.errors import FormatError

RATIO: Final = 200
FREE: Final = 64 << 20
MEMBERS: Final = 10_000
"""Files in one zip. A year of daily files is 366."""
SUFFIXES: Final = (".nmea", ".nm4", ".ais", ".log", ".txt", ".csv", ".json", ".jsonl", ".geojson")
"""Endings of files that are read in a folder or a zip; in a folder also packed, with one of `PACKED` behind."""
PACKED: Final = (".gz", ".zst")

_GZIP, _ZSTD, _ZSTD_SKIP, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18", b"PK\x03\x04"
_MAGIC: Final = 4
_REFETCH: Final = "Fetch the file again."


def is_ours(path: str) -> bool:
    """True for the name of a file to be read, false for other kinds and hidden ones."""
    parts = path.split("/")
    return parts[-1].lower().endswith(SUFFIXES) and not any(part.startswith((".", "__MACOSX")) for part in parts)


def streams(file: BufferedReader, piece: int) -> Iterator[Iterator[bytes]]:
    """An open file -> the stream of each file in it: itself, or what is packed in it. At most `piece` bytes at a time.

    FormatError if it is damaged, ends too early, or unpacks to more than is allowed.
    """
    first = _first(file, piece)
    if first[:_MAGIC] == _ZIP and file.seekable():
        yield from _members(file, piece)
    else:
        yield unpacked(first, file, piece)


def unpacked(first: bytes, file: BufferedReader, piece: int) -> Iterator[bytes]:
    """What was read already and the rest of the file -> unpacked bytes, if they are packed."""
    if first[:2] == _GZIP:
        return _gunzip(first, file, piece)
    if first[:_MAGIC] == _ZSTD or (first[1:_MAGIC] == _ZSTD_SKIP and first[0] >> 4 == 5):
        return _unzstd(first, file, piece)
    return _plain(first, file, piece)


def _first(file: BufferedReader, piece: int) -> bytes:
    first = file.read1(piece)
    while 0 < len(first) < _MAGIC and (more := file.read1(piece)):
        first += more
    return first


def _plain(data: bytes, file: BufferedReader, piece: int) -> Iterator[bytes]:
    while data:
        yield data
        data = file.read1(piece)


def _bounded(given: int, taken: int) -> None:
    if given > FREE + RATIO * taken:
        raise FormatError(f"It unpacks to more than {RATIO} times its size.", "Unpack it first, if it is genuine.")


def _gunzip(data: bytes, file: BufferedReader, piece: int) -> Iterator[bytes]:
    """One or more gzip members (RFC 1952)."""
    unpack, ended = zlib.decompressobj(zlib.MAX_WBITS | 16), True
    taken = given = 0
    while data:
        taken += len(data)
        while data:
            out, unpack, data, ended = _step(unpack, data, piece)
            given += len(out)
            _bounded(given, taken)
            if out:
                yield out
        data = _more(file, piece, between=ended)
    if not ended:
        raise FormatError("The gzip data ends too early.", _REFETCH)


def _more(file: BufferedReader, piece: int, *, between: bool) -> bytes:
    """The next bytes; `between` two members zero bytes are padding, however many and wherever a piece ends."""
    data = file.read1(piece)
    while between and data and not data.strip(b"\0"):
        data = file.read1(piece)
    return data.lstrip(b"\0") if between else data


def _step(unpack: "zlib._Decompress", data: bytes, most: int) -> "tuple[bytes, zlib._Decompress, bytes, bool]":
    """One step -> (bytes, the unpacker to go on with, what is still packed, whether a member has just ended)."""
    try:
        out = unpack.decompress(data, most)
    except zlib.error:
        raise FormatError("The gzip data is damaged.", _REFETCH) from None
    if unpack.eof:  # zero bytes may pad the end of a member
        return out, zlib.decompressobj(zlib.MAX_WBITS | 16), unpack.unused_data.lstrip(b"\0"), True
    return out, unpack, unpack.unconsumed_tail, False


class _Counted:
    """The file as Arrow reads it: what was read already first, and how much was taken so far."""

    closed = False

    def __init__(self, first: bytes, file: BufferedReader) -> None:
        self._first = first
        self._file = file
        self.taken = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data, self._first = (self._first[:size], self._first[size:]) if self._first else (self._file.read1(size), b"")
        self.taken += len(data)
        return data

    def close(self) -> None:
        self.closed = True


def _unzstd(first: bytes, file: BufferedReader, piece: int) -> Iterator[bytes]:
    """One or more zstandard frames (RFC 8878), through Arrow's own codec."""
    source, given = _Counted(first, file), 0
    readable: Any = source  # Arrow asks for no more than these methods
    stream = pa.CompressedInputStream(pa.PythonFile(readable, mode="r"), "zstd")
    while True:
        try:
            out = stream.read(piece)
        except OSError as error:
            early = "Truncated" in str(error)
            raise FormatError(f"The zstd data {'ends too early' if early else 'is damaged'}.", _REFETCH) from None
        if not out:
            return
        given += len(out)
        _bounded(given, source.taken)
        yield out


def _members(file: BufferedReader, piece: int) -> Iterator[Iterator[bytes]]:
    """The files of a zip that look like ours, in its order. What they unpack to is bounded by the size of the zip."""
    size, given = file.seek(0, io.SEEK_END), 0

    def member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
        nonlocal given
        for data in _member(archive, info, piece):
            given += len(data)
            _bounded(given, size)
            yield data

    try:
        with zipfile.ZipFile(file) as archive:
            infos = [one for one in archive.infolist() if is_ours(one.filename)]
            if not infos or len(infos) > MEMBERS:
                raise FormatError(
                    f"The zip holds {len(infos)} files to read; there must be one to {MEMBERS}.",
                    f"Unpack it first; files are read if they end in {', '.join(SUFFIXES)}.",
                )
            for info in infos:
                yield member(archive, info)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error):  # ValueError: names, offsets
        raise FormatError("The zip is damaged, or ends too early.", _REFETCH) from None


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, piece: int) -> Iterator[bytes]:
    try:
        with archive.open(info) as file:
            while data := file.read(piece):
                yield data
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        why = "encrypted" if info.flag_bits & 1 else "damaged, or packed in an unusual way"
        raise FormatError(f"'{info.filename}' in the zip is {why}.", "Unpack it first, or fetch it again.") from None
