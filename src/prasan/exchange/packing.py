"""Packed bodies whose bytes stay the same: the same bytes packed again give the same packed bytes, so a reader that was
cut off may go on in the middle. zstandard (RFC 8878) through Arrow's codec, or gzip for who knows no other."""

import gzip
from typing import Final

import pyarrow as pa

from prasan.errors import FormatError
from prasan.exchange.codings import CODINGS, chosen, unpacked

ZSTD: Final = "zstd"
GZIP: Final = "gzip"
PLAIN: Final = "identity"

FROM: Final = 256
"""Bytes below which packing costs more than it saves."""
_HARD_UNTIL: Final = 32 * 1024
"""Up to here a thin line is likely, and a tenth of the bytes is worth some milliseconds."""
_HARD, _LIGHT = 15, 3


def choose(accept_encoding: str, size: int) -> str:
    """The coding for a body of so many bytes: the best that the reader takes; `identity` if it does not pay."""
    return (chosen(accept_encoding) if size >= FROM else "") or PLAIN


def pack(raw: bytes, coding: str) -> bytes:
    """A body in one of the codings."""
    if coding == ZSTD:
        level = _HARD if len(raw) <= _HARD_UNTIL else _LIGHT
        packed: bytes = pa.Codec("zstd", compression_level=level).compress(raw, asbytes=True)
        return packed
    return gzip.compress(raw, 6, mtime=0) if coding == GZIP else raw


def unpack(packed: bytes, coding: str, limit: int) -> bytes:
    """The body again. FormatError if it is damaged, of another coding, or longer than `limit`, however well packed."""
    if coding not in (PLAIN, *CODINGS):
        raise FormatError(f"It is packed as '{coding[:20]}'.", "Ask for zstd or gzip.")
    raw = packed if coding == PLAIN else unpacked(packed, coding, limit)
    if len(raw) > limit:
        raise FormatError(f"It unpacks to more than {limit} bytes.", "Ask for less at once.")
    return raw
