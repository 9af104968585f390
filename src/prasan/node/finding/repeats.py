"""Rows of a source that the archive has already, in whatever batches they come again: they are left out, and counted.

A batch that was stored before is known by its name alone. This is for the rest: a file that grew since it was read, or
was written anew, or two files of one source that overlap. It costs nothing for a source that is new to the archive.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from prasan.archive.archive import Archive
from prasan.picture.position import STATICS

DAY_S: Final = 86_400
KEY: Final = ("t", "sub_ms", "mmsi", "lat", "lon", "sog", "cog", "heading", "nav_status", "msg_type", "station")
"""Two positions of one source with equal values here are one row."""
STATIC_KEY: Final = tuple(name for name in STATICS.names if name not in {"time_source", "source", "flags"})
"""The same for static reports."""
HELD: Final = 20_000_000
"""Rows of the archive that are compared with, 8 bytes each; of days beyond them rows may be stored twice."""

Hashes = npt.NDArray[np.uint64]
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
_MASK: Final = 0xFFFFFFFFFFFFFFFF


class Repeats:
    """What the archive had of one source when its file began to be read, a day at a time as the rows ask for it."""

    def __init__(self, archive: Archive, source: str) -> None:
        self._archive, self._source = archive, source
        span = archive.sources().get(source)
        self._days = range(span.t_min // DAY_S, span.t_max // DAY_S + 1) if span else range(0)
        self._known: dict[tuple[bool, int], Hashes] = {}

    def new(self, rows: pa.Table) -> pa.Table:
        """Of positions or static reports those that the archive had not. To be asked before they are stored."""
        t = rows["t"].to_numpy()
        if not len(self._days) or not len(t):
            return rows
        static = "lat" not in rows.column_names
        day, mixed = t // DAY_S, row_hashes(rows, STATIC_KEY if static else KEY)
        repeated = np.zeros(len(t), np.bool_)
        for one in np.unique(day).tolist():
            if one in self._days:
                here = day == one
                repeated[here] = np.isin(mixed[here], self._of(static, one))
        return rows.filter(pa.array(~repeated)) if repeated.any() else rows

    def _of(self, static: bool, day: int) -> Hashes:
        if (static, day) not in self._known:
            full, span = sum(map(len, self._known.values())) >= HELD, (day * DAY_S, (day + 1) * DAY_S)
            read, key = (self._archive.read_statics, STATIC_KEY) if static else (self._archive.read, KEY)
            none = np.empty(0, np.uint64)
            held = none if full else row_hashes(read([self._source], None, *span, key, ordered=False), key)
            self._known[static, day] = held
        return self._known[static, day]


def row_hashes(rows: pa.Table, key: Sequence[str]) -> Hashes:
    """A number for each row, by its values of `key`; equal rows have equal ones, others nearly never."""
    mixed = np.zeros(rows.num_rows, np.uint64)
    for name in key:
        mixed = (mixed ^ _values(rows[name])) * _ODD
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _values(column: Any) -> Hashes:
    """Values as numbers; what is missing is one that no value has."""
    if pa.types.is_string(column.type):
        column = column.dictionary_encode()
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries().combine_chunks()
        names = np.array([*map(_named, column.dictionary.to_pylist()), _MASK], np.uint64)
        return np.asarray(names[column.indices.fill_null(len(names) - 1).to_numpy(zero_copy_only=False)])
    filled = column.cast(pa.int64()).fill_null(-(2**62))
    return np.asarray(filled.to_numpy().view(np.uint64))


def _named(name: str) -> int:
    """A number for a name, the same in every process."""
    value = 0
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & _MASK
    return value
