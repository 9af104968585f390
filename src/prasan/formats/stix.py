"""STIX 2.1 objects: reading the header, checking what must be there, finding every id.

Objects are kept as the bytes received. Only the header is decoded; the standard is the OASIS STIX 2.1 text
(10 June 2021), the limits are those of docs/wire.md section 2.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec
import orjson

from prasan.errors import FormatError
from prasan.formats import jsonlimits
from prasan.formats.stix_ids import (
    ACCORD,
    CONSENT,
    CONTROL,
    EVENT,
    RECALL,
    RECEIPT,
    RECEPTION,
    REQUEST,
    TLP_OF,
    TRACK,
    VESSEL,
    ids_in,
    is_id,
    type_of,
)
from prasan.formats.stix_shapes import check_shape
from prasan.picture.marking import Marking, Tlp

EXERCISE: Final = "exercise"
"""The label that every object made from exercise data bears."""

UNVERSIONED: Final = frozenset({"marking-definition", "extension-definition", "language-content"})

REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "attack-pattern": ("name",),
    "campaign": ("name",),
    "course-of-action": ("name",),
    "grouping": ("context", "object_refs"),
    "identity": ("name",),
    "incident": ("name",),
    "indicator": ("pattern", "pattern_type", "valid_from"),
    "infrastructure": ("name",),
    "intrusion-set": ("name",),
    "malware": ("is_family",),
    "malware-analysis": ("product",),
    "marking-definition": ("created",),
    "note": ("content", "object_refs"),
    "observed-data": ("first_observed", "last_observed", "number_observed"),
    "opinion": ("opinion", "object_refs"),
    "relationship": ("relationship_type", "source_ref", "target_ref"),
    "report": ("name", "published", "object_refs"),
    "sighting": ("sighting_of_ref",),
    "threat-actor": ("name",),
    "tool": ("name",),
    "vulnerability": ("name",),
    EVENT: ("event_kind", "start_time", "state", "confidence"),
    TRACK: ("vessel_ref", "points", "coarseness_m", "coarseness_s"),
    VESSEL: (),
    RECEPTION: ("source", "start_time", "latitude", "longitude", "cell_deg", "slot_s", "rows"),
    RECALL: ("target_id", "target_versions", "reason", "deadline"),
    CONSENT: ("state", "nonce", "accord", "target_id", "requester", "recipients", "purpose", "expires"),
    REQUEST: ("request", "changes"),
    ACCORD: ("accord",),
    RECEIPT: ("recall_id", "withdrawn", "not_withdrawn", "onward_pending"),
}
"""Properties an object of this type must have (STIX 2.1 sections 4 to 7, and our own schemas)."""

TIMES: Final = frozenset({
    "valid_from", "valid_until", "first_seen", "last_seen", "first_observed", "last_observed", "published",
    "start_time", "stop_time", "end_time", "position_time", "deadline", "submitted",
    "analysis_started", "analysis_ended",
})  # fmt: skip
"""Properties that are times (STIX 2.1 section 2.16), besides `created` and `modified`."""

FREE_TEXT: Final = frozenset({"abstract", "content", "description", "explanation", "note", "summary", "vessel_name"})
"""Properties that people write into. What they hold goes to nobody before an officer has read it."""

_FREE_NAME: Final = re.compile(f'"({"|".join(sorted(FREE_TEXT))})"'.encode())
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class Header(msgspec.Struct, frozen=True):
    """The common properties (STIX 2.1 section 3.2). Times are the text received, so a version stays byte-equal."""

    id: str
    type: str
    spec_version: str = ""
    created: str = ""
    modified: str = ""
    revoked: bool = False
    created_by_ref: str = ""
    labels: tuple[str, ...] = ()
    object_marking_refs: tuple[str, ...] = ()
    granular_markings: tuple[msgspec.Raw, ...] = ()
    confidence: int | None = None
    lang: str = ""

    @property
    def version(self) -> str:
        """What tells two versions apart: `modified`, else `created`, else nothing."""
        return self.modified or self.created

    @property
    def tlp(self) -> Tlp | None:
        """The TLP marking, TLP 1 read as TLP 2.0; of several the strictest; None if there is none."""
        found = [TLP_OF[ref] for ref in self.object_marking_refs if ref in TLP_OF]
        return max(found) if found else None

    def marking(self, default: Tlp) -> Marking:
        """The marking that the object itself carries; `default` where it names no TLP."""
        tlp = self.tlp
        return Marking(tlp=default if tlp is None else tlp, exercise=EXERCISE in self.labels)


class _Named(msgspec.Struct, frozen=True):
    id: str


_decoder = msgspec.json.Decoder(Header)
_name_of = msgspec.json.Decoder(_Named).decode


def peek(raw: bytes) -> Header:
    """Decode the header of an object that was checked before. FormatError if it is not one."""
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"not a STIX object: {error}", "send one STIX 2.1 object") from None


def header(raw: bytes) -> Header:
    """The header of an object from outside that is right as `checked` has it; FormatError if it is not."""
    return checked(raw)[0]


def checked(raw: bytes) -> tuple[Header, dict[str, Any]]:
    """Check an object from outside and decode it: its header, and all it says.

    Checked: at most 64 KB and 10 levels, JSON with each name once, id and type that fit, spec_version 2.1, times in
    RFC 3339 UTC with created <= modified, and the properties its type requires. FormatError says which one fails.
    """
    jsonlimits.check_size(raw)
    jsonlimits.check_depth(raw)
    found = peek(raw)
    names = jsonlimits.load_strict(raw)
    _check_identity(found)
    _check_times(found)
    for name in TIMES.intersection(names):
        parse_time(str(names[name]), f"{name} of {found.id}")
    for name in REQUIRED.get(found.type, ()):
        if name not in names:
            raise FormatError(f"{found.id} has no '{name}', which a {found.type} must have", "send the whole object")
    check_shape(raw, found.type)
    return found, names


def _check_identity(found: Header) -> None:
    if not is_id(found.id):
        raise FormatError(f"'{found.id[:100]}' is not a STIX identifier", "use type--UUID in lower case")
    if type_of(found.id) != found.type:
        raise FormatError(f"{found.id} says it is a {found.type[:60]}", "make the id begin with the type")
    if found.spec_version != "2.1" and (found.spec_version or found.created):
        raise FormatError(f"{found.id} is STIX '{found.spec_version[:20]}'; 2.1 is read", "send STIX 2.1")


def _check_times(found: Header) -> None:
    is_sco = not found.created and not found.modified and found.type not in REQUIRED
    if is_sco:
        return
    names = ("created",) if found.type in UNVERSIONED or found.modified == found.created else ("created", "modified")
    for name in names:
        parse_time(getattr(found, name), f"{name} of {found.id}")
    if found.modified not in ("", found.created) and parse_time(found.modified) < parse_time(found.created):
        raise FormatError(f"{found.id} was modified before it was created", "correct the times")


def parse_time(text: str, what: str = "a time") -> float:
    """RFC 3339 in UTC (STIX 2.1 section 2.16) -> seconds since 1970. FormatError names `what`."""
    if _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text).timestamp()
        except ValueError:
            pass
    raise FormatError(f"{what} is '{text[:40]}', not a time such as 2026-01-31T08:00:00Z", "use RFC 3339 in UTC")


@lru_cache(64)  # views are built for one recipient after the other, at one time
def format_time(seconds: float) -> str:
    """Seconds since 1970 -> RFC 3339 in UTC with milliseconds, as STIX asks of `created` and `modified`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


@lru_cache(16)  # an object is decided for one recipient after the other
def references(raw: bytes) -> frozenset[str]:
    """Every id in the object but its own: in `*_ref` and `*_refs` at any depth, in keys, and inside any text."""
    # An id that is written with an escape is seen only when it is decoded; all others stand there as they are.
    found = ids_in(raw.decode()) if b"\\" not in raw else set().union(*map(ids_in, _texts(orjson.loads(raw))))
    return frozenset(found - {_name_of(raw).id})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item)


def free_text(raw: bytes) -> frozenset[str]:
    """The names of the properties, at any depth, that people have written into."""
    if b"\\" not in raw and _FREE_NAME.search(raw) is None:
        return frozenset()  # no name stands there as it is, and none can be written another way
    return frozenset(_free(orjson.loads(raw)))


def has_free_text(raw: bytes, document: dict[str, Any] | None = None) -> bool:
    """True if people have written into it: `free_text` is not empty. `document`: what it says, if that was decoded."""
    if b"\\" not in raw and _FREE_NAME.search(raw) is None:
        return False
    said = orjson.loads(raw) if document is None else document
    return any(said.get(name) for name in FREE_TEXT) or any(True for _ in _free(said))


def _free(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if name in FREE_TEXT and item:
                yield name
            yield from _free(item)
    elif isinstance(value, list):
        for item in value:
            yield from _free(item)


def is_control(found: Header) -> bool:
    """True if it may travel in the control lane only."""
    return found.type in CONTROL
