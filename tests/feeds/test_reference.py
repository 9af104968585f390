from pathlib import Path

import numpy as np
import orjson
import pytest

from prasan.errors import FormatError, UsageError
from prasan.feeds.reference import load_scenario, read_areas, reference_world, scenario_names, world_of
from prasan.picture.shore import LIMIT_M


def test_the_shipped_world_knows_ports_and_flags() -> None:
    world = reference_world()
    laem_chabang, mid_gulf = (13.07, 100.88), (9.5, 101.8)
    near = world.ports.nearest_m([laem_chabang[0], mid_gulf[0]], [laem_chabang[1], mid_gulf[1]])
    assert near[0] < 10_000 < near[1]
    assert [world.flag(mid * 1_000_000) for mid in (567, 338, 219, 503, 229)] == ["TH", "US", "DK", "AU", "MT"]
    assert all(len(flag) == 2 and flag.isupper() for flag in world.flags.values())
    assert len(world.digest) == 64
    assert reference_world() is world


def test_scenarios_are_found_by_name() -> None:
    assert "gulf-andaman" in scenario_names()
    assert load_scenario("gulf-andaman").name == "gulf-andaman"
    with pytest.raises(UsageError) as caught:
        load_scenario("../mid")
    assert "gulf-andaman" in caught.value.remedy


NM = 1852.0


def test_the_shipped_land_is_where_it_is() -> None:
    world = reference_world()
    land = [(14.0, 100.5), (-80.0, 0.0), (66.5, -179.0), (-89.99, 170.0), (71.0, 180.0)]
    sea = [(9.5, 101.8), (0.0, -30.0), (41.5, 51.0), (-60.0, 180.0), (-60.0, -180.0)]
    lat, lon = np.array(land + sea).T
    assert world.land.ground.holds(lat, lon).tolist() == [True] * len(land) + [False] * len(sea)
    metres = world.shore_m(lat, lon)
    assert metres[: len(land)].tolist() == [0.0] * len(land)
    assert (metres[len(land) :] > 60 * NM).all()
    assert metres[6] == np.inf  # mid-Atlantic
    assert 0 < world.shore_m([8.0], [102.0])[0] < LIMIT_M


def test_no_shore_runs_along_the_frame_of_the_map() -> None:
    """Where land is cut at 180 degrees, and at the bottom of the map, there is no coast."""
    coast = reference_world().land.coast
    assert coast.distance_m([68.0, -88.0], [180.0, 0.0])[0] > 30 * NM
    assert coast.distance_m([-88.0], [0.0])[0] == np.inf


def test_the_operators_zones_and_ports_are_part_of_the_world(tmp_path: Path) -> None:
    square = [[101.0, 9.0], [102.0, 9.0], [102.0, 10.0], [101.0, 10.0]]
    shapes = [
        {
            "type": "Feature",
            "properties": {"name": "reserve"},
            "geometry": {"type": "Polygon", "coordinates": [square]},
        },
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [101.8, 9.5]}},
    ]
    (tmp_path / "areas").mkdir()
    (tmp_path / "areas" / "own.geojson").write_bytes(orjson.dumps({"type": "FeatureCollection", "features": shapes}))
    (tmp_path / "areas" / "notes.txt").write_text("not a chart")
    world = world_of(read_areas(tmp_path / "areas"), frozenset({567_990_999}))
    assert world.zones.names == ("reserve",)
    assert world.zones.holds([9.5, 9.5], [101.5, 103.0]).tolist() == [True, False]
    assert world.ports.nearest_m([9.5], [101.8])[0] == 0
    assert world.own == {567_990_999}
    shipped = reference_world()
    assert len({world.digest, world_of(read_areas(tmp_path / "areas")).digest, shipped.digest}) == 3
    assert world_of(read_areas(tmp_path / "nothing")).digest == shipped.digest


def test_an_area_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.geojson").write_text("{")
    with pytest.raises(FormatError, match="broken"):
        read_areas(tmp_path)
