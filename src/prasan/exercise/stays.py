"""Where hulls lay still: at the berths of ports, at piers, at anchor, and whose word for it is not judged."""

from itertools import pairwise
from typing import Final

import numpy as np

from prasan.exercise.deed import Deed
from prasan.exercise.fleet import Cast
from prasan.exercise.lanes import km
from prasan.exercise.track import AT_ANCHOR, Hull, Way

SHORT_S: Final = 60.0
"""A shorter halt is a turn of a voyage."""


def stays(cast: Cast) -> list[Deed]:
    """Every stay: a visit to the port it is at, else a stop. Which of both words fits is not judged near a port."""
    seconds = cast.sea.seconds
    return [
        deed
        for hull in cast.hulls
        for first, end in _stays(hull, seconds)
        for deed in _deeds(cast, hull, first, (max(first.t, 0.0), min(end, seconds)))
    ]


def _deeds(cast: Cast, hull: Hull, first: Way, span: tuple[float, float]) -> list[Deed]:
    one = (hull.mmsi,)
    far = min(km(first.at, port.berth) for port in cast.setting.area.port)
    at_port = far <= cast.draw.of("observable", "port_km") and first.status != AT_ANCHOR
    what = "at_anchor" if first.status == AT_ANCHOR else "berthed" if at_port else "at_a_pier"
    return [
        Deed("port_visit", what, one, one, *span, unjudged=not at_port),
        Deed("stop", what, one, one, *span, unjudged=at_port),
    ]


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
