"""What our staff can do with one object from its page: whom it may be asked to go on to, who holds it, what to read."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec

from prasan.formats.stix import free_text
from prasan.node.node import Node
from prasan.node.recipients import accords_with
from prasan.node.releasing.reading import texts_of, unread
from prasan.picture.marking import Marking
from prasan.release.accord import combine
from prasan.stores.rows import OWN, ObjectRow
from prasan.web.exchange_page import page_of, title_of
from prasan.words import Message

FIRST: Final = 5
"""How many texts that wait the page shows at once."""
MANY: Final = 1000


class Written(msgspec.Struct, frozen=True):
    """What people wrote into an object, by property; `page` is the path of its own page, "" if it has none."""

    id: str
    version: str
    origin: str
    title: str | Message
    page: str
    marking: Marking
    read: bool
    texts: Mapping[str, Sequence[str]]


class Unread(msgspec.Struct, frozen=True):
    """The first objects whose text nobody has read, and how many there are (`MANY` at most are counted)."""

    first: tuple[Written, ...] = ()
    number: int = 0


class Doable(msgspec.Struct, frozen=True):
    """Partners by name. `here`: it is an object, not a line of the picture.

    `onto`: whom its originator, `origin`, may be asked to let it go on to, for `purposes`; `holders`: who was sent it;
    `recalled`: from whom it was recalled. `text` is what people wrote into it, or None.
    """

    here: bool = False
    origin: str = ""
    onto: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    recalled: tuple[str, ...] = ()
    text: Written | None = None


class Askable(msgspec.Struct, frozen=True):
    """Partners, by name, whom something can be asked, and the purposes for which some accord lets it be."""

    partners: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()


def askable(node: Node) -> Askable:
    """Whom we can ask now, and for what."""
    now = node.clock.now_us() / 1e6
    terms = {
        row.name: combine(tuple(one for one in accords_with(node, row.id) if one.in_force(now)))
        for row in node.store.partners()
    }
    purposes = frozenset[str]().union(*(one.purposes for one in terms.values() if one))
    return Askable(tuple(name for name, one in terms.items() if one), tuple(sorted(purposes)))


def doable(node: Node, object_id: str) -> Doable:
    """What can be done with an object; nothing with one that is not here, or is a line of the picture only."""
    row, store = node.store.object(object_id), node.store
    if row is None:
        return Doable()
    partners = {one.id: one.name for one in store.partners()}
    onto = tuple(name for one, name in partners.items() if one != row.origin) if row.origin in partners else ()
    purposes = _purposes(node, row) if onto else ()
    return Doable(
        here=True,
        origin=partners.get(row.origin, ""),
        onto=onto if purposes else (),
        purposes=purposes,
        holders=tuple(name for one, name in partners.items() if store.held_views(one, object_id)),
        recalled=tuple(name for one, name in partners.items() if store.is_recalled(one, object_id)),
        text=_text(node, object_id),
    )


def _purposes(node: Node, row: ObjectRow) -> tuple[str, ...]:
    """Purposes for which its originator can be asked; none where no accord lets it be."""
    now = node.clock.now_us() / 1e6
    terms = combine(tuple(one for one in accords_with(node, row.origin) if one.in_force(now)))
    if row.origin == OWN or row.status == "withdrawn" or terms is None or terms.onward == "never":
        return ()
    allowed = terms.purposes if row.marking.purposes is None else terms.purposes & row.marking.purposes
    return tuple(sorted(allowed))


def unread_texts(node: Node) -> Unread:
    """What waits to be read."""
    names = [*islice(unread(node.store), MANY)]
    first = (_text(node, name) for name in names[:FIRST])
    return Unread(tuple(one for one in first if one), len(names))


def _text(node: Node, object_id: str) -> Written | None:
    row = node.store.object(object_id)
    if row is None or not free_text(row.raw):
        return None
    found, partner = texts_of(node.store, object_id), node.store.partner(row.origin)
    return Written(
        id=found.object_id,
        version=found.version,
        origin=partner.name if partner else row.origin,
        title=title_of(node, object_id),
        page=page_of(object_id),
        marking=row.marking,
        read=found.read,
        texts=found.texts,
    )
