"""Which dialect is it, and one decoder for all of them."""

import re
from collections.abc import Iterable
from typing import Final

from prasan.errors import FormatError
from prasan.formats import nmea
from prasan.formats.ais_batch import Batch, Options, counts_of
from prasan.formats.ais_columns import empty_batch
from prasan.formats.ais_csv import CsvState, decode_csv, finish_csv, read_header
from prasan.formats.ais_json import FORMS, JsonState, decode_json, finish_json, form_of, members
from prasan.formats.ais_names import is_comment
from prasan.formats.dialect_tables import CSV_DIALECTS, PLAIN, Dialect
from prasan.formats.json_document import DOCUMENT_LIMIT, ENVELOPES, records_in


def _name(dialect: Dialect, kind: str) -> str:
    """AISHub and Spire write both tables and objects."""
    return dialect.name if "_" in dialect.name else f"{dialect.name}_{kind}"


_CSV: Final = {_name(one, "csv"): one for one in (*CSV_DIALECTS, PLAIN)}
_JSON: Final = {_name(form.dialect, "json"): form for form in FORMS}
DIALECTS: Final = ("nmea", *_CSV, *_JSON)
LOOK: Final = 65_536
"""Bytes looked at before an input is refused."""

_DOCUMENT: Final = "json_document"
_MENTIONED: Final = 40
_RECORDS_LOOKED_AT: Final = 1_000
_HEADER_MARKS: Final = 2
"""A first line with as many separators is taken for a header, and its names are told in the refusal."""
_NMEA_LINE: Final = re.compile(rb"![\x20-\x7e]{2}VD[MO],|^[$][\x20-\x7e]{3,10},|^\\[a-z]:[^\\]*\\", re.MULTILINE)
_BOM: Final = b"\xef\xbb\xbf"
_State = nmea.DecoderState | CsvState | JsonState


def sniff(first: bytes) -> str:
    """The dialect of an input from its first bytes (`LOOK` at most are used). FormatError if it is none of ours.

    A JSON document, which is only known when it is whole, is `json_document`.
    """
    found = _sniff(first[:LOOK], final=True)
    assert found is not None  # noqa: S101
    return found


class Decoder:
    """Bytes in pieces of any size -> batches. `dialect`: force one of `DIALECTS`; None: found from the first lines.

    The states of the dialects are values; this only holds the latest. FormatError comes from `feed` or `finish` when
    the input turns out to be none of the dialects. JSON that is one document gives its rows at `finish`.
    """

    def __init__(self, options: Options, dialect: str | None = None) -> None:
        if dialect is not None and dialect not in DIALECTS:
            raise FormatError(f"'{dialect}' is not an AIS dialect.", f"Use one of {', '.join(DIALECTS)}.")
        self.options = options
        self.dialect = dialect
        self._forced = dialect
        self._held = bytearray()
        self._state: _State | None = None
        self._document = False

    def feed(self, data: bytes, options: Options | None = None) -> list[Batch]:
        """The next bytes -> batches, none or more. `options` replaces the ones given before (a live feed's time)."""
        self.options = options or self.options
        if self._state is not None:
            return self._decode(data)
        self._held += data
        if self._document:
            return self._hold()
        return self._begin(final=len(self._held) >= LOOK)

    def finish(self) -> list[Batch]:
        """The end of the input -> the last batches."""
        batches: list[Batch] = []
        if self._state is None and not self._document:
            if not self._held.strip():
                return [empty_batch()]
            batches = self._begin(final=True)
        if self._document:
            batches = self._open_document()
        if isinstance(self._state, nmea.DecoderState):
            return [*batches, nmea.finish(self._state, self.options)]
        if isinstance(self._state, CsvState):
            return [*batches, finish_csv(self._state, self.options)]
        assert isinstance(self._state, JsonState)  # noqa: S101
        return [*batches, finish_json(self._state, self.options)]

    def _begin(self, *, final: bool) -> list[Batch]:
        """Find the dialect, if what is held tells it, and read what is held."""
        first = bytes(self._held[:LOOK])
        found = _container(first, self._forced, final) if self._forced else _sniff(first, final)
        if found is None:
            return []
        if found == _DOCUMENT:
            self._document = True
            return self._hold()
        self.dialect, self._state = found, _start(found, self._forced)
        data, self._held = bytes(self._held), bytearray()
        return self._decode(data)

    def _hold(self) -> list[Batch]:
        if len(self._held) > DOCUMENT_LIMIT:
            raise FormatError(
                f"The JSON document is longer than {DOCUMENT_LIMIT >> 20} MB.",
                "Give it as JSON lines, one object a line.",
            )
        return []

    def _open_document(self) -> list[Batch]:
        lines, wrapped = records_in(bytes(self._held))
        self._held = bytearray()
        each = lines.split(b"\n")[:-1]
        if self._forced:
            self.dialect = self._forced
        elif each:
            self.dialect = _first_known(each[:_RECORDS_LOOKED_AT]) or _refuse_object(members(each[0]))
        self._state = _start(self.dialect or DIALECTS[-1], None)
        return [empty_batch(counts_of({"header": wrapped})), *self._decode(lines)]

    def _decode(self, data: bytes) -> list[Batch]:
        if isinstance(self._state, nmea.DecoderState):
            self._state, batches = nmea.decode(self._state, data, self.options)
        elif isinstance(self._state, CsvState):
            self._state, batches = decode_csv(self._state, data, self.options)
        else:
            assert isinstance(self._state, JsonState)  # noqa: S101
            self._state, batches = decode_json(self._state, data, self.options)
        return batches


def _start(dialect: str, forced: str | None) -> _State:
    if dialect in _CSV:
        return CsvState(forced=_CSV[dialect] if forced else None)
    return JsonState(_JSON[dialect]) if dialect in _JSON else nmea.DecoderState()


def _container(first: bytes, forced: str, final: bool) -> str | None:
    """Of a dialect that is given: lines, or a document? None while more bytes may tell."""
    text = first.removeprefix(_BOM).lstrip()
    if forced not in _JSON:
        return forced
    if not text.startswith((b"[", b"{")):
        return forced if text or final else None
    line, end, _ = text.partition(b"\n")
    if text.startswith(b"[") or (found := members(line)) is None or any(name in found for name in ENVELOPES):
        return _DOCUMENT if end or final or text.startswith(b"[") else None
    return forced


def _sniff(first: bytes, final: bool) -> str | None:
    """The dialect, or None while more bytes may tell. `final`: no more will come."""
    first = first.removeprefix(_BOM)
    if first.lstrip().startswith(b"["):
        return _DOCUMENT
    whole = first if final else first[: first.rfind(b"\n") + 1]
    lines = [line.strip() for line in whole.split(b"\n")]
    line = next((line for line in lines if line and not is_comment(line.decode("latin-1"))), None)
    if line is not None and line.startswith(b"{"):
        return _json(lines, final)
    if _NMEA_LINE.search(whole):
        return "nmea"
    if line is None:
        return _refuse("The input is empty.") if final else None
    return _table(line, lines, final)


def _table(line: bytes, lines: Iterable[bytes], final: bool) -> str | None:
    """A dialect of tables; or of JSON lines whose first one is cut, as when a listener joins a stream."""
    try:
        text = line.decode()
        return _name(read_header(text).dialect, "csv")
    except UnicodeDecodeError:
        return _refuse("The input is not text.") if final else None
    except FormatError as error:
        if found := _first_known(lines):
            return found
        if not final:
            return None
        if max(text.count(mark) for mark in ",;\t") >= _HEADER_MARKS and text.isprintable():
            raise
        raise _unknown("The input is not AIS in a form that is read here.") from error


def _first_known(lines: Iterable[bytes]) -> str | None:
    """The dialect of the first line that is an object of one: feeds begin with words about themselves."""
    for line in lines:
        found = members(line) if line.startswith(b"{") else None
        form = form_of(found) if found else None
        if form is not None:
            return _name(form.dialect, "json")
    return None


def _json(lines: list[bytes], final: bool) -> str | None:
    known = _first_known(lines)
    if known or not final:
        return known
    found = next((names for line in lines if line.startswith(b"{") and (names := members(line)) is not None), None)
    if found is None or any(name in found for name in ENVELOPES):
        return _DOCUMENT
    return _refuse_object(found)


def _refuse_object(found: dict[str, object] | None) -> str:
    if found is None:
        return _refuse("The JSON is no list of objects.")
    names = ", ".join(list(found)[:_MENTIONED])[:600]
    return _refuse(f"The first JSON object has no MMSI (ssvid) or no time (timestamp). Names read: {names}.")


def _refuse(message: str) -> str:
    raise _unknown(message)


def _unknown(message: str) -> FormatError:
    return FormatError(message, "Give NMEA (AIVDM) sentences, CSV with mmsi, t, lat and lon, or JSON lines with ssvid.")
