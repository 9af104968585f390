"""What a recipient can read -> MISP events: an event of ours and an incident each as one, with MISP's own objects
`geolocation`, `ais-observation` and `ais`; other objects through misp-stix, in one event for all of them.

Every event and every part has the tag of its TLP 2.0 label. The distribution is "your organisation only" unless the
label lets it go further: whoever takes it in may widen it, nobody has to narrow it.
"""

import importlib
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
import orjson

from prasan.feeds.misp_stix import misp_stix
from prasan.formats.stix import parse_time
from prasan.formats.stix_ids import CONTROL, EVENT, EXTENSIONS, INCIDENT, RECEPTION, TRACK, VESSEL
from prasan.picture.marking import Tlp

DISTRIBUTION: Final = {Tlp.CLEAR: "3", Tlp.GREEN: "1"}
"""All communities; this community only. Everything stricter is "0", your organisation only (core format 2.2.1)."""
INHERIT: Final = "5"

TEMPLATES: Final = {
    "geolocation": ("cd6f2238-ba55-4888-82c4-104e6e1acf21", "8", "misc"),
    "ais-observation": ("7aef2fc4-6d89-4293-94f2-f2010b7e3ad0", "2", "transport"),
    "ais": ("ef90551a-ff34-472c-9fba-c272c4435baa", "4", "transport"),
}
"""Name -> UUID, version and meta-category of the templates in MISP/misp-objects."""
TYPES: Final = {
    "latitude": "float", "longitude": "float", "first-seen": "datetime", "last-seen": "datetime",
    "discrepancy-detail": "comment",
}  # fmt: skip
"""MISP types of attributes; what is not here is `text`."""
VESSEL_FIELDS: Final = {
    "MMSI": "mmsi", "IMO-number": "imo", "name": "name", "call-sign": "call_sign", "type-of-ship": "ship_type",
    "latitude": "latitude", "longitude": "longitude", "last-seen": "position_time",
}  # fmt: skip
LEFT_OUT: Final = frozenset({*CONTROL, TRACK, RECEPTION})
"""Types that MISP has no place for."""
CONTEXT: Final = frozenset({"identity", "marking-definition", "extension-definition", "location"})
"""Types that make no event of their own."""

Json = dict[str, Any]


class Shown(msgspec.Struct, frozen=True):
    """One object as a recipient reads it, and the label that it is under for this recipient."""

    raw: bytes
    tlp: Tlp


class Made(msgspec.Struct, frozen=True):
    """The events, and how many objects are in none, by type."""

    events: tuple[Json, ...]
    left_out: Mapping[str, int]


def to_misp(shown: Sequence[Shown], name: str, node: str, recipient: str) -> Made:
    """Events of what `recipient` can read of the node `name` (`node` is its identity id).

    The same objects give the same events under the same UUIDs. UsageError without misp-stix if it is needed.
    """
    pairs = [(orjson.loads(one.raw), one.tlp) for one in shown]
    vessels = {one["id"]: (one, tlp) for one, tlp in pairs if one["type"] == VESSEL}
    org = {"name": name, "uuid": node.partition("--")[2]}
    events = [_event(one, tlp, vessels, org) for one, tlp in pairs if one["type"] == EVENT or _at_sea(one)]
    rest = [(one, tlp) for one, tlp in pairs if not (one["type"] in {EVENT, VESSEL, *LEFT_OUT} or _at_sea(one))]
    left, other = _others(rest, org, str(uuid5(UUID(org["uuid"]), f"misp/{recipient}")))
    for one, _ in pairs:
        if one["type"] in LEFT_OUT:
            left[one["type"]] = left.get(one["type"], 0) + 1
    return Made((*events, *other), left)


def _at_sea(one: Json) -> bool:
    return one["type"] == INCIDENT and EXTENSIONS[INCIDENT] in one.get("extensions", {})


def _event(one: Json, tlp: Tlp, vessels: Mapping[str, tuple[Json, Tlp]], org: Json) -> Json:
    """An event of ours, or an incident, with its place and the vessels in it that the recipient knows."""
    about = one["extensions"][EXTENSIONS[INCIDENT]] if one["type"] == INCIDENT else one
    start = about.get("occurred") or about.get("start_time") or one["created"]
    known = [vessels[ref] for ref in one.get("vessel_refs", []) if ref in vessels]
    kind = str(about.get("attack_type") or about.get("event_kind") or one["type"])
    uuid, at = one["id"].partition("--")[2], str(int(parse_time(one["modified"])))
    span = {"first-seen": start, "last-seen": about.get("end_time") or start}
    place = {"latitude": about.get("latitude"), "longitude": about.get("longitude")}
    seen = {"observation-type": kind, "detection-method": _rule(one), "discrepancy-detail": about.get("reason")}
    first = known[0][0] if known else {}
    ship = {"MMSI": first.get("mmsi"), "IMO-number": first.get("imo"), "name": first.get("name")}
    objects = [_object("geolocation", uuid, place | span, at, tlp)]
    if one["type"] == EVENT:
        objects.append(_object("ais-observation", uuid, seen | ship | place | span, at, tlp))
    for vessel, level in known:
        fields = {name: vessel.get(key) for name, key in VESSEL_FIELDS.items()}
        objects.append(_object("ais", f"{uuid}{vessel['id']}", fields, at, max(tlp, level)))
    whole = max([tlp, *(level for _, level in known)])
    head = _head(uuid, f"{one.get('name') or kind}, {start}", start, at, whole, org)
    labels = [*one.get("labels", []), *(["revoked"] if one.get("revoked") else [])]
    head["Tag"] += [{"name": label} for label in labels]
    return head | {"Object": [made for made in objects if made["Attribute"]]}


def _rule(one: Json) -> str:
    rule = one.get("rule")
    return f"prasan {rule.get('id')} {rule.get('version')}" if isinstance(rule, dict) else ""


def _head(uuid: str, info: str, start: str, at: str, tlp: Tlp, org: Json) -> Json:  # noqa: PLR0913, PLR0917
    return {
        "uuid": uuid, "info": info, "date": start[:10], "timestamp": at, "threat_level_id": "4", "analysis": "2",
        "published": False, "distribution": DISTRIBUTION.get(tlp, "0"), "Orgc": org, "Tag": [_tag(tlp)],
        "Attribute": [], "Object": [],
    }  # fmt: skip


def _tag(tlp: Tlp) -> Json:
    return {"name": tlp.label.lower()}


def _object(name: str, key: str, fields: Mapping[str, Any], at: str, tlp: Tlp) -> Json:
    """A MISP object of a template; fields without a value are left out."""
    template, version, category = TEMPLATES[name]
    uuid = uuid5(UUID(template), key)
    common = {"category": "Other", "to_ids": False, "distribution": INHERIT, "timestamp": at, "Tag": [_tag(tlp)]}
    attributes = [
        {"uuid": str(uuid5(uuid, field)), "object_relation": field, "type": TYPES.get(field, "text"),
         "value": str(value), **common}
        for field, value in fields.items() if value not in (None, "")
    ]  # fmt: skip
    return {
        "uuid": str(uuid), "name": name, "template_uuid": template, "template_version": version,
        "meta-category": category, "distribution": INHERIT, "timestamp": at, "Attribute": attributes,
    }  # fmt: skip


def _others(rest: Sequence[tuple[Json, Tlp]], org: Json, uuid: str) -> tuple[dict[str, int], list[Json]]:
    """Native objects as one event; what misp-stix has no place for is counted by type."""
    if all(one["type"] in CONTEXT for one, _ in rest):
        return {}, []
    whole = max(tlp for _, tlp in rest)
    bundle = {"type": "bundle", "id": f"bundle--{uuid}", "objects": [one for one, _ in rest]}
    event, unknown = _converted(bundle)
    levels = {one["id"].partition("--")[2]: tlp for one, tlp in rest}
    for part in (*event.get("Attribute", []), *event.get("Object", [])):
        for made in (part, *part.get("Attribute", [])):
            tags = [tag for tag in made.get("Tag", []) if not str(tag.get("name")).lower().startswith("tlp:")]
            made["Tag"] = [_tag(levels.get(part["uuid"], whole)), *tags]
            made["distribution"] = INHERIT
        if "Attribute" in part:
            del part["Tag"]  # objects have none: their attributes do
    latest = max(
        (one.get("modified") or one.get("created") or "1970-01-01T00:00:00Z" for one, _ in rest), key=parse_time
    )
    head = _head(uuid, f"Shared by {org['name']}", latest, str(int(parse_time(latest))), whole, org)
    return unknown, [head | {key: event[key] for key in ("Attribute", "Object", "Galaxy") if event.get(key)}]


def _converted(bundle: Json) -> tuple[Json, dict[str, int]]:
    """The event that misp-stix makes of a bundle, and the types that it does not know, with how many there were."""
    parser = misp_stix().ExternalSTIX2toMISPParser()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parser.load_stix_bundle(importlib.import_module("stix2").parse(bundle, allow_custom=True))
        parser.parse_stix_bundle(single_event=True)
    found = parser.misp_events
    event: Json = orjson.loads((found[0] if isinstance(found, list) else found).to_json())
    said = {str(error) for errors in parser.errors.values() for error in errors}
    types = Counter(one["type"] for one in bundle["objects"])
    return event, {kind: count for kind, count in types.items() if any(error.endswith(f": {kind}") for error in said)}
