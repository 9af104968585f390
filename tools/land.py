"""Make `static/land.geojson` from a Natural Earth land TopoJSON (npm `world-atlas` 2.0.2, `land-50m.json`).

    python3 tools/land.py land-50m.json src/prasan/web/static/land.geojson

Natural Earth is in the public domain. Coordinates are rounded to 0.01 degree (about 1 km), finer than the 1:50m
drawing itself, and islands that shrink to less than a triangle are left out.
"""

import itertools
import json
import sys
from pathlib import Path
from typing import Any

DIGITS = 2

Ring = list[list[float]]


def arcs_of(topology: dict[str, Any]) -> list[list[tuple[float, float]]]:
    """Undo the delta coding and the integer grid (TopoJSON specification, section 2.1)."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    return [
        [(x * sx + tx, y * sy + ty) for x, y in itertools.accumulate(arc, lambda a, b: (a[0] + b[0], a[1] + b[1]))]
        for arc in topology["arcs"]
    ]


def ring(indices: list[int], arcs: list[list[tuple[float, float]]]) -> Ring:
    """Join arcs; a negative index is the arc ~index backwards; shared end points are written once."""
    points: list[tuple[float, float]] = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points.extend(arc[1:] if points else arc)
    rounded = [[round(x, DIGITS), round(y, DIGITS)] for x, y in unwrapped(points)]
    return [point for point, _ in itertools.groupby(rounded)]


def unwrapped(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A ring that crosses the 180° meridian goes on beyond it, from where most of it lies; one around a pole cannot."""
    turns = [round((x - before) / 360) for (before, _), (x, _) in itertools.pairwise(points)]
    shifts = [0, *itertools.accumulate(turns)]
    if shifts[-1] != 0:
        return points
    whole = [(x - 360 * shift, y) for (x, y), shift in zip(points, shifts, strict=True)]
    middle = (min(x for x, _ in whole) + max(x for x, _ in whole)) / 2
    return [(x - 360 * round(middle / 360), y) for x, y in whole]


def polygons(geometry: dict[str, Any], arcs: list[list[tuple[float, float]]]) -> list[list[Ring]]:
    """Every polygon of a geometry with the rings that are still rings."""
    if geometry["type"] == "GeometryCollection":
        return [p for part in geometry["geometries"] for p in polygons(part, arcs)]
    shapes = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    made = [[r for r in (ring(indices, arcs) for indices in shape) if len(r) >= 4] for shape in shapes]
    return [polygon for polygon in made if polygon]


def _feature(polygon: list[Ring]) -> dict[str, Any]:
    return {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": polygon}}


def main(source: str, target: str) -> None:
    """Convert one file."""
    topology = json.loads(Path(source).read_text(encoding="utf-8"))
    shapes = polygons(topology["objects"]["land"], arcs_of(topology))
    features = [_feature(polygon) for polygon in shapes]
    text = json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":"))
    Path(target).write_text(text.replace("},{", "},\n{") + "\n", encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
