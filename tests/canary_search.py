"""Words planted in secrets, searched for in what left a node: a program that knows nothing of the product.

`python tests/canary_search.py --words FILE ANSWER…` reads a word a line and any files, undoes compression and
encodings again and again, and prints the words that it finds; 1 if there are any.
"""

import argparse
import base64
import binascii
import contextlib
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pyarrow as pa  # for zstd, which is not in the library of Python 3.11

DEEPEST = 6
"""How often what was undone is undone again."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){8,}")
_ESCAPED = re.compile(rb"(?:\\u[0-9A-Fa-f]{4}|\\[\"\\/bfnrt])")
_ENTITY = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")


def search(data: bytes, words: Iterable[str]) -> set[str]:
    """Those words that are in the data, however they were packed."""
    left, found = {word: word.encode() for word in words}, set[str]()
    seen, layer = set[bytes](), [data]
    for _ in range(DEEPEST):
        for one in layer:
            hits = {word for word, raw in left.items() if raw in one}
            found |= hits
            left = {word: raw for word, raw in left.items() if word not in hits}
        if not left:
            break
        deeper = {inner for one in layer for undo in UNDO for inner in undo(one) if inner} - seen
        seen |= deeper
        layer = [*deeper]
    return found


def gzipped(data: bytes) -> Iterator[bytes]:
    """Gzip members that begin anywhere, as far as they can be read."""
    yield from _inflated(data, b"\x1f\x8b\x08", zlib.MAX_WBITS | 16)


def deflated(data: bytes) -> Iterator[bytes]:
    """Zlib streams that begin anywhere."""
    for head in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        yield from _inflated(data, head, zlib.MAX_WBITS)


def _inflated(data: bytes, head: bytes, bits: int) -> Iterator[bytes]:
    start = data.find(head)
    while start >= 0:
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj(bits).decompress(data[start:])
        start = data.find(head, start + 1)


def zstandard(data: bytes) -> Iterator[bytes]:
    """Zstandard frames that begin anywhere."""
    start = data.find(b"\x28\xb5\x2f\xfd")
    while start >= 0:
        found = bytearray()
        packed = pa.BufferReader(data[start:])
        with contextlib.suppress(OSError, ValueError), pa.CompressedInputStream(packed, "zstd") as stream:
            while piece := stream.read(1 << 16):
                found += piece
        yield bytes(found)
        start = data.find(b"\x28\xb5\x2f\xfd", start + 1)


def base64_runs(data: bytes) -> Iterator[bytes]:
    """Runs of base64 and base64url, from each of the four places at which a group may begin."""
    for match in _BASE64.finditer(data):
        run = match[0].replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):
            part = run[start:]
            try:
                yield base64.b64decode(part[: len(part) // 4 * 4] + _tail(part))
            except binascii.Error:
                continue


def _tail(part: bytes) -> bytes:
    rest = part[len(part) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def hexed(data: bytes) -> Iterator[bytes]:
    """Runs of hexadecimal digits, from either digit."""
    for match in _HEX.finditer(data):
        yield bytes.fromhex(match[0].decode())
        shifted = match[0][1:-1]
        yield bytes.fromhex(shifted.decode())


def percented(data: bytes) -> Iterator[bytes]:
    """Percent-encoding."""
    if b"%" in data:
        yield unquote_to_bytes(data)


def json_escaped(data: bytes) -> Iterator[bytes]:
    """Escapes of JSON strings, as characters and as bytes."""
    if b"\\" in data:
        yield _ESCAPED.sub(_unescape, data)
        yield _ESCAPED.sub(lambda match: _unescape(match).decode().encode("latin-1", "replace"), data)


def _unescape(match: re.Match[bytes]) -> bytes:
    text = match[0]
    if text[1:2] == b"u":
        return chr(int(text[2:], 16)).encode("utf-8", "replace")
    return {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(text[1:], text[1:])


def entities(data: bytes) -> Iterator[bytes]:
    """Numeric references of HTML."""
    if b"&#" in data:
        yield _ENTITY.sub(_character, data)


def _character(match: re.Match[bytes]) -> bytes:
    number = int(match[1], 16) if match[1] else int(match[2])
    return chr(min(number, 0x10FFFF)).encode("utf-8", "replace")


def wide(data: bytes) -> Iterator[bytes]:
    """UTF-16, by leaving out its zeros."""
    if b"\0" in data:
        yield data.replace(b"\0", b"")


UNDO: tuple[Callable[[bytes], Iterator[bytes]], ...] = (
    gzipped, deflated, zstandard, base64_runs, hexed, percented, json_escaped, entities, wide,
)  # fmt: skip


def main() -> int:
    """Print the words that were found, each with its file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("answers", type=Path, nargs="+")
    asked = parser.parse_args()
    words = asked.words.read_text().split()
    hits = [(path, word) for path in asked.answers for word in sorted(search(path.read_bytes(), words))]
    for path, word in hits:
        sys.stdout.write(f"{path}: {word}\n")
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
