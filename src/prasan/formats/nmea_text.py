"""Many spans of one byte buffer at once: the small vectorised tools under the NMEA decoder.

A span is [start, end) in the buffer. Buffers end in `PAD` zero bytes, so that a fixed-width read never leaves them.
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes: TypeAlias = npt.NDArray[np.uint8]
Ints: TypeAlias = npt.NDArray[np.int64]
Words: TypeAlias = npt.NDArray[np.uint64]
Mask: TypeAlias = npt.NDArray[np.bool_]

PAD: Final = 128
LABEL: Final = 16
"""Bytes kept of a station name or group number; NMEA 0183 4.10 allows a source 15."""

WIDEST: Final = 72
INSIDE: Final = np.where(np.arange(WIDEST) < np.arange(WIDEST + 1)[:, None], 255, 0).astype(np.uint8).view(np.uint64)
"""For each length up to `WIDEST`: the bytes of a row that lie inside it, as words."""

_TENS: Final = 10 ** np.arange(9)
_SHIFT: Final = np.array([0, *range(56, -1, -8)], np.uint64)
_LOW_BYTES: Final = np.array([(1 << (8 * k)) - 1 for k in range(8)], np.int64)
_HEX: Final = np.full(256, -1, np.int16)
_HEX[48:58] = np.arange(10)
_HEX[65:71] = _HEX[97:103] = np.arange(10, 16)


def padded(*parts: bytes) -> bytes:
    """The parts one after the other, then `PAD` or a few more zero bytes, so that it is whole words."""
    size = sum(map(len, parts))
    return b"".join((*parts, bytes(PAD + -size % 8)))


def rows_of(buf: Bytes, start: Ints, width: int) -> Bytes:
    """The `width` bytes from each start, as a writable (n, width) matrix; `width` at most `PAD`."""
    if not len(start):
        return np.zeros((0, width), np.uint8)
    every = np.ndarray(len(buf) - width + 1, f"V{width}", buf, strides=(1,))
    return every[start].view(np.uint8).reshape(len(start), width)


def next_of(places: Ints, at: Ints) -> Ints:
    """For each `at` the first of the sorted places at or after it. The last place must lie behind every `at`."""
    found: Ints = places[index_of_next(places, at)]
    return found


def index_of_next(places: Ints, at: Ints) -> Ints:
    """The same as an index. One place for each `at`, in turn, is the usual case, and told without a search."""
    count = len(at)
    if 0 < count <= len(places) and (places[:count] >= at).all() and (places[: count - 1] < at[1:]).all():
        return np.arange(count)
    return np.searchsorted(places, at)


def xor_before(words: Ints, running: Ints, at: Ints) -> Ints:
    """XOR of all bytes before each place, from little-endian words and their running XOR."""
    word, byte = at >> 3, at & 7
    x = running[word] ^ (words[word] & _LOW_BYTES[byte])
    x ^= x >> 32
    x ^= x >> 16
    x ^= x >> 8
    low: Ints = x & 255
    return low


def number(buf: Bytes, start: Ints, end: Ints, most: int) -> tuple[Ints, Mask]:
    """Decimal digits -> (value, ok); not ok where empty, longer than `most` (16 at the utmost) or not all digits.

    Eight digits at a time: the bytes of a word are added up in pairs, fours and eights.
    """
    size = end - start
    ok = (size >= 1) & (size <= most)
    length = np.where(ok, size, 0)
    first, good = _eight(_word_at(buf, start), np.minimum(length, 8))
    ok &= good
    if most > 8:
        more = np.maximum(length - 8, 0)
        rest, good = _eight(_word_at(buf, start + 8), more)
        ok &= good
        first = first * _TENS[more] + rest
    return np.where(ok, first, 0), ok


def _word_at(buf: Bytes, start: Ints) -> Words:
    return rows_of(buf, start, 8).view("<u8").reshape(-1)


def _eight(text: Words, size: Ints) -> tuple[Ints, Mask]:
    digits = np.where(size > 0, (text ^ np.uint64(0x3030303030303030)) << _SHIFT[size], np.uint64(0))
    wrong = ((digits & np.uint64(0x7F7F7F7F7F7F7F7F)) + np.uint64(0x7676767676767676)) | digits
    ok = wrong & np.uint64(0x8080808080808080) == 0
    value = (digits * np.uint64(10) + (digits >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    value = (value * np.uint64(100) + (value >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    value = (value * np.uint64(10_000) + (value >> np.uint64(32))) & np.uint64(0xFFFFFFFF)
    return value.astype(np.int64), ok


def hex_byte(buf: Bytes, at: Ints) -> Ints:
    """Two hexadecimal digits at each place -> 0..255, or -1."""
    high, low = _HEX[buf[at]], _HEX[buf[at + 1]]
    return np.where((high < 0) | (low < 0), -1, high * 16 + low).astype(np.int64)


def labels(buf: Bytes, start: Ints, end: Ints) -> "npt.NDArray[np.bytes_]":
    """The first `LABEL` bytes of each span as fixed-width byte strings; empty where the span is."""
    text = rows_of(buf, start, LABEL).view(np.uint64)
    text &= INSIDE[np.clip(end - start, 0, LABEL), : LABEL // 8]
    return text.view(f"S{LABEL}").reshape(-1)


def label_column(text: "npt.NDArray[np.bytes_]") -> Any:
    """Labels -> a dictionary column of strings, null where empty."""
    raw = pa.FixedSizeBinaryArray.from_buffers(pa.binary(LABEL), len(text), [None, pa.py_buffer(text.tobytes())])
    coded = raw.dictionary_encode()
    names = [bytes(value or b"").rstrip(b"\0").decode("ascii", "replace") for value in coded.dictionary.to_pylist()]
    codes = coded.indices.to_numpy()
    empty = np.array([name == "" for name in names] + [False])[codes]
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32(), mask=empty), pa.array(names, pa.string()))


def join_spans(buf: Bytes, start: Ints, size: Ints) -> tuple[Bytes, Ints]:
    """All spans one after the other -> (bytes, where each begins)."""
    ends = np.cumsum(size)
    begins = ends - size
    total = int(ends[-1]) if len(ends) else 0
    return buf[np.repeat(start - begins, size) + np.arange(total)], begins


def text_column(letters: Bytes) -> Any:
    """An (n, width) matrix of ASCII letters -> strings without the blanks at the end; null where nothing is left."""
    rows, width = letters.shape
    filled = letters != 32
    size = np.where(filled.any(axis=1), width - np.argmax(filled[:, ::-1], axis=1), 0)
    data = letters[np.arange(width) < size[:, None]]
    offsets = np.zeros(rows + 1, np.int32)
    np.cumsum(size, out=offsets[1:])
    valid = np.packbits(size > 0, bitorder="little")
    buffers = [pa.py_buffer(valid.tobytes()), pa.py_buffer(offsets.tobytes()), pa.py_buffer(data.tobytes())]
    return pa.StringArray.from_buffers(rows, buffers[1], buffers[2], buffers[0])
