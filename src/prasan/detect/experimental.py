"""Rules of the experimental kinds: off unless asked for by name, with numbers of our own that nothing has confirmed."""

from typing import Final

from prasan.picture.finding import Rule

_OWN: Final = "experimental: off by default, thresholds are proposals without published accuracy"

EXPERIMENTAL: Final[dict[str, Rule]] = {
    "speed_anomaly": Rule(
        "speed_anomaly",
        1,
        "prasan",
        {"over_share": 1.6, "min_h": 0.5, "hole_h": 0.5},
        (_OWN, "the speeds of a type are RTEC's; types it has none for are passed over"),
    ),
    "draught_change": Rule(
        "draught_change",
        1,
        "prasan",
        {"change_m": 1, "change_share": 0.1, "port_km": 10},
        (_OWN, "whether a port was visited between the two values is asked of the last place only"),
    ),
    "cable_risk": Rule(
        "cable_risk",
        1,
        "prasan",
        {"slow_kn": 1, "min_h": 0.35, "hole_h": 1, "port_km": 3},
        (_OWN, "slow vessels over a cable only; a drop of speed while crossing it is lacking"),
    ),
    "victim_manoeuvre": Rule(
        "victim_manoeuvre",
        1,
        "prasan",
        {"turn_deg": 30, "step_kn": 5, "least_kn": 8, "turns_count": 3, "window_h": 0.5, "port_km": 20},
        (_OWN, "cargo ships and tankers only; incident reports are not asked"),
    ),
}
"""Kind -> rule, the same in every preset."""

EXPERIMENTAL_RANGES: Final[dict[str, tuple[float, float]]] = {
    "over_share": (1, 10), "change_m": (0.1, 20), "change_share": (0, 1), "slow_kn": (0.1, 10), "turn_deg": (5, 180),
    "step_kn": (0.5, 50), "least_kn": (0.5, 50), "turns_count": (1, 100),
}  # fmt: skip
"""What each threshold of these rules may be set to."""
