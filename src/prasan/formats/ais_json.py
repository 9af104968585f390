"""AIS as JSON lines: Global Fishing Watch rows (`ssvid`, `timestamp`, `lat`, `lon`, `speed`, `course`) and kin.

One object a line. `lat` and `lon` are null in rows that only prove that the vessel was heard; such a row is kept, as a
position that is not available. Also reads the rows that Prasan itself writes.
"""

from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from prasan.formats.ais_batch import CODE, Batch, Options, add_counts, counts_of
from prasan.formats.ais_columns import empty_batch
from prasan.formats.ais_names import ALIASES, plain
from prasan.formats.ais_records import NUMBERS, TEXTS, Records, Said, batch_of
from prasan.formats.ais_values import NO_TIME_MS, epoch_ms, numbers, times
from prasan.formats.line_cutter import Tail, cut_lines, last_line_end

LINE_LIMIT: Final = 16_384
PIECE: Final = 1 << 21
_OURS: Final = {alias: ours for ours, aliases in reversed(ALIASES.items()) for alias in reversed(aliases)}
_MMSI_MOST: Final = 4_294_967_294
_DECODER: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SCALAR: Final = msgspec.json.Decoder(float | str | None)


class JsonState(msgspec.Struct, frozen=True):
    """What one piece leaves for the next. `said`: the last static record of each MMSI."""

    tail: Tail = Tail()
    said: Said = {}


def read_object(line: bytes) -> dict[str, Any] | None:
    """One line -> the values of the names we know, or None if it is no JSON object with plain values under them."""
    try:
        raw = _DECODER.decode(line)
        found = {name: _SCALAR.decode(value) for key, value in raw.items() if (name := _OURS.get(plain(key)))}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found


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
    dropped = {"blank": 0, "too_long": 0, "bad_json_row": 0}
    rows: list[dict[str, Any]] = []
    for line in lines.split(b"\n")[:-1]:
        row = None if len(line) > LINE_LIMIT else read_object(line)
        if row is not None:
            rows.append(row)
        elif not line.strip():
            dropped["blank"] += 1
        else:
            dropped["too_long" if len(line) > LINE_LIMIT else "bad_json_row"] += 1
    batch, said = batch_of(_records(rows), state.said, options)
    counts = batch.counts + counts_of(dropped)
    return msgspec.structs.replace(state, said=said), msgspec.structs.replace(batch, counts=counts)


def _records(rows: list[dict[str, Any]]) -> Records:
    mmsi, bad = _numbers(rows, "mmsi")
    bad |= ~((mmsi >= 0) & (mmsi <= _MMSI_MOST) & (mmsi == np.floor(mmsi)))
    ms = _times([row.get("t") for row in rows])
    (lat, bad_lat), (lon, bad_lon) = _numbers(rows, "lat"), _numbers(rows, "lon")
    named = {name for row in rows for name in row}
    values: dict[str, Any] = {}
    for name in NUMBERS:
        if name in named:
            values[name], wrong = _numbers(rows, name)
            bad |= wrong & (name not in {"nav_status", "msg_type", "ship_type", "imo"})
    outcome = np.zeros(len(rows), np.uint8)
    outcome[bad_lat | bad_lon] = CODE["bad_position"]
    outcome[ms == NO_TIME_MS] = CODE["bad_time"]
    outcome[bad] = CODE["bad_json_row"]
    texts: dict[str, Any] = {name: _strings(rows, name) for name in TEXTS if name in named}
    ais_class, station = (_strings(rows, name) if name in named else None for name in ("ais_class", "station"))
    return Records(outcome, np.where(bad, 0, mmsi), ms, lat, lon, values, texts, ais_class, station)


def _numbers(rows: list[dict[str, Any]], name: str) -> tuple[Any, Any]:
    """Values that are numbers, or strings of one -> (numbers, NaN where there is none; where unreadable)."""
    column = [row.get(name) for row in rows]
    if not any(isinstance(value, str) for value in column):
        found = np.array([np.nan if value is None else value for value in column], np.float64)
        return found, np.isinf(found)
    return numbers(pa.array([None if value is None else str(value) for value in column], pa.string()))


def _times(column: list[Any]) -> Any:
    if any(isinstance(value, str) for value in column):
        return times(pa.array([None if value is None else str(value) for value in column], pa.string()))[0]
    return epoch_ms(np.array([np.nan if value is None else value for value in column], np.float64))


def _strings(rows: list[dict[str, Any]], name: str) -> Any:
    texts = (str(value).strip() if (value := row.get(name)) is not None else None for row in rows)
    return pa.array([text or None for text in texts], pa.string())
