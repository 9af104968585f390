"""From the bytes of a view to a line of the picture. What is not in the bytes is not shown."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from prasan.formats.stix import parse_time, peek
from prasan.formats.stix_ids import EVENT, EXTENSIONS, INCIDENT, VESSEL, type_of
from prasan.picture.finding import Fix, Rule
from prasan.picture.marking import Marking, Tlp
from prasan.web.desk import OWN, Row, RowState
from prasan.words import Message

LABELS: Final = ("low", "medium", "high")
SHOWN: Final = frozenset({EVENT, INCIDENT})
"""Types that stand in the picture; vessels come from the archive's own fixes."""
KM: Final = 1000.0

Document = Mapping[str, Any]


class Context:
    """What a line needs beside the object: names of vessels by object id, and data sets by whom they credit."""

    def __init__(self, names: Mapping[str, str], credits: Mapping[str, str]) -> None:
        self.names, self.credits = names, credits


def row_of(raw: bytes, origin: str, sanitised: bool, context: Context) -> Row | None:
    """The line of an event or incident; None for a type that is not in the picture."""
    document, marking = orjson.loads(raw), marking_of(raw)
    kind = type_of(document["id"])
    if kind == EVENT:
        return _event(document, marking, origin, sanitised, context)
    return _incident(document, marking, origin, sanitised, context) if kind == INCIDENT else None


def marking_of(raw: bytes) -> Marking:
    """The marking that the object itself carries."""
    return peek(raw).marking(Tlp.AMBER)


def _event(document: Document, marking: Marking, origin: str, sanitised: bool, context: Context) -> Row:
    evidence = document.get("evidence") or {}
    ended = document.get("end_time")
    mmsi = tuple(sorted({fix["mmsi"] for fix in evidence.get("fixes", []) if isinstance(fix.get("mmsi"), int)}))
    names = [context.names[ref] for ref in document.get("vessel_refs", []) if ref in context.names]
    confidence = document.get("confidence_label")
    return Row(
        id=document["id"],
        layer="event",
        kind=document["event_kind"],
        title=" · ".join(names or [f"MMSI {one}" for one in mmsi]) or Message(f"kind.{document['event_kind']}"),
        state=_state(document),
        start=int(parse_time(document["start_time"])),
        end=int(parse_time(ended)) if ended else None,
        source=_source(document, origin, context),
        origin=origin,
        marking=marking,
        summary=summary(evidence),
        precision="minute" if "time_precision_min" in document else "second",
        window_min=document.get("time_precision_min"),
        lat=document.get("latitude"),
        lon=document.get("longitude"),
        radius_m=_radius(document),
        sanitised=sanitised,
        confidence=confidence if confidence in LABELS else None,
        gap_class=document.get("gap_class"),
        mmsi=mmsi,
    )


def summary(evidence: Document) -> Message:
    """The sentence of a finding; a view without evidence says that it was coarsened."""
    told = sentences(evidence)
    return told[0] if told else Message("finding.sanitised")


def sentences(evidence: Document) -> tuple[Message, ...]:
    """All that the evidence says, the finding itself first."""
    values = {key: value for key, value in evidence.items() if key != "fixes"}
    return tuple(Message(f"finding.{code}", values) for code in evidence.get("codes") or ())


def _state(document: Document) -> RowState:
    if document.get("revoked"):
        return "withdrawn"
    state: RowState = document["state"]
    return state


def _incident(document: Document, marking: Marking, origin: str, sanitised: bool, context: Context) -> Row:
    inner = document.get("extensions", {}).get(EXTENSIONS[INCIDENT], {})
    occurred = inner.get("occurred") or document["created"]
    attack, status = inner.get("attack_type", "unknown"), inner.get("vessel_status")
    params = {"attack": Message(f"attack.{attack}")} | ({"status": Message(f"status.{status}")} if status else {})
    return Row(
        id=document["id"],
        layer="incident",
        kind="incident",
        title=Message(f"attack.{attack}"),
        state="withdrawn" if document.get("revoked") else "current",
        start=int(parse_time(occurred)),
        source=_source(document, origin, context),
        origin=origin,
        marking=marking,
        summary=Message("summary.incident" if status else "summary.incident_bare", params),
        precision=inner.get("precision", "day"),
        lat=inner.get("latitude"),
        lon=inner.get("longitude"),
        radius_m=_radius(inner),
        sanitised=sanitised,
    )


def plain_row(raw: bytes, origin: str, sanitised: bool) -> Row:
    """What stands over the page of an object that is not in the picture."""
    document = orjson.loads(raw)
    kind = type_of(document["id"])
    vessel = kind == VESSEL
    mmsi = document.get("mmsi")
    name = vessel_name(raw)[1] if vessel else document.get("name")
    return Row(
        id=document["id"],
        layer="vessel" if vessel else "object",
        kind="vessel" if vessel else "other",
        title=str(name) if name else Message("kind.other"),
        state="withdrawn" if document.get("revoked") else "current",
        start=int(parse_time(document.get("position_time") or document.get("created") or document["modified"])),
        source=_source(document, origin, Context({}, {})),
        origin=origin,
        marking=marking_of(raw),
        summary=Message("summary.other", {"type": kind}),
        lat=document.get("latitude"),
        lon=document.get("longitude"),
        sanitised=sanitised,
        mmsi=(mmsi,) if isinstance(mmsi, int) else (),
    )


def _radius(document: Document) -> float | None:
    km = document.get("place_precision_km")
    return km * KM if isinstance(km, int | float) else None


def _source(document: Document, origin: str, context: Context) -> str:
    """The data set a line belongs to: its first source, the one it credits, or all that a partner sent."""
    if origin != OWN:
        return sent_by(origin)
    named = document.get("sources") or []
    credited = [context.credits.get(one.get("source_name", "")) for one in document.get("external_references", [])]
    return str(next((name for name in [*named, *credited] if name), "–"))


def sent_by(partner: str) -> str:
    """The name under which what a partner sent is one data set."""
    return f"from {partner}"


def vessel_name(raw: bytes) -> tuple[str, str]:
    """A vessel object's id and what to call it."""
    document = orjson.loads(raw)
    return document["id"], str(document.get("name") or f"MMSI {document.get('mmsi', '–')}")


def is_vessel(object_id: str) -> bool:
    """True for ids of vessels."""
    return type_of(object_id) == VESSEL


def rule_of(document: Document) -> Rule | None:
    """The rule an event was found by, if the view says."""
    found = document.get("rule")
    if not isinstance(found, dict) or "id" not in found:
        return None
    thresholds = {str(key): float(value) for key, value in found.get("thresholds", {}).items()}
    return Rule(
        str(found["id"]), int(found.get("version", 0)), str(found.get("preset", "")), thresholds,
        tuple(found.get("differs", ())),
    )  # fmt: skip


def fixes_of(document: Document) -> tuple[Fix, ...]:
    """The positions used as evidence."""
    evidence = document.get("evidence") or {}
    return tuple(
        Fix(int(parse_time(fix["t"])), fix["mmsi"], fix["lat"], fix["lon"], fix.get("sog_kn"), fix.get("cog_deg"))
        for fix in evidence.get("fixes", [])
    )


def evidence_of(document: Document) -> dict[str, str | int | float | bool | None]:
    """The numbers and codes of the evidence."""
    evidence = document.get("evidence") or {}
    return {key: value for key, value in evidence.items() if isinstance(value, str | int | float | bool)}
