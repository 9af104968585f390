"""When was it heard: tag blocks, suffixes, $PGHP lines, and the clock of the stream.

In order of trust, the time of a sentence is
1. `c:` of its tag block (NMEA 0183 4.10, seconds or milliseconds), if the block's checksum is right;
2. the number after the last comma behind its checksum (`,<epoch s>`, `,<epoch ms>`, or US Coast Guard NAIS
   `,d-096,S..,r09STOL1,<epoch s>`);
3. the clock line just before it: a tag block standing alone, or Gatehouse `$PGHP`, whose last field is the checksum of
   the sentence it belongs to (the XOR of all parts of a message of several; 00 for the station's own) and must agree,
   because merged streams move these lines apart and a satellite's may be hours older than its neighbours;
4. the time that the caller received it (`Options.default_t`);
5. the clock of the stream: the median of the last `CLOCK_MEMORY` times known, where a base station's own UTC report
   (message 4, or 11) is also a known time. The median outlives a base station in 1997 and a late satellite.
With none of these the row has `t` 0 and the flag NO_TIME. 1 is time source `tag`, 2 `suffix`, 3 `tag`, 4 and 5
`receiver`.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.formats.ais_batch import CODE
from prasan.formats.nmea_lines import FIELDS, Frames, Lines, Marks
from prasan.formats.nmea_text import LABEL, Bytes, Ints, Mask, hex_byte, labels, next_of, number, rows_of
from prasan.picture.position import TIME_SOURCES

Labels: TypeAlias = npt.NDArray[np.bytes_]

UNKNOWN: Final = int(np.iinfo(np.int64).min)
"""No time, in a column of milliseconds since 1970."""
TAG: Final = TIME_SOURCES.index("tag")
SUFFIX: Final = TIME_SOURCES.index("suffix")
RECEIVER: Final = TIME_SOURCES.index("receiver")
CLOCK_MEMORY: Final = 9
_PGHP: Final = np.uint64(int.from_bytes(b"$PGHP,", "little"))
MS_FROM: Final = 100_000_000_000
"""A count from here on is of milliseconds: as seconds it would be the year 5138."""


class ClockLine(msgspec.Struct, frozen=True):
    """A clock line that waits for its sentence. `check` is -1 where it names none."""

    ms: int
    check: int
    station: bytes


class Heard(msgspec.Struct, frozen=True):
    """Time (ms UTC or UNKNOWN), its source, the station, and `thread`: what ties the parts of a message together."""

    ms: Ints
    source: "npt.NDArray[np.uint8]"
    station: Labels
    thread: Labels


class _Tags(msgspec.Struct, frozen=True):
    ms: Ints
    station: Labels
    group: Labels


def times_of(
    marks: Marks, lines: Lines, frames: Frames, tries: Ints, waiting: ClockLine | None
) -> tuple[Heard, ClockLine | None]:
    """Explicit times (rules 1 to 3) of the frames, and the clock line still waiting at the end."""
    size = len(frames.line)
    unnamed = np.zeros(size, f"S{LABEL}")
    heard = Heard(np.full(size, UNKNOWN), np.full(size, RECEIVER, np.uint8), unnamed, unnamed.copy())
    clock_at, clock, left = _clock_lines(marks, lines, tries, waiting)
    if len(clock_at):
        rows, lit = _match(frames, tries, clock_at, clock.check)
        heard.ms[rows], heard.source[rows], heard.station[rows] = clock.ms[lit], TAG, clock.station[lit]
    rows = np.flatnonzero(lines.end[frames.line] > frames.star + 4)
    if len(rows):
        after, name = _suffixes(marks, frames.star[rows], lines.end[frames.line[rows]])
        _take(heard, rows, after, name, SUFFIX)
    rows = np.flatnonzero(lines.body[frames.line] > lines.start[frames.line])
    if len(rows):
        tags = _tags(marks, lines.start[frames.line[rows]], lines.body[frames.line[rows]] - 1)
        _take(heard, rows, tags.ms, tags.station, TAG)
        heard.thread[rows] = np.where(tags.group != b"", tags.group, heard.thread[rows])
    return heard, left


def civil_ms(parts: Sequence[Ints]) -> Ints:
    """Year, month, day, hour, minute, second and ms (UTC) -> ms since 1970; UNKNOWN if not a date of 1970 to 2999."""
    year, month, day, hour, minute, second, ms = parts
    ok = (year >= 1970) & (year < 3000) & (month >= 1) & (month <= 12) & (day >= 1)
    ok &= (hour < 24) & (minute < 60) & (second < 60) & (ms < 1000)
    months = np.where(ok, (year - 1970) * 12 + month - 1, 0)
    begin, after = (m.astype("M8[M]").astype("M8[D]").astype(np.int64) for m in (months, months + 1))
    ok &= day <= after - begin
    value = (((begin + day - 1) * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + ms
    return np.where(ok, value, UNKNOWN)


def stream_clock(tail: Ints, known: Ints, before: Ints) -> tuple[Ints, Ints]:
    """For each row, the median of the last `CLOCK_MEMORY` of `tail` and the first `before` of `known` times.

    Returns (ms or UNKNOWN for each of `before`, new tail). Of an even number the lower middle is taken.
    """
    every = np.concatenate((tail, known))
    new_tail = every[-CLOCK_MEMORY:]
    if not len(every) or not len(before):
        return np.full(len(before), UNKNOWN), new_tail
    counts, back = np.unique(before + len(tail), return_inverse=True)
    medians = np.full(len(counts), UNKNOWN)
    for i in np.flatnonzero((counts > 0) & (counts < CLOCK_MEMORY)):
        some = np.sort(every[: counts[i]])
        medians[i] = some[(len(some) - 1) // 2]
    full = counts >= CLOCK_MEMORY
    if full.any():
        windows = np.lib.stride_tricks.sliding_window_view(every, CLOCK_MEMORY)[counts[full] - CLOCK_MEMORY]
        medians[full] = np.sort(windows, axis=1)[:, CLOCK_MEMORY // 2]
    return medians[back], new_tail


def _take(heard: Heard, rows: Ints, found: Ints, name: Labels, kind: int) -> None:
    have = found != UNKNOWN
    heard.ms[rows[have]], heard.source[rows[have]] = found[have], kind
    named = name != b""
    heard.station[rows[named]] = heard.thread[rows[named]] = name[named]


def _epoch(value: Ints, ok: Mask) -> Ints:
    return np.where(ok, np.where(value >= MS_FROM, value, value * 1000), UNKNOWN)


def _suffixes(marks: Marks, star: Ints, end: Ints) -> tuple[Ints, Labels]:
    padded = np.concatenate((np.full(2, -1), marks.commas))
    index = np.searchsorted(marks.commas, end) + 1
    last, previous = padded[index], padded[index - 1]
    behind = last > star + 2
    value, ok = number(marks.buf, last + 1, end, 13)
    named = behind & (previous > star + 2) & (marks.buf[previous + 1] == ord("r"))
    station = labels(marks.buf, np.where(named, previous + 1, 0), np.where(named, last, 0))
    return _epoch(value, ok & behind & (end - last > 9)), station


def _tags(marks: Marks, start: Ints, close: Ints) -> _Tags:
    """Tag blocks from the opening backslash to the closing one; one whose checksum is wrong says nothing."""
    star = next_of(marks.stars, start)
    whole = star + 3 == close
    at = np.where(whole, star, start + 1)
    sound = whole & (hex_byte(marks.buf, at + 1) == marks.xor(start + 1, at))
    spans = _tag_fields(marks, start + 1, np.where(sound, star, start))
    value, ok = number(marks.buf, *spans["c"], 13)
    group = np.zeros(len(start), f"S{LABEL}")
    rows = np.flatnonzero(spans["g"][1] > spans["g"][0])
    group[rows] = _group_number(marks.buf, spans["g"][0][rows], spans["g"][1][rows])
    return _Tags(_epoch(value, ok), labels(marks.buf, *spans["s"]), group)


def _tag_fields(marks: Marks, start: Ints, star: Ints) -> dict[str, tuple[Ints, Ints]]:
    """Spans of the values of c, s and g in each tag block; empty where absent."""
    buf, first = marks.buf, np.searchsorted(marks.commas, start)
    spans = {letter: (np.zeros_like(start), np.zeros_like(start)) for letter in "csg"}
    for k in range(FIELDS):
        stop = np.minimum(marks.commas[first + k], star)
        valued = (start < stop) & (buf[start + 1] == ord(":"))
        for letter, (begin, end) in spans.items():
            rows = np.flatnonzero(valued & (buf[start] == ord(letter)))
            begin[rows], end[rows] = start[rows] + 2, stop[rows]
        start = stop + 1
        if not (start < star).any():
            break
    return spans


def _group_number(buf: Bytes, start: Ints, end: Ints) -> Labels:
    """`1-2-1234` -> `-1234`, so that no group has the name of a station."""
    text = rows_of(buf, start, LABEL)
    text &= np.where(np.arange(LABEL) < (end - start)[:, None], 255, 0).astype(np.uint8)
    dash = LABEL - 1 - np.argmax(text[:, ::-1] == ord("-"), axis=1)
    found = (text == ord("-")).any(axis=1)
    return labels(buf, start + dash, np.where(found, end, 0))


class _Clocks(msgspec.Struct, frozen=True):
    ms: Ints
    check: Ints
    station: Labels


def _clock_lines(
    marks: Marks, lines: Lines, tries: Ints, waiting: ClockLine | None
) -> tuple[Ints, _Clocks, ClockLine | None]:
    """All clock lines in order (the one that waited is at line -1), and the one that waits at the end."""
    at, clock = _own_clock_lines(marks, lines)
    if waiting is not None:
        at = np.concatenate((np.full(1, -1), at))
        clock = _Clocks(
            np.append(np.int64(waiting.ms), clock.ms),
            np.append(np.int64(waiting.check), clock.check),
            np.append(np.array([waiting.station], f"S{LABEL}"), clock.station),
        )
    if not len(at) or (len(tries) and tries[-1] > at[-1]):
        return at, clock, None
    return at, clock, ClockLine(int(clock.ms[-1]), int(clock.check[-1]), bytes(clock.station[-1]))


def _own_clock_lines(marks: Marks, lines: Lines) -> tuple[Ints, _Clocks]:
    other = np.flatnonzero(lines.outcome == CODE["not_ais"])
    start, end = lines.start[other], lines.end[other]
    head = rows_of(marks.buf, start, 8).view("<u8").reshape(-1)
    gate = np.flatnonzero(head & np.uint64(0xFFFFFFFFFFFF) == _PGHP)
    alone = np.flatnonzero((head & np.uint64(0xFF) == ord("\\")) & (lines.body[other] == end))
    if not len(gate) and not len(alone):
        return gate, _NO_CLOCKS
    both = [_gatehouse(marks, start[gate], end[gate]), _standing(_tags(marks, start[alone], end[alone] - 1))]
    clocks = _Clocks(*(np.concatenate(pair) for pair in zip(*map(_parts, both), strict=True)))
    at = other[np.concatenate((gate, alone))]
    order = np.argsort(at, kind="stable")
    order = order[clocks.ms[order] != UNKNOWN]
    return at[order], _Clocks(*(part[order] for part in _parts(clocks)))


def _standing(tags: _Tags) -> _Clocks:
    return _Clocks(tags.ms, np.full(len(tags.ms), -1), tags.station)


_NO_CLOCKS: Final = _Clocks(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, f"S{LABEL}"))


def _parts(clocks: _Clocks) -> "tuple[Ints, Ints, Labels]":
    return clocks.ms, clocks.check, clocks.station


def _gatehouse(marks: Marks, start: Ints, end: Ints) -> _Clocks:
    """`$PGHP,1,Y,M,D,h,m,s,ms,country,region,station,online,checksum*hh` -> clock."""
    first = np.searchsorted(marks.commas, start)
    c = [marks.commas[first + k] for k in range(13)]
    star = next_of(marks.stars, start)
    whole = (star + 2 < end) & (c[12] < star)
    at = np.where(whole, star, start + 1)
    ok = whole & (hex_byte(marks.buf, at + 1) == marks.xor(start + 1, at))
    parts = []
    for k in range(1, 8):
        value, good = number(marks.buf, np.where(ok, c[k] + 1, 0), np.where(ok, c[k + 1], 0), 4)
        ok &= good
        parts.append(value)
    ms = np.where(ok, civil_ms(parts), UNKNOWN)
    check = np.where(ok & (star == c[12] + 3), hex_byte(marks.buf, np.where(ok, c[12] + 1, 0)), -1)
    return _Clocks(ms, check, labels(marks.buf, np.where(ok, c[10] + 1, 0), np.where(ok, c[11], 0)))


def _match(frames: Frames, tries: Ints, clock_at: Ints, check: Ints) -> tuple[Ints, Ints]:
    """Frames that follow a clock line with no other sentence between and agree with it -> (frame rows, clock rows)."""
    last = np.searchsorted(clock_at, frames.line) - 1
    before = np.searchsorted(tries, frames.line) - 1
    previous = np.where(before >= 0, np.append(tries, -2)[before], -2)
    stated = check[last]
    agrees = (stated <= 0) | (stated == frames.check) | (frames.total > 1)
    rows = np.flatnonzero((last >= 0) & (clock_at[last] > previous) & agrees)
    return rows, last[rows]
