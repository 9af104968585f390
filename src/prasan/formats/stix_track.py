"""Fewer points for the same track: Douglas and Peucker's cut with the distance taken at the same time.

Meratnia and de By, "Spatiotemporal compression techniques for moving point objects", EDBT 2004 (synchronised
Euclidean distance). A vessel that stops on a straight course keeps its stop, which the plain cut would lose.
"""

from collections.abc import Sequence
from math import cos, hypot, radians
from typing import Final

Point = tuple[int, float, float]
"""Seconds since 1970, latitude, longitude in degrees."""

METRES_PER_DEGREE: Final = 111_195.0
"""One degree of a great circle on a sphere of 6,371,008.8 m."""


def simplify(points: Sequence[Point], tolerance_m: float) -> list[Point]:
    """The points to keep, in order; first and last always. ValueError for no points."""
    if not points:
        raise ValueError("a track needs a point")
    keep = {0, len(points) - 1}
    todo = [(0, len(points) - 1)]
    while todo:
        first, last = todo.pop()
        worst, far = first, tolerance_m
        for i in range(first + 1, last):
            away = _away_m(points[first], points[i], points[last])
            if away > far:
                worst, far = i, away
        if worst != first:
            keep.add(worst)
            todo += [(first, worst), (worst, last)]
    return [points[i] for i in sorted(keep)]


def _away_m(a: Point, p: Point, b: Point) -> float:
    """How far `p` is from where the straight line from `a` to `b` is at `p`'s time, in metres."""
    share = (p[0] - a[0]) / (b[0] - a[0]) if b[0] > a[0] else 0.0
    north = p[1] - (a[1] + share * (b[1] - a[1]))
    east = turn(p[2] - a[2]) - share * turn(b[2] - a[2])
    return METRES_PER_DEGREE * hypot(north, east * cos(radians(p[1])))


def turn(degrees: float) -> float:
    """A difference of longitudes as the shorter way round, in [-180, 180)."""
    return (degrees + 180.0) % 360.0 - 180.0
