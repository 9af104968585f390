"""What the page of vessels of interest shows: lists with their vessels, as an audience may read them."""

from typing import Final

import msgspec

from prasan.formats.stix_feedback import SIGHTING
from prasan.node.acts.feedback import Heard, heard_of
from prasan.node.acts.interests import Interest, Listed
from prasan.node.acts.interests import interests as all_lists
from prasan.node.node import Node
from prasan.picture.marking import PUBLIC, Marking

LATEST: Final = 5
"""Sightings of one vessel that are shown, the latest first."""


class Vessel(msgspec.Struct, frozen=True):
    """A vessel of a list: the id of its object, what the list says of who it is, and who heard it."""

    id: str
    mmsi: int | None
    imo: int | None
    name: str
    seen: tuple[Heard, ...] = ()


class ListRow(msgspec.Struct, frozen=True):
    """A list. `partner` is whose it is, "" for ours; `context` a code of STIX."""

    id: str
    name: str
    partner: str
    context: str
    vessels: tuple[Vessel, ...] = ()
    marking: Marking = PUBLIC


def lists_of(node: Node, audience: str) -> tuple[ListRow, ...]:
    """All lists with their vessels and who heard them, each as far as this audience may read it."""
    return tuple(_row(node, audience, one) for one in all_lists(node) if node.store.view(audience, one.object_id))


def _row(node: Node, audience: str, one: Interest) -> ListRow:
    held = node.store.object(one.object_id)
    vessels = tuple(
        _vessel(node, audience, vessel) for vessel in one.here if node.store.view(audience, vessel.object_id)
    )
    return ListRow(one.object_id, one.name, one.partner, one.context, vessels, held.marking if held else PUBLIC)


def _vessel(node: Node, audience: str, one: Listed) -> Vessel:
    seen = [heard for heard in heard_of(node, audience, one.object_id) if heard.kind == SIGHTING and heard.last]
    latest = sorted(seen, key=lambda heard: -(heard.last or 0))[:LATEST]
    return Vessel(one.object_id, one.entry.mmsi, one.entry.imo, one.entry.name, tuple(latest))
