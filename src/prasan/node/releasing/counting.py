"""How many objects a recipient gets and does not get, and why: counted by profile and in columns, stored nowhere."""

from collections import Counter
from typing import Final

import msgspec

from prasan.node.node import Node
from prasan.node.releasing.decisions import Subject
from prasan.node.releasing.desk import Desk
from prasan.node.releasing.fates import rows_of
from prasan.node.releasing.settling import WITHDRAWN, decided, untold_codes
from prasan.release.decide import Decision, judge

_CODES: Final = msgspec.json.Decoder(tuple[str, ...]).decode
_SHOWN: Final = ("current", "revoked")
GOES_OUT: Final = ""
"""In a tally: not withheld."""


class Counts(msgspec.Struct, frozen=True):
    """What a recipient can read now, whole and built, and what it cannot, by the first code of why."""

    released: int
    sanitised: int
    withheld: dict[str, int]


def counts(node: Node, recipient: str) -> Counts:
    """Of all objects that did not come from the recipient itself."""
    with node.store.write() as tx:
        desk = Desk(node, tx)
        counting = _Counting(desk, recipient)
        why = counting.alike()
        why.update(counting.apart())
        why.update(counting.withdrawn())
        forms = tx.view_counts(recipient)
    del why[GOES_OUT]
    return Counts(forms.get("verbatim", 0), forms.get("sanitised", 0), dict(sorted((+why).items())))


class _Counting:
    """One recipient's objects: those that their profile decides about, and those that are looked at one by one."""

    def __init__(self, desk: Desk, recipient: str) -> None:
        self.desk, self.tx, self.to = desk, desk.tx, recipient
        self.case = desk.cases[recipient]
        consented = {row.object_id for row in desk.tx.consents("ours") if row.state == "given"}
        self.special = {*desk.tx.recalled_ids(recipient), *desk.tx.variant_ids(recipient), *consented}
        self.turned = {name: (number, _CODES(codes)[0]) for name, number, codes in desk.tx.unmade(recipient)}

    def alike(self) -> Counter[str]:
        """Every object, as if nothing set it apart from others of its profile."""
        tally, out = Counter[str](), set[int]()
        for number, count in self.tx.profile_counts().items():
            body = self.desk.profiles.get(number)
            if not body or self.desk.profile(body).origin == self.to:
                continue
            found = self.desk.outlook(self.to, body)
            if found.decision is not None and len(found.ways) == 1 and not self.desk.profile(body).expires:
                tally[_code(found.decision)] += count
            else:
                self.in_columns(number, body, tally)
            out |= set() if found.withholds else {number}
        for name, (profile, code) in self.turned.items():
            tally[code] += profile in out and name not in self.special
        return tally

    def in_columns(self, number: int, body: bytes, tally: Counter[str]) -> None:
        """Objects whose place, age or expiry decides."""
        for decision in rows_of(self.tx, number).judged(self.desk.facts(body), self.case):
            tally[_code(decision)] += 1

    def apart(self) -> Counter[str]:
        """What `alike` lacks: objects recalled, consented to or told as a variant, less what it counted for them."""
        names, tally = sorted(self.special), Counter[str]()
        self.desk.lay_out(names)
        for name in names:
            main, told = self.desk.main(name), self.desk.subject(name, self.to)
            if main is None or told is None or main.row.status not in _SHOWN or main.row.origin == self.to:
                continue
            tally[_code(judge(msgspec.structs.replace(main.facts, consents=()), self.case))] -= 1
            tally[self.alone(told)] += 1
        return tally

    def alone(self, subject: Subject) -> str:
        """Why one object is not read, or that it is."""
        standing = self.desk.standing(self.to, subject.row.id)
        decision = decided(self.desk, self.case, subject, standing)
        if subject.form == "untold":
            return untold_codes(decision)[0]
        if decision.verdict == "withhold" or standing.held is not None:
            return _code(decision)
        return self.turned.get(subject.row.id, (0, GOES_OUT))[1]

    def withdrawn(self) -> Counter[str]:
        """What its sender recalled is nobody's to read."""
        return Counter({WITHDRAWN: sum(origin != self.to for _, origin in self.tx.withdrawn_ids())})


def _code(decision: Decision) -> str:
    return decision.codes[0] if decision.verdict == "withhold" else GOES_OUT
