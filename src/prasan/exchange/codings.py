"""Content codings of HTTP (RFC 9110 section 8.4): gzip (RFC 1952) and zstd (RFC 8878, through Arrow's own codec)."""

import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa

from prasan.errors import FormatError

CODINGS: Final = ("gzip", "zstd")
"""What is taken in a body."""

_ZSTD: Final = pa.Codec("zstd", compression_level=3)
_WEIGHT: Final = re.compile(r"q=([01](?:\.\d{0,3})?)")
_REMEDY: Final = "Send it again, or as it is."


def chosen(accept_encoding: str) -> str:
    """The coding of an answer that the reader weighs highest (RFC 9110 section 12.5.3), zstd before gzip; "" for none.

    `*` alone means gzip, which everybody can read.
    """
    weights = dict[str, float]()
    for part in accept_encoding.lower().replace(" ", "").split(","):
        name, _, parameter = part.partition(";")
        weight = _WEIGHT.fullmatch(parameter)
        weights[name] = float(weight[1]) if weight else 1.0
    weights.setdefault("gzip", weights.get("*", 0.0))
    best = max(_PACKERS, key=lambda name: weights.get(name, 0.0))
    return best if weights.get(best, 0.0) > 0 else ""


def packed(body: bytes, coding: str) -> bytes:
    """A body in one of `CODINGS`; the same bytes for the same body."""
    return _PACKERS[coding](body)


def unpacked(body: bytes, coding: str, limit: int) -> bytes:
    """A body as it was, to one byte beyond `limit` at most, which says that it is longer. FormatError if damaged."""
    try:
        return _gunzip(body, limit + 1) if coding == "gzip" else _unzstd(body, limit + 1)
    except (zlib.error, OSError, EOFError):
        raise FormatError(f"The {coding} data is damaged or ends too early.", _REMEDY) from None


def _gunzip(body: bytes, most: int) -> bytes:
    """One or more members."""
    found = bytearray()
    while body and len(found) < most:
        step = zlib.decompressobj(zlib.MAX_WBITS | 16)
        found += step.decompress(body, most - len(found))
        if not step.eof and len(found) < most:
            raise EOFError
        body = step.unused_data
    return bytes(found)


def _unzstd(body: bytes, most: int) -> bytes:
    """One or more frames."""
    found = bytearray()
    with pa.CompressedInputStream(pa.BufferReader(body), "zstd") as stream:
        while len(found) < most and (piece := stream.read(min(1 << 20, most - len(found)))):
            found += piece
    return bytes(found)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, 1, mtime=0)


def _zstd(body: bytes) -> bytes:
    found: bytes = _ZSTD.compress(body, asbytes=True)
    return found


_PACKERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {"zstd": _zstd, "gzip": _gzip}
"""In the order in which they are liked."""
