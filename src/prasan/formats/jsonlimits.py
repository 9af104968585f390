"""JSON from strangers: how big, how deep, and every name once, looked at before anything else is done with it."""

import json
import re
from typing import Any, Final

import orjson

from prasan.errors import FormatError

MAX_BYTES: Final = 65_536
MAX_DEPTH: Final = 10

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""A string, or the rest of the bytes where it never ends: so each byte is looked at once."""

_NEITHER = bytes(byte for byte in range(256) if byte not in b'{}[]"')
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
"""Brackets of one kind only: of two, one round of taking out pairs could take two levels."""
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"{}[]")

_REMEDY = "ask the sender for a smaller or simpler object"


def check_size(raw: bytes, limit: int = MAX_BYTES) -> None:
    """FormatError if `raw` is longer than `limit` bytes."""
    if len(raw) > limit:
        raise FormatError(f"the object has {len(raw)} bytes; at most {limit} are read", _REMEDY)


def _outside(raw: bytes) -> bytes:
    """What stands outside of strings."""
    # Where nothing is escaped every quotation mark begins or ends a string.
    return _STRING.sub(b"", raw) if b"\\" in raw else b"".join(raw.split(b'"')[::2])


def depth(raw: bytes) -> int:
    """How deep the brackets nest, without decoding: 1 for a flat object."""
    deepest = level = 0
    for byte in _outside(raw).translate(None, _NOT_BRACKETS):
        if byte in b"{[":
            level += 1
            deepest = max(deepest, level)
        else:
            level -= 1
    return deepest


def _is_shallow(raw: bytes, limit: int) -> bool:
    """True if nothing is left after the innermost pairs were taken out so many times: most objects are shallow. False
    may also mean that it cannot be told so simply."""
    left = b"\\" if b"\\" in raw else raw.translate(_ONE_KIND, _NEITHER).replace(b'""', b"")
    for _ in range(limit):
        left = left.replace(b"[]", b"")
        if not left:
            return True
    return False


def check_depth(raw: bytes, limit: int = MAX_DEPTH) -> None:
    """FormatError if it nests deeper than `limit` levels."""
    if raw.count(b"{") + raw.count(b"[") > limit and not _is_shallow(raw, limit) and depth(raw) > limit:
        raise FormatError(f"the object nests deeper than {limit} levels", _REMEDY)


def load_strict(raw: bytes) -> Any:
    """Decode; FormatError for bytes that are no JSON and for a name given twice in one object.

    Two programs may read two different values from a repeated name, so what was checked would not be what is read.
    """
    try:
        document = orjson.loads(raw)  # strict UTF-8, no NaN, no lone surrogate
        again = orjson.dumps(document)
        # Each name has one colon, and a name that was given twice is written once.
        if again != raw and _outside(again).count(b":") != _outside(raw).count(b":"):
            json.loads(raw, object_pairs_hook=_unique)
        return document
    except (ValueError, TypeError, RecursionError) as error:
        raise FormatError(f"the object is not JSON: {error}", "send UTF-8 JSON as RFC 8259 has it") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FormatError(f"the property '{twice[:80]}' is given twice", "send each property once")
    return result
