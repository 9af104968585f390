"""What each MMSI said last of itself, so that a table which repeats name and size on every line gives them once."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.formats.nmea_text import INSIDE, Ints, padded, rows_of

MEMORY: Final = 1_000_000
"""MMSIs whose last static record is remembered; beyond that all are forgotten, and statics are given once more."""

Marks = npt.NDArray[np.uint64]

_WORD: Final = 8
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
"""An odd number that spreads bits (2**64 over the golden ratio)."""
_HALF: Final = np.uint64(32)


class Said(msgspec.Struct, frozen=True):
    """MMSIs, ascending, and a mark of what each said last."""

    mmsi: Ints = np.zeros(0, np.int64)
    mark: Marks = np.zeros(0, np.uint64)


def news(mmsi: Ints, columns: Mapping[str, Any], index: Ints, said: Said) -> tuple[Ints, Said]:
    """Of the static records `index`, sent by `mmsi`, those that say something new, in order; and what was said last.

    `columns` are NumPy numbers or Arrow strings.
    """
    if not len(index):
        return index, said
    order = np.argsort(mmsi, kind="stable")
    ship, rows = mmsi[order], index[order]
    marks = marks_of(columns, rows)
    first = np.append(True, ship[1:] != ship[:-1])
    changed = first.copy()
    changed[1:] |= marks[1:] != marks[:-1]
    heads = np.flatnonzero(first)
    tails = np.append(heads[1:], len(ship)) - 1
    changed[heads] = _other(said, ship[heads], marks[heads])
    return np.sort(rows[changed]), _told(said, ship[heads], marks[tails])


def marks_of(columns: Mapping[str, Any], rows: Ints) -> Marks:
    """A 64-bit number for what each of the rows says: equal for equal content, and only by a rare chance else."""
    marks = np.zeros(len(rows), np.uint64)
    for column in columns.values():
        if isinstance(column, np.ndarray):
            marks = _mixed(marks, column[rows].astype(np.int64).view(np.uint64))
        else:
            marks = _with_texts(marks, column, rows)
    return marks


def _mixed(marks: Marks, words: Marks) -> Marks:
    marks = (marks ^ words) * _SPREAD
    return marks ^ (marks >> _HALF)


def _with_texts(marks: Marks, column: Any, rows: Ints) -> Marks:
    """Eight bytes of every text at a time; null and empty are the same."""
    _, places, letters = column.buffers()
    offsets = np.frombuffer(places, np.int32)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    start, size = offsets[:-1][rows], np.diff(offsets)[rows]
    buf = np.frombuffer(padded(b"" if letters is None else letters), np.uint8)
    marks = _mixed(marks, size.view(np.uint64))
    live = np.flatnonzero(size)
    while len(live):
        inside = INSIDE[np.minimum(size[live], _WORD), 0]
        marks[live] = _mixed(marks[live], rows_of(buf, start[live], _WORD).view(np.uint64).reshape(-1) & inside)
        start, size = start + _WORD, size - _WORD
        live = live[size[live] > 0]
    return marks


def _other(said: Said, mmsi: Ints, marks: Marks) -> Any:
    """True where an MMSI said something else last, or nothing yet."""
    if not len(said.mmsi):
        return np.ones(len(mmsi), bool)
    at = np.minimum(np.searchsorted(said.mmsi, mmsi), len(said.mmsi) - 1)
    return (said.mmsi[at] != mmsi) | (said.mark[at] != marks)


def _told(said: Said, mmsi: Ints, marks: Marks) -> Said:
    """With what these MMSIs, ascending, say now."""
    if not len(said.mmsi) or len(said.mmsi) >= MEMORY:
        return Said(mmsi, marks)
    at = np.searchsorted(said.mmsi, mmsi)
    known = said.mmsi[np.minimum(at, len(said.mmsi) - 1)] == mmsi
    mark = said.mark.copy()
    mark[at[known]] = marks[known]
    new = at[~known]
    return Said(np.insert(said.mmsi, new, mmsi[~known]), np.insert(mark, new, marks[~known]))
