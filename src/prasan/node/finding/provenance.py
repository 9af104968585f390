"""Which sources each recipient may know of, and so which of our events are found again for it without the others.

A recipient that may not know every source of a clock is told, of what is made of that clock's rows, only *variants*:
made from the rows of the sources that it may know, as if there were no others (docs/wire.md, section 4). Once it is
told variants of a clock it stays so; if it may then know all, they are made of all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from prasan.formats.stix_ids import EVENT, VESSEL
from prasan.node.node import Node
from prasan.node.recipients import policy_in_force, recipients
from prasan.picture.marking import Marking
from prasan.picture.source import Source
from prasan.release.decide import Case, prepare
from prasan.release.sources import may_know
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads

LOOKED: Final = "provenance/looked"
"""Clock -> names of the sources that the last look at it read."""
DERIVED: Final = "provenance/derived"
"""Recipient -> clock -> names of the sources that its variants were last made of."""

PARTNERS: Final = "provenance/partners"
"""Name of a partner's reception summaries as a source -> the join of their markings."""
ARRIVED: Final = "provenance/arrived"
"""The span of the reception summaries that came since the last look for them, in seconds UTC."""
PARTNER: Final = "from "
"""What the name of such a source begins with."""

DERIVED_TYPES: Final = frozenset({EVENT, VESSEL})
"""What is made of rows, and so can be made of fewer."""

Names = frozenset[str]
Looks = Mapping[str, Names]
Partners = Mapping[str, Marking]

_LOOKED: Final = msgspec.json.Decoder(dict[str, frozenset[str]])
_DERIVED: Final = msgspec.json.Decoder(dict[str, dict[str, frozenset[str]]])
_PARTNERS: Final = msgspec.json.Decoder(dict[str, Marking])
_ARRIVED: Final = msgspec.json.Decoder(tuple[int, int] | None)
_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode


class Audience(msgspec.Struct, frozen=True):
    """Recipients of variants of one clock that may know the same of its sources."""

    recipients: tuple[str, ...]
    names: Names


def looked(store: Reads) -> dict[str, Names]:
    """Clock -> names of the sources that the last look at it read."""
    return _LOOKED.decode(store.meta(LOOKED) or "{}")


def derived(store: Reads) -> dict[str, dict[str, Names]]:
    """Recipient -> clock -> the sources that its variants were last made of."""
    return _DERIVED.decode(store.meta(DERIVED) or "{}")


def partners_of(store: Reads) -> dict[str, Marking]:
    """The partners' reception summaries that are here, as sources."""
    return _PARTNERS.decode(store.meta(PARTNERS) or "{}")


def source_named(node: Node, partners: Partners, name: str) -> Source:
    """A source of ours, or a partner's summaries as one."""
    if name in partners:
        return Source(name, "", partners[name])
    return node.settings.source_for(name)


def with_partners(node: Node, own: Sequence[Source]) -> list[Source]:
    """The sources of a clock, and partners' summaries; those of an exercise count in an exercise only."""
    exercise = any(source.exercise for source in own)
    found = [Source(name, "", marking) for name, marking in sorted(partners_of(node.store).items())]
    return [*own, *(source for source in found if source.exercise == exercise)]


def permitted(node: Node, case: Case, sources: Iterable[Source]) -> Names:
    """Of these sources, those that the recipient may know of."""
    return frozenset(source.name for source in sources if may_know(source, node.id, case))


def hidden_clocks(node: Node, store: Reads, cases: Mapping[str, Case]) -> dict[str, Names]:
    """Recipient -> the clocks of whose rows it is told variants only."""
    made, partners = derived(store), partners_of(store)
    looks = {clock: [source_named(node, partners, one) for one in names] for clock, names in looked(store).items()}
    hidden = {}
    for name, case in cases.items():
        if case.recipient.kind != "class" and looks:
            some = {clock for clock, of in looks.items() if any(not may_know(one, node.id, case) for one in of)}
            hidden[name] = frozenset(some | made.get(name, {}).keys())
    return hidden


def audiences(node: Node, clock: str, sources: Collection[Source]) -> list[Audience]:
    """Who is told variants of this clock, by what they may know; recipients that no rule lets anything to are left out.

    Sorted, so that equal nodes do equal things in equal order.
    """
    store, every = node.store, frozenset(source.name for source in sources)
    made, found = derived(store), dict[Names, list[str]]()
    for name, case in _cases(node).items():
        names = permitted(node, case, sources)
        if clock in made.get(name, {}) or (names != every and _is_told(case)):
            found.setdefault(names, []).append(name)
    made_of = sorted(found.items(), key=lambda item: sorted(item[0]))
    return [Audience(tuple(sorted(to)), names) for names, to in made_of]


def stale(node: Node) -> list[str]:
    """Clocks of which some recipient may now know other sources than its variants were made of."""
    made, partners = derived(node.store), partners_of(node.store)
    found = []
    for clock, names in sorted(looked(node.store).items()):
        told = audiences(node, clock, [source_named(node, partners, name) for name in names])
        if any(made.get(one, {}).get(clock) != audience.names for audience in told for one in audience.recipients):
            found.append(clock)
    return found


def remember_partners(tx: Tx, partners: Partners) -> None:
    """These are the partners' summaries that are here."""
    tx.set_meta(PARTNERS, _ENCODE(partners).decode())


def arrived(store: Reads) -> tuple[int, int] | None:
    """The span of what came and was not looked at yet."""
    found: tuple[int, int] | None = _ARRIVED.decode(store.meta(ARRIVED) or "null")
    return found


def remember_arrived(tx: Tx, span: tuple[int, int] | None) -> None:
    """A partner's reception summary of this span came; None: all that came was looked at."""
    before = arrived(tx)
    if span is not None and before is not None:
        span = min(before[0], span[0]), max(before[1], span[1])
    tx.set_meta(ARRIVED, _ENCODE(span).decode())


def remember_look(tx: Tx, clock: str, names: Iterable[str]) -> None:
    """A look at a clock read these sources."""
    before = looked(tx)
    if before.get(clock) != frozenset(names):
        tx.set_meta(LOOKED, _ENCODE(before | {clock: frozenset(names)}).decode())


def remember_derived(tx: Tx, recipient: str, clock: str, names: Names) -> None:
    """A recipient's variants of a clock were made of these sources."""
    before = derived(tx)
    mine = before.get(recipient, {})
    if mine.get(clock) != names:
        tx.set_meta(DERIVED, _ENCODE(before | {recipient: mine | {clock: names}}).decode())


def _cases(node: Node) -> dict[str, Case]:
    policy, now = policy_in_force(node.store), node.clock.now_us() / 1e6
    every = recipients(node.store)
    return {name: prepare(one, policy, now) for name, one in every.items() if one.kind != "class"}


def _is_told(case: Case) -> bool:
    """True if some rule may let an event or a vessel to this recipient, and partners have an accord in force."""
    if case.recipient.kind == "partner" and case.terms is None:
        return False
    return any(rule.then != "withhold" and (rule.types is None or rule.types & DERIVED_TYPES) for rule in case.rules)
