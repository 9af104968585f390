"""What a decision is made of: the facts about an object, and who would receive it."""

from collections.abc import Iterator
from typing import Any, Literal, TypeGuard

import msgspec
import orjson

from prasan.errors import FormatError
from prasan.formats.stix import Header, parse_time
from prasan.formats.stix_ids import EVENT, EXTENSIONS, INCIDENT, TRACK
from prasan.picture.marking import Marking, Tlp
from prasan.picture.source import Terms
from prasan.release.accord import Accord, Onward
from prasan.release.rules import CLASS, OWN, Steps

Kind = Literal["partner", "class", "public"]
Place = tuple[float, float]


class Consent(msgspec.Struct, frozen=True):
    """An originator's word that this object may be passed on: to whom, which version (None: all), until when, for
    which purpose (None: any), and how much coarser at least."""

    originator: str
    recipients: frozenset[str]
    version: str | None = None
    expires: int | None = None
    purpose: str | None = None
    steps: Steps = Steps()


class Facts(msgspec.Struct, frozen=True):
    """About one version of one object.

    `origin` is "own" or the identity id of the partner it came from, `origin_name` that partner's short name, `node`
    our own identity id. `onward` is what the accord it came under says of passing on. `places` are all the places it
    holds (latitude, longitude), `sources` the names of our sources that it is made of. `known_at` is when this node
    came to know it (seconds UTC). `unread_text` is True while it holds free text that no officer has read;
    `recalled_from` are ids of recipients who were asked to give it back.
    """

    id: str
    version: str
    type: str
    kind: str
    marking: Marking
    node: str
    known_at: float
    labels: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    origin: str = OWN
    origin_name: str = OWN
    onward: Onward = "never"
    places: tuple[Place, ...] = ()
    when: float | None = None
    terms: Terms = Terms()
    unread_text: bool = False
    recalled_from: frozenset[str] = frozenset()
    consents: tuple[Consent, ...] = ()


class Profile(msgspec.Struct, frozen=True):
    """What of the facts many objects share. Rules and markings look at little else, so that a few hundred profiles
    stand for any number of objects: a change of policy is worked out by profile (`outlook`), not by object.

    What differs from object to object is left out: its id, version, places and age, whom it was recalled from, who
    consented, and when its marking expires (`expires` only says that it does).
    """

    type: str
    kind: str
    marking: Marking
    labels: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    origin: str = OWN
    onward: Onward = "never"
    terms: Terms = Terms()
    unread_text: bool = False
    expires: bool = False

    def facts(self, node: str, origin_name: str) -> Facts:
        """The facts of an object of this profile that has no place and came long ago. `node` is our identity id."""
        return Facts(
            id="",
            version="",
            type=self.type,
            kind=self.kind,
            marking=self.marking,
            node=node,
            known_at=float("-inf"),
            labels=self.labels,
            sources=self.sources,
            origin=self.origin,
            origin_name=origin_name,
            onward=self.onward,
            terms=self.terms,
            unread_text=self.unread_text,
        )


def profile_of(facts: Facts) -> Profile:
    """The profile of an object."""
    return Profile(
        type=facts.type,
        kind=facts.kind,
        marking=msgspec.structs.replace(facts.marking, expires=None),
        labels=facts.labels,
        sources=facts.sources,
        origin=facts.origin,
        onward=facts.onward,
        terms=facts.terms,
        unread_text=facts.unread_text,
        expires=facts.marking.expires is not None,
    )


class Recipient(msgspec.Struct, frozen=True):
    """A partner, a local clearance class or the public.

    `id` is the partner's identity id, "class:NAME" or "public". `accords` are those signed with the partner, in force
    or not: the clock decides. `clearance` is the highest TLP a class may see.
    """

    kind: Kind
    name: str
    id: str
    suspended: bool = False
    accords: tuple[Accord, ...] = ()
    clearance: Tlp = Tlp.CLEAR


def partner(name: str, identity: str, accords: tuple[Accord, ...], *, suspended: bool = False) -> Recipient:
    """A partner as a recipient."""
    return Recipient("partner", name, identity, suspended, accords)


def staff_class(name: str, clearance: Tlp) -> Recipient:
    """A local clearance class as a recipient; policies call it "class:NAME"."""
    return Recipient("class", name, CLASS + name, clearance=clearance)


PUBLIC = Recipient("public", "public", "public")
"""Everybody."""


class Content(msgspec.Struct, frozen=True):
    """What an object says that rules look at."""

    kind: str
    places: tuple[Place, ...] = ()
    when: str | None = None


def content_of(raw: bytes, header: Header) -> Content:
    """The kind, places and time of an object, by its bytes."""
    return content_in(orjson.loads(raw), header)


def content_in(document: dict[str, Any], header: Header) -> Content:
    """The kind, places and time of an object, by what it says. The kind of an event is its event kind, of an incident
    its attack type, of any other object its type without "prasan-"."""
    if header.type == INCIDENT:
        extensions = document.get("extensions")
        inner = extensions.get(EXTENSIONS[INCIDENT]) if isinstance(extensions, dict) else None
        document = inner if isinstance(inner, dict) else {}
        kind, when = document.get("attack_type"), document.get("occurred")
    else:
        kind = document.get("event_kind") if header.type == EVENT else None
        when = document.get("start_time") or document.get("position_time")
    return Content(
        kind=kind if isinstance(kind, str) else header.type.removeprefix("prasan-"),
        places=tuple(_places(document, header.type)),
        when=_time(when),
    )


def _time(value: Any) -> str | None:
    """A time, if it can be read as one."""
    try:
        return value if isinstance(value, str) and parse_time(value) is not None else None
    except FormatError:
        return None


def _places(document: dict[str, Any], kind: str) -> Iterator[Place]:
    pairs = [(document.get("latitude"), document.get("longitude"))]
    if kind == TRACK and isinstance(document.get("points"), list):
        pairs += [(p[1], p[2]) for p in document["points"] if isinstance(p, list) and len(p) == 3]
    evidence = document.get("evidence")
    fixes = evidence.get("fixes") if isinstance(evidence, dict) else None
    if isinstance(fixes, list):
        pairs += [(fix.get("lat"), fix.get("lon")) for fix in fixes if isinstance(fix, dict)]
    for lat, lon in pairs:
        if is_number(lat) and is_number(lon):
            yield float(lat), float(lon)


def is_number(value: Any) -> TypeGuard[int | float]:
    """True for a JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)
