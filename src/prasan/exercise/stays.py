"""Where hulls lay still: at the berths of ports, at piers, at anchor, and whose word for it is not judged."""

from itertools import pairwise
from typing import Final

import numpy as np

from prasan.exercise.deed import Deed, sent
from prasan.exercise.fleet import Cast
from prasan.exercise.lanes import km
from prasan.exercise.track import AT_ANCHOR, Hull, Way

SHORT_S: Final = 60.0
"""A shorter halt is a turn of a voyage."""


def stays(cast: Cast) -> list[Deed]:
    """Every stay: a visit to the port it is at, else a stop. Which of both words fits is not judged near a port.

    Each is told under the number that was sent meanwhile.
    """
    seconds = cast.sea.seconds
    return [
        deed
        for hull in cast.hulls
        for first, end in _stays(hull, seconds)
        for a, b, number in sent(hull, max(first.t, 0.0), min(end, seconds))
        for deed in _deeds(cast, hull, number, first, (a, b))
    ]


def _deeds(cast: Cast, hull: Hull, number: int, first: Way, span: tuple[float, float]) -> list[Deed]:
    what = _where(cast, first)
    of = (what, (hull.mmsi,), (number,), *span)
    return [
        Deed("port_visit", *of, unjudged=what != "berthed"),
        Deed("stop", *of, unjudged=what in {"berthed", "in_the_roads"}),
    ]


def _where(cast: Cast, first: Way) -> str:
    """Where a hull lies: at a berth of a port, in its roads, at anchor elsewhere, or at a pier."""
    ports, draw = cast.setting.area.port, cast.draw
    if first.status == AT_ANCHOR:
        far = min(km(first.at, port.anchorage) for port in ports)
        return "in_the_roads" if far <= draw.of("observable", "roads_km") else "at_anchor"
    far = min(km(first.at, port.berth) for port in ports)
    return "berthed" if far <= draw.of("observable", "port_km") else "at_a_pier"


def _stays(hull: Hull, seconds: float) -> list[tuple[Way, float]]:
    """Where and from when a hull lies at one point, and until when; before its first way and after its last it does."""
    ways = [Way(min(hull.ways[0].t, 0.0) - 1.0, hull.ways[0].at, hull.ways[0].status), *hull.ways]
    ways.append(Way(max(hull.ways[-1].t, seconds) + 1.0, hull.ways[-1].at, hull.ways[-1].status))
    edges = [number for number, (a, b) in enumerate(pairwise(ways), 1) if a.at != b.at]
    found = []
    for begin, end in pairwise([0, *edges, len(ways)]):
        first, last = ways[begin], ways[end - 1]
        if last.t - first.t > SHORT_S and last.t > 0 and first.t < seconds:
            found.append((first, float(np.clip(last.t, 0.0, seconds))))
    return found
