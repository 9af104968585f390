"""AIS in CSV: the tables of `dialect_tables` and plain ones, told by their header.

The separator is the comma, semicolon or tab that the header uses most. Fields may be quoted; a line break inside a
field is not read. Every line is one record: one whose number of fields is not the header's is `bad_csv_row`, and one
with neither a place nor static data is `bad_position`.
"""

import csv
import io
import re
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from prasan.errors import FormatError
from prasan.formats.ais_batch import CODE, Batch, Counts, Options, add_counts, counts_of
from prasan.formats.ais_columns import empty_batch
from prasan.formats.ais_names import accepted, is_comment
from prasan.formats.ais_news import Said
from prasan.formats.ais_records import NUMBERS, batch_of
from prasan.formats.dialect_records import records_of
from prasan.formats.dialect_tables import CSV_DIALECTS, PLAIN, Dialect, choose, find_columns
from prasan.formats.line_cutter import Tail, cut_lines, last_line_end

LINE_LIMIT: Final = 16_384
PIECE: Final = 1 << 21
NULLS: Final = ["", "null", "NULL", "None", "NaN", "nan", "N/A", "Unknown", "Undefined", "unknown", "undefined"]
_QUOTE, _BREAK, _RETURN = 34, 10, 13
_WORDY: Final = frozenset({"nav_status", "msg_type", "ship_type", "imo"})
_KINDS: Final[dict[str, Any]] = {name: pa.float64() for name in ("mmsi", "lat", "lon", *NUMBERS) if name not in _WORDY}
"""Columns that nearly always hold nothing but numbers."""
_CLOCK: Final = pa.timestamp("us")
_ISO: Final = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?")


class Header(msgspec.Struct, frozen=True):
    """The columns of a table: its separator, how many there are, where ours are, and whose they are."""

    separator: str
    width: int
    columns: dict[str, int]
    dialect: Dialect


class CsvState(msgspec.Struct, frozen=True):
    """What one piece leaves for the next. `said`: the last static record of each MMSI. `forced`: the only dialect."""

    tail: Tail = Tail()
    header: Header | None = None
    said: Said = Said()
    forced: Dialect | None = None


def read_header(line: str, forced: Dialect | None = None) -> Header:
    """The header line -> columns. FormatError, naming what was read and what is accepted, if it is not of AIS."""
    separator = max(",;\t", key=line.count)
    try:
        names = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        names = [line]
    dialect = forced or choose(names, CSV_DIALECTS) or PLAIN
    columns = find_columns(names, dialect.aliases())
    absent = [name for name in dialect.required if name not in columns]
    if absent:
        read = ", ".join(name.strip()[:40] for name in names[:40])
        raise FormatError(
            f"The table has no column for {', '.join(absent)}. Columns read: {read[:600]}.",
            f"Name the columns so that each of these is there: {accepted()}.",
        )
    return Header(separator, len(names), columns, dialect)


def decode_csv(state: CsvState, data: bytes, options: Options) -> tuple[CsvState, list[Batch]]:
    """The next bytes of the table -> (state, batches). FormatError if the header is not of AIS."""
    batches = []
    for at in range(0, len(data), PIECE):
        tail, lines, skipped = cut_lines(state.tail, data[at : at + PIECE], LINE_LIMIT)
        state = msgspec.structs.replace(state, tail=tail)
        if skipped:
            batches.append(empty_batch(counts_of({"too_long": skipped})))
        if state.header is None and lines:
            state, lines, before = _take_header(state, lines)
            batches.append(empty_batch(before))
        if lines and state.header is not None:
            state, batch = _decode_lines(state, lines, options)
            batches.append(batch)
    return state, batches


def finish_csv(state: CsvState, options: Options) -> Batch:
    """The end of the table: a last line without its end is read."""
    _, batches = decode_csv(state, last_line_end(state.tail), options)
    counts = add_counts(batch.counts for batch in batches)
    last = batches[-1] if batches else empty_batch()
    return msgspec.structs.replace(last, counts=counts)


def _take_header(state: CsvState, lines: bytes) -> tuple[CsvState, bytes, Counts]:
    """Pass blank lines and `#` comments and read the header -> (state, the lines behind it, account of these)."""
    outcomes = {"blank": 0, "not_ais": 0, "header": 0}
    at = 0
    while at < len(lines):
        end = lines.index(b"\n", at)
        text = lines[at:end].decode("utf-8-sig", "replace").strip()
        at = end + 1
        if text and not is_comment(text):
            outcomes["header"] = 1
            state = msgspec.structs.replace(state, header=read_header(text, state.forced))
            return state, lines[at:], counts_of(outcomes)
        outcomes["not_ais" if text else "blank"] += 1
    return state, b"", counts_of(outcomes)


def _decode_lines(state: CsvState, lines: bytes, options: Options) -> tuple[CsvState, Batch]:
    header = state.header
    assert header is not None  # noqa: S101
    columns, outcome = _columns(header, lines)
    kept = np.flatnonzero(outcome == 0)
    records = records_of(columns, len(kept), header.dialect, "bad_csv_row", strict_place=True)
    batch, said = batch_of(records, state.said, options)
    bad = np.bincount(outcome[outcome != 0], minlength=len(CODE))
    counts = batch.counts + counts_of({name: int(bad[code]) for name, code in CODE.items() if code})
    return msgspec.structs.replace(state, said=said), msgspec.structs.replace(batch, counts=counts)


def _columns(header: Header, lines: bytes) -> tuple[dict[str, Any], Any]:
    """Complete lines -> (our columns, of the good lines in order; outcome of every line)."""
    buf = np.frombuffer(lines, np.uint8)
    ends = np.flatnonzero(buf == _BREAK)
    starts = np.append(0, ends[:-1] + 1)
    if _is_tidy(lines, buf, starts, ends, ord(header.separator)):
        with suppress(pa.ArrowInvalid):  # whatever it is, the way below names the lines in which it is
            return _typed_columns(header, lines, quoted=b'"' in lines), np.zeros(len(ends), np.uint8)
    quotes, unclear = _quotes(buf, starts, ends, ord(header.separator))
    outcome = _outcomes(buf, starts, ends, header, quotes)
    outcome[_not_utf8(lines, starts, ends, outcome)] = CODE["bad_csv_row"]
    unclear &= ~np.isin(outcome, (CODE["blank"], CODE["too_long"]))
    bare = (outcome == 0) & ~unclear
    good = np.flatnonzero(bare)
    text = lines if bare.all() else buf[np.repeat(bare, ends - starts + 1)].tobytes()
    if not unclear.any():
        return _typed_columns(header, text, quoted=bool(len(quotes))), outcome
    columns = _plain_columns(header, text, quoted=bool(len(quotes)))
    at = np.flatnonzero(unclear)
    more, fits = _quoted_columns(header, [lines[s:e] for s, e in zip(starts[at], ends[at], strict=True)])
    outcome[at] = np.where(fits, 0, CODE["bad_csv_row"])
    order = pa.array(np.argsort(np.concatenate((good, at[fits])), kind="stable"))
    return {name: pa.concat_arrays([c, more[name]]).take(order) for name, c in columns.items()}, outcome


def _is_tidy(lines: bytes, buf: Any, starts: Any, ends: Any, separator: int) -> bool:
    """No blank or overlong line, UTF-8, no lone carriage return, quotes only around whole fields or doubled in them.

    Of such lines Arrow itself refuses those that do not fit the header.
    """
    size = ends - starts
    if size.min() <= 1 or size.max() > LINE_LIMIT or not _is_utf8(lines):
        return False
    if b"\r" in lines and lines.count(b"\r") != lines.count(b"\r\n"):
        return False
    quotes = np.flatnonzero(buf == _QUOTE)
    opens, closes = quotes[0::2], quotes[1::2]
    if not len(quotes) or len(opens) != len(closes):
        return not len(quotes)
    before, after = buf[opens - 1], buf[closes + 1]  # the last byte is a line's end
    tidy = (before == separator) | (before == _BREAK) | (before == _QUOTE)  # two quotes in a field are one
    tidy &= (after == separator) | (after == _BREAK) | (after == _RETURN) | (after == _QUOTE)
    return bool(tidy.all() and (ends[np.searchsorted(ends, opens)] > closes).all())


def _quotes(buf: Any, starts: Any, ends: Any, separator: int) -> tuple[Any, Any]:
    """Places of all quotes, and the lines in which they do not simply stand around whole fields.

    The few lines with a quote inside a field, or one too many, are read one by one; the others by Arrow.
    """
    unclear = np.zeros(len(ends), bool)
    quotes = np.flatnonzero(buf == _QUOTE)
    if not len(quotes):
        return quotes, unclear
    count = np.diff(np.searchsorted(quotes, ends), prepend=0)
    line = np.repeat(np.arange(len(ends)), count)
    number = np.arange(len(quotes)) - np.repeat(np.cumsum(count) - count, count)
    before, after = buf[np.maximum(quotes - 1, 0)], buf[quotes + 1]
    opens = (quotes == starts[line]) | (before == separator)
    closes = (after == separator) | (after == _BREAK) | (after == _RETURN)
    unclear[line[np.where(number % 2 == 0, ~opens, ~closes)]] = True
    unclear[count % 2 == 1] = True
    return quotes, unclear


def _outcomes(buf: Any, starts: Any, ends: Any, header: Header, quotes: Any) -> Any:
    places = np.flatnonzero(buf == ord(header.separator))
    if len(quotes):
        odd = np.add.accumulate(buf == _QUOTE, dtype=np.uint8) & 1
        before = np.append(np.uint8(0), odd[ends[:-1]])
        count = np.diff(np.searchsorted(places, ends), prepend=0)
        places = places[odd[places] == np.repeat(before, count)]
    fields = np.diff(np.searchsorted(places, np.append(0, ends))) + 1
    outcome = np.where(fields == header.width, 0, CODE["bad_csv_row"]).astype(np.uint8)
    returns = np.flatnonzero(buf == _RETURN)
    stray = returns[buf[returns + 1] != _BREAK]
    outcome[np.searchsorted(ends, stray)] = CODE["bad_csv_row"]
    outcome[(ends == starts) | ((ends - starts == 1) & (buf[starts] == _RETURN))] = CODE["blank"]
    for line in np.flatnonzero((fields == 1) & (outcome != CODE["blank"])).tolist():
        if not buf[starts[line] : ends[line]].tobytes().strip():
            outcome[line] = CODE["blank"]
    outcome[ends - starts > LINE_LIMIT] = CODE["too_long"]
    return outcome


def _not_utf8(lines: bytes, starts: Any, ends: Any, outcome: Any) -> list[int]:
    try:
        lines.decode()
    except UnicodeDecodeError:
        return [i for i in np.flatnonzero(outcome == 0).tolist() if not _is_utf8(lines[starts[i] : ends[i]])]
    return []


def _is_utf8(line: bytes) -> bool:
    if line.isascii():
        return True
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _typed_columns(header: Header, text: bytes, *, quoted: bool) -> dict[str, Any]:
    """Like `_plain_columns`, with numbers and times read as such where every field of the column is one."""
    try:
        columns = _plain_columns(header, text, quoted=quoted, kinds={**_KINDS, **_more_kinds(header, text)})
    except pa.ArrowInvalid:
        return _plain_columns(header, text, quoted=quoted)
    return {
        name: column.to_numpy(zero_copy_only=False) if pa.types.is_floating(column.type) else column
        for name, column in columns.items()
    }


def _more_kinds(header: Header, text: bytes) -> dict[str, Any]:
    """Columns that some sources write in words, where the first line has a number, or a time as Arrow reads it."""
    fields = [field.strip(b'"\r\n') for field in text[: text.find(b"\n") + 1].split(header.separator.encode())]
    spoken = {name: fields[at] for name, at in header.columns.items() if at < len(fields)}
    kinds: dict[str, Any] = {name: pa.float64() for name in _WORDY if spoken.get(name, b"-").isdigit()}
    if header.dialect.adapt is None and _ISO.fullmatch(spoken.get("t", b"")):
        kinds["t"] = _CLOCK
    return kinds


def _plain_columns(
    header: Header, text: bytes, *, quoted: bool, kinds: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """Lines with the right number of fields, bare or quoted whole, through Arrow's reader; strings but for `kinds`."""
    if not text:
        return {name: pa.array([], pa.string()) for name in header.columns}
    names = [f"c{at}" for at in range(header.width)]
    wanted = {f"c{at}": kinds.get(name, pa.string()) for name, at in header.columns.items()}
    table = arrow_csv.read_csv(
        io.BytesIO(text),
        arrow_csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names),
        arrow_csv.ParseOptions(
            delimiter=header.separator, quote_char='"' if quoted else False, ignore_empty_lines=False
        ),
        arrow_csv.ConvertOptions(
            column_types=wanted,
            include_columns=list(wanted),
            null_values=NULLS,
            strings_can_be_null=True,
        ),
    )
    return {name: table.column(f"c{at}").combine_chunks() for name, at in header.columns.items()}


def _quoted_columns(header: Header, lines: list[bytes]) -> tuple[dict[str, Any], Any]:
    """Lines with quotes, one by one -> (columns of those that fit the header, which do)."""
    rows = [_fields(line, header.separator) for line in lines]
    fits = np.array([len(row) == header.width for row in rows], bool)
    good = [row for row in rows if len(row) == header.width]
    blank = frozenset(NULLS)
    columns = {
        name: pa.array([None if row[at] in blank else row[at] for row in good], pa.string())
        for name, at in header.columns.items()
    }
    return columns, fits


def _fields(line: bytes, separator: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line.decode().rstrip("\r")), delimiter=separator, strict=True), [])
    except (csv.Error, UnicodeDecodeError):
        return []
