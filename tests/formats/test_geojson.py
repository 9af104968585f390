import contextlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.errors import FormatError
from prasan.formats.geojson import read_drawing

SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]


def feature(kind: str, coordinates: object, name: str | None = None) -> dict[str, object]:
    properties = {"name": name} if name else None
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def test_polygons_become_areas_and_points_ports() -> None:
    shapes = [
        feature("Polygon", [SQUARE], "reserve"),
        feature("MultiPolygon", [[SQUARE], [SQUARE]]),
        feature("Point", [100.9, 13.1, 5.0], "pier"),
        feature("MultiPoint", [[1, 2], [3, 4]]),
        feature("LineString", SQUARE),
        {"type": "Feature", "properties": {}, "geometry": None},
    ]
    drawing = read_drawing(orjson.dumps({"type": "FeatureCollection", "features": shapes}), "chart")
    assert [(name, len(polygons)) for name, polygons in drawing.areas] == [("reserve", 1), ("chart", 2)]
    assert drawing.points == [(13.1, 100.9), (2.0, 1.0), (4.0, 3.0)]
    assert drawing.passed == 1


def test_bare_shapes_and_collections_are_read_too() -> None:
    bare = {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [SQUARE]}]}
    assert [name for name, _ in read_drawing(orjson.dumps(bare), "chart").areas] == ["chart"]


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[]", b"1", b'{"type":"Polygon"}', b'{"type":"Feature","geometry":7}',
        b'{"type":"Polygon","coordinates":[[["a",1],[2,3],[4,5]]]}', b'{"type":"Point","coordinates":[13,100]}',
        b'{"type":"FeatureCollection","features":null}', b'{"type":"Point","coordinates":[]}',
    ],
)  # fmt: skip
def test_what_is_no_geojson_is_refused_by_the_name_of_its_file(text: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        read_drawing(text, "chart")
    assert "chart" in str(caught.value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["Polygon", "Point"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "features", "geometry", "coordinates", "properties"]), inner)
    ),
)


@given(JSON | st.fixed_dictionaries({"type": st.sampled_from(["Polygon", "MultiPoint"]), "coordinates": JSON}))
def test_any_json_is_read_or_refused(value: object) -> None:
    with contextlib.suppress(FormatError):
        read_drawing(orjson.dumps(value), "chart")
