"""Rules as data: every threshold with its unit, the presets, and how a user sets one.

Sources: pipe-gaps, pipe-encounters, gpsdio-segment (Global Fishing Watch), Miller et al. 2018, Welch et al. 2022, and
our own choice where `differs` says so.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from prasan.detect.experimental import EXPERIMENTAL, EXPERIMENTAL_RANGES
from prasan.detect.movement_rules import MOVEMENT, MOVEMENT_RANGES, NO_ROADS, SKYLIGHT
from prasan.errors import UsageError
from prasan.picture.finding import Rule

Rules = Mapping[str, Rule]

PRASAN: Final = "prasan"
GFW: Final = "gfw"

_RECEPTION: Final = {
    "near_km": 30, "reach_km": 55, "rate_km": 15, "ahead_km": 6, "cover_h": 2, "learn_h": 168, "still_kn": 0.5,
    "berth_km": 3, "berth_kn": 5, "shore_km": 10, "place_count": 1, "last_count": 5, "last_h": 1.25,
    "steady_share": 1.1, "back_count": 5, "back_h": 0.125, "fast_kn": 9, "long_h": 12, "straight_share": 0.2,
    "calm_h": 7, "neighbours_count": 5, "heard_share": 0.75, "way_share": 0.75, "lost_share": 0.2,
    "silent_share": 0.05, "rate_count": 10, "begin_silent_share": 0.1, "begin_rate_count": 3,
    "both_heard_share": 0.5, "both_way_share": 0.5, "both_silent_share": 0.2, "calm_way_share": 1.0,
    "calm_silent_share": 0.05, "calm_rate_count": 15, "weak_steady_share": 2, "weak_neighbours_count": 3,
    "weak_silent_share": 0.1, "usual_count": 20, "usual_share": 0.1,
}  # fmt: skip
"""What the class of a gap asks for: see `reception_class`. Our own choice, tuned on the exercise's seeds 1-40,
101-160, 201-240 and 301-330, `calm_h` on 401-500. 55 km is where a ship of 10 knots may be in the middle of a silence
of six hours after which it is back."""

_ROADS: Final = {
    "others_count": 2, "others_km": 2, "apart_m": 150, "beside_share": 0.5, "slack_m": 16, "beside_count": 3,
    "still_kn": 0.3, "shore_nm": 24, "berth_km": 10,
}  # fmt: skip
"""What makes a place a road or a berth to `encounter`. Our own choice, tuned on the exercise's seeds 1-20. 24 nautical
miles is the breadth of the contiguous zone (UNCLOS article 33); 10 km from shore stands for ports not listed. 150 m is
more than the antennas of two ships of that length lie apart when the ships lie side by side; it is for hulls that never
said how large they are. For the others `beside` says how far the hulls allow: at least half of the shorter one beside
the longer one, and 16 m for fenders and receivers; three slots are half an hour, the least in which anything is handed
over, and more than noise makes near."""

PRESETS: Final[dict[str, dict[str, Rule]]] = {
    PRASAN: {
        "gap": Rule(
            "gap",
            4,
            PRASAN,
            {"min_h": 6, "before_count": 14, "before_h": 12, "feed_share": 0.5, "feed_count": 5, **_RECEPTION},
            (
                "only silence during which the feed was alive counts towards min_h: it heard half of what is usual",
                "a feed that hears fewer than five transmitters an hour is not judged, and its gaps stand",
            ),
        ),
        "encounter": Rule(
            "encounter",
            5,
            PRASAN,
            {
                "distance_m": 500, "min_h": 2, "median_kn": 2, "slot_kn": 5, "hole_h": 0.5, "silence_h": 2,
                "moved_km": 1, "port_km": 10, "inferred_share": 0.75, **_ROADS,
            },
            (
                "anchorages are also learnt from own traffic; ships held by the ground close to a shore are in port",
                "two held by the ground and never as near as hulls of their size are side by side did not meet",
                "positions are interpolated over silences up to 2 h (GFW: 1 h), so that hourly feeds can be used",
                "speed is made good over ten minutes",
                "more than half of the slots of any 2 h must be below 2 kn; GFW takes the median of the whole meeting",
                "ports and anchorages are the World Port Index and a part of GFW's anchorages",
                "no cut at midnight UTC",
                "two that both came there by a leap that no hull can make are displaced, and did not meet",
            ),
        ),
        "duplicate_identity": Rule(
            "duplicate_identity", 1, PRASAN, {"fixes_count": 3, "switches_count": 3, "quiet_h": 72}
        ),
        "speed_jump": Rule("speed_jump", 1, PRASAN, {"implied_kn": 50, "distance_km": 2, "quiet_h": 72}),
        "invalid_identity": Rule("invalid_identity", 1, PRASAN, {"fixes_count": 3}),
        "identity_change": Rule("identity_change", 1, PRASAN, {"seen_count": 3}),
        "spoofing": Rule(
            "spoofing",
            2,
            PRASAN,
            {
                "vessels_count": 3, "window_h": 1, "source_km": 120, "target_km": 20, "distance_km": 10,
                "implied_kn": 50, "quiet_h": 72, "fixes_count": 3, "circles_count": 2,
            },
            (
                "SeaSpoofFinder's two stages with numbers of our own: it states none",
                "vessels moved by the same way count too, not only those moved to the same place",
                "a new place must be an emitter of its own: a return to a known one is not a displacement",
            ),
        ),
        **MOVEMENT[PRASAN],
    },
    GFW: {
        "gap": Rule(
            "gap",
            4,
            GFW,
            {"min_h": 12, "before_count": 14, "before_h": 12, "feed_share": 0, "feed_count": 5, **_RECEPTION},
            (
                "the class comes of reception heard here and then; GFW takes a yearly layer of satellite reception",
                "whether the feed was alive is not asked (feed_share 0)",
                "the 14 positions before may be of any receiver; GFW counts those of satellites",
                "distance from shore is not asked",
                "emitters in the place of GFW's segments",
            ),
        ),
        "encounter": Rule(
            "encounter",
            2,
            GFW,
            {
                "distance_m": 500, "min_h": 2, "median_kn": 2, "slot_kn": 5, "hole_h": 4, "silence_h": 1,
                "moved_km": 0, "port_km": 10, "inferred_share": 1, **NO_ROADS,
            },
            (
                "more than half of the slots of any 2 h must be below 2 kn; GFW takes the median of the whole meeting",
                "slots faster than 5 kn end a run; GFW has no such limit",
                "ports and anchorages are the World Port Index and a part of GFW's anchorages",
                "no extrapolation beyond the last fix",
                "meetings around midnight UTC, which GFW's daily processing loses, are kept",
            ),
        ),
        **MOVEMENT[GFW],
    },
    SKYLIGHT: {
        "gap": Rule(
            "gap",
            4,
            SKYLIGHT,
            {"min_h": 6, "before_count": 1, "before_h": 12, "feed_share": 0, "feed_count": 5, **_RECEPTION},
            (
                "6 h is Skylight's; the class is not: it publishes none",
                "one position before is enough, and whether the feed was alive is not asked",
            ),
        ),
        **MOVEMENT[SKYLIGHT],
    },
}  # fmt: skip
"""Preset -> kind -> rule. A preset holds the kinds that its author publishes a rule for."""

RANGES: Final[dict[str, tuple[float, float]]] = {
    "min_h": (0.25, 720), "before_count": (1, 100), "before_h": (0.5, 168), "feed_share": (0, 1),
    "feed_count": (1, 100_000), "near_km": (1, 100), "reach_km": (1, 200), "cover_h": (0.25, 24), "learn_h": (24, 2160),
    "still_kn": (0, 3), "berth_km": (0, 20), "berth_kn": (0, 50), "place_count": (1, 100),
    "rate_km": (1, 100), "ahead_km": (1, 50),
    "shore_km": (0, 100), "last_count": (1, 100), "last_h": (0, 24), "steady_share": (0, 100),
    "back_count": (1, 100), "back_h": (0, 2), "long_h": (0, 720), "straight_share": (0, 1),
    "rate_count": (0, 100_000), "begin_rate_count": (0, 100_000), "begin_silent_share": (0, 1),
    "neighbours_count": (1, 1000), "heard_share": (0, 1),
    "way_share": (0, 1), "lost_share": (0, 1), "silent_share": (0, 1),
    "fast_kn": (0, 50), "calm_h": (0, 720), "both_heard_share": (0, 1), "both_way_share": (0, 1),
    "both_silent_share": (0, 1), "calm_way_share": (0, 1), "calm_silent_share": (0, 1),
    "calm_rate_count": (0, 100_000),
    "weak_steady_share": (0, 100),
    "weak_neighbours_count": (1, 1000), "weak_silent_share": (0, 1),
    "usual_count": (1, 100_000), "usual_share": (0, 1),
    "distance_m": (10, 20_000),
    "median_kn": (0.1, 20), "slot_kn": (0.1, 30), "hole_h": (0, 24), "silence_h": (0.2, 24), "moved_km": (0, 100),
    "port_km": (0, 20), "fixes_count": (1, 1000), "switches_count": (1, 1000), "quiet_h": (1, 720),
    "seen_count": (1, 100), "vessels_count": (2, 1000), "window_h": (0.25, 24), "source_km": (1, 500),
    "target_km": (1, 500), "circles_count": (2, 1000), **EXPERIMENTAL_RANGES,
    "implied_kn": (25, 100_000), "distance_km": (0.5, 20_000),
    "others_count": (0, 1000), "others_km": (0.1, 20), "apart_m": (0, 20_000), "inferred_share": (0, 1),
    "beside_share": (0, 1), "slack_m": (0, 500), "beside_count": (1, 1000),
    **MOVEMENT_RANGES,
}  # fmt: skip
"""What each threshold may be set to. `port_km` ends where the search for a near port ends; `feed_share` 0 is off."""


def preset(name: str, also: Iterable[str] = ()) -> dict[str, Rule]:
    """The rules of a preset by kind, and those experimental ones that are asked for. UsageError for another preset."""
    if name not in PRESETS:
        raise UsageError(f"there is no preset '{name}'", f"Use one of: {', '.join(PRESETS)}.")
    return PRESETS[name] | {kind: EXPERIMENTAL[kind] for kind in also if kind in EXPERIMENTAL}


def apply_settings(rules: Rules, settings: Iterable[str]) -> dict[str, Rule]:
    """Rules with `RULE.NAME=VALUE` settings put in. UsageError names what is valid."""
    result = dict(rules)
    for setting in settings:
        kind, name, value = _parse(setting, result)
        rule = result[kind]
        changed = {**rule.thresholds, name: value}
        result[kind] = msgspec.structs.replace(rule, thresholds=changed)
    return result


def _parse(setting: str, rules: Rules) -> tuple[str, str, float]:
    left, equals, text = setting.partition("=")
    kind, _, name = left.strip().partition(".")
    if not equals or not name:
        raise UsageError(f"'{setting}' is not a setting", "Write RULE.NAME=VALUE, for example encounter.port_km=0.")
    if kind not in rules:
        raise UsageError(f"there is no rule '{kind}' in this preset", f"Use one of: {', '.join(sorted(rules))}.")
    thresholds = rules[kind].thresholds
    if name not in thresholds:
        raise UsageError(f"the rule '{kind}' has no threshold '{name}'", f"Use one of: {', '.join(thresholds)}.")
    try:
        value = float(text)
    except ValueError:
        raise UsageError(
            f"'{text}' is not a number", f"Write for example {kind}.{name}={thresholds[name]:g}."
        ) from None
    low, high = RANGES[name]
    if not low <= value <= high:
        raise UsageError(f"{kind}.{name} must be from {low:g} to {high:g}, not {text}", "Choose a value in that range.")
    return kind, name, value
