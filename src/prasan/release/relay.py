"""The live relay: which positions a partner may be told as they come, by an accord's `[relay]` (wire, section 14).

Whole columns at once; a row is kept, or left out by the first of `CODES` that holds.
"""

from collections.abc import Collection
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from prasan.picture.position import AIS_CLASSES, UNITS_PER_DEGREE
from prasan.release.accord import RelayTerms
from prasan.release.boxes import inside_all

CODES: Final = ("source", "own_vessel", "class", "no_place", "area")
"""Why a row is left out: its source may not be passed on to this partner, it is a vessel of our own government, of
another class, without a place, or outside the area."""

Mask = npt.NDArray[np.bool_]


class Permit(msgspec.Struct, frozen=True):
    """What one partner may be told: the terms of every accord (all must hold, and there is at least one), the sources
    that may be passed on to it, our own vessels."""

    terms: tuple[RelayTerms, ...]
    sources: frozenset[str]
    own: frozenset[int]

    @property
    def delay_s(self) -> int:
        """How old a position must be."""
        return max(one.delay_s for one in self.terms)

    @property
    def classes(self) -> frozenset[str]:
        """The AIS classes that every accord names."""
        return frozenset.intersection(*(frozenset[str](one.classes) for one in self.terms))


class Sifted(msgspec.Struct, frozen=True):
    """The rows that may be told, and how many were left out by which code."""

    rows: pa.Table
    left_out: dict[str, int]


def sift(rows: pa.Table, permit: Permit) -> Sifted:
    """Positions (`POSITIONS`) -> those that the partner may be told, in their order."""
    left = np.ones(rows.num_rows, bool)
    counts = dict[str, int]()
    for code, fails in _failing(rows, permit):
        counts[code] = int(np.count_nonzero(left & fails))
        left &= ~fails
    return Sifted(rows.filter(pa.array(left)), {code: count for code, count in counts.items() if count})


def due(rows: pa.Table, delay_s: int, now: float) -> Mask:
    """Which rows are old enough to be told at `now` (seconds UTC)."""
    made: Mask = _numbers(rows, "t", 0) <= now - delay_s
    return made


def _failing(rows: pa.Table, permit: Permit) -> list[tuple[str, Mask]]:
    lat, lon = _numbers(rows, "lat", 0) / UNITS_PER_DEGREE, _numbers(rows, "lon", 0) / UNITS_PER_DEGREE
    classes = [AIS_CLASSES.index(name) for name in sorted(permit.classes)]
    nowhere = ~(_there(rows, "lat") & _there(rows, "lon"))
    return [
        ("source", ~_among(rows, "source", permit.sources)),
        ("own_vessel", np.isin(_numbers(rows, "mmsi", 0), np.array(sorted(permit.own), np.int64))),
        ("class", ~np.isin(_numbers(rows, "ais_class", 255), np.array(classes, np.int64))),
        ("no_place", nowhere),
        ("area", ~np.logical_and.reduce([inside_all(one.area, lat, lon) for one in permit.terms])),
    ]


def _among(rows: pa.Table, name: str, wanted: Collection[str]) -> Mask:
    return _array(pc.is_in(rows[name].cast(pa.string()), pa.array(sorted(wanted), pa.string())))


def _there(rows: pa.Table, name: str) -> Mask:
    return _array(pc.is_valid(rows[name]))


def _numbers(rows: pa.Table, name: str, missing: int) -> npt.NDArray[np.int64]:
    column: Any = rows[name].cast(pa.int64())
    numbers: npt.NDArray[np.int64] = column.fill_null(missing).to_numpy()
    return numbers


def _array(column: Any) -> Mask:
    mask: Mask = np.asarray(column.to_numpy(zero_copy_only=False), bool)
    return mask
