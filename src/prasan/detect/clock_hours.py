"""How far a vessel went in each clock hour. Whole centimetres and seconds: pieces add up to exactly the whole."""

from typing import Final

import numpy as np
import numpy.typing as npt

from prasan.picture.sphere import chord_m
from prasan.tracks.columns import (
    Bools,
    Columns,
    Fixes,
    Ints,
    SourceSets,
    concat,
    points,
    same_track,
    take,
    track_keys,
)

HOUR_S: Final = 3600


class Hours(Columns, frozen=True):
    """Clock hours of emitters, sorted by (mmsi, emitter, hour); `hour` counts since 1970.

    `cm` and `secs` are the way and the time covered in it, from second `begin` to `until`. `t0`, `lat0`, `lon0` are the
    fix at which the first step that covers it began, `t1`, `lat1`, `lon1` the fix at which the last one ended.
    `origin0`, `origin1` (of these fixes) and `heard` (of all) index `sets`.
    """

    mmsi: Ints
    emitter: npt.NDArray[np.int16]
    hour: Ints
    cm: Ints
    secs: Ints
    begin: Ints
    until: Ints
    t0: Ints
    lat0: npt.NDArray[np.int32]
    lon0: npt.NDArray[np.int32]
    t1: Ints
    lat1: npt.NDArray[np.int32]
    lon1: npt.NDArray[np.int32]
    origin0: Ints
    origin1: Ints
    heard: Ints
    sets: SourceSets


def no_hours(sets: SourceSets = ()) -> Hours:
    """An empty table of hours."""
    none, units = np.empty(0, np.int64), np.empty(0, np.int32)
    return Hours(
        none, np.empty(0, np.int16), none, none, none, none, none, none, units, units, none, units, units, none, none,
        none, sets,
    )  # fmt: skip


def hours_of(both: Fixes, new: Bools, hole: float, sets: SourceSets) -> Hours:
    """The hours that the steps to new rows cover; steps over `hole` seconds cover none. `sets` are those known so far.

    A step is shared out over the hours that it spans in proportion to time.
    """
    sets = tuple(dict.fromkeys((*sets, *both.sets)))
    step = np.diff(both.t)
    at = np.flatnonzero(same_track(both) & (step <= hole) & new[1:])
    if not len(at):
        return no_hours(sets)
    a, b, whole = take(both, at), take(both, at + 1), np.maximum(step[at], 1)
    way = np.rint(chord_m(points(a), points(b)) * 100).astype(np.int64)
    low = a.t // HOUR_S
    count = np.maximum((b.t - 1) // HOUR_S, low) - low + 1
    owner = np.repeat(np.arange(len(at)), count)
    hour = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + low[owner]
    begin = np.maximum(a.t[owner], hour * HOUR_S)
    until = np.maximum(np.minimum(b.t[owner], (hour + 1) * HOUR_S), begin)
    done, share = until - a.t[owner], begin - a.t[owner]
    cm = way[owner] * done // whole[owner] - way[owner] * share // whole[owner]
    cm = np.where(step[at][owner] == 0, way[owner], cm)
    known = np.array([sets.index(members) for members in both.sets], np.int64)
    names = (known[a.origin][owner], known[b.origin][owner])
    pieces = Hours(
        a.mmsi[owner], a.emitter[owner], hour, cm, until - begin, begin, until, a.t[owner], a.lat[owner], a.lon[owner],
        b.t[owner], b.lat[owner], b.lon[owner], *names, names[1], sets,
    )  # fmt: skip
    return _grouped(pieces, names[0])


def merged(known: Hours, more: Hours) -> Hours:
    """Two tables in one; where both have an hour, `known` came first."""
    both = concat(known, more)
    if not len(known) or not len(more):
        return both
    order = np.lexsort((both.hour, track_keys(both)))
    return _grouped(take(both, order), both.heard[order])


def _grouped(pieces: Hours, also: Ints) -> Hours:
    """Pieces in order of (track, hour, time) -> one row an hour. `also` are further source sets heard, a piece each."""
    keys = track_keys(pieces)
    first = np.flatnonzero(np.concatenate(([True], (np.diff(keys) != 0) | (np.diff(pieces.hour) != 0))))
    last = np.append(first[1:], len(pieces)) - 1
    group = np.repeat(np.arange(len(first)), last - first + 1)
    heard, sets = _unions(group, (pieces.heard, also), pieces.sets)
    head, tail = take(pieces, first), take(pieces, last)
    return Hours(
        head.mmsi, head.emitter, head.hour, np.add.reduceat(pieces.cm, first), np.add.reduceat(pieces.secs, first),
        head.begin, tail.until, head.t0, head.lat0, head.lon0, tail.t1, tail.lat1, tail.lon1, head.origin0,
        tail.origin1, heard, sets,
    )  # fmt: skip


def _unions(group: Ints, heard: tuple[Ints, Ints], sets: SourceSets) -> tuple[Ints, SourceSets]:
    """For each group the index of the union of its sets; unions not yet in `sets` are put to its end."""
    if len(sets) == 1:
        return np.zeros(int(group[-1]) + 1, np.int64), sets
    pairs = np.unique(np.concatenate([(group << 32) | one for one in heard]))
    owner, member = pairs >> 32, pairs & 0xFFFFFFFF
    begin = np.flatnonzero(np.diff(owner, prepend=-1))
    result = member[begin]
    length = np.diff(np.append(begin, len(pairs)))
    known = {members: index for index, members in enumerate(sets)}
    for place in np.flatnonzero(length > 1).tolist():
        some = member[begin[place] : begin[place] + length[place]].tolist()
        union = tuple(sorted({name for one in some for name in sets[one]}))
        result[place] = known.setdefault(union, len(known))
    return result, tuple(known)
