"""Which dialect an input is in, from its first lines. Each line is looked at once, in order, and the first that tells
decides; so the answer is the same however the input is cut into pieces.

What tells: a sentence, a tag block or a `$` line; the header of a table, if nothing but blank lines and comments is
before it; an object of a known form, wherever it stands. Lines that tell nothing are passed over: a listener joins in
the middle of one, and services begin with words about themselves.
"""

import re
from typing import Final, NoReturn

from prasan.errors import FormatError
from prasan.formats.ais_csv import read_header
from prasan.formats.ais_json import FORMS, form_of, members
from prasan.formats.ais_names import is_comment
from prasan.formats.dialect_tables import CSV_DIALECTS, PLAIN, Dialect
from prasan.formats.json_document import envelope
from prasan.formats.not_ais import other


def _name(dialect: Dialect, kind: str) -> str:
    """AISHub and Spire write both tables and objects."""
    return dialect.name if "_" in dialect.name else f"{dialect.name}_{kind}"


CSV: Final = {_name(one, "csv"): one for one in (*CSV_DIALECTS, PLAIN)}
JSON: Final = {_name(form.dialect, "json"): form for form in FORMS}
DIALECTS: Final = ("nmea", *CSV, *JSON)
LOOK: Final = 65_536
"""Bytes looked at before an input is refused."""
DOCUMENT: Final = "json_document"

BOM: Final = b"\xef\xbb\xbf"
_MENTIONED: Final = 40
_HEADER_MARKS: Final = 2
"""A first line with as many separators is taken for a header, and its names are told in the refusal."""
_HEAD: Final = rb"[$][\x20-\x7e]{3,10},|\\[a-z]:[^\\]*\\|![\x20-\x7e]{2}VD[MO],"
_AT_START: Final = re.compile(_HEAD)
_ANYWHERE: Final = re.compile(rb"![\x20-\x7e]{2}VD[MO],")
_LIST: Final = re.compile(rb'\[\s*[\[\]{"]')
"""A list as JSON has it, and no time in brackets before a sentence."""


class Sniffer:
    """Looks at what is held of an input as it grows, never twice at the same line."""

    def __init__(self) -> None:
        self._at = 0  # where the next line to look at begins
        self._seen = 0  # up to where its end was looked for
        self._first: bytes | None = None
        self._wrong: FormatError | None = None
        self._object: dict[str, object] | None = None

    def look(self, held: bytes | bytearray, *, final: bool) -> str | None:
        """The dialect of the first `LOOK` bytes, or None while more may tell. `final`: no more will come.

        A JSON document, which is only known when it is whole, is `DOCUMENT`. FormatError if it is none of ours.
        """
        size = min(len(held), LOOK)
        while (end := held.find(b"\n", self._seen, size)) >= 0:
            line, self._at = bytes(held[self._at : end]), end + 1
            self._seen = self._at
            if found := self._tells(line):
                return found
        self._seen = size
        rest = bytes(held[self._at : size])
        if self._first is None and _LIST.match(rest.removeprefix(BOM).lstrip()):
            return DOCUMENT
        return (self._tells(rest) or self._settle()) if final else None

    def _tells(self, line: bytes) -> str | None:
        line = line.removeprefix(BOM).strip()
        if not line or is_comment(line.decode("latin-1")):
            return None
        first = self._first is None
        if first:
            self._first = line
            if line.startswith(b"[") and (_LIST.match(line) or not _ANYWHERE.search(line)):
                return DOCUMENT
        if line.startswith(b"{"):
            return self._of_object(line)
        # Inside JSON a sentence may stand in a string, so there it must begin the line.
        in_json = (self._first or b"").startswith(b"{")
        if _AT_START.match(line) or (not in_json and _ANYWHERE.search(line)):
            return "nmea"
        return self._of_header(line) if first else None

    def _of_object(self, line: bytes) -> str | None:
        found = members(line)
        self._object = found if self._object is None else self._object
        return _dialect(line, found) if found else None

    def _of_header(self, line: bytes) -> str | None:
        try:
            return _name(read_header(line.decode()).dialect, "csv")
        except UnicodeDecodeError:
            return None
        except FormatError as error:
            self._wrong = error
            return None

    def _settle(self) -> str:
        """Nothing told it: a document whose objects stand on several lines, or none of ours."""
        if self._first is None:
            raise unknown("The input is empty.")
        if self._first.startswith(b"{"):
            if self._object is None or envelope(self._object):
                return DOCUMENT
            refuse_object(self._object)
        if self._wrong is None:
            raise unknown("The input is not text.")
        text = self._first.decode()
        separator = max(",;\t", key=text.count)
        if known := other(text.split(separator)):
            raise known
        if max(text.count(mark) for mark in ",;\t") >= _HEADER_MARKS and text.isprintable():
            raise self._wrong
        raise unknown("The input is not AIS in a form that is read here.")


def sniff(first: bytes) -> str:
    """The dialect of an input from its first bytes (`LOOK` at most are used). FormatError if it is none of ours."""
    found = Sniffer().look(first, final=True)
    assert found is not None  # noqa: S101
    return found


def first_known(lines: list[bytes]) -> str | None:
    """The dialect of the first line that is an object of one."""
    for line in lines:
        found = members(line) if line.startswith(b"{") else None
        dialect = _dialect(line, found) if found else None
        if dialect is not None:
            return dialect
    return None


def _dialect(line: bytes, found: dict[str, object]) -> str | None:
    """The dialect of an object; a GeoJSON feature that names no MMSI is a drawing and none of ours."""
    form = form_of(found)
    if form is None or ("geometry" in found and b"mmsi" not in line):
        return None
    return _name(form.dialect, "json")


def refuse_object(found: dict[str, object] | None) -> NoReturn:
    """FormatError that tells what names were read."""
    if found is None:
        raise unknown("The JSON is no list of objects.")
    if known := other(found):
        raise known
    names = ", ".join(list(found)[:_MENTIONED])[:600]
    raise unknown(f"The first JSON object has no MMSI (ssvid) or no time (timestamp). Names read: {names}.")


def unknown(message: str) -> FormatError:
    """What is said of an input that is not read."""
    return FormatError(message, "Give NMEA (AIVDM) sentences, CSV with mmsi, t, lat and lon, or JSON lines with ssvid.")
