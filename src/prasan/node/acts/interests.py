"""Lists of vessels of interest: ours, kept by officers, and those that partners let us have.

A list is a `grouping` of vessels' objects. Each change is a new version, and the policy decides who gets the list and
each vessel on it.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from prasan.errors import UsageError
from prasan.formats.stix import peek
from prasan.formats.stix_ids import VESSEL
from prasan.formats.stix_interest import (
    GROUPING,
    Context,
    Entry,
    entry_id,
    entry_object,
    list_id,
    list_object,
    read_entry,
    read_list,
)
from prasan.node.node import Node
from prasan.node.objects import keep_own, resolved
from prasan.node.record import NODE_LOG, note
from prasan.picture.marking import Marking
from prasan.stores.rows import OWN, ObjectRow
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads

NAME: Final = re.compile(r"[^\W_](?:[\w .-]{0,78}[\w)])?")
LARGEST: Final = 1000
"""Vessels of one list: its object must stay within 64 KB."""


class Listed(msgspec.Struct, frozen=True):
    """A vessel on a list: the id of its object here, and what that says of who it is."""

    object_id: str
    entry: Entry


class Interest(msgspec.Struct, frozen=True):
    """A list. `partner` is whose it is by our name, "" for our own; `here` are the vessels on it that are here."""

    object_id: str
    name: str
    partner: str
    context: str
    version: str
    here: tuple[Listed, ...] = ()


def new(node: Node, name: str, marking: Marking, context: Context) -> str:
    """Begin a list; the id of its object. UsageError if there is one of that name."""
    if not NAME.fullmatch(name):
        raise UsageError(f"'{name[:80]}' is no name for a list", "Use up to 80 letters, digits, spaces, dots, hyphens.")
    with node.store.write() as tx:
        identifier = list_id(node.id, name)
        row = tx.object(identifier)
        if row is not None and row.origin == OWN:
            raise UsageError(f"there is a list '{name}' already", "Add to it with 'prasan interest add'.")
        keep_own(node, tx, identifier, lambda stamp: list_object(name, context, (), stamp, marking), marking)
        note(node, tx, NODE_LOG, "interest_list", identifier, {"vessels": 0})
    return identifier


def add(node: Node, name: str, entry: Entry) -> str:
    """Put a vessel on a list of ours, or say more about it; the id of its object."""
    if entry == Entry():
        raise UsageError("no vessel is named", "Give --mmsi, --imo or --name.")
    with node.store.write() as tx:
        row = _own(tx, node, name)
        identifier, marking = entry_id(node.id, name, entry), row.marking
        names = {*_vessels(row), identifier}
        if len(names) > LARGEST:
            raise UsageError(f"the list has {LARGEST} vessels", "Begin another one.")
        keep_own(node, tx, identifier, lambda stamp: entry_object(identifier, entry, stamp, marking), marking)
        _change(node, tx, row, names)
    return identifier


def remove(node: Node, name: str, entry: Entry) -> str:
    """Take a vessel off a list of ours, named by any of its numbers or its name; the id of its object."""
    with node.store.write() as tx:
        row = _own(tx, node, name)
        found = [one for one in _here(tx, row) if _same(entry, one.entry)]
        if len(found) != 1:
            raise UsageError(
                f"{len(found) or 'no'} vessels of the list '{name}' are named so", "See 'prasan interest list'."
            )
        _change(node, tx, row, set(_vessels(row)) - {found[0].object_id})
    return found[0].object_id


def _same(asked: Entry, entry: Entry) -> bool:
    pairs = ((asked.mmsi, entry.mmsi), (asked.imo, entry.imo), (asked.name.upper(), entry.name.upper()))
    given = [(one, other) for one, other in pairs if one]
    return bool(given) and all(one == other for one, other in given)


def _own(tx: Reads, node: Node, name: str) -> ObjectRow:
    row = tx.object(list_id(node.id, name))
    if row is None or row.origin != OWN or row.status != "current":
        raise UsageError(f"we have no list '{name}'", "Begin one with 'prasan interest new'.")
    return row


def _vessels(row: ObjectRow) -> tuple[str, ...]:
    return tuple(ref for ref in read_list(row.raw)[2] if ref.startswith(f"{VESSEL}--"))


def _change(node: Node, tx: Tx, row: ObjectRow, vessels: set[str]) -> None:
    name, context, _ = read_list(row.raw)
    kept: Context = "suspicious-activity" if context == "suspicious-activity" else "unspecified"
    if keep_own(node, tx, row.id, lambda stamp: list_object(name, kept, [*vessels], stamp, row.marking), row.marking):
        note(node, tx, NODE_LOG, "interest_list", row.id, {"vessels": len(vessels)})


def interests(node: Node) -> list[Interest]:
    """All lists with the vessels on them that are here, our own first, then by partner and name."""
    store = node.store
    names = {one.id: one.name for one in store.partners()}
    found = []
    for row in _lists(store):
        name, context, _ = read_list(row.raw)
        whose = "" if row.origin == OWN else names.get(row.origin, row.origin)
        found.append(Interest(row.id, name, whose, context, row.version, tuple(_here(store, row))))
    return sorted(found, key=lambda one: (one.partner, one.name, one.object_id))


def _lists(store: Reads) -> Iterator[ObjectRow]:
    """Every list that is here and stands."""
    after = 0
    while rows := store.objects(types=[GROUPING], after=after):
        after = rows[-1][0]
        yield from (row for _, row in rows if row.status == "current" and not peek(row.raw).revoked)


def _here(store: Reads, row: ObjectRow) -> Iterator[Listed]:
    """The vessels on a list: those that its sender sent, as far as they are here, and ours that it names."""
    for meant in resolved(store, row.origin, _vessels(row)).values():
        vessel = store.object(meant)
        if vessel is not None and vessel.status == "current":
            yield Listed(vessel.id, read_entry(vessel.raw))


class Watched(msgspec.Struct, frozen=True):
    """A vessel of a list to look for. `keeper` is whose list it is by our name, "" for our own."""

    vessel: ObjectRow
    entry: Entry
    list: str
    keeper: str


def watched(store: Reads) -> dict[str, Watched]:
    """Every vessel on any list, by the id of its object, if it can be told from others."""
    found, names = {}, {OWN: ""} | {one.id: one.name for one in store.partners()}
    for row in _lists(store):
        keeper = names.get(row.origin, row.origin)
        for one in _here(store, row):
            vessel = store.object(one.object_id)
            if vessel is not None and one.entry != Entry():
                found[one.object_id] = Watched(vessel, one.entry, read_list(row.raw)[0], keeper)
    return found
