"""Which jumps may have part in a displacement of several vessels: the cheap look of `spoofing`.

A jump counts where it fits that of another vessel within `window_h`: from places within `source_km` of each other, and
to places within `target_km`, or by ways that differ by no more. Jumps of one vessel between the same two emitters in
one window of the clock lie in one box, and jumps are held to boxes: what fits a jump lies in a box that is no further
from it, axis by axis. With a jump in company, all jumps of its vessel within the window count: whom a vessel joins may
hang on where it was alone before.

Then there are the jumps that end a displacement: those that leave where such a jump led, and those that take the way
of one backwards.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from prasan.detect.spoofing_leaps import Place
from prasan.picture.sphere import EARTH_M, Floats
from prasan.tracks.columns import Bools, Columns, Ints, concat, points, ranges, take, track_keys
from prasan.tracks.jumps import Jumps

FEW: Final = 64
"""Fewer jumps than this are looked at without the screen."""

_AT_ONCE: Final = 1 << 20
"""Pairs of boxes that are held to each other in one go, about."""

_SLACK: Final = 1e-9
"""Radii of the Earth, for what is rounded."""

_LEAST: Final = 1e-4
"""Cells are no smaller than this, in radii of the Earth."""


class Anchor(msgspec.Struct, frozen=True, gc=False):
    """A jump of before, or one that led to a circle: whose, since when it counts, its ends as unit vectors."""

    mmsi: int
    t: int
    source: Place
    target: Place


class Boxes(Columns, frozen=True):
    """Boxes of jumps, n each: whose, in which window of the clock, and edges, n x 9, in radii of the Earth.

    The edges are of the places left, of the places reached, and of the ways between, three axes each.
    """

    mmsi: Ints
    window: Ints
    low: Floats
    high: Floats


def screened(  # noqa: PLR0913, PLR0917 - what is known and what is asked
    made: Jumps, far: Bools, known: Sequence[Anchor], away: tuple[Ints, Ints], upto: int, limits: Mapping[str, float]
) -> tuple[Bools, Bools]:
    """Jumps in order of time -> those that may join others or be joined, and all that must be gone through, n each.

    `far` are the jumps that are long and fast enough; `away` the track keys of vessels displaced before, and since
    when.
    """
    joins = far & (made.after.emitter > made.before.emitter)
    if len(far) < FEW:
        return joins, np.ones(len(far), np.bool_)
    window = max(int(limits["window_h"] * 3600), 1)
    anchors, at = _of_known(known, window), np.flatnonzero(joins)
    leads = _single(made, at, window)
    together = at[_fits(leads, concat(_boxed(made, at, leads), anchors), limits, beside=True)]
    times = np.concatenate(((made.after.mmsi[together] << 32) + made.after.t[together],
                            [(one.mmsi << 32) + one.t for one in known])).astype(np.int64)  # fmt: skip
    own = _beside((made.after.mmsi[at] << 32) + made.after.t[at], np.sort(times), window)
    joins[at] = own | (made.after.t[at] + window >= upto)  # later ones may still get company
    asked = joins.copy()
    asked[_next_left(made, joins, away)] = True
    rest = np.flatnonzero(far & ~asked)
    ends = concat(_boxed(made, together, _single(made, together, window)), anchors)
    asked[rest[_fits(_turned(_single(made, rest, window)), ends, limits, beside=False)]] = True
    return joins, asked


def _next_left(made: Jumps, joins: Bools, away: tuple[Ints, Ints]) -> Ints:
    """The jumps by which vessels that joined, or were away before, leave their place for the first time after."""
    tracks, since = away
    number = np.arange(len(joins))
    came = np.concatenate((np.searchsorted(made.after.t, since) - 1, number[joins]))
    left, led = track_keys(made.before), np.concatenate((tracks, track_keys(made.after)[joins]))
    known, rank = np.unique(np.concatenate((left, led)), return_inverse=True)
    order = np.argsort(rank[: len(left)], kind="stable")
    code, size = rank * (len(left) + 1) + np.concatenate((number, came)) + 1, len(left) + 1
    leaves = np.append(code[order], len(known) * size)
    first = leaves[np.searchsorted(leaves, code[len(left) :], "right")]
    return np.asarray((first % size - 1)[first // size == rank[len(left) :]])


def _single(made: Jumps, at: Ints, window: int) -> Boxes:
    """Jumps `at`, each as a box of its own."""
    after = take(made.after, at)
    edges = _edges(points(take(made.before, at)), points(after))
    return Boxes(after.mmsi, after.t // window, edges, edges)


def _boxed(made: Jumps, at: Ints, single: Boxes) -> Boxes:
    """The boxes of jumps `at`, which are `single`."""
    if not len(at):
        return single
    ends = (made.after.emitter[at].astype(np.int64) << 16) + made.before.emitter[at]
    order = np.lexsort((ends, single.window, single.mmsi))
    keys = np.stack((single.mmsi, single.window, ends))[:, order]
    begin = np.flatnonzero(np.concatenate(([True], (keys[:, 1:] != keys[:, :-1]).any(axis=0))))
    low, high = (extreme.reduceat(single.low[order], begin, axis=0) for extreme in (np.minimum, np.maximum))
    return Boxes(keys[0, begin], keys[1, begin], low, high)


def _of_known(known: Sequence[Anchor], window: int) -> Boxes:
    source, target = (np.array([getattr(one, name) for one in known]).reshape(-1, 3) for name in ("source", "target"))
    mmsi, t = (np.array([getattr(one, name) for one in known], np.int64) for name in ("mmsi", "t"))
    edges = _edges(source, target)
    return Boxes(mmsi, t // window, edges, edges)


def _edges(source: Floats, target: Floats) -> Floats:
    return np.concatenate((source, target, target - source), axis=1)


def _turned(jumps: Boxes) -> Boxes:
    """Single jumps as if they led backwards."""
    edges = np.concatenate((jumps.low[:, 3:6], jumps.low[:, :3], -jumps.low[:, 6:]), axis=1)
    return Boxes(jumps.mmsi, jumps.window, edges, edges)


def _beside(asked: Ints, times: Ints, window: int) -> Bools:
    """Which MMSIs and times (in one number) lie within a window of one of `times`, which ascend."""
    if not len(times):
        return np.zeros(len(asked), np.bool_)
    at = np.searchsorted(times, asked)
    after, before = times[np.minimum(at, len(times) - 1)] - asked, asked - times[np.maximum(at - 1, 0)]
    return np.asarray((np.abs(after) <= window) | (np.abs(before) <= window))


def _fits(jumps: Boxes, boxes: Boxes, limits: Mapping[str, float], *, beside: bool) -> Bools:
    """Jumps that are near enough, axis by axis, to a box of another vessel: by where they lead, or by their ways.

    With `beside` only to boxes of the same window and of those beside it.
    """
    found = np.zeros(len(jumps), np.bool_)
    source, target = (limits[name] * 1000 / EARTH_M + _SLACK for name in ("source_km", "target_km"))
    value, low, high = (np.ascontiguousarray(edges.T) for edges in (jumps.low, boxes.low, boxes.high))
    for first in (3, 6) if len(jumps) and len(boxes) else ():
        ends = slice(first, first + 3)
        for i, j in _candidates(value[ends], low[ends] - target, high[ends] + target):
            kept = jumps.mmsi[i] != boxes.mmsi[j]
            if beside:
                kept &= np.abs(jumps.window[i] - boxes.window[j]) <= 1
            some, other = i[kept], j[kept]
            for axis in (*range(first, first + 3), 0, 1, 2):
                reach, each = source if axis < 3 else target, value[axis, some]
                near = (each >= low[axis, other] - reach) & (each <= high[axis, other] + reach)
                some, other = some[near], other[near]
            found[some] = True
    return found


def _candidates(value: Floats, low: Floats, high: Floats) -> Iterator[tuple[Ints, Ints]]:
    """Pairs of points (3 x n) and boxes (3 x m) of which a cell in space holds parts of both, some at once.

    Cells are about as wide as boxes are. Each box is listed under all cells that it touches, by the cell's hash.
    """
    scale = 1 / max(float(np.mean(high - low)), _LEAST)
    begin = np.floor(low * scale).astype(np.int64)
    wide = np.floor(high * scale).astype(np.int64) - begin + 1
    count = wide.prod(axis=0)
    owner = np.repeat(np.arange(len(count)), count)
    place = ranges(np.zeros(len(count), np.int64), count)
    steps = (place % wide[0, owner], place // wide[0, owner] % wide[1, owner], place // (wide[0] * wide[1])[owner])
    cells = _hash(*(begin[axis, owner] + step for axis, step in enumerate(steps)))
    order = np.argsort(cells)
    cells, owner, asked = cells[order], owner[order], _hash(*np.floor(value * scale).astype(np.int64))
    first = np.searchsorted(cells, asked)
    number = np.searchsorted(cells, asked, "right") - first
    piece = np.cumsum(number) // _AT_ONCE
    for some in np.split(np.arange(len(asked)), np.flatnonzero(np.diff(piece)) + 1):
        yield np.repeat(some, number[some]), owner[ranges(first[some], number[some])]


def _hash(x: Ints, y: Ints, z: Ints) -> Ints:
    """One number for a cell; two cells may share one, which costs a look and no more."""
    return np.asarray(x * 73_856_093 ^ y * 19_349_663 ^ z * 83_492_791)
