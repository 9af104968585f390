"""What other rules would change, found by the comparison that publishes events."""

import fleet
import msgspec

from prasan.detect.diff import count, differences, unmoved
from prasan.detect.life import compare
from prasan.detect.rules import PRASAN, apply_settings, preset
from prasan.detect.run import detect
from prasan.picture.finding import Finding
from prasan.picture.marking import PUBLIC


def found(*settings: str) -> list[Finding]:
    """Two silences of one ship: of seven hours, open to every rule, and of ten."""
    hours = [*fleet.every(10, 0, 6), *fleet.every(10, 13, 16), *fleet.every(10, 26, 27)]
    rows = fleet.table(fleet.sail(fleet.SHIP, hours, 8.0, 102.0))
    rules = apply_settings(preset(PRASAN), settings)
    return detect(rows, None, rules, fleet.world(), kinds=["gap"]).findings


def all_of(_: Finding) -> bool:
    return True


def test_the_same_rules_change_nothing() -> None:
    assert differences(found(), found(), all_of) == []
    assert count([]) == {"opened": {}, "withdrawn": {}, "changed": {}}


def test_a_longer_least_silence_withdraws_the_shorter() -> None:
    (one,) = differences(found(), found("gap.min_h=8"), all_of)
    assert (one.sort, one.after.state, one.after.finding.end) == ("withdrawn", "withdrawn", found()[0].end)
    assert count([one])["withdrawn"] == {"gap": 1}


def test_a_shorter_one_opens_it_again() -> None:
    (one,) = differences(found("gap.min_h=8"), found(), all_of)
    assert (one.sort, one.before, one.after.finding.key) == ("opened", None, found()[0].key)


def test_that_only_numbers_of_the_rule_differ_is_no_change() -> None:
    assert differences(found(), found("gap.near_km=29"), all_of) == []


def test_another_class_is_a_change() -> None:
    before = found()
    after = [msgspec.structs.replace(one, gap_class="dark", confidence="high") for one in before]
    changes = differences(before, after, all_of)
    assert [one.sort for one in changes] == ["changed", "changed"]
    assert changes[0].before is not None
    assert changes[0].before.finding.gap_class != changes[0].after.finding.gap_class


def test_what_is_no_event_by_either_is_not_said() -> None:
    assert differences(found(), found("gap.min_h=8")) == [], "neither is dark or suspicious"


def test_events_found_alike_by_another_version_stay_as_they_are() -> None:
    held = {one.finding.key: one for one in compare({}, found(), lambda _: PUBLIC, 1, all_of)}
    again = unmoved(held, found("gap.near_km=29"))
    assert [one.rule.thresholds["near_km"] for one in again] == [30, 30]
    assert compare(held, again, lambda _: PUBLIC, 2, all_of) == []
