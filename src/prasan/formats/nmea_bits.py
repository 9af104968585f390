"""Bit fields of many 6-bit payloads at once.

A payload character carries 6 bits (ITU-R M.1371-5, IEC 61162-1 table of the 6-bit field). Eight characters are packed
into a 48-bit word, so a field of every message is one or two shifts of a column.
"""

from typing import Final, TypeAlias

import numpy as np

from prasan.formats.nmea_text import INSIDE, Bytes, Ints, Mask, rows_of

Words: TypeAlias = list[Ints]

BAD: Final = 0x80
"""What a character outside the 6-bit alphabet becomes."""


def _armour() -> bytes:
    table = bytearray([BAD] * 256)
    for value in range(64):
        table[value + 48 if value < 40 else value + 56] = value
    return bytes(table)


ARMOUR: Final = _armour()
"""`bytes.translate` table: payload character -> its six bits."""


def payload_rows(six: Bytes, at: Ints, size: Ints, width: int) -> tuple[Bytes, Mask]:
    """The first `width` characters of each payload, zero behind its end -> (matrix, has one that is not 6-bit)."""
    eights = rows_of(six, at, width).view(np.uint64)
    eights &= INSIDE[np.minimum(size, width), : width // 8]
    bad = np.bitwise_or.reduce(eights, axis=1) & np.uint64(0x8080808080808080) != 0
    return eights.view(np.uint8), bad


def words_of(rows: Bytes) -> Words:
    """An (n, 8 k) matrix of six-bit values -> k columns of 48-bit words."""
    x = np.ascontiguousarray(rows).view(">u8").astype(np.uint64)
    x = ((x & np.uint64(0x3F003F003F003F00)) >> np.uint64(2)) | (x & np.uint64(0x003F003F003F003F))
    x = ((x & np.uint64(0x0FFF00000FFF0000)) >> np.uint64(4)) | (x & np.uint64(0x00000FFF00000FFF))
    x = ((x & np.uint64(0x00FFFFFF00000000)) >> np.uint64(8)) | (x & np.uint64(0x0000000000FFFFFF))
    columns = np.ascontiguousarray(x.T).view(np.int64)
    return list(columns)


def unsigned(words: Words, start: int, width: int) -> Ints:
    """Bits [start, start + width) as a number; `width` at most 48."""
    first, shift = divmod(start, 48)
    spare = 48 - shift - width
    if spare >= 0:
        return (words[first] >> spare) & ((1 << width) - 1)
    high = words[first] & ((1 << (48 - shift)) - 1)
    return (high << -spare) | (words[first + 1] >> (48 + spare))


def signed(words: Words, start: int, width: int) -> Ints:
    """The same, in two's complement."""
    half = 1 << (width - 1)
    return (unsigned(words, start, width) ^ half) - half


def letters(rows: Bytes, start: int, count: int) -> Bytes:
    """`count` six-bit letters from bit `start` as ASCII; blank from the first '@' on (M.1371-5 Table 47)."""
    first, shift = divmod(start, 6)
    high = rows[:, first : first + count]
    if shift:
        low = rows[:, first + 1 : first + count + 1]
        value = ((high << shift) | (low >> (6 - shift))) & 63
    else:
        value = high & 63
    ended = np.logical_or.accumulate(value == 0, axis=1)
    text = np.where(value < 32, value + 64, value)
    text[ended] = 32
    return text
