"""NMEA / AIVDM decoder: bytes -> positions and statics, in pieces of any size.

`decode(state, data, options)` returns the next state and a batch; the state is a plain value, so a stream cut at any
byte gives the same rows, in the same order, and the same account. `finish` ends the stream. Input is taken in pieces
of `PIECE`: larger ones leave the processor's cache, smaller ones pay the fixed cost of a few hundred array operations
more often than they need to.
"""

from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from prasan.formats.ais_batch import CODE, Batch, Counts, Options, count_outcomes
from prasan.formats.ais_columns import empty_batch, missing, positions_table, statics_table
from prasan.formats.line_cutter import Tail, cut_lines, last_line_end
from prasan.formats.nmea_assembly import PARTS, Crowds, Joined, Parts, Waiting, assemble, inherit_threads
from prasan.formats.nmea_bits import ARMOUR
from prasan.formats.nmea_lines import LINE_LIMIT, Frames, frame, mark, split_lines
from prasan.formats.nmea_payload import (
    Messages,
    Opened,
    open_messages,
    place_columns,
    static_columns,
    station_clock,
)
from prasan.formats.nmea_text import PAD, Bytes, Ints, label_column, padded
from prasan.formats.nmea_times import RECEIVER, UNKNOWN, ClockLine, Heard, stream_clock, times_of
from prasan.picture.position import Flag

PIECE: Final = 1 << 21
"""Bytes decoded at once."""


class DecoderState(msgspec.Struct, frozen=True):
    """What one piece leaves for the next: an unfinished line, waiting parts and clock line, the last known times."""

    tail: Tail = Tail()
    waiting: Waiting = Waiting()
    clock_line: ClockLine | None = None
    clock: Any = np.zeros(0, np.int64)


class _Whole(msgspec.Struct, frozen=True):
    """Whole messages in the order they were completed. `lines`: how many input lines each took."""

    messages: Messages
    ms: Ints
    source: Bytes
    station: Any
    lines: Ints
    outcome: Bytes


def decode(state: DecoderState, data: bytes, options: Options) -> tuple[DecoderState, list[Batch]]:
    """The next bytes of the stream -> (state, a batch for each piece of input)."""
    batches = []
    for at in range(0, len(data), PIECE):
        state, batch = _piece(state, data[at : at + PIECE], options, final=False)
        if batch is not None:
            batches.append(batch)
    return state, batches


def finish(state: DecoderState, options: Options) -> Batch:
    """The end of the stream: a last line without its end is read, parts that still wait are given up."""
    _, batch = _piece(state, last_line_end(state.tail), options, final=True)
    return batch or empty_batch()


def _piece(state: DecoderState, data: bytes, options: Options, final: bool) -> tuple[DecoderState, Batch | None]:
    tail, body, skipped = cut_lines(state.tail, data, LINE_LIMIT)
    state = msgspec.structs.replace(state, tail=tail)
    if not (body or skipped or final):
        return state, None
    return _decode_lines(state, body, skipped, options, final)


def _decode_lines(
    state: DecoderState, body: bytes, too_long: int, options: Options, final: bool
) -> tuple[DecoderState, Batch]:
    """Complete lines -> rows and account."""
    text = padded(body, state.waiting.payload)
    buf, six = np.frombuffer(text, np.uint8), np.frombuffer(text.translate(ARMOUR), np.uint8)
    marks = mark(buf, len(body))
    lines = split_lines(marks)
    frames, tries = frame(marks, lines)
    heard, clock_line = times_of(marks, lines, frames, tries, state.clock_line)
    parts, seen = _parts(frames, heard, state.waiting, len(body))
    joined, left, given_up, crowds = assemble(six, parts, seen, final, state.waiting.crowds)
    whole = _in_order(six, frames, heard, joined)
    opened = open_messages(whole.messages)
    opened.outcome[whole.outcome != 0] = whole.outcome[whole.outcome != 0]
    timed, clock = _timed(whole, opened, state.clock, options)
    batch = _rows(whole, opened, timed, options)
    lines.outcome[frames.line] = CODE["kept"]
    single = np.ones(len(lines.outcome), bool)
    single[frames.line] = False
    counts = [
        count_outcomes(lines.outcome[single]),
        count_outcomes(opened.outcome, whole.lines),
        count_outcomes(np.array(given_up, np.uint8)),
        Counts(too_long, 0, {"too_long": too_long} if too_long else {}),
    ]
    state = DecoderState(state.tail, _wait(buf, left, seen, crowds), clock_line, clock)
    return state, msgspec.structs.replace(batch, counts=sum(counts, Counts()))


def _parts(frames: Frames, heard: Heard, waiting: Waiting, behind: int) -> tuple[Parts, int]:
    """Parts that waited (their payloads lie `behind` the lines) and those of this piece."""
    old = waiting.parts.copy()
    old["at"] += behind
    several = np.flatnonzero(frames.total > 1)
    new = np.zeros(len(several), PARTS)
    new["ordinal"] = waiting.seen + np.arange(len(several))
    new["line"], new["total"], new["number"] = frames.line[several], frames.total[several], frames.number[several]
    new["slot"] = frames.sequence[several] * 65_536 + frames.channel[several]
    new["thread"], new["station"] = heard.thread[several], heard.station[several]
    new["ms"], new["source"] = heard.ms[several], heard.source[several]
    new["at"], new["size"] = frames.payload[several], (frames.payload_end - frames.payload)[several]
    new["fill"] = frames.fill[several]
    return inherit_threads(np.concatenate((old, new))), waiting.seen + len(several)


def _wait(buf: Bytes, left: Parts, seen: int, crowds: Crowds) -> Waiting:
    kept = left[np.argsort(left["ordinal"])]
    spans = list(zip(kept["at"].tolist(), kept["size"].tolist(), strict=True))
    kept["at"] = np.cumsum(kept["size"]) - kept["size"]
    kept["line"] = -1
    return Waiting(kept, b"".join(buf[at : at + size].tobytes() for at, size in spans), seen, crowds)


def _in_order(six: Bytes, frames: Frames, heard: Heard, joined: Joined) -> _Whole:
    """Single sentences and joined messages as one list, in the order of the line that completed each."""
    one = np.flatnonzero(frames.total == 1)
    base = len(six) - PAD
    both = np.concatenate((six[:base], joined.six, np.zeros(PAD, np.uint8))) if len(joined.six) else six
    order = np.argsort(np.concatenate((frames.line[one], joined.last["line"])), kind="stable")
    fill = np.concatenate((frames.fill[one], joined.last["fill"]))[order]
    size = np.concatenate(((frames.payload_end - frames.payload)[one], joined.size))[order]
    station = np.where(joined.first["station"] != b"", joined.first["station"], joined.last["station"])
    bad = np.where(joined.misfilled, CODE["bad_payload"], 0).astype(np.uint8)
    at = np.concatenate((frames.payload[one], joined.at + base))[order]
    return _Whole(
        Messages(both, at, size, size * 6 - fill),
        np.concatenate((heard.ms[one], joined.ms))[order],
        np.concatenate((heard.source[one], joined.source))[order],
        np.concatenate((heard.station[one], station))[order],
        np.concatenate((np.ones(len(one), np.int64), joined.first["total"]))[order],
        np.concatenate((np.zeros(len(one), np.uint8), bad))[order],
    )


def _timed(whole: _Whole, opened: Opened, tail: Ints, options: Options) -> tuple[dict[str, Any], Ints]:
    """Columns t, sub_ms, time_source, lag_s and flags of every message, and the last known times."""
    explicit = whole.ms != UNKNOWN
    own = station_clock(opened)
    known = np.where(explicit, whole.ms, own)
    evidence = np.flatnonzero(known != UNKNOWN)
    ms = whole.ms.copy()
    bare = np.flatnonzero(~explicit)
    if options.default_t is not None:
        ms[bare] = round(options.default_t * 1000)
        bare = bare[:0]
    read, tail = stream_clock(tail, known[evidence], np.searchsorted(evidence, bare, side="right"))
    ms[bare] = read
    timeless = ms == UNKNOWN
    ms[timeless] = 0
    columns = {"t": ms // 1000, "time_source": np.where(explicit, whole.source, np.uint8(RECEIVER))}
    fine = ~timeless & (explicit | (options.default_t is not None))
    sub = ms % 1000
    columns["sub_ms"] = np.where(fine & (sub > 0), sub, missing(np.int16)).astype(np.int16)
    if options.default_t is not None:
        columns["lag_s"] = np.where(explicit, options.default_t - ms / 1000, np.nan).astype(np.float32)
    columns["flags"] = np.where(timeless, np.uint16(Flag.NO_TIME), np.uint16(0))
    return columns, tail


def _rows(whole: _Whole, opened: Opened, timed: dict[str, Any], options: Options) -> Batch:
    index, columns = static_columns(opened)
    at, places = place_columns(opened)
    places |= {name: column[at] for name, column in timed.items()}
    places |= {"mmsi": opened.mmsi[at], "msg_type": opened.kind[at]}
    if (whole.station != b"").any():
        places["station"] = label_column(whole.station[at])
    columns |= {name: timed[name][index] for name in ("t", "time_source", "flags")}
    columns["mmsi"] = opened.mmsi[index]
    statics = statics_table(columns, len(index), options)
    good = opened.outcome[index] == 0
    if not good.all():
        statics = statics.filter(pa.array(good))
    return Batch(positions_table(places, len(at), options), statics, Counts())
