"""Bytes -> lines -> AIVDM sentences: frames, checksums and fields of IEC 61162-1 (NMEA 0183), a whole chunk at once.

No loop over lines. The positions of the few characters that matter ('!', '*', ',' and '\\') are found once; the
checksum of every sentence comes from one running XOR over the chunk: x(star) ^ x(bang + 1).
"""

from typing import Final

import msgspec
import numpy as np

from prasan.formats.ais_batch import CODE
from prasan.formats.nmea_text import Bytes, Ints, Mask, hex_byte, index_of_next, next_of, xor_before

LINE_LIMIT: Final = 1024
"""Longest line read. A sentence is 82 characters and a tag block 80; feeds add suffixes, and some forget the 82."""

HEAD: Final = 7
"""Characters in the head of a sentence, `!AIVDM,`: all of them on its own line."""

FIELDS: Final = 16
"""How many fields of a sentence may be asked for without leaving the list of commas."""

_BLANK: Final = np.zeros(256, bool)
_BLANK[[9, 11, 12, 13, 32]] = True


class Marks(msgspec.Struct, frozen=True):
    """Where the characters that matter are: sorted, each list closed by places behind the text (`end`).

    `words` are the bytes as 64-bit words, `running` the XOR of all words before each.
    """

    buf: Bytes
    bangs: Ints
    stars: Ints
    commas: Ints
    slashes: Ints
    words: Ints
    running: Ints
    end: int

    def xor(self, start: Ints, stop: Ints) -> Ints:
        """XOR of the bytes of each span: the checksum of IEC 61162-1."""
        both = xor_before(self.words, self.running, np.concatenate((start, stop)))
        return both[: len(start)] ^ both[len(start) :]


class Lines(msgspec.Struct, frozen=True):
    """Lines as spans without their blanks. `body` is where the tag block ends (`start` if there is none)."""

    start: Ints
    end: Ints
    body: Ints
    outcome: "np.ndarray[tuple[int], np.dtype[np.uint8]]"


class Frames(msgspec.Struct, frozen=True):
    """Sentences whose checksum is right. `sequence` and `channel`: up to two characters each."""

    line: Ints
    star: Ints
    check: Ints
    total: Ints
    number: Ints
    sequence: Ints
    channel: Ints
    payload: Ints
    payload_end: Ints
    fill: Ints


def mark(buf: Bytes, size: int) -> Marks:
    """The marks of the first `size` bytes."""
    text, behind = buf[:size], np.full(FIELDS, size)
    places = [np.concatenate((np.flatnonzero(text == byte), behind)) for byte in b"!*,\\"]
    words = buf.view("<i8")
    running = np.zeros(len(words), np.int64)
    np.bitwise_xor.accumulate(words[:-1], out=running[1:])
    bangs, stars, commas, slashes = places
    return Marks(buf, bangs, stars, commas, slashes, words, running, size)


def split_lines(marks: Marks) -> Lines:
    """Complete lines ('\\n' ends each). Outcome so far: blank, too_long, not_ascii, or not_ais for all others."""
    text = marks.buf[: marks.end]
    breaks = np.flatnonzero(text == 10)
    first = np.concatenate((np.zeros(1, np.int64), breaks[:-1] + 1))[: len(breaks)]
    start, end = _trimmed(marks.buf, first, breaks)
    outcome = np.full(len(breaks), CODE["not_ais"], np.uint8)
    if len(text) and text.max() > 127:
        outcome[np.searchsorted(breaks, np.flatnonzero(text > 127))] = CODE["not_ascii"]
    outcome[start == end] = CODE["blank"]
    outcome[breaks - first > LINE_LIMIT] = CODE["too_long"]
    return Lines(start, end, _after_tag(marks, start, end), outcome)


def frame(marks: Marks, lines: Lines) -> tuple[Frames, Ints]:
    """The AIS sentences in the lines -> (those that are sound, line index of every attempt). Sets `outcome` in place.

    Talker may be any two characters; VDM and VDO are both read. An attempt is a line with the head of a sentence.
    """
    buf = marks.buf
    at = index_of_next(marks.bangs, lines.body)
    bang = marks.bangs[at]
    tries = np.flatnonzero((bang + HEAD <= lines.end) & (lines.outcome == CODE["not_ais"]) & _is_vdm(buf, bang))
    bang, end = bang[tries], lines.end[tries]
    star = next_of(marks.stars, bang)
    second = marks.bangs[at[tries] + 1] < end
    closed = star + 2 < end
    safe = np.where(closed, star, bang + 1)
    check = marks.xor(bang + 1, safe)
    verdict = np.zeros(len(tries), np.uint8)
    verdict[check != hex_byte(buf, safe + 1)] = CODE["checksum"]
    verdict[~closed] = CODE["no_checksum"]
    verdict[second] = CODE["two_sentences"]
    sound = np.flatnonzero(verdict == 0)
    frames, bad = _fields(marks, tries[sound], bang[sound], star[sound], check[sound])
    verdict[sound[bad]] = CODE["bad_sentence"]
    lines.outcome[tries] = verdict
    return frames, tries


def _trimmed(buf: Bytes, first: Ints, breaks: Ints) -> tuple[Ints, Ints]:
    start, end = first.copy(), breaks.copy()
    live = np.flatnonzero(end > start)
    while len(live := live[_BLANK[buf[end[live] - 1]]]):
        end[live] -= 1
        live = live[end[live] > start[live]]
    live = np.flatnonzero(end > start)
    while len(live := live[_BLANK[buf[start[live]]]]):
        start[live] += 1
        live = live[end[live] > start[live]]
    return start, end


def _after_tag(marks: Marks, start: Ints, end: Ints) -> Ints:
    if len(marks.slashes) == FIELDS:
        return start
    tagged = marks.buf[start] == 92
    close = next_of(marks.slashes, start + 1)
    return np.where(tagged, np.where(close < end, close + 1, end), start)


def _is_vdm(buf: Bytes, bang: Ints) -> Mask:
    at = np.minimum(bang, len(buf) - 8)
    kind = buf[at + 5]
    letters = (buf[at + 3] == ord("V")) & (buf[at + 4] == ord("D")) & ((kind == ord("M")) | (kind == ord("O")))
    ok: Mask = letters & (buf[at + 6] == ord(","))
    return ok


def _fields(marks: Marks, line: Ints, bang: Ints, star: Ints, check: Ints) -> tuple[Frames, Mask]:
    first = np.searchsorted(marks.commas, bang)
    c = [marks.commas[first + k] for k in range(7)]
    ok = (c[0] == bang + 6) & (c[5] < star) & (c[6] > star)
    ok &= (c[1] == c[0] + 2) & (c[2] == c[1] + 2) & (star == c[5] + 2)
    ok &= (c[3] - c[2] <= 3) & (c[4] - c[3] <= 3)
    buf = marks.buf
    total, number, fill = (buf[np.where(ok, at + 1, 0)].astype(np.int64) - 48 for at in (c[0], c[1], c[5]))
    ok &= (total >= 1) & (total <= 9) & (number >= 1) & (number <= total) & (fill >= 0) & (fill <= 5)
    good = np.flatnonzero(ok)
    sequence, channel = (_raw(buf, c[k][good] + 1, c[k + 1][good]) for k in (2, 3))
    frames = Frames(
        line[good], star[good], check[good], total[good], number[good], sequence, channel,
        c[4][good] + 1, c[5][good], fill[good],
    )  # fmt: skip
    return frames, ~ok


def _raw(buf: Bytes, start: Ints, end: Ints) -> Ints:
    size = end - start
    one = np.where(size > 0, buf[start], 0).astype(np.int64)
    return one * 256 + np.where(size > 1, buf[start + 1], 0)
