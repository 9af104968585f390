"""Lists of vessels of interest as native STIX `grouping` objects (STIX 2.1 section 4.5)."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec

from prasan.formats.stix_build import Stamp, common, encode
from prasan.formats.stix_ids import VESSEL, object_id
from prasan.picture.marking import Marking

GROUPING: Final = "grouping"
Context = Literal["suspicious-activity", "unspecified"]
"""Two of the values of `grouping-context-ov` (section 10.5)."""

Mmsi = Annotated[int, msgspec.Meta(ge=0, lt=2**30)]


class Entry(msgspec.Struct, frozen=True):
    """A vessel as a list names it: by one or more of its MMSI, its IMO number and its name."""

    mmsi: Mmsi | None = None
    imo: int | None = None
    name: str = ""

    @property
    def key(self) -> str:
        """What tells two entries apart: the IMO number, which stays with the hull, else the MMSI, else the name."""
        if self.imo:
            return f"imo/{self.imo}"
        return f"mmsi/{self.mmsi}" if self.mmsi is not None else f"name/{self.name.upper()}"


def list_id(node: str, name: str) -> str:
    """A node has one list of a name."""
    return object_id(GROUPING, node, f"interest/{name}")


def entry_id(node: str, name: str, entry: Entry) -> str:
    """The vessel of one list: what a node heard of that vessel itself is another object, under other markings."""
    return object_id(VESSEL, node, f"interest/{name}/{entry.key}")


def entry_object(identifier: str, entry: Entry, stamp: Stamp, marking: Marking) -> bytes:
    """The `prasan-vessel` of an entry."""
    return encode(
        common(identifier, stamp, marking) | {"mmsi": entry.mmsi, "imo": entry.imo or None, "name": entry.name or None}
    )


def list_object(name: str, context: Context, vessels: Sequence[str], stamp: Stamp, marking: Marking) -> bytes:
    """A `grouping` of vessels' objects. The node that keeps the list is part of it, so that an empty list is one."""
    return encode(
        common(list_id(stamp.node, name), stamp, marking)
        | {"name": name, "context": context, "object_refs": [stamp.node, *sorted(vessels)]}
    )


class _Listed(msgspec.Struct, frozen=True):
    object_refs: tuple[str, ...]
    name: str = ""
    context: str = ""


_LISTED: Final = msgspec.json.Decoder(_Listed)
_ENTRY: Final = msgspec.json.Decoder(Entry)


def read_list(raw: bytes) -> tuple[str, str, tuple[str, ...]]:
    """Name, context and refs of a grouping that is here; nothing of one that is not of its shape."""
    try:
        found = _LISTED.decode(raw)
    except msgspec.MsgspecError:
        return "", "", ()
    return found.name, found.context, found.object_refs


def read_entry(raw: bytes) -> Entry:
    """What a vessel's object says of who it is; a view may say nothing."""
    try:
        return _ENTRY.decode(raw)
    except msgspec.MsgspecError:
        return Entry()
