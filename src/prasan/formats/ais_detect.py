"""One decoder for all dialects; which one it is, `ais_sniff` finds out."""

from typing import Final

from prasan.errors import FormatError
from prasan.formats import nmea
from prasan.formats.ais_batch import Batch, Options, counts_of
from prasan.formats.ais_columns import empty_batch
from prasan.formats.ais_csv import CsvState, decode_csv, finish_csv
from prasan.formats.ais_json import JsonState, decode_json, finish_json, members
from prasan.formats.ais_sniff import (
    BOM,
    CSV,
    DIALECTS,
    DOCUMENT,
    JSON,
    LOOK,
    Sniffer,
    first_known,
    refuse_object,
    sniff,
)
from prasan.formats.json_document import DOCUMENT_LIMIT, envelope, records_in

__all__ = ["DIALECTS", "LOOK", "Decoder", "sniff"]

_RECORDS_LOOKED_AT: Final = 1_000
_State = nmea.DecoderState | CsvState | JsonState


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
        self._sniffer = Sniffer()
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
                blank = self._held.count(b"\n") + bool(self._held.rpartition(b"\n")[2])
                return [empty_batch(counts_of({"blank": blank}))]
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
        if self._forced:
            found = _container(bytes(self._held[:LOOK]), self._forced, final)
        else:
            found = self._sniffer.look(self._held, final=final)
        if found is None:
            return []
        if found == DOCUMENT:
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
            self.dialect = first_known(each[:_RECORDS_LOOKED_AT]) or refuse_object(members(each[0]))
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
    if dialect in CSV:
        return CsvState(forced=CSV[dialect] if forced else None)
    return JsonState(JSON[dialect]) if dialect in JSON else nmea.DecoderState()


def _container(first: bytes, forced: str, final: bool) -> str | None:
    """Of a dialect that is given: lines, or a document? None while more bytes may tell."""
    text = first.removeprefix(BOM).lstrip()
    if forced not in JSON:
        return forced
    if not text.startswith((b"[", b"{")):
        return forced if text or final else None
    if text.startswith(b"["):
        return DOCUMENT
    line, end, _ = text.partition(b"\n")
    if not (end or final):
        return None
    found = members(line)
    return DOCUMENT if found is None or envelope(found) else forced
