"""Rules of the kinds that look at one vessel's motion, by preset, and the preset `skylight`.

Sources: pipe-loitering and anchorages_pipeline (Global Fishing Watch); RTEC maritime; Skylight's help pages
(skylight.helpjuice.com, allenai.atlassian.net). What is our own choice is said in `differs` or in the kind's file.
"""

from typing import Final

from prasan.picture.finding import Rule

SKYLIGHT: Final = "skylight"

NO_ROADS: Final = {
    "others_count": 0, "others_km": 2, "apart_m": 150, "beside_share": 0.5, "slack_m": 16, "beside_count": 3,
    "still_kn": 0.3, "shore_nm": 24, "berth_km": 0,
}  # fmt: skip
"""Neither roads nor berths are asked by `encounter`: no author of these presets publishes such a rule."""

_PORTS = "ports and anchorages are the World Port Index and a part of GFW's anchorages"
_VISIT: Final = {
    "entry_km": 3, "exit_km": 4, "stop_kn": 0.2, "go_kn": 0.5, "gap_h": 4, "least_certainty": 2,
}  # fmt: skip
"""anchorages_pipeline, anchorage_cfg.yaml: 3.0 and 4.0 km, 0.2 and 0.5 kn, 240 minutes; products use certainty >= 2."""


def _loitering(preset: str, min_h: float, shore_nm: float, line_h: float, *differs: str) -> Rule:
    common = (
        "a step between two fixes is shared out over the clock hours that it spans; GFW counts it where it ends",
        "distance from shore is the mean of that at the beginning and the end; GFW takes the mean over all positions",
        *differs,
    )
    limits = {"max_kn": 2, "min_h": min_h, "shore_nm": shore_nm, "hole_h": 4, "line_h": line_h}
    return Rule("loitering", 2, preset, limits, common)


MOVEMENT: Final[dict[str, dict[str, Rule]]] = {
    "prasan": {
        "stop": Rule("stop", 2, "prasan", {"radius_m": 250, "min_h": 1, "hole_h": 2, "bridge_h": 12, "port_km": 3}),
        "port_visit": Rule(
            "port_visit",
            1,
            "prasan",
            _VISIT,
            (_PORTS, "emitters in the place of GFW's segments"),
        ),
        "loitering": _loitering(
            "prasan",
            4,
            20,
            0.25,
            "over more than a quarter of an hour the reported speeds count too; GFW takes the line alone",
        ),
        "drifting": Rule(
            "drifting",
            2,
            "prasan",
            {
                "min_kn": 0.5,
                "max_kn": 5,
                "angle_deg": 40,
                "min_h": 0.5,
                "hole_h": 1,
                "fixes_count": 3,
                "port_km": 3,
            },
            ("RTEC takes 2.7 to 48.6 kn and no least duration",),
        ),
        "zone_entry": Rule("zone_entry", 2, "prasan", {"leave_h": 0.5, "displaced_h": 12}),
    },
    "gfw": {
        "port_visit": Rule("port_visit", 1, "gfw", _VISIT, (_PORTS, "emitters in the place of GFW's segments")),
        "loitering": _loitering("gfw", 1, 20, 4, "silences over 4 h are not bridged; GFW's segments break after a day"),
    },
    SKYLIGHT: {
        "encounter": Rule(
            "encounter",
            2,
            SKYLIGHT,
            {
                "distance_m": 250,
                "min_h": 0.5,
                "median_kn": 2,
                "slot_kn": 5,
                "hole_h": 0.5,
                "silence_h": 1,
                "moved_km": 0,
                "port_km": 0,
                "inferred_share": 1,
                **NO_ROADS,
            },
            (
                "Skylight publishes 250 m and more than 30 minutes, and no speed: 2 kn is GFW's",
                "the dark rendezvous, which a trained model finds for one vessel alone, is lacking",
                "which places Skylight leaves out is not published: none are (port_km 0)",
            ),
        ),
        "zone_entry": Rule(
            "zone_entry",
            1,
            SKYLIGHT,
            {"leave_h": 0.5, "displaced_h": 0},
            (
                "when a stay ends is not published: after half an hour outside",
                "stays may last longer than Skylight's 72 h, and areas be larger than its 1,000,000 square kilometres",
                "Skylight's speed range, a range of the user's own choice, is lacking",
            ),
        ),
    },
}
"""Preset -> kind -> rule. A kind is absent where its author publishes no rule for it."""

MOVEMENT_RANGES: Final[dict[str, tuple[float, float]]] = {
    "radius_m": (10, 20_000), "entry_km": (0.1, 20), "exit_km": (0.1, 20), "stop_kn": (0, 5), "go_kn": (0, 5),
    "gap_h": (0.5, 72), "least_certainty": (1, 4), "max_kn": (0.1, 20), "min_kn": (0, 20), "angle_deg": (1, 179),
    "shore_nm": (0, 100), "line_h": (0, 24), "bridge_h": (0, 72), "leave_h": (0, 72), "displaced_h": (0, 72),
}  # fmt: skip
"""What each threshold of these rules may be set to; ports are looked for within 20 km, the shore within 100 nm."""
