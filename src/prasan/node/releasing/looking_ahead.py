"""What a policy would change for what is in the store, before it is put in force: counted, and object by object."""

from collections import Counter
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from prasan.node.node import Node
from prasan.node.releasing.desk import Desk
from prasan.node.releasing.fates import rows_of
from prasan.node.releasing.outlooks import Outlooks, origin_names, prepared
from prasan.release.decide import Case, Decision, judge
from prasan.release.outlook import Outlook
from prasan.release.rules import Policy
from prasan.stores.sqlite import Tx

Change = Literal["releases", "sanitises", "narrows", "remakes"]
CHANGES: Final[dict[tuple[str, str], Change]] = {
    ("withhold", "release"): "releases",
    ("sanitise", "release"): "releases",
    ("withhold", "sanitise"): "sanitises",
    ("release", "sanitise"): "narrows",
    ("release", "withhold"): "narrows",
    ("sanitise", "withhold"): "narrows",
    ("sanitise", "sanitise"): "remakes",
}
"""(verdict now, verdict then) -> what that is called; `remakes`: the built view is made by other steps."""


class Ahead(msgspec.Struct, frozen=True):
    """How many objects a recipient would get whole, get built, not get any more (or built where it had them whole), and
    get built in another way. What rendering makes of them is not looked at."""

    recipient: str
    releases: int = 0
    sanitises: int = 0
    narrows: int = 0
    remakes: int = 0

    @property
    def any(self) -> bool:
        """True if anything would change."""
        return bool(self.releases or self.sanitises or self.narrows or self.remakes)


def look_ahead(node: Node, policy: Policy) -> list[Ahead]:
    """What a policy would change, a line a recipient."""
    with node.store.write() as tx:
        looks = _looks(node, tx, policy)
        return [Ahead(one.case.recipient.name, **one.counted()) for one in looks]


def changed_objects(node: Node, policy: Policy, recipient: str) -> list[tuple[str, Change]]:
    """The objects that would fare differently with one recipient (by its id), each with how."""
    with node.store.write() as tx:
        return [pair for one in _looks(node, tx, policy) if one.case.recipient.id == recipient for pair in one.each()]


def _looks(node: Node, tx: Tx, policy: Policy) -> "list[_Look]":
    desk = Desk(node, tx)
    after = prepared(tx, desk.now_us / 1e6, policy)
    outlooks = Outlooks(node.id, after, origin_names(tx))
    return [_Look(desk, case, outlooks) for case in after.values()]


class _Look:
    """One recipient under the policy in force and under another."""

    def __init__(self, desk: Desk, case: Case, after: Outlooks) -> None:
        self.desk, self.tx, self.case, self.after = desk, desk.tx, case, after
        self.to, self.now = case.recipient.id, desk.cases[case.recipient.id]
        self.clocks = desk.hidden.get(self.to, frozenset())
        self.apart = {*self.tx.recalled_ids(self.to), *self.tx.variant_ids(self.to)}

    def counted(self) -> dict[str, int]:
        """How many objects, by change."""
        tally = Counter[str]()
        sizes = {} if self.apart or self.clocks else self.tx.profile_counts()
        for number, before, after in self.profiles():
            alike = number in sizes and not self.desk.profile(self.desk.profiles[number]).expires
            if alike and before.decision is not None and after.decision is not None:
                tally[_change(before.decision, after.decision) or ""] += sizes[number]
            else:
                tally.update(how for _, how in self.of_profile(number))
        tally.update(how for _, how in self.variants())
        return {name: count for name, count in tally.items() if name}

    def each(self) -> Iterator[tuple[str, Change]]:
        """Every object that would fare differently."""
        for number, _, _ in self.profiles():
            yield from self.of_profile(number)
        yield from self.variants()

    def profiles(self) -> Iterator[tuple[int, Outlook, Outlook]]:
        """The profiles whose objects may fare differently, with both outlooks."""
        for number, body in self.desk.profiles.items():
            if body and self.desk.profile(body).origin != self.to:
                before, after = self.desk.outlook(self.to, body), self.after.of(self.to, body)
                if before.key != after.key:
                    yield number, before, after

    def of_profile(self, number: int) -> Iterator[tuple[str, Change]]:
        """Its objects, but those that were recalled or that the recipient is told variants of at most."""
        rows, facts = rows_of(self.tx, number), self.desk.facts(self.desk.profiles[number])
        both = zip(rows.ids, rows.kept, rows.judged(facts, self.now), rows.judged(facts, self.case), strict=True)
        for name, kept, before, after in both:
            how = _change(before, after)
            if how and name not in self.apart and not (kept.clock and kept.clock in self.clocks):
                yield name, how

    def variants(self) -> Iterator[tuple[str, Change]]:
        """What the recipient is told in place of objects of ours."""
        for name in self.tx.variant_ids(self.to):
            subject = self.desk.subject(name, self.to)
            if subject is not None and subject.form == "variant" and not self.tx.is_recalled(self.to, name):
                how = _change(judge(subject.facts, self.now), judge(subject.facts, self.case))
                if how:
                    yield name, how


def _change(before: Decision, after: Decision) -> Change | None:
    if before.verdict == after.verdict == "sanitise" and before.steps == after.steps:
        return None
    return CHANGES.get((before.verdict, after.verdict))
