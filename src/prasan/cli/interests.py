"""`interest new`, `add`, `remove`, `list`."""

import argparse
from pathlib import Path

import msgspec

from prasan.cli.output import emit
from prasan.errors import UsageError
from prasan.formats.stix_interest import Context, Entry
from prasan.node.acts.feedback import heard_of
from prasan.node.acts.interests import Interest, interests
from prasan.node.acts.interests import add as add_to
from prasan.node.acts.interests import new as begin
from prasan.node.acts.interests import remove as take_off
from prasan.node.node import Node
from prasan.node.objects import STAFF
from prasan.node.releasing.publish import work_due
from prasan.picture.marking import Marking, Tlp

MMSI = range(1, 2**30)
IMO = range(1_000_000, 10_000_000)


def new(arguments: argparse.Namespace) -> int:
    """Begin a list."""
    marking = Marking(tlp=Tlp.parse(arguments.tlp), exercise=arguments.exercise)
    context: Context = "suspicious-activity" if arguments.suspicious else "unspecified"
    node = Node(Path(arguments.home))
    emit({"id": begin(node, arguments.name, marking, context), "name": arguments.name})
    work_due(node)
    return 0


def add(arguments: argparse.Namespace) -> int:
    """Put a vessel on a list of ours."""
    node = Node(Path(arguments.home))
    emit({"id": add_to(node, arguments.list, _entry(arguments)), "list": arguments.list})
    work_due(node)
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """Take a vessel off it."""
    node = Node(Path(arguments.home))
    emit({"id": take_off(node, arguments.list, _entry(arguments)), "list": arguments.list})
    work_due(node)
    return 0


def list_all(arguments: argparse.Namespace) -> int:
    """One JSON line a list, ours and partners', with who has seen each vessel."""
    node = Node(Path(arguments.home))
    work_due(node)
    for one in interests(node):
        if arguments.list in (None, one.name):
            emit(_told(node, one))
    return 0


def _told(node: Node, one: Interest) -> dict[str, object]:
    vessels = []
    for vessel in one.here:
        seen = [heard for heard in heard_of(node, STAFF, vessel.object_id) if heard.kind == "sighting"]
        told = [{"by": heard.by or "us", "count": heard.count, "last": heard.last} for heard in seen]
        entry = {name: value for name, value in msgspec.to_builtins(vessel.entry).items() if value}
        vessels.append({"id": vessel.object_id, **entry, "seen": told})
    fields = ("object_id", "name", "partner", "context", "version")
    return {name: getattr(one, name) for name in fields} | {"vessels": vessels}


def _entry(arguments: argparse.Namespace) -> Entry:
    for given, allowed, name in ((arguments.mmsi, MMSI, "MMSI"), (arguments.imo, IMO, "IMO number")):
        if given is not None and given not in allowed:
            raise UsageError(f"{given} is no {name}", "Give the number as the vessel transmits it.")
    name = (arguments.vessel or "").strip()
    if len(name) > 60:
        raise UsageError(f"the name has {len(name)} characters", "At most 60 are kept.")
    return Entry(arguments.mmsi, arguments.imo, name)
