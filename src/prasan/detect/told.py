"""What static reports changed, with the places it was heard at: what kernels on static reports eat."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from prasan.detect.make import fix
from prasan.picture.finding import Finding, Fix
from prasan.tracks.columns import Fixes, concat, no_fixes, take
from prasan.tracks.identity import Change

NO_PLACE: Final = "no_place"
"""Not assessable: no position of the MMSI had been heard."""


class Place(msgspec.Struct, frozen=True):
    """One fix as evidence, its position in 1/10000 minute, and who heard it."""

    fix: Fix
    lat: int
    lon: int
    sources: tuple[str, ...]


class Told(msgspec.Struct, frozen=True):
    """Changes in order of time, and the fixes of their MMSIs: all of this step, and the last of each emitter before."""

    changes: Sequence[Change]
    places: Fixes

    def place(self, mmsi: int, t: int) -> Place | None:
        """Where an MMSI was last heard at or before `t`; None if it never was."""
        rows = self.places
        at = np.flatnonzero((rows.mmsi == mmsi) & (rows.t <= t))
        if not len(at):
            return None
        best = int(at[np.lexsort((-rows.emitter[at], rows.t[at]))[-1]])
        return Place(fix(rows, best), int(rows.lat[best]), int(rows.lon[best]), rows.sets[int(rows.origin[best])])

    def transmitters(self, mmsi: int, since: int, t: int) -> int:
        """How many emitters of an MMSI were last heard, as of `t`, at or after `since`."""
        rows = self.places
        return len(np.unique(rows.emitter[(rows.mmsi == mmsi) & (rows.t >= since) & (rows.t <= t)]))


def told(changes: Sequence[Change], rows: Fixes, before: Fixes | None) -> Told:
    """Changes with this step's fixes, and the last fix of every emitter as of the step before."""
    if not changes:
        return Told((), no_fixes(rows.sets))
    numbers = [number for one in changes for number in numbers_of(one)]
    known = no_fixes(rows.sets) if before is None else take(before, np.isin(before.mmsi, numbers))
    return Told(changes, concat(known, take(rows, np.isin(rows.mmsi, numbers))))


class SaidCarry(msgspec.Struct, frozen=True):
    """What a kernel on static reports could not judge, by reason."""

    not_assessable: Mapping[str, int] = {}


def placed(found: Sequence[Finding | None], carry: SaidCarry | None) -> tuple[list[Finding], SaidCarry]:
    """The last word on each finding; what has no place, because its MMSI was never heard from one, is counted."""
    carry = carry or SaidCarry()
    last = {one.key: one for one in found if one is not None}
    if not (lost := sum(one is None for one in found)):
        return list(last.values()), carry
    return list(last.values()), SaidCarry({NO_PLACE: carry.not_assessable.get(NO_PLACE, 0) + lost})


def numbers_of(change: Change) -> tuple[int, ...]:
    """The MMSIs a change is about, the later one last."""
    return (change.key,) if change.key > 0 else (int(change.old), int(change.new))
