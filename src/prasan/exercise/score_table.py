"""The report of `score` as a table of plain text, with the lines it is meant to reach."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

LINES: Final[Mapping[str, float]] = {
    "encounter": 0.97, "duplicate_identity": 0.97, "identity_change": 0.9, "spoofing": 0.9, "zone_entry": 0.97,
    "speed_jump": 0.97,
}  # fmt: skip
"""Kind -> the F1 that it is meant to reach."""

GAP: Final = (0.95, 0.85)
"""Precision and recall that gaps of class dark are meant to reach."""

HEAD: Final = (
    f"{'kind':20}{'events':>8}{'truth':>7}{'seen':>6}{'matched':>9}{'precis.':>9}{'recall':>8}{'all':>8}{'F1':>8}  line"
)
RATES: Final = (
    f"{'stated up to':14}{'silences':>9}{'on':>6}{'off':>6}{'periods':>9}{'stated':>9}{'bound':>8}{'observed':>10}"
)


def table(report: Mapping[str, Any]) -> list[str]:
    """Lines of text: a row a kind, false alerts, the top of each day, and calibration."""
    return [
        f"{report['runs']} runs, {report['vessel_days']:g} vessel-days",
        "",
        HEAD,
        *(_row(kind, one) for kind, one in report["kinds"].items()),
        "",
        f"alerts {report['alerts']}, false {report['false_alerts']}; not judged {report['not_judged']}",
        f"false alerts per 1,000 vessel-days: {_number(report['false_alerts_per_1000_vessel_days'])}",
        f"precision of the first {report['top_a_day']} alerts a day: {_number(report['top_a_day_precision'])}",
        *(f"false {kind}: {what} {number}" for kind, what, number in _causes(report)),
        "",
        *_calibration(report["calibration"]),
    ]


def _row(kind: str, one: Mapping[str, Any]) -> str:
    counts = f"{one['events']:8}{one['truth']:7}{one['observable']:6}{one['matched']:9}"
    shares = f"{_number(one['precision']):>9}" + "".join(
        f"{_number(one[name]):>8}" for name in ("recall", "recall_all", "f1")
    )
    return f"{kind:20}{counts}{shares}  {_reached(kind, one)}".rstrip()


def _reached(kind: str, one: Mapping[str, Any]) -> str:
    if kind == "gap":
        wanted = (("precision", GAP[0]), ("recall", GAP[1]))
        short = [name for name, least in wanted if one[name] is not None and one[name] < least]
        return f"precision {GAP[0]:g}, recall {GAP[1]:g}: " + (f"short in {', '.join(short)}" if short else "reached")
    if kind not in LINES:
        return ""
    if not one["observable"] and not one["events"]:
        return ""
    return f"{LINES[kind]:g}: " + ("reached" if (one["f1"] or 0) >= LINES[kind] else "short")


def _causes(report: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    for kind, counter in report["look_alikes"].items():
        for what, number in counter.items():
            yield kind, what, number


def _calibration(said: Mapping[str, Any]) -> Iterator[str]:
    yield "reception: share of vessel-hours around a silence that were silent though transmitting"
    yield RATES
    for one in said["bins"]:
        counts = f"{one['silences']:9}{one['on']:6}{one['off']:6}"
        yield f"{one['up_to']:<14g}{counts}{_rates(one)}"
    yield f"{'when off':35}{_rates(said['when_off'])}"


def _rates(one: Mapping[str, Any]) -> str:
    return f"{one['periods']:9}{_number(one['stated']):>9}{_number(one['upper_95']):>8}{_number(one['observed']):>10}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
