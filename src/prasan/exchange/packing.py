"""Packed bodies whose bytes stay the same: the same bytes packed again give the same packed bytes, so a reader that was
cut off may go on in the middle. zstandard (RFC 8878) through Arrow's codec, or gzip for who knows no other."""

import gzip
import io
import zlib
from typing import Final

import pyarrow as pa

from prasan.errors import FormatError

ZSTD: Final = "zstd"
GZIP: Final = "gzip"
PLAIN: Final = "identity"

FROM: Final = 256
"""Bytes below which packing costs more than it saves."""
_HARD_UNTIL: Final = 32 * 1024
"""Up to here a thin line is likely, and a tenth of the bytes is worth some milliseconds."""
_HARD, _LIGHT = 15, 3
_CHUNK: Final = 1 << 20


def choose(accept_encoding: str, size: int) -> str:
    """The coding for a body of so many bytes: the best that the reader names; `identity` if it does not pay."""
    named = {part.partition(";")[0].strip() for part in accept_encoding.lower().split(",")}
    return PLAIN if size < FROM else ZSTD if ZSTD in named else GZIP if GZIP in named else PLAIN


def pack(raw: bytes, coding: str) -> bytes:
    """A body in one of the codings."""
    if coding == ZSTD:
        level = _HARD if len(raw) <= _HARD_UNTIL else _LIGHT
        packed: bytes = pa.Codec("zstd", compression_level=level).compress(raw, asbytes=True)
        return packed
    return gzip.compress(raw, 6, mtime=0) if coding == GZIP else raw


def unpack(packed: bytes, coding: str, limit: int) -> bytes:
    """The body again. FormatError if it is damaged, of another coding, or longer than `limit`, however well packed."""
    if coding == ZSTD:
        raw = _unzstd(packed, limit)
    elif coding == GZIP:
        raw = _gunzip(packed, limit)
    elif coding == PLAIN:
        raw = packed
    else:
        raise FormatError(f"It is packed as '{coding[:20]}'.", "Ask for zstd or gzip.")
    if len(raw) > limit:
        raise FormatError(f"It unpacks to more than {limit} bytes.", "Ask for less at once.")
    return raw


def _unzstd(packed: bytes, limit: int) -> bytes:
    parts, total = list[bytes](), 0
    try:
        with pa.CompressedInputStream(pa.PythonFile(io.BytesIO(packed), mode="r"), "zstd") as stream:
            while total <= limit and (part := stream.read(min(_CHUNK, limit + 1 - total))):
                parts.append(part)
                total += len(part)
    except OSError as error:
        raise _damaged() from error
    return b"".join(parts)


def _gunzip(packed: bytes, limit: int) -> bytes:
    step = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        raw = step.decompress(packed, limit + 1)
    except zlib.error as error:
        raise _damaged() from error
    if not step.eof and len(raw) <= limit:
        raise _damaged()
    return raw


def _damaged() -> FormatError:
    return FormatError("It cannot be unpacked: bytes are missing or changed.", "Ask for it again.")
