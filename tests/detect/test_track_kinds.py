"""Gap, duplicate identity, speed jump and invalid identity, each on the smallest traffic that shows it."""

import fleet
import msgspec

from prasan.detect.rules import PRASAN, preset
from prasan.detect.run import Outcome, detect
from prasan.exercise.player import static_table
from prasan.picture.world import World

RULES = preset(PRASAN)


def run(rows: list[fleet.Row], world: World | None = None, upto: int | None = None) -> Outcome:
    return detect(fleet.table(rows), None, RULES, world or fleet.world(), upto)


def test_gap_of_a_regular_ship_is_found_with_its_evidence() -> None:
    rows = fleet.sail(fleet.SHIP, [*fleet.every(10, 0, 6), *fleet.every(10, 14, 16)], 8.0, 102.0)
    outcome = run(rows)
    (gap,) = outcome.findings
    assert (gap.kind, gap.gap_class, gap.reason) == ("gap", "unknown", "reception_unknown")
    assert gap.evidence["hours"] == round((gap.end - gap.start) / 3600, 2) if gap.end else False
    assert gap.evidence["before_count"] == 14
    assert gap.evidence["last_sog_kn"] == 8.0  # derived from the track
    assert outcome.counts["found"]["gap"] == 1
    assert outcome.counts["class"] == {"unknown": 1}


def test_gap_after_too_few_positions_is_not_assessable_and_counted() -> None:
    rows = fleet.sail(fleet.SHIP, [*fleet.every(60, 0, 6), 14.0], 8.0, 102.0)
    outcome = run(rows)
    assert outcome.findings == []
    assert outcome.counts["not_assessable"] == {"gap": {"few_positions_before": 1}}


def test_gap_stays_open_at_the_watermark_and_stations_are_passed_over() -> None:
    regular = fleet.every(10, 0, 6)
    rows = fleet.sail(fleet.SHIP, regular, 8.0, 102.0) + fleet.sail(5_670_001, regular, 8.0, 103.0, 0.0)
    outcome = run(rows, upto=fleet.DAY + 13 * 3600)
    (gap,) = [one for one in outcome.findings if one.kind == "gap"]
    assert gap.mmsi == (fleet.SHIP,)
    assert gap.end is None
    assert run(rows, upto=fleet.DAY + 11 * 3600).counts["found"]["gap"] == 0


def test_records_years_apart_make_no_gap_between_them() -> None:
    rows = fleet.sail(fleet.SHIP, fleet.every(10, 0, 6), 8.0, 102.0)
    rows += [(mmsi, t + 900 * 86400, lat, lon) for mmsi, t, lat, lon in rows]
    assert run(rows).findings == []


def test_two_hulls_on_one_number_are_a_duplicate_and_explain_the_jumps() -> None:
    rows = fleet.sail(fleet.SHIP, fleet.every(20, 0, 20), 8.0, 102.0)
    rows += fleet.sail(fleet.SHIP, fleet.every(33, 0, 20), -30.0, 20.0)
    outcome = run(rows)
    assert {kind: count for kind, count in outcome.counts["found"].items() if count} == {"duplicate_identity": 1}
    assert outcome.counts["excluded"] == {"speed_jump": {"duplicate_identity": 1}}
    (shared,) = [one for one in outcome.findings if one.kind == "duplicate_identity"]
    assert shared.evidence["emitters_count"] == 2
    assert shared.confidence == "high"
    assert len(shared.fixes) == 2


def test_steps_that_a_hull_can_make_prove_no_second_hull() -> None:
    place = {**dict.fromkeys(range(10), 9.0), **dict.fromkeys(range(10, 16), 8.0)}  # displaced until the tenth fix
    rows = [(fleet.SHIP, fleet.DAY + 600 * n + 7, lat, 102.0) for n, lat in place.items()]
    later = [(40.0, 8.5), (40.2, 8.5), (52.0, 8.1), (52.2, 8.1), (64.0, 8.9), (64.2, 8.9), (76.0, 8.1)]
    rows += [(fleet.SHIP, fleet.DAY + int(hour * 3600) + 7, lat, 102.0) for hour, lat in later]
    found = [one for one in run(rows).findings if one.kind in {"duplicate_identity", "speed_jump"}]
    assert [(one.kind, one.excluded) for one in found] == [("speed_jump", None)]


def test_one_wild_position_is_a_jump_and_no_duplicate() -> None:
    rows = fleet.sail(fleet.SHIP, fleet.every(20, 0, 20), 8.0, 102.0)
    rows.append((fleet.SHIP, fleet.DAY + 30_007, 48.0, -30.0))
    outcome = run(rows)
    (jump,) = outcome.findings
    assert (jump.kind, jump.excluded, jump.evidence["jumps_count"]) == ("speed_jump", None, 2)
    assert jump.evidence["implied_kn"] >= 50


def test_minute_stamps_do_not_make_jumps() -> None:
    exact = [(fleet.SHIP, fleet.DAY + 10 * n, 8.0 + n * 10 * 20 / 3600 / 60, 102.0) for n in range(600)]
    cut = [(mmsi, t // 60 * 60, lat, lon) for mmsi, t, lat, lon in exact]
    assert run(cut).findings == []


def test_numbers_that_cannot_be_are_named_once() -> None:
    hours = fleet.every(30, 0, 5)
    rows = fleet.sail(123_456_789, hours, 1.0, 99.0) + fleet.sail(299_000_001, hours, 2.0, 99.0)
    rows += fleet.sail(fleet.SHIP, hours, 3.0, 99.0) + fleet.sail(111_111_111, hours[:2], 4.0, 99.0)
    world = msgspec.structs.replace(fleet.world(), imos={fleet.SHIP: 9_074_728})
    reasons = {one.mmsi[0]: (one.reason, one.confidence) for one in run(rows, world).findings}
    assert reasons == {
        123_456_789: ("mmsi_form", "high"),
        299_000_001: ("mid_unknown", "medium"),
        fleet.SHIP: ("imo_check_digit", "low"),
    }


def test_statics_tell_types_and_imo_numbers_last_said_and_not_zero() -> None:
    rows = fleet.sail(fleet.SHIP, fleet.every(30, 0, 5), 3.0, 99.0)
    said = static_table({"t": [1, 3, 2], "mmsi": [fleet.SHIP] * 3, "imo": [9_074_728, 0, 9_074_729]}, "test")
    outcome = detect(fleet.table(rows), said, RULES, fleet.world())
    assert outcome.findings == []
    wrong = static_table({"t": [1, 3], "mmsi": [fleet.SHIP] * 2, "imo": [9_074_729, 9_074_728]}, "test")
    outcome = detect(fleet.table(rows), wrong, RULES, fleet.world())
    assert [one.reason for one in outcome.findings] == ["imo_check_digit"]
