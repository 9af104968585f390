"""How large every hull said it was, and since when: metres from its antenna to bow, stern, port and starboard.

Causal: what a hull says counts from that second on, so a cut of the rows changes nothing. Only what may still be asked
for is kept: the newest word before `since`, and every other one after it.
"""

from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from prasan.picture.position import Flag
from prasan.tracks.columns import Bools, Columns, Ints, concat, take

LIMIT: Final = 500_000
"""Rows kept: beyond it those of the hulls whose word is oldest are let go. As many as vessels that are followed."""

SIDES: Final = ("to_bow", "to_stern", "to_port", "to_starboard")
MOST_M: Final = 1023
"""More than any side on the air can be (M.1371-5, message 5: 511 stands for longer ones)."""

_UNFIT: Final = int(Flag.NO_TIME | Flag.FUTURE_TIME | Flag.EPOCH_TIME)
_TIME_BITS: Final = 33

Sides = npt.NDArray[np.int16]
"""n x 4 in the order of `SIDES`; all 0 where unknown."""


class Sizes(Columns, frozen=True):
    """What an MMSI says from second `t` on, sorted by (mmsi, t)."""

    mmsi: Ints
    t: Ints
    sides: Sides

    def at(self, mmsi: Ints, t: Ints) -> Sides:
        """What was said of hulls by then, n x 4."""
        found = np.zeros((len(mmsi), 4), np.int16)
        place = np.searchsorted(_keys(self.mmsi, self.t), _keys(mmsi, t), "right") - 1
        known = place >= 0
        known[known] = self.mmsi[place[known]] == mmsi[known]
        found[known] = self.sides[place[known]]
        return found


class SizesCarry(msgspec.Struct, frozen=True):
    """What may still be asked for, and rows not yet passed."""

    said: Sizes
    pending: Sizes
    upto: int = 0


def no_sizes() -> Sizes:
    """An empty table."""
    return Sizes(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 4), np.int16))


def sizes(statics: pa.Table | None, carry: SizesCarry | None, upto: int, kept_s: int) -> tuple[Sizes, SizesCarry]:
    """New rows of `STATICS`, in any order -> what hulls say of their size up to `upto`, and the new carry.

    Later steps may ask for seconds from `upto` - `kept_s` on. A row without length or breadth says nothing
    (M.1371-5, Annex 8, 3.3.3: 0 stands for "not available").
    """
    carry = carry or SizesCarry(no_sizes(), no_sizes())
    rows = concat(carry.pending, _given(statics, carry.upto)) if statics is not None else carry.pending
    passed = rows.t < upto
    said = _changes(concat(carry.said, take(rows, passed)))
    until = np.append(np.where(said.mmsi[1:] == said.mmsi[:-1], said.t[1:], upto), upto)[: len(said)]
    kept = until > upto - kept_s
    if np.count_nonzero(kept) > LIMIT:
        kept[np.argsort(np.where(kept, said.t, -1), kind="stable")[:-LIMIT]] = False
    return said, SizesCarry(take(said, kept), take(rows, ~passed), max(upto, carry.upto))


def _given(statics: pa.Table, since: int) -> Sizes:
    """Rows that say a size, from a second on."""
    mmsi, t, flags = (_whole(statics[name]) for name in ("mmsi", "t", "flags"))
    sides = np.stack([np.minimum(_whole(statics[name]), MOST_M) for name in SIDES], axis=1).astype(np.int16)
    length, breadth = sides[:, :2].sum(axis=1), sides[:, 2:].sum(axis=1)
    fit: Bools = (length > 0) & (breadth > 0) & (mmsi > 0) & (t >= since) & ((flags & _UNFIT) == 0)
    return Sizes(mmsi[fit], t[fit], sides[fit])


def _changes(rows: Sizes) -> Sizes:
    """Sorted, one row a second and MMSI, and only those that say something else than the one before."""
    ordered = take(rows, np.lexsort((*rows.sides.T[::-1], rows.t, rows.mmsi)))
    same = ordered.mmsi[1:] == ordered.mmsi[:-1]
    ordered = take(ordered, ~np.append(same & (ordered.t[1:] == ordered.t[:-1]), False)[: len(ordered)])
    repeats = (ordered.mmsi[1:] == ordered.mmsi[:-1]) & (ordered.sides[1:] == ordered.sides[:-1]).all(axis=1)
    return take(ordered, ~np.append(False, repeats)[: len(ordered)])


def _keys(mmsi: Ints, t: Ints) -> Ints:
    return (mmsi << _TIME_BITS) | t


def _whole(column: Any) -> Ints:
    return np.asarray(column.cast(pa.int64()).fill_null(0).to_numpy())
