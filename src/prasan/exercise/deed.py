"""What happened, as a value, and where a hull is while it does."""

from itertools import pairwise

import msgspec
import numpy as np

from prasan.exercise.area import Point
from prasan.exercise.lanes import km
from prasan.exercise.track import Hull, where


class Deed(msgspec.Struct, frozen=True):
    """What happened between two seconds of the exercise. `hulls` by their own MMSI, `mmsi` as sent.

    `kind` is the kind of event it is, or that it merely looks like (`innocent`), or that it may be called or not
    (`unjudged`); `what` is the physical fact.
    """

    kind: str
    what: str
    hulls: tuple[int, ...]
    mmsi: tuple[int, ...]
    start: float
    end: float
    innocent: bool = False
    unjudged: bool = False


def adrift(hull: int, span: tuple[float, float], what: str) -> list[Deed]:
    """A hull drifts: it goes nowhere, its bow does not point where it goes, and whether it stopped is not judged."""
    facts = ("loitering", "drifting", "stop")
    return [Deed(kind, what, (hull,), (hull,), *span, unjudged=kind == "stop") for kind in facts]


def sent(hull: Hull, start: float, end: float) -> list[tuple[float, float, int]]:
    """The numbers that a hull sends between two seconds, in order of time: from, to, MMSI."""
    edges = sorted({start, end, *(edge for one in hull.as_mmsi for edge in one[:2] if start < edge < end)})
    spans = list(pairwise(edges)) or [(start, end)]
    return [(a, b, next((n for x, y, n in hull.as_mmsi if x <= a < y), hull.mmsi)) for a, b in spans]


def place(hull: Hull, t: float) -> Point:
    """Where a hull really is at a second."""
    lat, lon = where(hull, np.array([t]))
    return float(lat[0]), float(lon[0])


def moves(hull: Hull, t: float) -> bool:
    """Whether a hull is under way at a second."""
    return km(place(hull, t), place(hull, t + 600)) > 0.3


def sends(hull: Hull, start: float, end: float) -> bool:
    """Whether a hull is under way at `start` with its transmitter on until `end`."""
    return moves(hull, start) and not any(a < end and b > start for a, b in hull.off)
