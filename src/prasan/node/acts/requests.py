"""Requests for information as officers work with them: asked, accepted, refused, answered, closed, rated, settled.

Objects are named by the ids of this node; on the wire they are those by which the partner knows them, and what the
partner was not given cannot be named.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec

from prasan.errors import UsageError
from prasan.exchange.inquiry import OPEN, Act, History, Link, may
from prasan.formats.stix import format_time, parse_time
from prasan.formats.stix_ids import ids_in
from prasan.formats.stix_request import LONGEST, MAX_REFS, Priority, Question
from prasan.node.acts.choosing import by_end, purpose_of
from prasan.node.acts.requesting import advance, begin, history_of, side_of
from prasan.node.acts.requesting import settle as settle_history
from prasan.node.node import Node
from prasan.node.objects import resolved
from prasan.node.record import note_hand
from prasan.node.releasing.desk import Desk
from prasan.node.releasing.publish import work_due
from prasan.release.decide import Case
from prasan.stores.sqlite.store import Reads
from prasan.stores.traffic import RequestRow

CONFLICT: Final = "conflict"


class Wanted(msgspec.Struct, frozen=True):
    """What is asked of a partner (by name): in words, about which objects, for what purpose (None: the only one
    possible), and by when (seconds UTC)."""

    to: str
    needed_by: float
    text: str = ""
    about: tuple[str, ...] = ()
    purpose: str | None = None
    priority: Priority = "routine"


class Said(msgspec.Struct, frozen=True):
    """What an officer does with a request, in words, with objects, with a rating from 1 to 5."""

    act: Act
    text: str = ""
    refs: tuple[str, ...] = ()
    rating: int | None = None


def request(node: Node, wanted: Wanted, by: str = "") -> RequestRow:
    """Ask a partner. UsageError says why that cannot be asked."""
    work_due(node)
    with node.store.write() as tx:
        desk = Desk(node, tx)
        partner = tx.partner(wanted.to)
        if partner is None:
            known = ", ".join(one.name for one in tx.partners()) or "none yet"
            raise UsageError(
                f"there is no partner '{wanted.to}' (registered: {known})",
                "Name one of them.",
                code="partner_unknown",
                name=wanted.to,
            )
        if wanted.needed_by <= node.clock.now_us() / 1e6:
            raise UsageError("the time it is needed by has passed", "Give a later one with --by.", code="request_past")
        said: dict[str, Any] = {"text": _text(wanted.text), "refs": _refs(desk, partner.id, wanted.about)}
        if not any(said.values()):
            raise UsageError("nothing is asked", "Say what you want to know with --about.", code="request_empty")
        question = Question(
            asker=node.id,
            asked=partner.id,
            nonce=node.clock.uuid(f"{partner.id}/request"),
            purpose=_purpose(desk.cases[partner.id], wanted.purpose),
            priority=wanted.priority,
            needed_by=format_time(wanted.needed_by),
        )
        row = begin(node, tx, question, said)
        note_hand(node, tx, by, "request_sent", row.id)
        return row


def act_on(node: Node, name: str, said: Said, by: str = "") -> RequestRow:
    """Do something with a request (`name`: its id, or the end of it). UsageError if that is not ours to do now."""
    work_due(node)
    with node.store.write() as tx:
        row = find(tx, name)
        words: dict[str, Any] = {"text": _text(said.text), "refs": _refs(Desk(node, tx), row.partner, said.refs)}
        if said.act in ("answer", "answer_in_part") and not any(words.values()):
            raise UsageError("an answer says something", "Give --text, or objects with --object.", code="answer_empty")
        if said.rating is not None:
            words["rating"] = said.rating
        advance(node, tx, row, said.act, words)
        note_hand(node, tx, by, f"request_{said.act}", row.id)
        return row


def settle(node: Node, name: str, keep: str, text: str = "", by: str = "") -> RequestRow:
    """Of two histories that do not agree keep the one that ends with `keep` (its hash, or the beginning of it)."""
    with node.store.write() as tx:
        row = find(tx, name)
        settle_history(node, tx, row, keep, _text(text))
        note_hand(node, tx, by, "request_settled", row.id)
        return row


def find(store: Reads, name: str) -> RequestRow:
    """A request by its id or by the end of it. UsageError if there is none or more than one."""
    return by_end(store.requests(), name, "request")


def _text(text: str) -> str:
    """What an officer wrote for this partner alone."""
    if len(text) > LONGEST:
        message = f"the text has {len(text)} characters"
        raise UsageError(message, f"At most {LONGEST} are sent.", code="text_long", most=LONGEST)
    if ids_in(text):
        raise UsageError(
            "the text names an object's id", "Name objects by themselves: the partner has other ids.", code="names_id"
        )
    return text.strip()


def _refs(desk: Desk, partner: str, names: Collection[str]) -> tuple[str, ...]:
    """The ids that the partner knows these objects by. UsageError for one that it was not given."""
    if len(names) > MAX_REFS:
        message = f"{len(names)} objects are too many"
        raise UsageError(message, f"Name {MAX_REFS} at most.", code="objects_many", most=MAX_REFS)
    wanted = list(dict.fromkeys(names))
    known = desk.known(partner, wanted)
    for name in wanted:
        if name not in known:
            who = desk.cases[partner].recipient.name
            remedy = "Name only what it holds; see 'prasan release explain'."
            raise UsageError(f"{who} was not given {name}", remedy, code="object_not_given", who=who, name=name)
    return tuple(known[name] for name in wanted)


def _purpose(case: Case, asked: str | None) -> str:
    """One that every accord in force allows."""
    allowed = case.terms.purposes if case.terms is not None else frozenset()
    if not allowed:
        message = f"no accord with {case.recipient.name} is in force"
        raise UsageError(message, "Nothing is asked without one.", code="accord_none")
    return purpose_of(asked, allowed, "the accord allows")


class Subject(msgspec.Struct, frozen=True):
    """An object that a change names: its id here, and whether it is here (what a partner names may still come)."""

    id: str
    here: bool


class ChangeTold(msgspec.Struct, frozen=True):
    """One change for people and programs. `by` is `us` or the partner's name; `id` begins its hash, by which it is
    settled. `end`: one of several ends of histories that do not agree; `aside`: one that was set aside; `dropped`: what
    it said is here no more, as its time is over."""

    id: str
    n: int
    by: str
    state: str
    at: str
    text: str = ""
    objects: tuple[Subject, ...] = ()
    rating: int | None = None
    settles: tuple[str, ...] = ()
    end: bool = False
    aside: bool = False
    dropped: bool = False


class Listed(msgspec.Struct, frozen=True):
    """A request for people and programs. `side` is who asked; `standing` its state, or `conflict`; `ours` what we can
    do now."""

    id: str
    side: str
    partner: str
    standing: str
    overdue: bool
    priority: str
    purpose: str
    needed_by: str
    opened_at: str
    changed_at: str
    text: str
    objects: tuple[Subject, ...]
    ours: tuple[str, ...] = ()
    changes: tuple[ChangeTold, ...] = ()


def listed(node: Node, *, changes: bool = False) -> list[Listed]:
    """All requests: those that wait for us first, then the one needed soonest."""
    found = [told(node, row, changes=changes) for row in node.store.requests()]
    return sorted(found, key=lambda one: (not one.ours, one.standing in DONE, one.needed_by, one.id))


def requests_overdue(node: Node) -> int:
    """How many requests, ours and partners', are owed an answer after the time it was needed by."""
    return sum(told(node, row, changes=False).overdue for row in node.store.requests())


DONE: Final = frozenset({"closed", "rated", "refused", "answered"})


def told(node: Node, row: RequestRow, *, changes: bool = True) -> Listed:
    """One request as it stands, with its changes if they are asked for."""
    store, history = node.store, history_of(node.store, row.partner, row.id)
    partner = store.partner(row.partner)
    name = partner.name if partner else row.partner
    question, first = history.question, history.in_order()[0].change
    standing = history.state or CONFLICT
    owed = standing == CONFLICT or standing in OPEN
    late = owed and parse_time(question.needed_by) < node.clock.now_us() / 1e6
    can = tuple(may(history.state, side_of(row))) if history.state else ("settle",)
    return Listed(
        id=row.id,
        side=row.side,
        partner=name,
        standing=standing,
        overdue=late,
        priority=question.priority,
        purpose=question.purpose,
        needed_by=question.needed_by,
        opened_at=format_time(row.opened_us / 1e6),
        changed_at=format_time(row.changed_us / 1e6),
        text=first.text,
        objects=_subjects(store, row.partner, first.refs),
        ours=can,
        changes=tuple(_changes(store, row, name, history)) if changes else (),
    )


def _changes(store: Reads, row: RequestRow, partner: str, history: History) -> Sequence[ChangeTold]:
    ends, side = history.tips, side_of(row)
    kept = set[str]().union(*(history.before(one.sha256) for one in ends))

    def one(link: Link) -> ChangeTold:
        change = link.change
        return ChangeTold(
            id=link.sha256[:12],
            n=change.n,
            by="us" if link.side == side else partner,
            state="settled" if change.settles else change.state,
            at=change.at,
            text=change.text,
            objects=_subjects(store, row.partner, change.refs),
            rating=change.rating,
            settles=tuple(name[:12] for name in change.settles),
            end=len(ends) > 1 and link in ends,
            aside=link.sha256 not in kept,
            dropped=not link.text,
        )

    return [one(link) for link in history.in_order()]


def _subjects(store: Reads, partner: str, refs: Sequence[str]) -> tuple[Subject, ...]:
    meant = resolved(store, partner, refs)
    return tuple(Subject(meant[ref], store.object(meant[ref]) is not None) for ref in refs)
