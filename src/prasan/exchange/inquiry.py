"""The life of a request for information, as both sides see it: who may do what, and what a set of changes comes to.

A history is a set of signed changes, each naming the one before it by its hash. What it says follows from the set
alone, so two sides that hold the same changes see the same, in whatever order these came. Two changes after one are
two histories: both are kept, and an officer of either side settles it by one more change.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.errors import FormatError, IntegrityError
from prasan.exchange.jws import header_of, verify
from prasan.formats.stix_request import MAX_CHANGES, MAX_HISTORY, Change, Question, State, read_change

Side = Literal["asker", "asked"]
Act = Literal["ask", "receive", "accept", "refuse", "answer_in_part", "answer", "close", "rate"]
Refusal = Literal["bad_signature", "other_terms", "out_of_order", "too_large", "bad_object"]
"""Why a change is not taken: nobody we know signed it; it is between others; it cannot follow; there are too many."""

TYP: Final = "prasan-request-change"

TABLE: Final[dict[tuple[State | None, Side, Act], State]] = {
    (None, "asker", "ask"): "sent",
    ("sent", "asked", "receive"): "received",
    ("received", "asked", "accept"): "accepted",
    ("received", "asked", "refuse"): "refused",
    ("received", "asker", "close"): "closed",
    ("accepted", "asked", "refuse"): "refused",
    ("accepted", "asked", "answer_in_part"): "partly_answered",
    ("accepted", "asked", "answer"): "answered",
    ("accepted", "asker", "close"): "closed",
    ("partly_answered", "asked", "refuse"): "refused",
    ("partly_answered", "asked", "answer_in_part"): "partly_answered",
    ("partly_answered", "asked", "answer"): "answered",
    ("partly_answered", "asker", "close"): "closed",
    ("refused", "asker", "close"): "closed",
    ("answered", "asker", "close"): "closed",
    ("closed", "asker", "rate"): "rated",
}
"""(state, side, act) -> state. What is not here nobody may do. `receive` is done by the asked side's node."""

OPEN: Final[frozenset[State]] = frozenset({"sent", "received", "accepted", "partly_answered"})
"""The states in which an answer is still owed."""

Keys = Mapping[str, tuple[str, Ed25519PublicKey]]
"""Thumbprint -> whose key it is (an identity id) and the key."""


def may(state: State | None, side: Side) -> dict[Act, State]:
    """What a side may do now, and what each act leads to."""
    return {act: after for (before, who, act), after in TABLE.items() if (before, who) == (state, side)}


class Link(msgspec.Struct, frozen=True):
    """A change that was checked: the hash of its text, the signed text ("" once that was dropped), and who made it."""

    sha256: str
    text: str
    side: Side
    change: Change


class History:
    """The changes of one request between two nodes."""

    def __init__(self, links: Iterable[Link] = ()) -> None:
        """Of links that were checked before, in any order."""
        self.links = {link.sha256: link for link in links}

    @property
    def question(self) -> Question:
        """What was asked, of several (which is a conflict) that of the first by hash."""
        roots = (self.links[name].change.question for name in sorted(self.links))
        return next(root for root in roots if root is not None)

    @property
    def tips(self) -> tuple[Link, ...]:
        """The changes that nothing follows and nobody set aside: one, unless there are two histories."""
        before = {link.change.prev for link in self.links.values()}
        aside = {name for link in self.links.values() for name in link.change.settles}
        return tuple(link for name, link in sorted(self.links.items()) if name not in before | aside)

    @property
    def state(self) -> State | None:
        """Where it stands; None where two histories do not agree, or before the first change."""
        tips = self.tips
        return tips[0].change.state if len(tips) == 1 else None

    @property
    def texts(self) -> tuple[str, ...]:
        """The signed texts that are still here, each after those that it rests on."""
        return tuple(link.text for link in self.in_order() if link.text)

    @property
    def dropped(self) -> tuple[str, ...]:
        """The hashes of the changes whose texts are here no more."""
        return tuple(link.sha256 for link in self.in_order() if not link.text)

    def in_order(self) -> tuple[Link, ...]:
        """The links by number; those of one number by hash."""
        return tuple(sorted(self.links.values(), key=lambda link: (link.change.n, link.sha256)))

    def before(self, name: str) -> set[str]:
        """The hashes of a change and of all before it."""
        found = set[str]()
        while name:
            found.add(name)
            name = self.links[name].change.prev
        return found

    def take(self, text: str, keys: Keys, pair: frozenset[str]) -> Link | Refusal | None:
        """Check one more change between the two nodes of `pair` and keep it; None if it is here already."""
        name = sha256(text.encode()).hexdigest()
        if name in self.links:
            return None
        if len(self.links) >= MAX_CHANGES or sum(len(link.text) for link in self.links.values()) > MAX_HISTORY:
            return "too_large"
        read = _read(text, keys)
        if isinstance(read, str):
            return read
        link = self._root(name, text, read, pair) if read.change.question is not None else self._next(name, text, read)
        if isinstance(link, Link):
            self.links[name] = link
        return link

    def _root(self, name: str, text: str, read: "_Signed", pair: frozenset[str]) -> Link | Refusal:
        """Two that begin one request are a conflict as any other two; they are of the same asker by its id."""
        question, change = read.change.question, read.change
        if question is None or {question.asker, question.asked} != pair or read.by != question.asker:
            return "other_terms"
        others = {link.change.request for link in self.links.values()} - {change.request}
        return "other_terms" if others else Link(name, text, "asker", change)

    def _next(self, name: str, text: str, read: "_Signed") -> Link | Refusal:
        change = read.change
        parent = self.links.get(change.prev)
        if parent is None or change.n != parent.change.n + 1:
            return "out_of_order"
        sides: dict[str, Side] = {self.question.asker: "asker", self.question.asked: "asked"}
        if change.request != parent.change.request or read.by not in sides:
            return "other_terms"
        side = sides[read.by]
        follows = self._settles(change) if change.settles else change.state in may(parent.change.state, side).values()
        return Link(name, text, side, change) if follows else "out_of_order"

    def _settles(self, change: Change) -> bool:
        """Setting aside leaves the state, and sets aside only what is known and is no part of what is kept."""
        kept = self.before(change.prev)
        same = change.state == self.links[change.prev].change.state
        return same and all(name in self.links and name not in kept for name in change.settles)


class _Signed(msgspec.Struct, frozen=True):
    """What a change says and which node signed it."""

    by: str
    change: Change


def _read(text: str, keys: Keys) -> _Signed | Refusal:
    try:
        signer = keys.get(header_of(text).kid)
        if signer is None:
            return "bad_signature"
        return _Signed(signer[0], read_change(verify(text, TYP, signer[1])))
    except IntegrityError:
        return "bad_signature"
    except FormatError:
        return "bad_object"
