"""How many vessels are followed at once, and which are let go when there are more.

Every vessel that was ever heard is carried from step to step, about 1 kB each. A feed of made-up numbers would fill the
machine with them, so no more than `MAX_VESSELS` are carried. Beyond it a quarter is let go, and counted: first those
heard least often, of these the ones silent longest. So a flood of numbers heard once drives out itself and not the
fleet; a vessel that comes while it lasts is followed from its second fix, if that is soon. What is let go is forgotten:
an open finding of it stays open, and heard again it is new.

The law of `chain` holds because who is let go, and when, follows from the rows alone: at the end of the minute of the
clock in which there were too many.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np

from prasan.tracks.columns import Bools, Columns, Fixes, Ints, take, track_keys, vessels
from prasan.tracks.jumps import ENOUGH, JumpCarry

MAX_VESSELS: Final = 500_000
"""More than the vessels that transmit in the world in a month."""
KEPT: Final = 0.75
"""Of them, so many stay when there are more."""
MINUTE_S: Final = 60
NOT_ASSESSABLE: Final = ("crowd",)
"""Under which those that were let go are counted, for all kinds."""

_KEYS: Final = frozenset({"keys", "silent", "telling", "told"})
"""Arrays of track keys in carries."""
_BESIDE: Final = {"count": ("last", "keys"), "inside": ("last",), "stopped": ("last",)}
"""Arrays in carries that run beside another field of the same carry."""
_NOT_BY_VESSEL: Final = frozenset({"groups", "identities", "not_assessable", "census"})
"""Fields whose rows or keys are no vessels', or that have a limit of their own."""
_TRACK: Final = 1 << 32
"""A track key is larger than this, an MMSI smaller."""


def too_many(fixes: Fixes, last: Fixes, since: int, limit: int) -> int | None:
    """The end of the minute in which there were more than `limit` vessels, those of `last` included; None: never.

    `last` is the last fix of every emitter up to `since`; `fixes` are sorted by (mmsi, t) and not told apart yet.
    """
    known = vessels(last)
    if len(known) + len(fixes) <= limit:
        return None
    if len(known) > limit:
        return since // MINUTE_S * MINUTE_S + MINUTE_S
    room, begins = limit - len(known), fixes.begins
    if len(begins) <= room:
        return None
    first = fixes.t[begins[~np.isin(fixes.mmsi[begins], known, assume_unique=True)]]
    if len(first) <= room:
        return None
    return int(np.partition(first, room)[room]) // MINUTE_S * MINUTE_S + MINUTE_S


def least_heard(last: Fixes, counts: JumpCarry | None, limit: int) -> Ints:
    """The MMSIs of `last` to be let go, ascending, so that three quarters of `limit` stay; none if they fit."""
    each, of = np.unique(last.mmsi, return_inverse=True)
    if len(each) <= limit:
        return each[:0]
    newest, heard = np.zeros(len(each), np.int64), np.zeros(len(each), np.int64)
    np.maximum.at(newest, of, last.t)
    if counts is not None and len(counts.keys):
        at = np.minimum(np.searchsorted(counts.keys, keys := track_keys(last)), len(counts.keys) - 1)
        np.add.at(heard, of, np.where(counts.keys[at] == keys, counts.count[at], 0))
    order = np.lexsort((each, newest, np.minimum(heard, ENOUGH)))
    return np.sort(each[order[: len(each) - int(limit * KEPT)]])


def without(carry: Any, gone: Ints) -> Any:
    """A carry without what it holds of these MMSIs (ascending)."""
    fields = {name: getattr(carry, name) for name in carry.__struct_fields__}
    return msgspec.structs.replace(carry, **{name: _less(name, value, fields, gone) for name, value in fields.items()})


def _less(name: str, value: Any, beside: Mapping[str, Any], gone: Ints) -> Any:
    if name in _NOT_BY_VESSEL or value is None:
        return value
    if isinstance(value, Columns):
        return take(value, _stays(value, gone))
    if isinstance(value, np.ndarray):
        return _less_array(name, value, beside, gone)
    if isinstance(value, msgspec.Struct):
        return without(value, gone)
    if isinstance(value, frozenset):
        return value - frozenset(gone.tolist())
    return _less_map(value, gone) if isinstance(value, Mapping) else value


def _less_array(name: str, value: Any, beside: Mapping[str, Any], gone: Ints) -> Any:
    if name in _KEYS:
        return value[~_among(value >> 16, gone)]
    partner = next((beside[one] for one in _BESIDE.get(name, ()) if one in beside), None)
    if partner is None:
        return value
    return value[_stays(partner, gone) if isinstance(partner, Columns) else ~_among(partner >> 16, gone)]


def _less_map(value: Mapping[Any, Any], gone: Ints) -> Mapping[Any, Any]:
    lost = frozenset(gone.tolist())
    kept = {}
    for key, one in value.items():
        number = key[0] if isinstance(key, tuple) else key
        if isinstance(number, int) and (number >> 16 if number >= _TRACK else number) in lost:
            continue
        kept[key] = without(one, gone) if isinstance(key, str) and isinstance(one, msgspec.Struct) else one
    return kept


def _stays(rows: Columns, gone: Ints) -> Bools:
    """The rows of which none of the vessels is gone."""
    if hasattr(rows, "mmsi"):
        return ~_among(rows.mmsi, gone)
    inner = [getattr(rows, name) for name in rows.__struct_fields__]
    kept = np.ones(len(rows), np.bool_)
    for one in inner:
        if isinstance(one, Columns):
            kept &= _stays(one, gone)
    return kept


def _among(mmsi: Ints, gone: Ints) -> Bools:
    at = np.minimum(np.searchsorted(gone, mmsi), len(gone) - 1)
    return np.asarray(gone[at] == mmsi) if len(gone) else np.zeros(len(mmsi), np.bool_)
