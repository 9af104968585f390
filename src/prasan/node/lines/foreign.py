"""Objects of sources that are no partners: a foreign TAXII server, a file of STIX or MISP. They are kept as they came.

They are ours to decide about, under the marking and terms of their `[[source]]` joined with the label that they carry
themselves. A tag, which policies can name as a label and which never leaves the node, says whose they are.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec

from prasan.errors import FormatError
from prasan.exchange.intake import Peer, Reason, form, speech
from prasan.formats.stix import Header, free_text, peek
from prasan.formats.stix_ids import COMMON_KNOWLEDGE
from prasan.node.node import Node
from prasan.node.objects import KEPT, Kept, object_row, put
from prasan.node.own_ids import SOURCE
from prasan.node.record import NODE_LOG, note
from prasan.picture.marking import Marking
from prasan.picture.source import Source, Terms
from prasan.release.facts import content_of
from prasan.stores.rows import OWN
from prasan.stores.sqlite import Tx
from prasan.stores.traffic import Conflict, Quarantined

CHUNK: Final = 500
"""Objects kept in one transaction."""


class Came(msgspec.Struct):
    """What became of objects: `new` ones, those that were here already, and the others by the reason."""

    new: int = 0
    same: int = 0
    turned: dict[str, int] = {}

    def add(self, other: "Came") -> None:
        """Count these too."""
        self.new += other.new
        self.same += other.same
        self.turned = dict(Counter(self.turned) + Counter(other.turned))


def take_all(node: Node, raws: Sequence[bytes], source: Source) -> Came:
    """Keep objects of a source, some hundreds a transaction; what is here already changes nothing."""
    total = Came()
    for start in range(0, len(raws), CHUNK):
        with node.store.write() as tx:
            total.add(take(node, tx, raws[start : start + CHUNK], source))
    return total


def take(node: Node, tx: Tx, raws: Sequence[bytes], source: Source) -> Came:
    """The same in a transaction that is under way. What is turned away is in quarantine under `source/NAME`."""
    came, hand = Came(), _Hand(node, tx, source)
    for raw in raws:
        how = hand.take(raw)
        if how == "new":
            came.new += 1
        elif how in ("same", "constant"):
            came.same += 1
        else:
            came.turned[how] = came.turned.get(how, 0) + 1
    if came.new or came.turned:
        detail = {"new": came.new, "same": came.same, "turned": sum(came.turned.values())}
        note(node, tx, NODE_LOG, "foreign", source.name, detail)
    return came


def tag_of(source: str) -> str:
    """The tag of what came from a source."""
    return f"{SOURCE}{source}"


class _Hand:
    """Takes the objects of one source."""

    def __init__(self, node: Node, tx: Tx, source: Source) -> None:
        self._node, self._tx, self._source = node, tx, source
        self._now_us = node.clock.now_us()
        self._tag = tag_of(source.name)
        nodes = frozenset({node.id, *(one.id for one in tx.partners())})
        self._peer = Peer(OWN, node.id, {}, nodes, lambda: self._now_us)

    def take(self, raw: bytes) -> str:
        """`new`, `same`, `constant` or the reason for which it was turned away."""
        found = form(raw)
        if isinstance(found, str):
            return self._turn(raw, found)
        if found.id in COMMON_KNOWLEDGE:
            return "constant"
        reason = self._reason(found)
        if reason is not None:
            return self._turn(raw, reason)
        kept = Kept(
            content_of(raw, found),
            self._now_us / 1e6,
            _terms(self._source.terms),
            unread_text=bool(free_text(raw)),
            tags=frozenset({self._tag}),
            sources=frozenset({self._source.name}),
        )
        row = object_row(raw, found, OWN, marking_of(found, self._source), kept, self._now_us)
        how = put(self._node, self._tx, row)
        return self._turn(raw, how) if how == "conflict" else how

    def _reason(self, found: Header) -> Reason | None:
        """A source speaks for the ids that it sent first, and for no others: not for what this node made itself."""
        here = self._tx.object(found.id)
        if here is not None and (here.origin != OWN or self._tag not in KEPT(here.facts).tags):
            return "may_not_speak"
        told_of = here is None and self._tx.speaker(found.id) == OWN
        if told_of or self._tx.given_views([found.id]):  # somebody knows what we made by it
            return "may_not_speak"
        return speech(found, self._peer, self._tx)

    def _turn(self, raw: bytes, reason: str) -> str:
        try:
            found = peek(raw)
            name, version = found.id[:300], found.version[:60]
        except FormatError:
            name, version = "", ""
        who = f"source/{self._source.name}"
        if reason == "conflict" and (kept := self._tx.object_hash(name, version)) is not None:
            self._tx.put_conflict(Conflict(who, name, version, kept, sha256(raw).hexdigest(), raw, self._now_us))
        self._tx.put_quarantined(Quarantined(who, name, version, reason, raw, self._now_us))
        return reason


def marking_of(found: Header, source: Source) -> Marking:
    """The source's marking and the object's own label, the stricter of both."""
    return source.marking.join(found.marking(source.marking.tlp))


def _terms(terms: Terms) -> Terms:
    """An object is not derived from the source's rows: it is one. So where rows may not go on, it may not."""
    return msgspec.structs.replace(terms, derived=terms.derived and terms.onward)
