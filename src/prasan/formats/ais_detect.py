"""Which dialect is it, and one decoder for all of them."""

import re
from typing import Final

import msgspec

from prasan.errors import FormatError
from prasan.formats import nmea
from prasan.formats.ais_batch import Batch, Options
from prasan.formats.ais_columns import empty_batch
from prasan.formats.ais_csv import CsvState, decode_csv, finish_csv, read_header
from prasan.formats.ais_json import JsonState, decode_json, finish_json, read_object
from prasan.formats.ais_names import is_comment

DIALECTS: Final = ("nmea", "noaa_csv", "plain_csv", "gfw_jsonl")
LOOK: Final = 65_536
"""Bytes looked at before an input is refused."""

_HEADER_MARKS: Final = 2
"""A first line with as many separators is taken for a header, and its names are told in the refusal."""
_NMEA_LINE: Final = re.compile(rb"![\x20-\x7e]{2}VD[MO],|^[$][\x20-\x7e]{3,10},|^\\[a-z]:[^\\]*\\", re.MULTILINE)


def sniff(first: bytes) -> str:
    """The dialect of an input from its first bytes (`LOOK` at most are used). FormatError if it is none of ours."""
    found = _sniff(first[:LOOK], final=True)
    assert found is not None  # noqa: S101
    return found


class Decoder:
    """Bytes in pieces of any size -> batches. `dialect`: force one of `DIALECTS`; None: found from the first lines.

    The states of the dialects are values; this only holds the latest. FormatError comes from `feed` or `finish` when
    the input turns out to be none of the dialects.
    """

    def __init__(self, options: Options, dialect: str | None = None) -> None:
        if dialect is not None and dialect not in DIALECTS:
            raise FormatError(f"'{dialect}' is not an AIS dialect.", f"Use one of {', '.join(DIALECTS)}.")
        self.options = options
        self.dialect = dialect
        self._held = b""
        self._state: nmea.DecoderState | CsvState | JsonState | None = _start(dialect) if dialect else None

    def feed(self, data: bytes, options: Options | None = None) -> list[Batch]:
        """The next bytes -> batches, none or more. `options` replaces the ones given before (a live feed's time)."""
        self.options = options or self.options
        if self._state is None:
            self._held += data
            self.dialect = _sniff(self._held[:LOOK], final=len(self._held) >= LOOK)
            if self.dialect is None:
                return []
            self._state, data, self._held = _start(self.dialect), self._held, b""
        return self._decode(data)

    def finish(self) -> list[Batch]:
        """The end of the input -> the last batches."""
        batches = []
        if self._state is None:
            if not self._held.strip():
                return [empty_batch()]
            self.dialect = sniff(self._held)
            self._state = _start(self.dialect)
            batches = self._decode(self._held)
        if isinstance(self._state, nmea.DecoderState):
            return [*batches, nmea.finish(self._state, self.options)]
        if isinstance(self._state, CsvState):
            return [*batches, finish_csv(self._state, self.options)]
        assert isinstance(self._state, JsonState)  # noqa: S101
        return [*batches, finish_json(self._state, self.options)]

    def _decode(self, data: bytes) -> list[Batch]:
        if isinstance(self._state, nmea.DecoderState):
            self._state, batches = nmea.decode(self._state, data, self.options)
        elif isinstance(self._state, CsvState):
            self._state, batches = decode_csv(self._state, data, self.options)
        else:
            assert isinstance(self._state, JsonState)  # noqa: S101
            self._state, batches = decode_json(self._state, data, self.options)
        return batches


def _start(dialect: str) -> nmea.DecoderState | CsvState | JsonState:
    if dialect == "nmea":
        return nmea.DecoderState()
    return JsonState() if dialect == "gfw_jsonl" else CsvState()


def _sniff(first: bytes, final: bool) -> str | None:
    """The dialect, or None while more bytes may tell. `final`: no more will come."""
    whole = first if final else first[: first.rfind(b"\n") + 1]
    lines = [line.strip() for line in whole.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    line = next((line for line in lines if line and not is_comment(line.decode("latin-1"))), None)
    if line is not None and line.startswith(b"{"):
        return _json(line)
    if _NMEA_LINE.search(whole):
        return "nmea"
    if line is None:
        return _refuse("The input is empty.") if final else None
    try:
        text = line.decode()
        return "noaa_csv" if read_header(text).noaa else "plain_csv"
    except UnicodeDecodeError:
        return _refuse("The input is not text.") if final else None
    except FormatError as error:
        if not final:
            return None
        if max(text.count(mark) for mark in ",;\t") >= _HEADER_MARKS and text.isprintable():
            raise
        raise _unknown("The input is not AIS in a form that is read here.") from error


def _json(line: bytes) -> str:
    found = read_object(line)
    if found is None:
        return _refuse("The first line is not a JSON object.")
    if "mmsi" not in found or "t" not in found:
        names = ", ".join(list(_names(line))[:40])
        return _refuse(f"The first JSON object has no MMSI (ssvid) or no time (timestamp). Names read: {names[:600]}.")
    return "gfw_jsonl"


def _names(line: bytes) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(line, type=dict[str, msgspec.Raw])


def _refuse(message: str) -> str:
    raise _unknown(message)


def _unknown(message: str) -> FormatError:
    return FormatError(message, "Give NMEA (AIVDM) sentences, CSV with mmsi, t, lat and lon, or JSON lines with ssvid.")
