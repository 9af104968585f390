"""Vessel-periods of vessels that transmitted all along: where each was heard, and where it fell silent all the same.

It is what the rate of silence that a gap states is compared with (see `calibration`). Periods stand end to end since
1970. A silence is longer than a period, and both before it and after it the vessel was heard.
"""

from typing import Any, Final

import numpy as np

from prasan.exercise.fleet import Cast
from prasan.exercise.truth import BIN_S, Traffic, iso
from prasan.picture.sphere import Ints

CELL_DEG: Final = 0.1
"""Places are said to this part of a degree."""


def periods(cast: Cast, seen: Traffic, epoch: int) -> list[dict[str, Any]]:
    """Rows `reception` for hulls that sailed, each in each period in which it was heard and not moored."""
    width = round(cast.draw.of("observable", "period_h") * 3600 / BIN_S)
    first = epoch // BIN_S
    made = []
    for row, hull in enumerate(cast.hulls):
        if hull.as_mmsi or hull.leaps:
            continue
        at = np.flatnonzero(seen.heard[row] & ~seen.moored[row])
        off = [(int(a // BIN_S), int(np.ceil(b / BIN_S))) for a, b in hull.off]
        silent = _silences(np.flatnonzero(seen.heard[row]), width)
        for period in np.unique((at + first) // width).tolist():
            start = period * width - first
            mine = at[(at >= start) & (at < start + width)]
            long_enough = start >= 0 and start + 2 * width <= seen.heard.shape[1]
            if long_enough and not any(a < start + 2 * width and b > start - width for a, b in off):
                ends = [_within(ends, start, width) for ends in silent]
                made.append(_line(hull.mmsi, epoch + start * BIN_S, seen, row, mine, ends))
    return made


def _silences(heard: Ints, width: int) -> tuple[Ints, Ints]:
    """The steps after which silences longer than a period began, and the steps at which they ended."""
    before = np.flatnonzero(np.diff(heard) - 1 > width)
    return heard[before], heard[before + 1]


def _within(steps: Ints, start: int, width: int) -> int | None:
    mine = steps[(steps >= start) & (steps < start + width)]
    return int(mine[0]) if len(mine) else None


def _line(mmsi: int, t: int, seen: Traffic, row: int, steps: Ints, ends: list[int | None]) -> dict[str, Any]:  # noqa: PLR0913, PLR0917
    def place(step: int) -> list[float]:
        return [round(round(float(axis[row, step]) / CELL_DEG) * CELL_DEG, 1) for axis in (seen.lat, seen.lon)]

    cells = [list(cell) for cell in sorted({tuple(place(step)) for step in steps.tolist()})]
    lost, back = (None if end is None else place(end) for end in ends)
    return {"row": "reception", "start": iso(t), "mmsi": [mmsi], "cells": cells, "lost_at": lost, "back_at": back}
