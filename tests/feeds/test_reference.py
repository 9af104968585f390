import pytest

from prasan.errors import UsageError
from prasan.feeds.reference import load_scenario, reference_world, scenario_names


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
