"""MISP events (core format, JSON) -> STIX 2.1 objects, through misp-stix; whose an object is to see is ours to say.

misp-stix labels some of what it makes of an attribute and leaves the rest without: an address that is TLP:RED in MISP
comes out bare. So every object gets the official TLP 2.0 marking of what it was made of, the strictest of the event,
the MISP object and the attribute. Where no label says anything, their distribution does: "your organisation only" and
"sharing group", whose members are not known here, are AMBER+STRICT.
"""

import logging
import warnings
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from prasan.errors import FormatError
from prasan.feeds.misp_stix import misp_stix
from prasan.formats.stix_ids import TLP2, TLP_OF, ids_in
from prasan.picture.marking import Tlp

LOG: Final = logging.getLogger("prasan.misp")
DISTRIBUTION: Final = {"0": Tlp.AMBER_STRICT, "4": Tlp.AMBER_STRICT}
"""MISP's distribution levels that are narrower than a community (core format, section 2.2.1)."""
_REMEDY: Final = "Export the event from MISP again, as JSON."
_NESTED: Final = ("Attribute", "Object", "EventReport", "ShadowAttribute")

Json = dict[str, Any]


def events_in(document: Any) -> list[Json]:
    """The events of a MISP document: one event, a list of them, or the answer of a search. Empty if it is none."""
    if isinstance(document, dict) and isinstance(document.get("response"), list):
        document = document["response"]
    found = document if isinstance(document, list) else [document]
    events = [one["Event"] for one in found if isinstance(one, dict) and isinstance(one.get("Event"), dict)]
    return events if len(events) == len(found) else []


def to_stix(events: Iterable[Json]) -> list[bytes]:
    """The objects of all events. FormatError for what cannot be converted, UsageError without misp-stix."""
    return [raw for event in events for raw in _converted(event)]


def tlp_of(holder: Json) -> Tlp | None:
    """What the tags of an event, object or attribute say, or else its distribution; None for nothing."""
    tags = [tag.get("name") for tag in _dicts(holder.get("Tag"))]
    found = [tlp for tag in tags if isinstance(tag, str) and (tlp := _label(tag)) is not None]
    return max(found) if found else DISTRIBUTION.get(str(holder.get("distribution", "")))


def _label(tag: str) -> Tlp | None:
    if not tag.lower().startswith("tlp:"):
        return None
    try:
        return Tlp.parse(tag)
    except ValueError:
        return Tlp.RED  # somebody meant to keep it back, in words that we do not know


def _converted(event: Json) -> Iterator[bytes]:
    whole = tlp_of(event)
    levels = _levels(event, whole)
    for made in _parse(event):
        if made["id"] in TLP_OF or made.get("type") == "marking-definition":
            continue
        tlp = _level(made, levels, whole)
        refs = [ref for ref in made.pop("object_marking_refs", []) if ref not in TLP_OF]
        marked = [*refs, *([TLP2[tlp]] if tlp is not None else [])]
        yield orjson.dumps(made | ({"object_marking_refs": marked} if marked else {}))


def _level(made: Json, levels: dict[str, Tlp | None], whole: Tlp | None) -> Tlp | None:
    """The strictest of all that an object is made of. What cannot be traced back is as strict as anything in the event.

    The event itself and who made it say no more than the event; a relationship is as strict as its ends.
    """
    if made.get("type") in ("report", "grouping", "identity"):
        return whole
    names = ids_in(orjson.dumps(made).decode()) if made.get("type") == "relationship" else {made["id"]}
    known = [levels[uuid] for name in names if (uuid := name.partition("--")[2]) in levels]
    return _strictest([whole, *(known or levels.values())])


def _levels(holder: Json, above: Tlp | None) -> dict[str, Tlp | None]:
    """By UUID: what each thing in an event says of itself, what holds it says, and what is in it says."""
    found = dict[str, Tlp | None]()
    for name in _NESTED:
        for one in _dicts(holder.get(name)):
            own = _strictest([above, tlp_of(one)])
            inner = _levels(one, own)
            found |= inner
            if isinstance(one.get("uuid"), str):
                found[one["uuid"].lower()] = _strictest([own, *inner.values()])
    return found


def _strictest(found: Iterable[Tlp | None]) -> Tlp | None:
    return max((tlp for tlp in found if tlp is not None), default=None)


def _dicts(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _parse(event: Json) -> list[Json]:
    """The objects that misp-stix makes of an event."""
    parser = misp_stix().MISPtoSTIX21Parser()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it finds unusual in an event is not lost
            parser.parse_misp_event({"Event": event})
            made = [orjson.loads(one.serialize()) for one in parser.stix_objects]
    except Exception as error:  # it raises whatever a malformed event happens to cause
        raise _unconverted(event, f"{type(error).__name__}: {error}") from None
    said = [str(one) for errors in parser.errors.values() for one in errors]
    if not made:
        raise _unconverted(event, said[0] if said else "nothing is in it")
    for one in said:
        LOG.warning("a part of the MISP event %s is left out: %s", str(event.get("uuid"))[:40], one[:300])
    return made


def _unconverted(event: Json, why: str) -> FormatError:
    return FormatError(f"the MISP event {str(event.get('uuid'))[:40]} cannot be converted: {why[:300]}", _REMEDY)
