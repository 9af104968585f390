"""Tables of incidents: a CSV file, plain or gzip, as lines of text. The whole is limited, so that none can bomb."""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prasan.errors import FormatError

MAX_BYTES: Final = 64 << 20
"""Bytes unpacked, at most: sixty times the table of all attacks since 1993."""
HEAD: Final = 4096
INCIDENT_COLUMN: Final = "attack_type"
"""The column that only incident tables have."""


def is_incident_table(path: Path) -> bool:
    """True if the first line names the columns of an incident table."""
    try:
        head = _head(path)
    except (OSError, EOFError, zlib.error):
        return False
    return INCIDENT_COLUMN in head.partition(b"\n")[0].decode("utf-8", "replace").split(",")


def read_table(path: Path) -> Iterator[str]:
    """The lines of a table. FormatError for a damaged or over-large file or one that is not UTF-8."""
    try:
        with _open(path) as file:
            raw = file.read(MAX_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except (gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise FormatError(f"'{path}' cannot be read: {error}", "Fetch it again; it must be UTF-8.") from None
    if len(raw) > MAX_BYTES:
        raise FormatError(f"'{path}' is larger than {MAX_BYTES >> 20} MB", "Cut it into pieces.")
    return iter(io.StringIO(text, newline=""))


def _head(path: Path) -> bytes:
    with _open(path) as file:
        return file.read(HEAD)


def _open(path: Path) -> gzip.GzipFile | io.BufferedReader:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.GzipFile(path) if packed else path.open("rb")
