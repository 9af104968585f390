"""What a recipient was told in place of one of our events, for the officer who must decide whether that may stand."""

from typing import Final

from prasan.formats.stix_build import event_id
from prasan.formats.stix_ids import EVENT
from prasan.node.finding.register import Ours, Theirs
from prasan.node.node import Node
from prasan.node.releasing.decisions import Subject
from prasan.picture.event import Event
from prasan.picture.finding import Finding
from prasan.tracks.settle import FOREVER

TOLD_INSTEAD: Final = "decision.told_instead"
"""It holds another event, made of its own sources, in place of this one."""
STANDS_THERE: Final = "decision.stands_there"
"""Ours is withdrawn, and what it was told stands by what it may know."""


def meets(one: Finding, other: Finding) -> bool:
    """True if both are of one kind, of a vessel in common, and at a time that meets."""
    same = one.kind == other.kind and not set(one.mmsi).isdisjoint(other.mmsi)
    return same and one.start <= _end(other) and other.start <= _end(one)


def apart(node: Node, recipient: str, subject: Subject) -> list[tuple[str, dict[str, str]]]:
    """Codes, each with the id that the recipient knows, of how what it was told differs from our event."""
    ours = _ours(node, subject) if subject.row.type == EVENT and subject.form != "object" else None
    if ours is None:
        return []
    told = [one for one in Theirs(node, recipient).events() if meets(ours.finding, one.finding)]
    names = {one.id: event_id(node.id, one.id) for one in told if one.state != "withdrawn"}
    held = {key: name for key, name in names.items() if node.store.view(recipient, name) is not None}
    found = [(TOLD_INSTEAD, {"id": name}) for name in sorted(held.values()) if name != subject.row.id]
    stands = sorted(held.values()) if ours.state == "withdrawn" else []
    return [*found, *((STANDS_THERE, {"id": name}) for name in stands)]


def _ours(node: Node, subject: Subject) -> Event | None:
    """Our event behind an object, or behind the object whose variant it is."""
    events = (one for one in Ours(node).events() if one.finding.kind == subject.kept.content.kind)
    return next((one for one in events if event_id(node.id, one.id) == subject.row.id), None)


def _end(finding: Finding) -> int:
    return FOREVER if finding.end is None else finding.end
