"""Files that hold objects and not rows: a STIX 2.1 bundle, or MISP events, as JSON, plain or gzip."""

import gzip
import re
import zlib
from pathlib import Path
from typing import Final

import msgspec

from prasan.errors import FormatError
from prasan.feeds import misp

MOST: Final = 64 << 20
"""Bytes of one file, unpacked."""
HEAD: Final = 4096
_LIKELY: Final = re.compile(rb'\s*(?:\[\s*)?\{.*?"(?:Event|response|objects|type"\s*:\s*"bundle)"', re.DOTALL)


class _Bundle(msgspec.Struct):
    type: str = ""
    objects: list[msgspec.Raw] = []


def read_objects(path: Path) -> list[bytes] | None:
    """The objects of a bundle as their bytes, or those of MISP events; None if the file is something else.

    FormatError if it is damaged or too large, UsageError for MISP events where misp-stix is not installed.
    """
    if _LIKELY.match(_read(path, HEAD)) is None:
        return None
    raw = _read(path, MOST + 1)
    if len(raw) > MOST:
        raise FormatError(f"'{path}' is larger than {MOST >> 20} MB", "Export it in parts.")
    try:
        bundle = msgspec.json.decode(raw, type=_Bundle)
        if bundle.type == "bundle":
            return [bytes(one) for one in bundle.objects]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        events = misp.events_in(msgspec.json.decode(raw))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return misp.to_stix(events) if events else None


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.GzipFile(path) if packed else path.open("rb") as file:
            return file.read(most)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return b""  # whoever reads it next says what is wrong with it
