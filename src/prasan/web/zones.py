"""The zones that the operator watches, as GeoJSON (RFC 7946) for the map."""

from collections.abc import Iterable

import orjson

from prasan.formats.geojson import Drawing


def zones_geojson(drawings: Iterable[Drawing]) -> bytes:
    """One feature a zone, with its name; points (ports) are left out."""
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": "MultiPolygon", "coordinates": polygons},
        }
        for drawing in drawings
        for name, polygons in drawing.areas
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features}, option=orjson.OPT_SERIALIZE_NUMPY)
