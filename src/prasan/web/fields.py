"""A STIX object's properties in reading order, told in words where they are codes.

What only machines need (ids, references, markings) stays in the object itself, which the page shows below.
"""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from prasan.words import Message

FAMILIES: Final = {
    "attack_type": "attack",
    "vessel_status": "status",
    "event_kind": "kind",
    "confidence_label": "confidence",
    "context": "interest",
    "opinion": "said",
}
"""Properties whose values are codes of a family of messages."""

MACHINES_ONLY: Final = frozenset(
    {"type", "spec_version", "id", "created_by_ref", "object_marking_refs", "extension_type", "labels", "lang"}
)
IN_THE_HEAD: Final = frozenset({"occurred", "precision", "latitude", "longitude", "place_precision_km"})
"""Time and place stand at the head of the page, no finer than they are known."""

Told = tuple[tuple[str, str | Message], ...]


def told_fields(raw: str) -> Told:
    """The bytes this audience may read -> (field, value). Empty for anything that is not a JSON object."""
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return ()
    return tuple(_properties(document)) if isinstance(document, dict) else ()


def _properties(document: dict[str, Any]) -> Iterator[tuple[str, str | Message]]:
    """Extension properties first: they are what the report says; its own properties after."""
    extensions = document.get("extensions")
    for extension in extensions.values() if isinstance(extensions, dict) else ():
        if isinstance(extension, dict):
            yield from _properties(extension)
    for reference in _list(document.get("external_references")):
        if isinstance(reference, dict):
            yield (
                "reference",
                " · ".join(str(reference[k]) for k in ("source_name", "url", "external_id") if k in reference),
            )
    for name, value in document.items():
        if name in MACHINES_ONLY | IN_THE_HEAD or name.endswith(("_ref", "_refs")):
            continue
        if isinstance(value, str | int | float):
            yield name, _told(name, value)


def _told(name: str, value: str | int | float) -> str | Message:
    family = FAMILIES.get(name)
    if family:
        return Message(f"{family}.{value}")
    return str(value).replace("_", " ") if name == "vessel_type" else str(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
