"""AIS as JSON lines: the objects of `dialect_tables` and of the nested dialects, and any with an MMSI and a time.

One object a line. `lat` and `lon` are null in rows that only prove that the vessel was heard; such a row is kept, as a
position that is not available. Also reads the rows that Prasan itself writes. Lines are decoded by msgspec a piece at a
time, into a shape that has only the names we know; only a piece with a bad line in it is gone through line by line.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
import numpy as np

from prasan.formats.ais_batch import CODE, Batch, Options, add_counts, count_outcomes, counts_of
from prasan.formats.ais_columns import empty_batch
from prasan.formats.ais_names import plain
from prasan.formats.ais_news import Said
from prasan.formats.ais_records import Records, batch_of
from prasan.formats.ais_values import NO_TIME_MS, times
from prasan.formats.dialect_aisstream import AISSTREAM
from prasan.formats.dialect_columns import Nested, Value, column, picked
from prasan.formats.dialect_digitraffic import DIGITRAFFIC
from prasan.formats.dialect_records import records_of
from prasan.formats.dialect_signalk import SIGNAL_K
from prasan.formats.dialect_tables import JSON_DIALECTS, PLAIN_JSON, Columns, choose, find_columns
from prasan.formats.line_cutter import Tail, cut_lines, last_line_end
from prasan.formats.nmea_times import RECEIVER, stream_clock
from prasan.picture.position import TIME_SOURCES

LINE_LIMIT: Final = 16_384
PIECE: Final = 1 << 21
NESTED: Final = (AISSTREAM, DIGITRAFFIC, SIGNAL_K)
FORMS: Final = (*NESTED, *(Nested(one, None, dict) for one in (*JSON_DIALECTS, PLAIN_JSON)))
"""Every JSON dialect; one without a shape has plain values."""

_ALIASES: Final = {form.dialect.name: form.dialect.aliases() for form in FORMS}
_KNOWN: Final = {name: {alias for some in aliases.values() for alias in some} for name, aliases in _ALIASES.items()}
_SPELLINGS: Final = 8
"""Spellings of one name that are read: a text with thousands is not meant to be read."""
_KEY: Final = re.compile(rb'"([^"\\\x00-\x1f]{1,40})"\s*:')
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BAD_JSON: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_MESSAGE: Final = TIME_SOURCES.index("message")
_TYPES: Final[dict[str, Any]] = {"scaled": bool | None}
_BLANK, _LONG, _BAD, _OTHER = (CODE[name] for name in ("blank", "too_long", "bad_json_row", "not_ais"))


class JsonState(msgspec.Struct, frozen=True):
    """What one piece leaves for the next. `said`: the last static record of each MMSI. `clock`: the last times."""

    form: Nested = FORMS[-1]
    tail: Tail = Tail()
    said: Said = Said()
    clock: Any = np.zeros(0, np.int64)


def members(line: bytes) -> dict[str, Any] | None:
    """The names in an object, each with its text; None if the line is no JSON object."""
    try:
        return _OBJECT.decode(line)
    except _BAD_JSON:
        return None


def form_of(names: Iterable[str]) -> Nested | None:
    """The dialect of an object with these names, None if it is none of ours."""
    known = list(names)
    by_name = {form.dialect.name: form for form in FORMS}
    found = choose(known, [form.dialect for form in FORMS[:-1]])
    if found is None and {"mmsi", "t"} <= find_columns(known, PLAIN_JSON.aliases()).keys():
        found = PLAIN_JSON
    return by_name[found.name] if found else None


def decode_json(state: JsonState, data: bytes, options: Options) -> tuple[JsonState, list[Batch]]:
    """The next bytes -> (state, batches)."""
    batches = []
    for at in range(0, len(data), PIECE):
        tail, lines, skipped = cut_lines(state.tail, data[at : at + PIECE], LINE_LIMIT)
        state = msgspec.structs.replace(state, tail=tail)
        if skipped:
            batches.append(empty_batch(counts_of({"too_long": skipped})))
        if lines:
            state, batch = _decode_lines(state, lines, options)
            batches.append(batch)
    return state, batches


def finish_json(state: JsonState, options: Options) -> Batch:
    """The end of the stream: a last line without its end is read."""
    _, batches = decode_json(state, last_line_end(state.tail), options)
    counts = add_counts(batch.counts for batch in batches)
    return msgspec.structs.replace(batches[-1] if batches else empty_batch(), counts=counts)


def _decode_lines(state: JsonState, lines: bytes, options: Options) -> tuple[JsonState, Batch]:
    form, clock = state.form, state.clock
    if form.shape is not None:
        rows, fate = _rows(lines, msgspec.json.Decoder(form.shape))
        columns = form.columns(rows)
    else:
        shape, fields = _shape(_spellings(set(_KEY.findall(lines)), form.dialect.name), form.dialect.name)
        rows, fate = _rows(lines, msgspec.json.Decoder(shape))
        columns = _flat(rows, fields)
    line = columns.pop("line", np.arange(len(rows)))
    records = records_of(columns, len(line), form.dialect, "bad_json_row", strict_place=False)
    if form.dialect.timeless:
        records, clock = _timed(records, columns, clock, options)
    batch, said = batch_of(records, state.said, options)
    fate[np.flatnonzero(fate == 0)] = _by_line(records.outcome, line, len(rows))
    state = msgspec.structs.replace(state, said=said, clock=clock)
    return state, msgspec.structs.replace(batch, counts=count_outcomes(fate))


def _by_line(outcome: Any, line: Any, rows: int) -> Any:
    """A line is kept if any of its records is; one without a record holds no AIS."""
    fate = np.full(rows, 255, np.uint8)
    np.minimum.at(fate, line, outcome)
    return np.where(fate == 255, np.uint8(_OTHER), fate)


def _rows(lines: bytes, decoder: "msgspec.json.Decoder[Any]") -> tuple[list[Any], Any]:
    """Lines -> (decoded objects of those that are sound, outcome of every line)."""
    each = lines.split(b"\n")[:-1]
    if max(map(len, each)) <= LINE_LIMIT:
        try:
            rows = decoder.decode_lines(lines)
        except _BAD_JSON:
            rows = []
        if len(rows) == len(each):
            return rows, np.zeros(len(each), np.uint8)
    found = [_row(line, decoder) for line in each]
    fate = np.array([one if isinstance(one, int) else 0 for one in found], np.uint8)
    return [one for one in found if not isinstance(one, int)], fate


def _row(line: bytes, decoder: "msgspec.json.Decoder[Any]") -> Any:
    """The object of a line, or the code of what is wrong with it."""
    if len(line) > LINE_LIMIT:
        return _LONG
    try:
        return decoder.decode(line)
    except _BAD_JSON:
        return _BAD if line.strip() else _BLANK


def _spellings(keys: set[bytes], dialect: str) -> tuple[tuple[str, ...], ...]:
    """Names in the text -> for each of our names, how the text spells it, the preferred alias first; few of each."""
    spelled: dict[str, list[str]] = {}
    for key in sorted(key.decode("utf-8", "replace") for key in keys):
        if (name := plain(key)) in _KNOWN[dialect]:
            spelled.setdefault(name, []).append(key)
    return tuple(
        tuple(key for alias in aliases for key in spelled.get(alias, ())[:_SPELLINGS])
        for aliases in _ALIASES[dialect].values()
    )


@lru_cache(maxsize=64)
def _shape(spellings: tuple[tuple[str, ...], ...], dialect: str) -> tuple[Any, dict[str, list[str]]]:
    """Spellings -> (a shape with only those names, our name -> its fields in it)."""
    fields: dict[str, list[str]] = {}
    members: list[tuple[str, Any, Any]] = []
    for ours, keys in zip(_ALIASES[dialect], spellings, strict=True):
        for key in keys:
            name = f"f{len(members)}"
            members.append((name, _TYPES.get(ours, Value), msgspec.field(default=None, name=key)))
            fields.setdefault(ours, []).append(name)
    return msgspec.defstruct("Row", members, frozen=True, gc=False), fields


def _flat(rows: Sequence[Any], fields: dict[str, list[str]]) -> Columns:
    return {ours: column(picked(rows, *names)) for ours, names in fields.items()}


def _timed(records: Records, columns: Columns, tail: Any, options: Options) -> tuple[Records, Any]:
    """Records without a time get that of their reception, or else the median of the last known times of the stream."""
    ms = records.ms.copy()
    known = ms
    if "clock" in columns:
        known = np.where(ms == NO_TIME_MS, times(columns["clock"])[0], ms)
    evidence, bare = np.flatnonzero(known != NO_TIME_MS), np.flatnonzero(ms == NO_TIME_MS)
    read, tail = stream_clock(tail, known[evidence], np.searchsorted(evidence, bare, side="right"))
    ms[bare] = np.where(read == NO_TIME_MS, read, read // 1000 * 1000)
    if options.default_t is not None:
        ms[bare] = round(options.default_t * 1000)
    source = np.full(len(ms), _MESSAGE)
    source[bare] = RECEIVER
    return msgspec.structs.replace(records, ms=ms, time_source=source), tail
