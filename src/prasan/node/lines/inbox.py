"""What partners post to their inbox beside control: objects of theirs, judged, kept and decided like those that we pull
(docs/wire.md, section 9). The poster's status never depends on it: it was written by form alone."""

from collections.abc import Iterator, Sequence
from typing import Final

from prasan.exchange.intake import Peer, Reason, speech
from prasan.formats.stix import Header, has_free_text, peek
from prasan.formats.stix_ids import COMMON_KNOWLEDGE, CONTROL, RECEPTION
from prasan.node.acts.control import POSTED
from prasan.node.finding.reception import arrives
from prasan.node.node import Node
from prasan.node.objects import Kept, object_row, put_all
from prasan.node.recipients import accords_with
from prasan.node.record import NODE_LOG, note
from prasan.picture.marking import Marking, Tlp
from prasan.picture.posted import Item, Outcome
from prasan.release.accord import Combined, combine, holding
from prasan.release.facts import content_in
from prasan.stores.rows import ObjectRow
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.objects import Put
from prasan.stores.traffic import Conflict, Quarantined

Told = tuple[Item, Outcome]
"""What was posted, and whether it is new in the inbox."""

UNSTATED: Final = Tlp.AMBER_STRICT
"""Of an object without a TLP label: FIRST's label for "your organization, and nobody else"."""


def take_in(node: Node, tx: Tx, owner: str, items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
    """Keep what a registered partner posted, in the transaction of the post; what is not its to say is kept apart.

    Posted again it is judged again: what was turned away for want of an accord is taken once there is one.
    """
    if tx.partner(owner) is None:
        return
    told = [(item, how) for item, how in zip(items, outcomes, strict=True) if _is_told(item)]
    if not told:
        return
    judge = _Judge(node, tx, owner)
    changed = [result for some in _apart(told) for result in judge.take(some) if result is not None]
    # The partner's own log counts what came, not what became of it: that may tell whose an id is.
    if came := sum(how == "new" for _, how in told):
        note(node, tx, owner, "posted", owner, {"objects": came})
    if changed:
        counts = {"taken": sum(changed), "turned": len(changed) - sum(changed)}
        note(node, tx, NODE_LOG, "posted", owner, counts)


def _is_told(item: Item) -> bool:
    """False for what is control and for constants that every node knows."""
    return item.type not in CONTROL and item.type not in POSTED and item.id not in COMMON_KNOWLEDGE


def _apart(told: Sequence[Told]) -> Iterator[list[Told]]:
    """All, in order, in as few runs as there can be with no id twice in one: a run is looked up and kept at once."""
    some: dict[str, Told] = {}
    for item, how in told:
        if item.id in some:
            yield [*some.values()]
            some = {}
        some[item.id] = item, how
    yield [*some.values()]


class _Here:
    """What is here of some ids: who speaks for them, and which are ours under the ids that a partner knows."""

    def __init__(self, tx: Tx, ids: Sequence[str]) -> None:
        self.object_hash = tx.object_hash
        self._speakers, self.ours = tx.speakers(ids), tx.given_views(ids)

    def speaker(self, object_id: str) -> str | None:
        """Who first sent it."""
        return self._speakers.get(object_id)


class _Judge:
    """One partner's post: who it is, under which accords, and what is here already."""

    def __init__(self, node: Node, tx: Tx, owner: str) -> None:
        self._node, self._tx, self._owner = node, tx, owner
        self._now_us = node.clock.now_us()
        nodes = frozenset({node.id, *(one.id for one in tx.partners())})
        accords = accords_with(node, owner)
        self._peer = Peer(owner, node.id, {one.hash: one for one in accords}, nodes, lambda: self._now_us)
        self._terms = combine(holding(accords, self._now_us / 1e6))

    def take(self, told: Sequence[Told]) -> list[bool | None]:
        """Of each, all of different ids: True if it is an object of ours now, False if it was put into quarantine, None
        if nothing changed.
        """
        here = _Here(self._tx, [item.id for item, _ in told])
        judged = [self._judged(*one, here) for one in told]
        puts = iter(put_all(self._node, self._tx, [one for one in judged if isinstance(one, ObjectRow)]))
        return [
            self._kept(item, next(puts)) if isinstance(one, ObjectRow) else self._set_apart(item, one)
            for (item, _), one in zip(told, judged, strict=True)
        ]

    def _judged(self, item: Item, how: Outcome, here: _Here) -> ObjectRow | Reason:
        if how == "conflict":
            return "conflict"
        if self._terms is None:
            return "unknown_accord"
        header = peek(item.raw)
        # An id that we gave to a partner for a built view is ours to speak for.
        reason = "may_not_speak" if header.id in here.ours else speech(header, self._peer, here)
        return reason or self._row(item, header, self._terms)

    def _row(self, item: Item, header: Header, terms: Combined) -> ObjectRow:
        unread = has_free_text(item.raw, item.document)
        content = content_in(item.document, header)
        kept = Kept(content, self._now_us / 1e6, unread_text=unread, onward=terms.onward)
        marking = marking_of(header, self._owner, terms)
        return object_row(item.raw, header, self._owner, marking, kept, self._now_us, item.sha256)

    def _kept(self, item: Item, how: Put) -> bool | None:
        if how == "new" and item.type == RECEPTION:
            arrives(self._tx, item.raw)
        return self._set_apart(item, "conflict") if how == "conflict" else True if how == "new" else None

    def _set_apart(self, item: Item, reason: Reason) -> bool | None:
        version = peek(item.raw).version
        row = Quarantined(self._owner, item.id, version, reason, item.raw, self._now_us)
        if reason == "conflict" and (here := self._tx.object_hash(item.id, version)) is not None:
            self._tx.put_conflict(Conflict(self._owner, item.id, version, here, item.sha256, item.raw, self._now_us))
        return False if self._tx.put_quarantined(row) else None


def marking_of(header: Header, owner: str, terms: Combined) -> Marking:
    """A post has no statement: the label of the object itself or `UNSTATED`, under its sender's control, for the
    purposes of the accord."""
    orcon = frozenset[str]() if _label_says_enough(header, terms) else frozenset({owner})
    return header.marking(UNSTATED).join(Marking(orcon=orcon, purposes=terms.purposes))


def _label_says_enough(header: Header, terms: Combined) -> bool:
    """The sender signed that its labels say who else may know, and this one says it: nothing beside it to be obeyed."""
    bare = len(header.object_marking_refs) == 1 and not header.granular_markings
    return terms.onward == "tlp" and bare and header.tlp is not None and header.tlp <= Tlp.GREEN
