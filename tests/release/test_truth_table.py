"""Every combination of marking, recipient and accord, against a second telling of the rules that shares no code."""

from itertools import product
from typing import NamedTuple

from release_makers import NODE, NOW, OTHER, US, accord, facts, policy

from prasan.picture.marking import Marking, Tlp
from prasan.release.decide import decide
from prasan.release.facts import PUBLIC, Consent, partner, staff_class

POLICY = policy(
    'prasan_policy = 1\nname = "x"\n[[rule]]\nid = "all"\nto = ["partners", "public", "class:s"]\nthen = "release"'
)
ACCORDS = {
    (mode, highest): accord(mode=mode, highest_tlp=highest, purposes=["safety", "security"])
    for mode, highest in product(("real", "exercise"), ("clear", "amber", "red"))
}
ORDER = ["clear", "green", "amber", "amber+strict", "red"]
REL_TO = (None, (), ("us",), ("other",), ("us", "other"), ("node",))
IDS = {"us": US, "other": OTHER, "node": NODE}
ORCON = ((), ("node",), ("other",), ("us",))
PURPOSES = (None, (), ("safety",), ("fisheries_operation",))
EXPIRES = (None, -1, 0, 1)


class Told(NamedTuple):
    """One line of the table, in words."""

    who: str
    highest: str
    mode: str
    tlp: str
    rel_to: tuple[str, ...] | None
    orcon: tuple[str, ...]
    consent: bool
    purposes: tuple[str, ...] | None
    expires: int | None
    exercise: bool


def may_go(told: Told) -> bool:
    """The page on the wire again: each line is one of its sentences."""
    highest = "clear" if told.who == "public" else told.highest
    named = {"partner": "us", "class": "node", "public": "everybody"}[told.who]
    allowed = {"partner": [("safety",)], "class": [("safety",), ("fisheries_operation",)], "public": []}[told.who]
    return (
        ORDER.index(told.tlp) <= ORDER.index(highest)
        and (told.rel_to is None or named in told.rel_to)
        and (told.who == "class" or told.consent or "other" not in told.orcon)
        and not (told.who == "public" and "us" in told.orcon)
        and (told.purposes is None or told.purposes in allowed)
        and (told.expires is None or told.expires > 0)
        and not (told.who == "partner" and told.mode == "real" and told.exercise)
    )


def test_the_whole_table() -> None:
    cases = 0
    for who, (mode, highest) in product(("partner", "class", "public"), ACCORDS):
        recipient = {
            "partner": partner("us-mo", US, (ACCORDS[mode, highest],)),
            "class": staff_class("s", Tlp.parse(highest)),
            "public": PUBLIC,
        }[who]
        consents = (), (Consent(OTHER, frozenset({recipient.id})),)
        for tlp, rel_to, orcon, consent, purposes, expires, exercise in product(
            ORDER, REL_TO, ORCON, (False, True), PURPOSES, EXPIRES, (False, True)
        ):
            marking = Marking(
                tlp=Tlp.parse(tlp),
                rel_to=None if rel_to is None else frozenset(IDS[name] for name in rel_to),
                orcon=frozenset(IDS[name] for name in orcon),
                purposes=None if purposes is None else frozenset(purposes),
                expires=None if expires is None else NOW + expires,
                exercise=exercise,
            )
            verdict = decide(facts(marking, consents=consents[consent]), recipient, POLICY, NOW).verdict
            may = may_go(Told(who, highest, mode, tlp, rel_to, orcon, consent, purposes, expires, exercise))
            assert verdict == ("release" if may else "withhold"), (who, highest, mode, marking, consent)
            cases += 1
    assert cases == 3 * 6 * 5 * 6 * 4 * 2 * 4 * 4 * 2
