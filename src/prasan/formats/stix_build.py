"""Our values -> STIX 2.1 objects as JSON bytes, in a key order that never changes.

Everything that varies (ids, times, sentences) comes in as an argument: the same arguments give the same bytes.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import orjson

from prasan.formats.stix import EXERCISE, format_time
from prasan.formats.stix_ids import EVENT, EXTENSIONS, INCIDENT, NATIVE, NOTE, TLP2, TRACK, VESSEL, object_id, type_of
from prasan.formats.stix_track import Point, simplify
from prasan.picture.event import Event
from prasan.picture.finding import Confidence, Fix, Rule
from prasan.picture.incident import Incident
from prasan.picture.marking import Marking

CONFIDENCE: Final[dict[Confidence, int]] = {"low": 15, "medium": 50, "high": 85}
"""STIX 2.1 appendix A, the scale None / Low / Med / High."""

PUBLIC_SUMMARY: Final = "public-summary"
"""The label of the note with counts that the public may read."""

DEGREE_DIGITS: Final = 6
"""Decimal places of a degree: 0.1 m, finer than 1/10000 minute."""


class Stamp(msgspec.Struct, frozen=True):
    """Who makes an object and when: the node's identity id; seconds since 1970 of the first and of this version."""

    node: str
    created: float
    modified: float


def encode(document: Mapping[str, Any]) -> bytes:
    """JSON bytes in the order of the keys; a property without a value is left out."""
    return orjson.dumps({name: value for name, value in document.items() if value is not None})


def encode_parts(head: Mapping[str, Any], tail: bytes) -> bytes:
    """What `encode` gives for the properties of both; `tail` was encoded before, and neither is empty."""
    return encode(head)[:-1] + b"," + tail[1:]


def common(identifier: str, stamp: Stamp, marking: Marking, labels: Sequence[str] = ()) -> dict[str, Any]:
    """The common properties, with exactly one TLP 2.0 marking and the label `exercise` where it is due."""
    return stamped(identifier, stamp) | marked(type_of(identifier), marking, labels)


def stamped(identifier: str, stamp: Stamp) -> dict[str, Any]:
    """Of the common properties the first: what an object is, who made it and when."""
    return {
        "type": type_of(identifier),
        "spec_version": "2.1",
        "id": identifier,
        "created_by_ref": stamp.node,
        "created": format_time(stamp.created),
        "modified": format_time(stamp.modified),
    }


def marked(kind: str, marking: Marking, labels: Sequence[str] = ()) -> dict[str, Any]:
    """Of the common properties those after `stamped`: labels, marking, and what declares a type of ours."""
    is_new = kind in EXTENSIONS and kind not in NATIVE
    every = [*labels, *([EXERCISE] if marking.exercise and EXERCISE not in labels else [])]
    return {
        "labels": every or None,
        "object_marking_refs": [TLP2[marking.tlp]],
        "extensions": {EXTENSIONS[kind]: {"extension_type": "new-sdo"}} if is_new else None,
    }


def extended(document: dict[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """Add what a native object carries in our property extension."""
    kind = document["type"]
    if kind not in NATIVE:
        raise ValueError(f"{kind} has no property extension")
    document["extensions"] = property_extension(kind, properties)
    return document


def property_extension(kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """What `extensions` holds of a native type that carries these."""
    kept = {name: value for name, value in properties.items() if value is not None}
    return {EXTENSIONS[kind]: {"extension_type": "property-extension", **kept}}


def degree(value: float) -> float:
    """A coordinate as objects carry it."""
    return round(value, DEGREE_DIGITS)


def identity_object(name: str, stamp: Stamp, marking: Marking) -> bytes:
    """This node as an `identity`; its id was made once at `init` and is `stamp.node`."""
    return encode(common(stamp.node, stamp, marking) | {"name": name, "identity_class": "organization"})


def vessel_id(node: str, mmsi: int) -> str:
    """The id of this node's object for the vessel that uses this MMSI."""
    return object_id(VESSEL, node, str(mmsi))


class Vessel(msgspec.Struct, frozen=True):
    """What is known of a vessel. `flag` is ISO 3166 alpha-2, `ship_type` the AIS number, `last` the last fix."""

    mmsi: int
    imo: int | None = None
    name: str | None = None
    call_sign: str | None = None
    flag: str | None = None
    ship_type: int | None = None
    last: Fix | None = None


def vessel_object(vessel: Vessel, stamp: Stamp, marking: Marking) -> bytes:
    """A `prasan-vessel`."""
    last = vessel.last
    return encode(
        common(vessel_id(stamp.node, vessel.mmsi), stamp, marking)
        | {
            "mmsi": vessel.mmsi,
            "imo": vessel.imo or None,
            "name": vessel.name or None,
            "call_sign": vessel.call_sign or None,
            "flag": vessel.flag or None,
            "ship_type": vessel.ship_type,
            "latitude": degree(last.lat) if last else None,
            "longitude": degree(last.lon) if last else None,
            "position_time": format_time(last.t) if last else None,
        }
    )


def event_id(node: str, event: str) -> str:
    """The id of this node's object for an event."""
    return object_id(EVENT, node, event)


def event_object(event: Event, vessels: Sequence[str], stamp: Stamp, *, fixes: bool = True) -> bytes:
    """A `prasan-maritime-event`; `vessels` are the ids of its vessels' objects.

    `fixes=False` leaves the positions out of the evidence: for sources whose terms forbid passing rows on.
    """
    finding = event.finding
    older = event.superseded_by
    return encode(
        common(event_id(stamp.node, event.id), stamp, event.marking)
        | {
            "confidence": CONFIDENCE[finding.confidence],
            "confidence_label": finding.confidence,
            "event_kind": finding.kind,
            "gap_class": finding.gap_class,
            "state": event.state,
            "revision": event.revision,
            "reason": event.reason or finding.reason or None,
            "start_time": format_time(finding.start),
            "end_time": format_time(finding.end) if finding.end is not None else None,
            "latitude": degree(finding.lat),
            "longitude": degree(finding.lon),
            "vessel_refs": list(vessels) or None,
            "superseded_by_ref": event_id(stamp.node, older) if older else None,
            "rule": _rule(finding.rule),
            "sources": list(finding.sources) or None,
            "evidence": _evidence(finding.evidence, finding.fixes if fixes else ()),
        }
    )


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "version": rule.version,
        "preset": rule.preset,
        "thresholds": dict(sorted(rule.thresholds.items())),
        "differs": list(rule.differs),
    }


def _evidence(values: Mapping[str, Any], fixes: Sequence[Fix]) -> dict[str, Any] | None:
    """Numbers and codes by name, and the fixes. Sentences are made from them by whoever reads the object."""
    result = {name: values[name] for name in sorted(values) if values[name] is not None and name != "text"}
    if fixes:
        result["fixes"] = [
            {"t": format_time(fix.t), "mmsi": fix.mmsi, "lat": degree(fix.lat), "lon": degree(fix.lon)}
            | {name: value for name, value in (("sog_kn", fix.sog), ("cog_deg", fix.cog)) if value is not None}
            for fix in fixes
        ]
    return result or None


def track_object(
    vessel: str, points: Sequence[Point], coarseness_m: float, stamp: Stamp, marking: Marking
) -> tuple[bytes, int]:
    """A `prasan-vessel-track` and how many points it kept.

    The straight line between kept points, at the same time, is nowhere further than `coarseness_m` from a given one.
    Times are whole seconds. ValueError for no points.
    """
    kept = simplify(points, coarseness_m)
    identifier = object_id(TRACK, stamp.node, f"{vessel}/{points[0][0]}")
    document = common(identifier, stamp, marking) | {
        "vessel_ref": vessel,
        "start_time": format_time(kept[0][0]),
        "end_time": format_time(kept[-1][0]),
        "coarseness_m": coarseness_m,
        "coarseness_s": 1,
        "points": [[format_time(t), degree(lat), degree(lon)] for t, lat, lon in kept],
    }
    return encode(document), len(kept)


def incident_name(attack_type: str) -> str:
    """The name of an incident object, made from its code."""
    return f"Incident at sea: {attack_type.replace('_', ' ') or 'unknown'}"


def incident_object(
    incident: Incident, stamp: Stamp, marking: Marking, *, text: bool = False, credit: tuple[str, str] | None = None
) -> bytes:
    """A native `incident` with our property extension. `credit` is (who, URL) of the source, as a licence may ask.

    `text=True` carries the free text and the vessel's name; such an object needs an officer's eyes before it goes out.
    """
    document = common(object_id(INCIDENT, stamp.node, incident.key), stamp, marking)
    document |= {
        "name": incident_name(incident.attack_type),
        "description": (incident.text or None) if text else None,
        "external_references": [{"source_name": credit[0], "url": credit[1]}] if credit else None,
    }
    properties = {
        "occurred": format_time(incident.occurred),
        "precision": incident.precision,
        "local_time": incident.local_time or None,
        "latitude": degree(incident.lat),
        "longitude": degree(incident.lon),
        "attack_type": incident.attack_type,
        "vessel_status": incident.vessel_status or None,
        "vessel_type": incident.vessel_type or None,
        "nearest_country": incident.country or None,
        "source_name": incident.source or None,
        "vessel_name": (incident.vessel_name or None) if text else None,
    }
    return encode(extended(document, properties))


class Counted(msgspec.Struct, frozen=True):
    """Counts with the sentences made of them, by language (`en`, `th`); nobody needs to read those as free text.

    `label` says what they are of; `period` is a month ("2026-03") or "" for no time in particular, `hidden` names the
    counts that are too small to be told, `total` the sum of all where it may be told.
    """

    counts: Mapping[str, int]
    texts: Mapping[str, str]
    label: str = PUBLIC_SUMMARY
    period: str = ""
    hidden: tuple[str, ...] = ()
    total: int | None = None

    @property
    def key(self) -> str:
        """What tells its note from others of a node."""
        return f"{self.label}/{self.period}" if self.period else self.label


def statistics_note(counted: Counted, about: Sequence[str], stamp: Stamp, marking: Marking) -> bytes:
    """The `note` with counts, about these ids."""
    texts = dict(sorted(counted.texts.items()))
    document = common(object_id(NOTE, stamp.node, counted.key), stamp, marking, [counted.label]) | {
        "content": "\n\n".join(texts.values()),
        "object_refs": list(about),
    }
    told = {"counts": dict(sorted(counted.counts.items())), "texts": texts, "period": counted.period or None}
    return encode(extended(document, {**told, "hidden": list(counted.hidden) or None, "total": counted.total}))
