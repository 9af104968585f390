"""An event as the line that `prasan detect` prints and the API gives: plain values under promised names."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from prasan.detect import (
    drifting,
    duplicate_identity,
    encounter,
    gap,
    identity_change,
    invalid_identity,
    loitering,
    port_visit,
    speed_jump,
    spoofing,
    stop,
    zone_entry,
)
from prasan.detect.experimental_kinds import MESSAGES as EXPERIMENTAL_MESSAGES
from prasan.picture.event import Event
from prasan.picture.finding import Finding, Fix, Rule

MESSAGES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "gap": gap.MESSAGES,
    "encounter": encounter.MESSAGES,
    "duplicate_identity": duplicate_identity.MESSAGES,
    "speed_jump": speed_jump.MESSAGES,
    "invalid_identity": invalid_identity.MESSAGES,
    "identity_change": identity_change.MESSAGES,
    "spoofing": spoofing.MESSAGES,
    "stop": stop.MESSAGES,
    "port_visit": port_visit.MESSAGES,
    "loitering": loitering.MESSAGES,
    "drifting": drifting.MESSAGES,
    "zone_entry": zone_entry.MESSAGES,
    **EXPERIMENTAL_MESSAGES,
}
"""Kind -> message code -> the names in `evidence` that its sentence may use; `evidence.codes` lists the codes."""


def event_line(event: Event) -> dict[str, Any]:
    """The event line of one revision, without `evidence.text`, which needs a language."""
    finding = event.finding
    return {
        "id": event.id,
        "kind": finding.kind,
        "mmsi": list(finding.mmsi),
        "start": iso(finding.start),
        "end": None if finding.end is None else iso(finding.end),
        "lat": finding.lat,
        "lon": finding.lon,
        "state": event.state,
        "class": finding.gap_class,
        "confidence": finding.confidence,
        "preset": finding.rule.preset,
        "revision": event.revision,
        "known_at": iso(event.known_at),
        "reason": event.reason,
        "superseded_by": event.superseded_by,
        "sources": list(finding.sources),
        "rule": _rule(finding.rule),
        "evidence": _evidence(finding),
    }


def iso(t: int) -> str:
    """Seconds UTC -> ISO 8601 with a Z."""
    return dt.datetime.fromtimestamp(t, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "version": rule.version,
        "thresholds": dict(rule.thresholds),
        "differs": list(rule.differs),
    }


def _evidence(finding: Finding) -> dict[str, Any]:
    return {**finding.evidence, "reason": finding.reason, "fixes": [_fix(one) for one in finding.fixes]}


def _fix(one: Fix) -> dict[str, Any]:
    return {
        "t": iso(one.t),
        "mmsi": one.mmsi,
        "lat": one.lat,
        "lon": one.lon,
        "sog_kn": one.sog,
        "cog_deg": one.cog,
        "source": one.source,
    }
