"""What a recipient was told in place of one of our events, for the officer who must decide whether that may stand."""

from typing import Final

from prasan.formats.stix_build import event_id
from prasan.formats.stix_ids import EVENT, type_of
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
    ours = behind(node, subject.row.id) if subject.form != "object" else None
    if ours is None:
        return []
    told = [one for one in Theirs(node, recipient).events() if meets(ours.finding, one.finding)]
    names = {one.id: event_id(node.id, one.id) for one in told if one.state != "withdrawn"}
    held = {key: name for key, name in names.items() if node.store.view(recipient, name) is not None}
    found = [(TOLD_INSTEAD, {"id": name}) for name in sorted(held.values()) if name != subject.row.id]
    stands = sorted(held.values()) if ours.state == "withdrawn" else []
    return [*found, *((STANDS_THERE, {"id": name}) for name in stands)]


def behind(node: Node, object_id: str) -> Event | None:
    """Our event behind an object, or behind the object whose variant it is; None where there is none."""
    events = Ours(node).events() if type_of(object_id) == EVENT else ()
    return next((one for one in events if event_id(node.id, one.id) == object_id), None)


def told_instead(node: Node, recipient: str, ours: Event) -> list[str]:
    """What a recipient was told in the place of one of our events: met by no other event of ours that stands."""
    revoked = node.store.revoked(EVENT)
    others = [
        one.finding for one in Ours(node).events()
        if one.id != ours.id and one.state != "withdrawn" and event_id(node.id, one.id) not in revoked
    ]  # fmt: skip
    told = [one for one in Theirs(node, recipient).events() if one.id != ours.id and meets(ours.finding, one.finding)]
    alone = (one for one in told if not any(meets(other, one.finding) for other in others))
    return sorted(event_id(node.id, one.id) for one in alone)


def _end(finding: Finding) -> int:
    return FOREVER if finding.end is None else finding.end
