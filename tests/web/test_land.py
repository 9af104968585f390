"""The land of the chart: every ring where most of it lies, every lake within its land."""

import json
from pathlib import Path

import prasan.web

LAND = Path(prasan.web.__file__).parent / "static" / "land.geojson"


def span(ring: list[list[float]]) -> tuple[float, float]:
    """From west to east."""
    return min(x for x, _ in ring), max(x for x, _ in ring)


def test_rings_lie_in_one_world_and_lakes_within_their_land() -> None:
    polygons = [feature["geometry"]["coordinates"] for feature in json.loads(LAND.read_text())["features"]]
    assert len(polygons) > 1000
    for outer, *lakes in polygons:
        west, east = span(outer)
        assert -180 <= (west + east) / 2 <= 180
        assert all(west <= first and last <= east for first, last in map(span, lakes))
