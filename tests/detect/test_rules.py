import pytest

from prasan.detect.rules import GFW, PRASAN, PRESETS, RANGES, apply_settings, preset
from prasan.errors import UsageError


def test_a_setting_changes_one_threshold_of_one_rule() -> None:
    rules = apply_settings(preset(PRASAN), ["encounter.port_km=0", "gap.min_h=4.5"])
    assert rules["encounter"].thresholds["port_km"] == 0
    assert rules["gap"].thresholds["min_h"] == 4.5
    assert preset(PRASAN)["encounter"].thresholds["port_km"] == 10


@pytest.mark.parametrize(
    ("setting", "names"),
    [
        ("encounter.port=0", "port_km"),
        ("meeting.port_km=0", "duplicate_identity"),
        ("encounter.port_km=near", "encounter.port_km=10"),
        ("encounter.port_km=nan", "range"),
        ("encounter.port_km=500", "range"),
        ("encounter.port_km", "RULE.NAME=VALUE"),
        ("=", "RULE.NAME=VALUE"),
    ],
)
def test_a_wrong_setting_is_told_what_is_right(setting: str, names: str) -> None:
    with pytest.raises(UsageError) as caught:
        apply_settings(preset(PRASAN), [setting])
    assert names in caught.value.remedy


def test_presets_are_named_and_all_defaults_lie_in_range() -> None:
    with pytest.raises(UsageError):
        preset("nobody")
    assert set(PRESETS) == {PRASAN, GFW, "skylight"}
    for name in PRESETS:
        for kind, rule in PRESETS[name].items():
            assert (rule.id, rule.preset) == (kind, name)
            for threshold, value in rule.thresholds.items():
                low, high = RANGES[threshold]
                assert low <= value <= high
