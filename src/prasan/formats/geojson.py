"""GeoJSON as people draw it: polygons that become zones, points that become ports (RFC 7946).

What is neither is counted, not refused: charts are full of lines and labels.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import numpy as np
import orjson

from prasan.errors import FormatError

MAX_CORNERS: Final = 1_000_000
"""Corners in one file, at most: every country's waters in fine detail have fewer."""

Polygon = list[Any]
"""A ring and its holes, each n x 2: longitude, latitude."""


class Drawing(msgspec.Struct, frozen=True):
    """`areas` are names with their polygons; `points` are latitude and longitude; `passed` counts other shapes."""

    areas: list[tuple[str, list[Polygon]]]
    points: list[tuple[float, float]]
    passed: int = 0


def read_drawing(raw: bytes, where: str) -> Drawing:
    """The shapes of a GeoJSON text. A polygon is named by its `name`, or else `where`. FormatError says why not."""
    try:
        return _drawing(orjson.loads(raw), where)
    except orjson.JSONDecodeError as error:
        raise FormatError(f"'{where}' is not JSON: {error}", "Write it as GeoJSON (RFC 7946).") from None
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
        raise FormatError(
            f"'{where}' holds a shape that GeoJSON does not have", "Write it as GeoJSON (RFC 7946)."
        ) from None


def _drawing(top: Any, where: str) -> Drawing:
    areas: list[tuple[str, list[Polygon]]] = []
    points: list[tuple[float, float]] = []
    passed = corners = 0
    for name, shape in _shapes(top, where):
        kind = shape["type"]
        if kind in ("Polygon", "MultiPolygon"):
            polygons = [shape["coordinates"]] if kind == "Polygon" else shape["coordinates"]
            areas.append((name, [[_corners(ring) for ring in polygon] for polygon in polygons]))
            corners += sum(len(ring) for polygon in areas[-1][1] for ring in polygon)
            if corners > MAX_CORNERS:
                raise FormatError(f"'{where}' has more than {MAX_CORNERS:,} corners", "Simplify it or cut it in two.")
        elif kind in ("Point", "MultiPoint"):
            places = _corners([shape["coordinates"]] if kind == "Point" else shape["coordinates"])
            points += [(lat, lon) for lon, lat in places.tolist()]
        else:
            passed += 1
    if any(not (abs(lat) <= 90 and abs(lon) <= 180) for lat, lon in points):
        raise FormatError(f"'{where}' has a point outside the world", "Write longitude first, then latitude.")
    return Drawing(areas, points, passed)


def _shapes(top: Any, where: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Every geometry with its name, of a feature collection, a feature or a bare geometry."""
    features = top["features"] if top["type"] == "FeatureCollection" else [top]
    for feature in features:
        is_feature = feature["type"] == "Feature"
        name = (feature.get("properties") or {}).get("name") if is_feature else None
        shape = feature["geometry"] if is_feature else feature
        if shape is None:
            continue
        members = shape["geometries"] if shape["type"] == "GeometryCollection" else [shape]
        for member in members:
            yield str(name) if name else where, member


def _corners(ring: Any) -> Any:
    corners = np.array([(float(corner[0]), float(corner[1])) for corner in ring], np.float64).reshape(-1, 2)
    if not np.isfinite(corners).all():
        raise ValueError
    return corners
