"""AIS in CSV: NOAA MarineCadastre (both layouts) and plain tables, told by their header.

The separator is the comma, semicolon or tab that the header uses most. Fields may be quoted; a line break inside a
field is not read. Every line is one record: one whose number of fields is not the header's is `bad_csv_row`, and one
with neither a place nor static data is `bad_position`.
"""

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from prasan.errors import FormatError
from prasan.formats.ais_batch import CODE, Batch, Counts, Options, add_counts, counts_of
from prasan.formats.ais_columns import empty_batch
from prasan.formats.ais_names import REQUIRED, accepted, find_columns, is_comment, plain
from prasan.formats.ais_records import NUMBERS, TEXTS, Records, Said, batch_of
from prasan.formats.ais_values import NO_TIME_MS, numbers, times
from prasan.formats.line_cutter import Tail, cut_lines, last_line_end

LINE_LIMIT: Final = 16_384
PIECE: Final = 1 << 21
NULLS: Final = ["", "null", "NULL", "None", "NaN", "nan", "N/A", "Unknown", "Undefined", "unknown", "undefined"]
_MMSI_MOST: Final = 4_294_967_294
_LENIENT: Final = frozenset({"nav_status", "msg_type", "ship_type", "imo"})
"""Columns that some sources write in words: what is no number there is "not available", not a bad row."""


class Header(msgspec.Struct, frozen=True):
    """The columns of a table: its separator, how many there are, and where ours are."""

    separator: str
    width: int
    columns: dict[str, int]
    noaa: bool


class CsvState(msgspec.Struct, frozen=True):
    """What one piece leaves for the next. `said`: the last static record of each MMSI."""

    tail: Tail = Tail()
    header: Header | None = None
    said: Said = {}


def read_header(line: str) -> Header:
    """The header line -> columns. FormatError, naming what was read and what is accepted, if it is not of AIS."""
    separator = max(",;\t", key=line.count)
    try:
        names = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        names = [line]
    columns = find_columns(names)
    absent = [name for name in REQUIRED if name not in columns]
    if absent:
        read = ", ".join(name.strip()[:40] for name in names[:40])
        raise FormatError(
            f"The table has no column for {', '.join(absent)}. Columns read: {read[:600]}.",
            f"Name the columns so that each of these is there: {accepted()}.",
        )
    return Header(separator, len(names), columns, "basedatetime" in map(plain, names))


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
    while lines:
        line, _, lines = lines.partition(b"\n")
        text = line.decode("utf-8-sig", "replace").strip()
        if text and not is_comment(text):
            outcomes["header"] = 1
            return msgspec.structs.replace(state, header=read_header(text)), lines, counts_of(outcomes)
        outcomes["not_ais" if text else "blank"] += 1
    return state, b"", counts_of(outcomes)


def _decode_lines(state: CsvState, lines: bytes, options: Options) -> tuple[CsvState, Batch]:
    header = state.header
    assert header is not None  # noqa: S101
    columns, outcome = _columns(header, lines)
    kept = np.flatnonzero(outcome == 0)
    records = _records(columns, np.zeros(len(kept), np.uint8))
    batch, said = batch_of(records, state.said, options)
    bad = np.bincount(outcome[outcome != 0], minlength=len(CODE))
    counts = batch.counts + counts_of({name: int(bad[code]) for name, code in CODE.items() if code})
    return msgspec.structs.replace(state, said=said), msgspec.structs.replace(batch, counts=counts)


def _columns(header: Header, lines: bytes) -> tuple[dict[str, Any], Any]:
    """Complete lines -> (our columns as strings, of the good lines in order; outcome of every line)."""
    buf = np.frombuffer(lines, np.uint8)
    ends = np.flatnonzero(buf == 10)
    starts = np.append(0, ends[:-1] + 1)
    outcome = _outcomes(buf, starts, ends, header)
    outcome[_not_utf8(lines, starts, ends, outcome)] = CODE["bad_csv_row"]
    quoted = _lines_with(buf, ends, 34) & ~np.isin(outcome, (CODE["blank"], CODE["too_long"]))
    bare = (outcome == 0) & ~quoted
    good = np.flatnonzero(bare)
    columns = _plain_columns(header, lines if bare.all() else buf[np.repeat(bare, ends - starts + 1)].tobytes())
    if not quoted.any():
        return columns, outcome
    at = np.flatnonzero(quoted)
    more, fits = _quoted_columns(header, [lines[s:e] for s, e in zip(starts[at], ends[at], strict=True)])
    outcome[at] = np.where(fits, 0, CODE["bad_csv_row"])
    order = pa.array(np.argsort(np.concatenate((good, at[fits])), kind="stable"))
    return {name: pa.concat_arrays([c, more[name]]).take(order) for name, c in columns.items()}, outcome


def _outcomes(buf: Any, starts: Any, ends: Any, header: Header) -> Any:
    places = np.flatnonzero(buf == ord(header.separator))
    fields = np.diff(np.searchsorted(places, np.append(0, ends))) + 1
    outcome = np.where(fields == header.width, 0, CODE["bad_csv_row"]).astype(np.uint8)
    returns = np.flatnonzero(buf == 13)
    stray = returns[buf[returns + 1] != 10]
    outcome[np.searchsorted(ends, stray)] = CODE["bad_csv_row"]
    for line in np.flatnonzero(fields == 1).tolist():
        if not buf[starts[line] : ends[line]].tobytes().strip():
            outcome[line] = CODE["blank"]
    outcome[ends - starts > LINE_LIMIT] = CODE["too_long"]
    return outcome


def _lines_with(buf: Any, ends: Any, byte: int) -> Any:
    found = np.zeros(len(ends), bool)
    found[np.searchsorted(ends, np.flatnonzero(buf == byte))] = True
    return found


def _not_utf8(lines: bytes, starts: Any, ends: Any, outcome: Any) -> list[int]:
    try:
        lines.decode()
    except UnicodeDecodeError:
        return [i for i in np.flatnonzero(outcome == 0).tolist() if not _is_utf8(lines[starts[i] : ends[i]])]
    return []


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _plain_columns(header: Header, text: bytes) -> dict[str, Any]:
    """Lines without quotes and with the right number of fields, through Arrow's reader."""
    if not text:
        return {name: pa.array([], pa.string()) for name in header.columns}
    names = [f"c{at}" for at in range(header.width)]
    wanted = [f"c{at}" for at in header.columns.values()]
    table = arrow_csv.read_csv(
        io.BytesIO(text),
        arrow_csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names),
        arrow_csv.ParseOptions(delimiter=header.separator, quote_char=False, ignore_empty_lines=False),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()),
            include_columns=list(dict.fromkeys(wanted)),
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


def _records(columns: Mapping[str, Any], outcome: Any) -> Records:
    """Strings -> values; what cannot be read sets `outcome`."""
    mmsi, bad = numbers(columns["mmsi"])
    bad |= ~((mmsi >= 0) & (mmsi <= _MMSI_MOST) & (mmsi == np.floor(mmsi)))
    ms, _ = times(columns["t"])
    (lat, bad_lat), (lon, bad_lon) = numbers(columns["lat"]), numbers(columns["lon"])
    values = {}
    for name in NUMBERS:
        if name in columns:
            values[name], wrong = _optional(name, columns[name])
            bad |= wrong
    outcome[bad_lat | bad_lon] = CODE["bad_position"]
    outcome[ms == NO_TIME_MS] = CODE["bad_time"]
    outcome[bad] = CODE["bad_csv_row"]
    texts = {name: _text(columns[name]) for name in TEXTS if name in columns}
    return Records(
        outcome, np.where(bad, 0, mmsi), ms, lat, lon, values, texts,
        columns.get("ais_class"), columns.get("station"), strict_place=True,
    )  # fmt: skip


def _optional(name: str, column: Any) -> tuple[Any, Any]:
    if name == "imo":
        column = pc.replace_substring_regex(column, r"^\s*(?i:imo)\s*", "")
    values, wrong = numbers(column)
    return values, wrong & (name not in _LENIENT)


def _text(column: Any) -> Any:
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, pa.scalar("")), pa.scalar(None, pa.string()), trimmed)
