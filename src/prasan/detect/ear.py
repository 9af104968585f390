"""Which hearings count for a question about a silence, and which of them lie around a place.

Only those count that compare: by the vessel's own feed, of other MMSIs, that moved (a berth says nothing of the sea
beside it), of a transmitter as strong or weaker (class B is heard less far than class A). All are of slots that were
over when the question was asked, so that the answer does not depend on how the input was cut.
"""

from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.position import AIS_CLASSES, UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, Floats, vectors
from prasan.tracks.columns import Bools, Columns, Ints, SourceSets, take
from prasan.tracks.reception import Hearings, Reception, around

CHUNK: Final = 256
"""Silences looked at in one go: bounds the memory."""

_B: Final = AIS_CLASSES.index("B")

Places = npt.NDArray[np.int32]
"""Latitudes or longitudes in 1/10000 minute."""


class Asked(Columns, frozen=True):
    """The places to judge, n: where a silence began (`after`: look at the time that follows) or ended.

    `t` seconds of the fix there; `known` the watermark up to which hearings may be used; `lasted` the seconds of the
    silence next to it that are looked at; `lat`, `lon` and `course` in degrees (course NaN if unknown); `knots` the
    highest speed of the fixes before; `light` True for class B; `feed` a row of `usable`, which says by feed and source
    set whether a hearing counts.
    """

    mmsi: Ints
    t: Ints
    known: Ints
    lasted: Ints
    after: Bools
    lat: Floats
    lon: Floats
    course: Floats
    knots: Floats
    light: Bools
    feed: Ints


class Ear(msgspec.Struct, frozen=True):
    """What is asked of: all hearings with their search key, and `usable`, feeds x source sets."""

    reception: Reception
    key: Ints
    usable: Bools
    sets: SourceSets


def ear(reception: Reception, feeds: Bools, names: list[str]) -> Ear:
    """`feeds` x sources, True where the source is of the feed; `names` are the sources."""
    sets = reception.past.sets
    member = np.array([[name in members for name in names] for members in sets], np.bool_).reshape(-1, len(names))
    usable: Bools = np.any(feeds[:, None, :] & member[None], axis=2)
    return Ear(reception, reception.key(), usable, sets)


def gather(
    listened: Ear, asked: Asked, metres: Floats, slots: tuple[Ints, Ints], still_kn: float
) -> tuple[Ints, Hearings]:
    """The hearings within so many metres of each place that compare, and the place (row of `asked`) of each."""
    past = listened.reception.past

    def compares(owner: Ints, row: Ints) -> Bools:
        keep = (past.mmsi[row] != asked.mmsi[owner]) & listened.usable[asked.feed[owner], past.origin[row]]
        keep &= (past.sog[row] < 0) | (past.sog[row] > still_kn * 10)
        return np.asarray(keep & (~asked.light[owner] | (past.ais_class[row] == _B)))

    return near(listened, asked, metres, slots, compares)


def near(
    listened: Ear, asked: Asked, metres: Floats, slots: tuple[Ints, Ints], keep: Callable[[Ints, Ints], Bools]
) -> tuple[Ints, Hearings]:
    """The hearings within so many metres of each place, in slots [first, end), that `keep` says; and their places.

    `keep` is given the places and the rows of the past. Few rows are left, so columns are taken last.
    """
    past, found = listened.reception.past, []
    for owner, row in around(listened.key, asked.lat, asked.lon, metres, slots):
        kept = keep(owner, row)
        owner, row = owner[kept], row[kept]  # noqa: PLW2901 - the same rows, fewer
        here = _within(asked, owner, past.lat[row], past.lon[row], metres[owner])
        found.append((owner[here], row[here]))
    return np.concatenate([one[0] for one in found]), take(past, np.concatenate([one[1] for one in found]))


def within(asked: Asked, owner: Ints, rows: Hearings, metres: float | Floats) -> Bools:
    """True for rows within so many metres (the same for all, or each its own) of the place they were gathered for."""
    return _within(asked, owner, rows.lat, rows.lon, metres)


def _within(asked: Asked, owner: Ints, lat: Places, lon: Places, metres: float | Floats) -> Bools:
    here = vectors(lat / UNITS_PER_DEGREE, lon / UNITS_PER_DEGREE)
    cosine = np.einsum("ij,ij->i", here, vectors(asked.lat, asked.lon)[owner])
    return np.asarray(cosine >= np.cos(np.asarray(metres) / EARTH_M))
