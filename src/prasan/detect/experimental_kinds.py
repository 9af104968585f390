"""The experimental kinds with their kernels and messages; their rules are in `experimental`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from prasan.detect import cable_risk, draught_change, speed_anomaly, victim_manoeuvre
from prasan.picture.finding import Finding

ON_FIXES: Final[Mapping[str, Callable[..., tuple[list[Finding], Any]]]] = {
    "speed_anomaly": speed_anomaly.kernel,
    "cable_risk": cable_risk.kernel,
    "victim_manoeuvre": victim_manoeuvre.kernel,
}
ON_STATICS: Final[Mapping[str, Callable[..., tuple[list[Finding], Any]]]] = {"draught_change": draught_change.kernel}
"""Kernels by what they eat, as in `chain`."""

MESSAGES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "speed_anomaly": speed_anomaly.MESSAGES,
    "cable_risk": cable_risk.MESSAGES,
    "victim_manoeuvre": victim_manoeuvre.MESSAGES,
    "draught_change": draught_change.MESSAGES,
}
"""Kind -> message code -> the names in `evidence` that its sentence may use."""
