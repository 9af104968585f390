"""Ways along the sea lanes: the shortest path over the network, from a berth or an exit to another."""

import heapq
import itertools
import math
from collections import defaultdict
from typing import Final

import msgspec

from prasan.exercise.area import Area, Point, Port, Setting
from prasan.picture.sphere import EARTH_M

KM_PER_DEGREE: Final = math.radians(1.0) * EARTH_M / 1000
"""Kilometres in a degree of latitude."""

Graph = dict[Point, dict[Point, float]]
"""Node -> neighbours and the kilometres to each."""


Ways = dict[Point, dict[Point, Point]]
"""For the node of every place, what `shortest` finds from there."""


class Place(msgspec.Struct, frozen=True):
    """Where a voyage can begin or end: `way` leads from the node of the network to the place itself."""

    name: str
    node: Point
    way: tuple[Point, ...]
    port: Port | None = None


def km(a: Point, b: Point) -> float:
    """Kilometres between near points, on a plane: good to a part in a thousand over the legs of a voyage."""
    north = math.radians(b[0] - a[0])
    east = math.radians(b[1] - a[1]) * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.hypot(north, east) * EARTH_M / 1000


def shifted(at: Point, bearing: float, distance_km: float) -> Point:
    """The point at a bearing in degrees and a short distance."""
    degrees = math.degrees(distance_km * 1000 / EARTH_M)
    turn = math.radians(bearing)
    return at[0] + degrees * math.cos(turn), at[1] + degrees * math.sin(turn) / math.cos(math.radians(at[0]))


def bearing(a: Point, b: Point) -> float:
    """Degrees from north, on the plane of `km`."""
    east = (b[1] - a[1]) * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.degrees(math.atan2(east, b[0] - a[0])) % 360.0


def graph(setting: Setting) -> Graph:
    """The network of the setting's lanes; nodes are joined where lines share a point."""
    found: Graph = defaultdict(dict)
    for line in setting.lanes:
        for a, b in itertools.pairwise(line):
            found[a][b] = found[b][a] = km(a, b)
    return dict(found)


def places(area: Area, network: Graph) -> list[Place]:
    """The ports and exits of an area, each tied to the nearest node of the network."""
    ports = [
        Place(port.name, nearest(network, (*port.approach, port.berth)[0]), (*port.approach, port.berth), port)
        for port in area.port
    ]
    return ports + [Place("", nearest(network, point), (point,)) for point in area.exits]


def nearest(network: Graph, point: Point) -> Point:
    """The node of the network nearest to a point."""
    return min(network, key=lambda node: km(node, point))


def shortest(network: Graph, start: Point) -> dict[Point, Point]:
    """For every node that can be reached, the node before it on the shortest way from `start`."""
    before, queue, far = {start: start}, [(0.0, start)], {start: 0.0}
    while queue:
        gone, node = heapq.heappop(queue)
        for other, length in network[node].items():
            if gone + length < far.get(other, math.inf):
                far[other], before[other] = gone + length, node
                heapq.heappush(queue, (gone + length, other))
    return before


def between(ways: Ways, start: Place, end: Place) -> list[Point]:
    """The points of a voyage from one place to another; empty if the network does not join them."""
    before = ways[start.node]
    if end.node not in before:
        return []
    path = [end.node]
    while path[-1] != start.node:
        path.append(before[path[-1]])
    return [*start.way[::-1], *path[::-1], *end.way]
