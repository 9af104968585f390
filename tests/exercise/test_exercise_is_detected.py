"""The whole chain on the shipped exercise: what is meant to be found is found, and nothing else."""

from pathlib import Path

import prasan
from prasan.detect.rules import PRASAN, preset
from prasan.detect.run import detect
from prasan.exercise.player import play
from prasan.feeds.reference import load_scenario, read_area, reference_world, world_of
from prasan.picture.finding import ALERTING

DEMO = Path(prasan.__file__).parent / "data" / "demo"


def test_exactly_the_gap_and_the_meeting_are_found() -> None:
    script = load_scenario("gulf-andaman")
    made = play(script, "exercise gulf-andaman")
    outcome = detect(made.positions, made.statics, preset(PRASAN), reference_world())
    names = {vessel.mmsi: vessel.name for vessel in script.vessels()}
    said = [one for one in outcome.findings if one.kind in ALERTING and not one.excluded]
    found = {(one.kind, frozenset(names[mmsi] for mmsi in one.mmsi)) for one in said}
    assert found == {
        ("gap", frozenset({"EX DARK HERON"})),
        ("encounter", frozenset({"EX NET HARVEST", "EX COLD CARRIER"})),
    }
    assert outcome.counts["excluded"]["encounter"] == {"pilot_or_tug": 2}
    assert outcome.counts["class"] == {"dark": 1}, "its neighbours were heard while it was not"
    (gap,) = [one for one in outcome.findings if one.kind == "gap"]
    assert gap.evidence["hours"] > 8.9
    assert gap.evidence["neighbours"] >= 5
    assert all(one.sources == ("exercise gulf-andaman",) for one in outcome.findings)


def test_the_zone_of_the_exercise_is_entered_and_left_by_the_tanker() -> None:
    script = load_scenario("gulf-andaman")
    made = play(script, "exercise gulf-andaman")
    world = world_of([read_area(DEMO / "gulf-andaman.geojson")])
    outcome = detect(made.positions, made.statics, preset(PRASAN), world, kinds=["zone_entry"])
    (tanker,) = [vessel.mmsi for vessel in script.vessel if vessel.name == "EX DARK HERON"]
    (entry,) = [one for one in outcome.findings if one.mmsi == (tanker,)]
    assert (entry.evidence["zone"], entry.evidence["codes"]) == ("EX RESERVE", ["zone_entered", "zone_left"])
