"""Vessel-hours of vessels that transmitted all along: where each was heard, and where it fell silent all the same.

It is what the rate of silence that a gap states is compared with (see `calibration`), so it is counted by the same
rule: hours of the clock, of vessels that moved. How long a silence has to be is not asked here: every one is told that
is longer than an hour, of which no hour holds the beginning of two.
"""

from typing import Any, Final

import numpy as np

from prasan.exercise.area import Point
from prasan.exercise.fleet import Cast
from prasan.exercise.track import Hull
from prasan.exercise.truth import BIN_S, Traffic, iso
from prasan.picture.sphere import Ints

CELL_DEG: Final = 0.02
"""Places are said to this part of a degree, about 2 km."""

_HOUR: Final = 3600 // BIN_S

Silence = tuple[int, int | None]
"""The step after which a vessel was silent, and the one at which it was heard again, if it was."""


def periods(cast: Cast, seen: Traffic, epoch: int) -> list[dict[str, Any]]:
    """Rows `reception`: each hull under its own number and at its true place, in each hour it was heard while it moved.

    Hours are left out in which the transmitter was off, and those at whose end or beginning a silence lies in which it
    was: of these nobody knows what reception alone would have done.
    """
    made: list[dict[str, Any]] = []
    shared = {number for hull in cast.hulls for *_, number in hull.as_mmsi}
    for row, hull in enumerate(cast.hulls):
        if hull.as_mmsi or hull.mmsi in shared or hull.leaps or hull.rings:
            continue
        silences = _silences(np.flatnonzero(seen.heard[row]), seen.heard.shape[1])
        lost = {begin // _HOUR: (begin, end) for begin, end in silences}
        back = {end // _HOUR: (begin, end) for begin, end in silences if end is not None}
        at = np.flatnonzero(seen.heard[row] & seen.moved[row])
        for hour in np.unique(at // _HOUR).tolist():
            told = [one for one in (lost.get(hour), back.get(hour)) if one is not None]
            if not any(_off(hull, *span) for span in [(hour * _HOUR, (hour + 1) * _HOUR), *told]):
                places = [_place(seen, row, step) for step in at[at // _HOUR == hour].tolist()]
                line: dict[str, Any] = {"row": "reception", "start": iso(epoch + hour * 3600), "mmsi": [hull.mmsi]}
                line |= {"light": hull.class_b, "cells": sorted(set(places))}
                made.append(line | _ends(seen, row, lost.get(hour), back.get(hour)))
    return made


def _silences(heard: Ints, steps: int) -> list[Silence]:
    """Silences longer than an hour; the last one may go on to the end of the exercise."""
    edges = np.append(heard, steps)
    before = np.flatnonzero(np.diff(edges) - 1 > _HOUR)
    ends = [None if number == len(heard) - 1 else int(edges[number + 1]) for number in before.tolist()]
    return list(zip(heard[before].tolist(), ends, strict=True))


def _off(hull: Hull, begin: int, end: int | None) -> bool:
    return any(a < (np.inf if end is None else end * BIN_S) and b > begin * BIN_S for a, b in hull.off)


def _ends(seen: Traffic, row: int, lost: Silence | None, back: Silence | None) -> dict[str, Any]:
    """Where a silence began and ended in the hour, and how many hours it lasted; null if it never ended."""
    said: dict[str, Any] = {"lost_at": None, "lost_h": None, "back_at": None, "back_h": None}
    if lost is not None:
        said |= {"lost_at": _place(seen, row, lost[0]), "lost_h": _hours(lost)}
    if back is not None and back[1] is not None:
        said |= {"back_at": _place(seen, row, back[1]), "back_h": _hours(back)}
    return said


def _hours(silence: Silence) -> float | None:
    begin, end = silence
    return None if end is None else round((end - begin - 1) * BIN_S / 3600, 2)


def _place(seen: Traffic, row: int, step: int) -> Point:
    lat, lon = (round(round(float(axis[row, step]) / CELL_DEG) * CELL_DEG, 2) for axis in (seen.lat, seen.lon))
    return lat, lon
