"""How far a vessel went in each clock hour. Whole centimetres and seconds: pieces add up to exactly the whole."""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, KNOT_MS, Floats, chord_m
from prasan.tracks.columns import (
    Bools,
    Columns,
    Fixes,
    Ints,
    SourceSets,
    concat,
    points,
    ranges,
    take,
    track_keys,
)
from prasan.tracks.motion import reported_kn

HOUR_S: Final = 3600

_SHORT: Final = 0.01
"""Radians of half a step up to which four terms of a series are exact to the last bit."""


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


def hours_of(both: Fixes, at: Ints, out: Bools, sets: SourceSets, line_s: float) -> Hours:
    """The hours that the steps after rows `at` (ascending) cover, but for the hours of rows that are `out` (n).

    A step is shared out over the hours that it spans in proportion to time. `sets` are those known so far. Over a step
    longer than `line_s` a vessel has turned: its way is what it reported to sail, if that is more than the line.
    """
    sets = tuple(dict.fromkeys((*sets, *both.sets)))
    way = way_cm(both, at)
    long = np.flatnonzero(both.t[at + 1] - both.t[at] > line_s)
    way[long] = np.maximum(way[long], sailed_cm(both, at[long]))
    pieces = _pieces(both, at, out, way)
    if not len(pieces.after):
        return no_hours(sets)
    a, b, known = pieces.after, pieces.after + 1, np.array([sets.index(members) for members in both.sets], np.int64)
    head = np.ones(len(a), np.bool_)
    head[1:] = (np.diff(pieces.hour) != 0) | (np.diff(both.mmsi[a]) != 0) | (np.diff(both.emitter[a]) != 0)
    first = np.flatnonzero(head)
    last = np.append(first[1:], len(a)) - 1
    heard, sets = _unions(np.cumsum(head) - 1, (known[both.origin[b]], known[both.origin[a]]), sets)
    begun, done = a[first], b[last]
    return Hours(
        both.mmsi[begun], both.emitter[begun], pieces.hour[first], np.add.reduceat(pieces.cm, first),
        np.add.reduceat(pieces.until - pieces.begin, first), pieces.begin[first], pieces.until[last], both.t[begun],
        both.lat[begun], both.lon[begun], both.t[done], both.lat[done], both.lon[done], known[both.origin[begun]],
        known[both.origin[done]], heard, sets,
    )  # fmt: skip


class _Pieces(msgspec.Struct, frozen=True):
    """Parts of steps in order, n each: the row before, the hour, from second to second, centimetres."""

    after: Ints
    hour: Ints
    begin: Ints
    until: Ints
    cm: Ints


def _pieces(both: Fixes, at: Ints, out: Bools, way: Ints) -> _Pieces:
    t0, t1 = both.t[at], both.t[at + 1]
    low = t0 // HOUR_S
    count = np.maximum((t1 - 1) // HOUR_S, low) - low + 1
    several = np.flatnonzero(count > 1)
    if not len(several):
        inside = np.flatnonzero(~out[at])
        return _Pieces(*(column[inside] for column in (at, low, t0, t1, way)))
    owner = np.repeat(np.arange(len(at)), count)
    hour = low[owner]
    split = ranges((np.cumsum(count) - count)[several], count[several])
    hour[split] += ranges(np.zeros(len(several), np.int64), count[several])
    begin, until, cm, after = t0[owner], t1[owner], way[owner], at[owner]
    whole, t = np.maximum(until - begin, 1)[split], begin[split]
    begin[split] = np.maximum(t, hour[split] * HOUR_S)
    until[split] = np.minimum(until[split], (hour[split] + 1) * HOUR_S)
    part = cm[split]
    cm[split] = part * (until[split] - t) // whole - part * (begin[split] - t) // whole
    left = (out[after] & (hour == low[owner])) | (out[after + 1] & (hour == both.t[after + 1] // HOUR_S))
    kept = np.flatnonzero(~left)
    return _Pieces(*(column[kept] for column in (after, hour, begin, until, cm)))


def way_cm(rows: Fixes, at: Ints) -> Ints:
    """Whole centimetres of the steps after rows `at`: the haversine formula, its series for steps that are not long."""
    scale = np.pi / 180 / UNITS_PER_DEGREE
    lat0, lat1 = rows.lat[at].astype(np.int64), rows.lat[at + 1].astype(np.int64)
    half_lat = np.asarray((lat1 - lat0) * (scale / 2), np.float64)
    half_lon = np.asarray((rows.lon[at + 1].astype(np.int64) - rows.lon[at]) * (scale / 2), np.float64)
    north, east = _sine(half_lat), _sine(half_lon)
    between = np.cos((lat0 + lat1) * scale) + (1 - 2 * north * north)  # twice the product of both cosines
    half = np.sqrt(north * north + between / 2 * (east * east))
    cm = np.rint(_arc(half) * (200 * EARTH_M)).astype(np.int64)
    far = np.flatnonzero((np.abs(half_lat) > _SHORT) | (np.abs(half_lon) > _SHORT))
    cm[far] = np.rint(chord_m(points(rows, at[far]), points(rows, at[far] + 1)) * 100).astype(np.int64)
    return cm


def sailed_cm(rows: Fixes, at: Ints) -> Ints:
    """Whole centimetres over the steps after rows `at` at the lower of the speeds reported at both ends; else 0."""
    knots = np.minimum(reported_kn(take(rows, at)), reported_kn(take(rows, at + 1)))
    return np.asarray(np.floor(knots * (KNOT_MS * 100) * (rows.t[at + 1] - rows.t[at])).astype(np.int64))


def _sine(angle: Floats) -> Floats:
    square = angle * angle
    return angle * (1 - square / 6 * (1 - square / 20 * (1 - square / 42)))


def _arc(sine: Floats) -> Floats:
    square = sine * sine
    return sine * (1 + square * (1 / 6 + square * (3 / 40 + square * (15 / 336))))


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
    each = [(group << 32) | one for one in heard]
    pairs = np.unique(np.concatenate([one[np.concatenate(([True], np.diff(one) != 0))] for one in each]))
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
