"""Pairs of ten-minute slots in which two vessels were near each other: what meetings are made of."""

from typing import Final

import numpy as np

from prasan.picture.sphere import Floats
from prasan.tracks.columns import Bools, Columns, Ints, Slots, no_slots
from prasan.tracks.sizes import Sides

INFERRED_S: Final = 3600
"""A slot between fixes farther apart than this is inferred rather than seen (GFW interpolates up to 1 h)."""


class Meets(Columns, frozen=True):
    """Pairs of slots at one instant within the distance, `a` before `b` by MMSI and emitter, and the metres between.

    `others` counts the other vessels that lay still around `a` then; `size_a` and `size_b`, n x 4, are what the two
    had said of their size by then (see `tracks.sizes`).
    """

    a: Slots
    b: Slots
    metres: Floats
    others: Ints
    size_a: Sides
    size_b: Sides


def no_meets() -> Meets:
    """An empty table."""
    sides = np.empty((0, 4), np.int16)
    return Meets(no_slots(), no_slots(), np.empty(0), np.empty(0, np.int64), sides, sides)


def pair_speed(meets: Meets) -> Floats:
    """The higher of both speeds in knots, n."""
    return np.maximum(meets.a.speed, meets.b.speed)


def inferred(meets: Meets) -> Bools:
    """Slots that rest on a line over a silence longer than `INFERRED_S`, n."""
    return np.asarray(np.maximum(meets.a.silence, meets.b.silence) > INFERRED_S)
