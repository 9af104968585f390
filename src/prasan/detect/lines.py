"""An event as the line that `prasan detect` prints and the API gives: plain values under promised names."""

import datetime as dt
from typing import Any

from prasan.picture.event import Event
from prasan.picture.finding import Finding, Fix, Rule


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
