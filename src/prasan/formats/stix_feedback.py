"""What a node says of an object that a partner made: native STIX `opinion`, `note` and `sighting`."""

from typing import Final, Literal

import msgspec

from prasan.formats.stix import format_time
from prasan.formats.stix_build import Stamp, common, degree, encode
from prasan.formats.stix_ids import NOTE, object_id
from prasan.picture.marking import Marking

OPINION: Final = "opinion"
SIGHTING: Final = "sighting"
LOCATION: Final = "location"
FEEDBACK: Final = (OPINION, NOTE, SIGHTING)

View = Literal["agree", "disagree"]
"""Two of the five values of `opinion-enum` (STIX 2.1 section 10.19): enough to decide by."""


def opinion_id(node: str, about: str) -> str:
    """A node has one opinion of an object; another one is a later version."""
    return object_id(OPINION, node, about)


def opinion_object(about: str, view: View, text: str, stamp: Stamp, marking: Marking) -> bytes:
    """An `opinion` with what explains it, if anything does."""
    head = common(opinion_id(stamp.node, about), stamp, marking)
    return encode(head | {"explanation": text or None, "opinion": view, "object_refs": [about]})


def note_id(node: str, about: str, nonce: str) -> str:
    """Of notes there may be many about one object."""
    return object_id(NOTE, node, f"{about}/{nonce}")


def note_object(identifier: str, about: str, text: str, stamp: Stamp, marking: Marking) -> bytes:
    """A `note` about one object."""
    return encode(common(identifier, stamp, marking) | {"content": text, "object_refs": [about]})


class Sighted(msgspec.Struct, frozen=True):
    """That an object was seen: seconds UTC of the first and the last time, and how many times."""

    about: str
    first: float
    last: float
    count: int = 1


def sighting_id(node: str, about: str, key: str) -> str:
    """One for each object and run of sightings."""
    return object_id(SIGHTING, node, f"{about}/{key}")


def place_id(node: str, sighting: str) -> str:
    """A sighting has one place: where it was seen last."""
    return object_id(LOCATION, node, sighting)


def place_object(identifier: str, lat: float, lon: float, stamp: Stamp, marking: Marking) -> bytes:
    """A `location` that is a place and nothing else, in degrees."""
    return encode(common(identifier, stamp, marking) | {"latitude": degree(lat), "longitude": degree(lon)})


def sighting_object(identifier: str, seen: Sighted, stamp: Stamp, marking: Marking, place: str = "") -> bytes:
    """A `sighting` of an object by the node; `place` is the id of its place, if it has one."""
    return encode(
        common(identifier, stamp, marking)
        | {
            "first_seen": format_time(seen.first),
            "last_seen": format_time(seen.last),
            "count": seen.count,
            "sighting_of_ref": seen.about,
            "where_sighted_refs": [stamp.node, *([place] if place else [])],
        }
    )
