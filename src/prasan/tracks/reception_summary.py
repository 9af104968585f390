"""Reception in numbers that can be passed on without a track: how many vessels were heard where, of how many there.

One row for a cell, an hour, a source and an AIS class. A vessel was *heard* if the source heard it there in that hour;
it was *expected* there too if the source heard it within `BRIDGE_H` hours before and after but not in that hour:
then it is taken to have gone straight and steadily.
Merging is a union in which the larger numbers win, so the same summary may come twice, by any way, in any order.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.formats.stix_reception import SLOT_S
from prasan.formats.stix_reception import Reception as Told
from prasan.picture.position import AIS_CLASSES
from prasan.tracks.columns import Columns, Ints
from prasan.tracks.reception import ROUND, Hearings, Reception, cells

BRIDGE_H: Final = 6
"""Slots between two hearings of a vessel that are filled in."""


class Summary(Columns, frozen=True):
    """Sorted by (source name, cell, slot, class), each once. `source` is an index in `names`, which are sorted.

    `slot` counts slots of `width_s` seconds since 1970 and `cell` is that of `reception.cells`.
    """

    source: Ints
    cell: Ints
    slot: Ints
    ais_class: npt.NDArray[np.uint8]
    heard: Ints
    expected: Ints
    names: tuple[str, ...] = ()


def summarise(reception: Reception) -> Summary:
    """All slots that are over, of every source."""
    past = reception.past
    names = tuple(sorted({name for members in past.sets for name in members}))
    parts = [_of_source(past, number, name) for number, name in enumerate(names)]
    return _counted([np.concatenate(column) for column in zip(*parts, strict=True)], names) if parts else _nothing()


def merge(first: Summary, second: Summary) -> Summary:
    """Everything that either knows."""
    names = tuple(sorted({*first.names, *second.names}))
    columns: list[list[Ints]] = [[] for _ in range(6)]
    for one in (first, second):
        own = np.array([names.index(name) for name in one.names], np.int64)
        values = (own[one.source], one.cell, one.slot, one.ais_class, one.heard, one.expected)
        for column, value in zip(columns, values, strict=True):
            column.append(np.asarray(value, np.int64))
    source, cell, slot, kind, heard, expected = (np.concatenate(column) for column in columns)
    order = np.lexsort((kind, slot, cell, source))
    keys = np.column_stack((source, cell, slot, kind))[order]
    begin = np.flatnonzero(np.concatenate(([True], (np.diff(keys, axis=0) != 0).any(axis=1)))) if len(keys) else order
    if not len(keys):
        return msgspec.structs.replace(_nothing(), names=names)
    best = tuple(np.maximum.reduceat(column[order], begin) for column in (heard, expected))
    kept = keys[begin]
    return Summary(kept[:, 0], kept[:, 1], kept[:, 2], kept[:, 3].astype(np.uint8), best[0], best[1], names)


def _of_source(past: Hearings, number: int, name: str) -> tuple[Ints, ...]:
    """Source, cell, slot, class, MMSI and whether it was heard, of all that a source heard or should have."""
    mine = np.array([name in members for members in past.sets], np.bool_)[past.origin]
    order = np.flatnonzero(mine)[np.lexsort((past.last[mine], past.mmsi[mine]))]
    mmsi, slot, kind = past.mmsi[order], past.slot[order], past.ais_class[order].astype(np.int64)
    lat, lon = past.lat[order], past.lon[order]
    count = np.where((mmsi[1:] == mmsi[:-1]) & (np.diff(slot) <= BRIDGE_H), np.maximum(np.diff(slot) - 1, 0), 0)
    owner = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + 1
    share = step / (count[owner] + 1)
    around = (np.diff(lon)[owner] + 108_000_000) % 216_000_000 - 108_000_000
    at = (lat[owner] + share * np.diff(lat)[owner]).astype(np.int32), (lon[owner] + share * around).astype(np.int32)
    heard = np.concatenate((np.ones(len(order), np.int64), np.zeros(len(owner), np.int64)))
    cell = np.concatenate((past.cell[order], cells(*at)))
    return (
        np.full(len(heard), number), cell, np.concatenate((slot, slot[owner] + step)),
        np.concatenate((kind, kind[owner])), np.concatenate((mmsi, mmsi[owner])), heard,
    )  # fmt: skip


def _counted(columns: list[Ints], names: tuple[str, ...]) -> Summary:
    """Distinct vessels by source, cell, slot and class; one that was heard counts as heard."""
    source, cell, slot, kind, mmsi, heard = columns
    order = np.lexsort((-heard, mmsi, kind, slot, cell, source))
    keys = np.column_stack((source, cell, slot, kind, mmsi))[order]
    if not len(keys):
        return msgspec.structs.replace(_nothing(), names=names)
    once = np.concatenate(([True], (np.diff(keys, axis=0) != 0).any(axis=1)))
    keys, heard = keys[once], heard[order][once]
    begin = np.flatnonzero(np.concatenate(([True], (np.diff(keys[:, :4], axis=0) != 0).any(axis=1))))
    total = np.diff(np.append(begin, len(keys)))
    kept = keys[begin]
    return Summary(
        kept[:, 0], kept[:, 1], kept[:, 2], kept[:, 3].astype(np.uint8), np.add.reduceat(heard, begin), total, names
    )


def _nothing() -> Summary:
    none = np.empty(0, np.int64)
    return Summary(none, none, none, np.empty(0, np.uint8), none, none)


def shared(summary: Summary) -> list[Told]:
    """A summary by hours as what is sent of it: a piece for each source, day and square degree, in that order."""
    row, column = summary.cell // ROUND, summary.cell % ROUND
    keys = np.column_stack((summary.source, summary.slot // _HOURS, row // _CELLS - 90, column // _CELLS - 180))
    order = np.lexsort((summary.ais_class, summary.slot, summary.cell, *keys.T[::-1]))
    cuts = np.flatnonzero(np.diff(keys[order], axis=0).any(axis=1)) + 1 if len(order) else order
    pieces = np.split(order, cuts) if len(order) else []
    return [_told(summary, piece, keys[piece[0]].tolist()) for piece in pieces]


def received(told: Told, name: str) -> Summary:
    """What came, under the name that its source goes by here."""
    cell, hour, heard, expected = (np.array([row[n] for row in told.rows], np.int64) for n in (0, 1, 3, 4))
    kind = np.array([_NUMBER[row[2]] for row in told.rows], np.uint8)
    slot = told.start // SLOT_S + hour
    one = Summary(np.zeros(len(cell), np.int64), cell, slot, kind, heard, expected, (name,))
    return merge(one, _nothing())


_HOURS: Final = 24
_CELLS: Final = 5
"""Cells along a degree."""
_NUMBER: Final = {"": 255} | {name: number for number, name in enumerate(AIS_CLASSES)}


def _told(summary: Summary, rows: Ints, key: list[int]) -> Told:
    source, day, south, west = key
    columns = (summary.cell, summary.slot % _HOURS, summary.ais_class, summary.heard, summary.expected)
    values = zip(*(column[rows].tolist() for column in columns), strict=True)
    lines = tuple((cell, hour, _name(kind), heard, expected) for cell, hour, kind, heard, expected in values)
    return Told(summary.names[source], day * _HOURS * SLOT_S, south, west, lines)


def _name(kind: int) -> str:
    return AIS_CLASSES[kind] if kind < len(AIS_CLASSES) else ""
