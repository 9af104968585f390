"""Random cases for test_no_leak: what lies in a store, which rules let it out, what officers and partners do.

A plan is a value made of its seed alone, and names everything by what it will be, so that the same plan can be gone
through with and without any one of its objects.
"""

import contextlib
import random
from datetime import UTC, datetime
from typing import Any, NamedTuple

from prasan.errors import AccordError
from prasan.formats.stix_build import event_id, vessel_id
from prasan.formats.stix_ids import EVENT, INCIDENT, RECEPTION, VESSEL, object_id
from prasan.picture.finding import KINDS
from prasan.picture.marking import Marking, Tlp
from prasan.picture.source import Terms
from prasan.release.accord import Onward
from prasan.release.policy import parse_policy

START_S = 1_780_000_000
NAMES = ("us-mo", "other", "third")
"""The partners of the node."""
SOURCES = ("coast", "sat", "bought")
ACCORDS: tuple[dict[str, Any], ...] = (
    {},
    {"mode": "real", "highest_tlp": "green"},
    {"purposes": ["maritime_security", "counter_piracy"], "highest_tlp": "red", "onward": "tlp"},
    {"onward": "ask", "highest_tlp": "red", "valid_until": datetime(2026, 5, 29, tzinfo=UTC)},
)
"""What is changed in the accords with all partners; the last ends some hours after the beginning."""
MMSIS = (567000001, 567000002, 367000003)
LANES = ("alerts", "control", "objects", "inbox")


class Seeded(NamedTuple):
    """An object of a random store: how it comes to be there, and the word planted in it."""

    name: str
    key: str
    kind: str
    origin: str
    marking: Marking
    terms: Terms
    onward: Onward
    sources: frozenset[str]
    tags: frozenset[str]
    vessels: tuple[str, ...]
    lat: float
    word: str
    again: bool
    """A second version comes before the second policy."""


class Act(NamedTuple):
    """What an officer does after the first policy: `what` to an object, and for or against whom."""

    what: str
    name: str
    to: str


class Plan(NamedTuple):
    """A random case. `hijacker` claims an id of the store for itself: `early`, before the object is there, or last."""

    seed: int
    accord: int
    store: tuple[Seeded, ...]
    policies: tuple[bytes, bytes]
    acts: tuple[Act, ...]
    posts: tuple[tuple[str, str, str], ...]
    """Who posts what kind of thing about which object."""
    wait_h: float
    suspended: str
    worked: bool
    lane: str
    hijacker: str
    hijacked: str
    early: bool
    web: bool


class Who(NamedTuple):
    """The identity ids of the node and of its partners, by name."""

    node: str
    partners: dict[str, str]


def marking(chance: random.Random, who: Who) -> Marking:
    def maybe(value: Any, share: float = 0.12) -> Any:
        return value if chance.random() < share else None

    everybody = [*who.partners.values(), who.node]
    return Marking(
        tlp=chance.choice([*Tlp, Tlp.CLEAR, Tlp.GREEN, Tlp.GREEN]),
        rel_to=maybe(frozenset(chance.sample(everybody, chance.randint(0, 2)))),
        orcon=maybe(frozenset({chance.choice(everybody)})) or frozenset(),
        purposes=maybe(frozenset({chance.choice(["maritime_security", "safety"])})),
        personal_data=chance.random() < 0.05,
        expires=maybe(START_S + chance.randint(-3600, 36_000)),
        exercise=chance.random() < 0.4,
    )


def named(who: Who, kind: str, key: str, origin: str) -> str:
    """The id that an object will have."""
    maker = who.node if origin == "own" else who.partners[origin]
    if kind == VESSEL:
        return vessel_id(maker, int(key) + (0 if origin == "own" else 367000000))
    return event_id(maker, key) if kind in KINDS else object_id(kind, maker, key)


def store(chance: random.Random, who: Who) -> tuple[Seeded, ...]:
    """One to six objects; events may refer to vessels that are here, withheld or not."""
    found = []
    for number in range(chance.randint(1, 6)):
        kind = chance.choice([EVENT, EVENT, VESSEL, VESSEL, INCIDENT, "identity"])
        origin = chance.choice(["own", "own", "own", *NAMES])
        refs = tuple(vessel_id(who.node, mmsi) for mmsi in MMSIS if chance.random() < 0.4)
        key = str(MMSIS[number % 3]) if kind == VESSEL and origin == "own" else str(number)
        kind = chance.choice(KINDS) if kind == EVENT else kind
        found.append(
            Seeded(
                name=named(who, kind, key, origin),
                key=key,
                kind=kind,
                origin=origin,
                marking=marking(chance, who),
                terms=Terms(onward=chance.random() < 0.8, derived=chance.random() < 0.9),
                onward=chance.choice(["never", "ask", "ask", "tlp"]),
                sources=frozenset(one for one in SOURCES if chance.random() < 0.3),
                tags=frozenset({"watch"}) if chance.random() < 0.3 else frozenset(),
                vessels=refs if kind in KINDS else (),
                lat=round(chance.uniform(-60, 60), 4),
                word=f"KANARI{chance.randrange(10**9):09d}Q",
                again=chance.random() < 0.25,
            )
        )
    return tuple({one.name: one for one in found}.values())


def rule(chance: random.Random, number: int) -> str:
    then = chance.choice(["release", "release", "release", "sanitise", "sanitise", "withhold"])
    to = chance.choice([*NAMES, "partners", "partners", "class:staff", "public"])
    lines = [f'id = "r{number}"', f'to = ["{to}"]', f'then = "{then}"']
    conditions = [
        (0.3, f'types = ["{chance.choice([EVENT, VESSEL, INCIDENT, "identity", "note", RECEPTION])}"]'),
        (0.2, f'kinds = ["{chance.choice(KINDS)}"]'),
        (0.2, f'origin = "{chance.choice(["own", "received", *NAMES])}"'),
        (0.15, f'mode = "{chance.choice(["real", "exercise"])}"'),
        (0.15, f"area = [-180, {chance.randint(-60, 0)}, 180, 60]"),
        (0.2, f"min_age_h = {chance.randint(1, 6)}"),
        (0.15, 'labels = ["watch"]'),
        (0.15, f'sources = ["{chance.choice(SOURCES)}"]'),
        (0.1, 'max_tlp = "amber"'),
        (
            0.3 if then == "withhold" else 0.0,
            f'caveats = ["{chance.choice(["orcon", "rel_to", "purposes", "personal_data"])}"]',
        ),
    ]
    lines += [line for share, line in conditions if chance.random() < share]
    if then == "sanitise":
        lines += [f'drop = ["{chance.choice(["identity", "evidence"])}"]', f"again_min = {chance.choice([1, 60])}"]
        lines += ["place_deg = 0.5", "time_min = 360"] if chance.random() < 0.7 else []
    return "[[rule]]\n" + "\n".join(lines) + "\n"


EVERYBODY = '[[rule]]\nid = "last"\nto = ["partners", "class:staff", "public"]\nthen = "release"\n'


def policy(chance: random.Random) -> bytes:
    """One that can be adopted: a later rule may not let out more above an earlier one's `max_tlp` than that below."""
    while True:
        rules = "".join(rule(chance, number) for number in range(chance.randint(2, 7)))
        rules += EVERYBODY if chance.random() < 0.4 else ""
        raw = f'prasan_policy = 1\nname = "random"\n{rules}'.encode()
        with contextlib.suppress(AccordError):
            parse_policy(raw)
            return raw


def acts(chance: random.Random, things: tuple[Seeded, ...]) -> tuple[Act, ...]:
    """Revoking, recalling, letting go again, and consents asked for and given."""
    found = []
    for one in things:
        if one.origin == "own" and chance.random() < 0.1:
            found.append(Act("revoke", one.name, ""))
        if one.origin != "own" and chance.random() < 0.6:
            found.append(Act("consent", one.name, chance.choice([name for name in NAMES if name != one.origin])))
        if chance.random() < 0.2:
            to = chance.choice([*NAMES, "all"])
            found.append(Act("recall", one.name, to))
            if chance.random() < 0.3:
                found.append(Act("lift", one.name, to))
    return tuple(found)


POSTS = ("note", "opinion", "sighting", "incident", "consent", "receipt", "recall", "request")


def plan(seed: int, who: Who) -> Plan:
    """The case of a seed."""
    chance = random.Random(seed)
    things = store(chance, who)
    hijacked = chance.choice(things).name
    # What names a vessel is made with it: an id that nobody has made is named by nothing of ours.
    early = chance.random() < 0.3 and not any(hijacked in one.vessels for one in things)
    posts = [(name, kind, chance.choice(things).name) for name in NAMES for kind in POSTS if chance.random() < 0.3]
    return Plan(
        seed=seed,
        accord=chance.randrange(len(ACCORDS)),
        store=things,
        policies=(policy(chance), policy(chance)),
        acts=acts(chance, things),
        posts=tuple(posts),
        wait_h=chance.choice([0.0, 0.5, 2.0, 8.0]),
        suspended=chance.choice(NAMES) if chance.random() < 0.1 else "",
        worked=chance.random() < 0.8,
        lane=chance.choice(LANES),
        hijacker=chance.choice(NAMES),
        hijacked=hijacked,
        early=early,
        web=chance.random() < 0.15,
    )
