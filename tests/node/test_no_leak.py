"""Non-interference (docs/wire.md, section 5): what is withheld from a partner changes no byte that it is answered.

For random stores, policies and accords the node is run twice, with and without one object that is withheld from the
partner; the clock and the randomness of each purpose are the same. Every answer must be equal, and words planted in
what is withheld or left out must not be in any of them.
"""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from node.node_kit import Kit, Partner, new_home, their_object, uuid_of
from prasan.exchange.http import Response
from prasan.formats.stix_build import event_id, vessel_id
from prasan.formats.stix_ids import EVENT, INCIDENT, VESSEL, object_id
from prasan.node.explaining import preview
from prasan.node.partnering import adopt_policy, suspend
from prasan.node.publish import work_due
from prasan.picture.finding import KINDS
from prasan.picture.marking import Marking, Tlp
from prasan.picture.source import Terms
from prasan.release.accord import Onward
from prasan.stores.sqlite import link

CASES = 1000
PARTS = 4
ROOT = "/taxii2/node/"
LANES = ("alerts", "control", "objects", "inbox")
ACCORDS: tuple[dict[str, str], ...] = (
    {},
    {"mode": '"real"', "highest_tlp": '"green"'},
    {"purposes": '["maritime_security", "counter_piracy"]', "highest_tlp": '"red"', "onward": '"tlp"'},
)
NUMBERS = (567000001, 567000002, 367000003)


class Seeded(NamedTuple):
    """An object of a random store: how it comes to be there, and the word planted in it."""

    key: str
    kind: str
    origin: str
    marking: Marking
    terms: Terms
    onward: Onward
    vessels: tuple[str, ...]
    lat: float
    word: str


class Plan(NamedTuple):
    """A random case: a store, two policies between which the clock moves, and the lane asked for every id."""

    accord: int
    store: tuple[Seeded, ...]
    policies: tuple[bytes, bytes]
    wait_h: float
    suspended: bool
    worked: bool
    lane: str


def marking(chance: random.Random, us: str) -> Marking:
    def maybe(value: Any, share: float = 0.12) -> Any:
        return value if chance.random() < share else None

    return Marking(
        tlp=chance.choice([*Tlp, Tlp.CLEAR, Tlp.GREEN, Tlp.GREEN]),
        rel_to=maybe(frozenset(chance.sample([us, "identity--" + uuid_of("third")], chance.randint(0, 2)))),
        orcon=maybe(
            frozenset(
                {"identity--" + uuid_of("third")},
            )
        )
        or frozenset(),
        purposes=maybe(frozenset({chance.choice(["maritime_security", "safety"])})),
        personal_data=chance.random() < 0.05,
        expires=maybe(1_780_000_000 + chance.randint(-3600, 36_000)),
        exercise=chance.random() < 0.4,
    )


def store(chance: random.Random, node: str, us: str) -> tuple[Seeded, ...]:
    """One to six objects; events may refer to vessels that are here, withheld or not."""
    found = []
    for number in range(chance.randint(1, 6)):
        kind = chance.choice([EVENT, EVENT, VESSEL, VESSEL, INCIDENT, "identity"])
        origin = chance.choice(["own", "own", "own", "other", "us"])
        refs = tuple(vessel_id(node, mmsi) for mmsi in NUMBERS if chance.random() < 0.4)
        found.append(
            Seeded(
                key=str(NUMBERS[number % 3]) if kind == VESSEL and origin == "own" else str(number),
                kind=chance.choice(KINDS) if kind == EVENT else kind,
                origin=origin,
                marking=marking(chance, us),
                terms=Terms(onward=chance.random() < 0.8, derived=chance.random() < 0.9),
                onward=chance.choice(["never", "ask", "tlp"]),
                vessels=refs if kind == EVENT else (),
                lat=round(chance.uniform(-60, 60), 4),
                word=f"KANARI{chance.randrange(10**9):09d}Q",
            )
        )
    return tuple({(one.kind in KINDS or one.kind, one.key, one.origin): one for one in found}.values())


def rule(chance: random.Random, number: int) -> str:
    then = chance.choice(["release", "release", "release", "sanitise", "sanitise", "withhold"])
    lines = [f'id = "r{number}"', f'to = ["{chance.choice(["us-mo", "partners"])}"]', f'then = "{then}"']
    conditions = [
        (0.4, f'types = ["{chance.choice([EVENT, VESSEL, INCIDENT, "identity"])}"]'),
        (0.2, f'kinds = ["{chance.choice(KINDS)}"]'),
        (0.2, f'origin = "{chance.choice(["own", "received", "other"])}"'),
        (0.2, f'mode = "{chance.choice(["real", "exercise"])}"'),
        (0.15, f"area = [-180, {chance.randint(-60, 0)}, 180, 60]"),
        (0.2, f"min_age_h = {chance.randint(1, 6)}"),
    ]
    lines += [line for share, line in conditions if chance.random() < share]
    if then == "sanitise":
        lines += [f'drop = ["{chance.choice(["identity", "evidence"])}"]', f"again_min = {chance.choice([1, 60])}"]
        lines += ["place_deg = 0.5", "time_min = 360"] if chance.random() < 0.7 else []
    return "[[rule]]\n" + "\n".join(lines) + "\n"


def policy(chance: random.Random) -> bytes:
    rules = "".join(rule(chance, number) for number in range(chance.randint(1, 5)))
    return f'prasan_policy = 1\nname = "random"\n{rules}'.encode()


def plan(seed: int, node: str, us: str) -> Plan:
    chance = random.Random(seed)
    return Plan(
        accord=chance.randrange(len(ACCORDS)),
        store=store(chance, node, us),
        policies=(policy(chance), policy(chance)),
        wait_h=chance.choice([0.0, 0.5, 2.0, 8.0]),
        suspended=chance.random() < 0.1,
        worked=chance.random() < 0.8,
        lane=chance.choice(LANES),
    )


class World:
    """A node with two partners under an accord: the one that asks, and another whose objects are here."""

    def __init__(self, folder: Path, changed: dict[str, str]) -> None:
        self.us, self.other = Partner("us-mo", folder), Partner("other", folder)
        self.kit = Kit(new_home(folder))
        for partner in (self.us, self.other):
            self.kit.agree(partner, self.kit.accord_text(partner, **changed))
        self.file = sqlite3.connect(self.kit.node.home.store, isolation_level=None)
        self.file.execute("ATTACH ':memory:' AS fresh")
        self.tables = [row[0] for row in self.file.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")]
        for table in self.tables:
            self.file.execute(f"CREATE TABLE fresh.{table} AS SELECT * FROM main.{table}")

    def again(self) -> Kit:
        """The node as it was before any object came; clock and randomness too."""
        self.file.execute("BEGIN IMMEDIATE")
        for table in self.tables:
            self.file.execute(f"DELETE FROM main.{table}")
            self.file.execute(f"INSERT INTO main.{table} SELECT * FROM fresh.{table}")
        self.file.execute("COMMIT")
        self.kit.hands.start()
        return self.kit

    def close(self) -> None:
        for one in (self.us, self.other, self.kit, self.file):
            one.close()


class Run:
    """One node through one plan."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.plan, self.us, self.other = plan, world.us, world.other
        self.kit = world.again()
        self.names: dict[str, Seeded] = {}

    def go(self, left_out: str | None) -> list[Any]:
        """Every answer, after each step of the plan; `left_out` is the id of an object that is not there at all."""
        kit, told = self.kit, list[Any]()
        for one in self.plan.store:
            if self.name(one) != left_out:
                self.put(one)
            self.names[self.name(one)] = one
        for number, text in enumerate(self.plan.policies):
            adopt_policy(kit.node, text, "test")
            told += self.answers()
            if number == 0 or self.plan.worked:
                work_due(kit.node)
            kit.wait(self.plan.wait_h)
        if self.plan.suspended:
            suspend(kit.node, "us-mo", True)
        return told + self.answers(every=True)

    def name(self, one: Seeded) -> str:
        if one.kind == VESSEL:
            return vessel_id(self.maker(one), int(one.key) + (0 if one.origin == "own" else 367000000))
        if one.kind in KINDS:
            return event_id(self.maker(one), one.key)
        return object_id(one.kind, self.maker(one), one.key)

    def maker(self, one: Seeded) -> str:
        return {"own": self.kit.id, "us": self.us.id, "other": self.other.id}[one.origin]

    def put(self, one: Seeded) -> None:
        """The planted word stands in properties that no built view may hold."""
        planted = {"x_secret": one.word, "description": one.word, "external_references": [{"source_name": one.word}]}
        kit = self.kit
        if one.origin != "own":
            kind = EVENT if one.kind in KINDS else one.kind
            raw = their_object(self.maker(one), one.key, kind, one.marking, **planted)
            kit.receive(self.maker(one), raw, one.marking, one.onward)
        elif one.kind == VESSEL:
            kit.vessel(int(one.key), one.marking, one.terms, **planted)
        elif one.kind == INCIDENT:
            kit.incident(one.key, one.marking, one.terms, **planted)
        elif one.kind == "identity":
            kit.identity(one.key, one.marking, one.terms, **planted)
        else:
            kit.event(one.key, one.kind, one.marking, one.terms, vessels=one.vessels, lat=one.lat, **planted)

    def answers(self, *, every: bool = False) -> list[Any]:
        """What the partner reads, and what the officer's preview says it gets; with `every` all that it can ask for."""
        kit, us = self.kit, self.us.id
        told = [kit.taxii(us, f"{ROOT}collections/{lane}/objects/", "limit=2") for lane in LANES]
        for lane in LANES:
            told += self.collection(lane) if every else []
        for lane in LANES[:3]:
            told.append(kit.peer(us, f"/peer/v1/statements/{lane}", "after=1&limit=1" if every else ""))
        told.append(kit.peer(us, "/peer/v1/checkpoint", "from=1"))
        told += [kit.peer(us, "/peer/v1/next", query) for query in ("", "alerts=1&limit=1", "objects=1&control=9")]
        if every:
            told += [kit.taxii(us, path) for path in ("/taxii2/", ROOT, ROOT + "collections/", ROOT + "status/x/")]
        return [*map(plain, told), b"\n".join(preview(kit.node, "us-mo"))]

    def collection(self, lane: str) -> list[Response]:
        """Requests to one collection, in one lane a case for every id of the plan, withheld or not; one never was."""
        base, us = f"{ROOT}collections/{lane}/", self.us.id
        told = [self.kit.taxii(us, base), self.kit.taxii(us, base + "manifest/")]
        for query in ("limit=1", f"match[type]={EVENT}&match[version]=all"):
            told.append(self.kit.taxii(us, base + "objects/", query))
        names = map(self.name, self.plan.store) if lane == self.plan.lane else ()
        for name in (*names, f"{EVENT}--{uuid_of('never')}"):
            told.append(self.kit.taxii(us, f"{base}objects/{name}/"))
            told.append(self.kit.taxii(us, f"{base}objects/{name}/versions/"))
        name = self.name(self.plan.store[0])
        return [*told, self.kit.taxii(us, f"{base}objects/{name}/", method="DELETE")]

    def withheld(self) -> list[str]:
        """What the partner was at no time given."""
        return [name for name in self.names if not self.kit.rows(self.us, name)]

    def hidden_words(self) -> set[str]:
        """Words of objects that it was at no time given whole."""
        given = {row.object_id for name in self.names for row in self.kit.rows(self.us, name) if row.form == "verbatim"}
        return {one.word for name, one in self.names.items() if name not in given}


def plain(response: Response) -> tuple[int, dict[str, str], bytes]:
    return response.status, dict(response.headers), response.body


def found_in(told: list[Any], words: set[str]) -> list[str]:
    """A search that knows nothing of the product."""
    everything = b"\n".join(one if isinstance(one, bytes) else repr(one[1]).encode() + one[2] for one in told)
    return sorted(word for word in words if word.encode() in everything)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[World]]:
    """One for each accord."""
    with pytest.MonkeyPatch.context() as patch:
        quick = ("PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF")
        patch.setattr(link, "SETTINGS", (*link.SETTINGS, *quick))
        made = [World(tmp_path_factory.mktemp("world"), changed) for changed in ACCORDS]
        yield made
        for world in made:
            world.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_withheld_changes_no_answer(worlds: list[World], part: int) -> None:
    done = tried = sent = 0
    while done < CASES // PARTS:
        seed = part * 1_000_000 + tried
        tried += 1
        found = plan(seed, "identity--" + uuid_of("th-mc"), worlds[0].us.id)
        whole = Run(found, worlds[found.accord])
        told = whole.go(None)
        assert found_in(told, whole.hidden_words()) == [], seed
        withheld = whole.withheld()
        if withheld:
            sent += len(whole.names) - len(withheld)
            name = random.Random(seed).choice(withheld)
            assert Run(found, worlds[found.accord]).go(name) == told, (seed, name)
            done += 1
    assert sent > done // 2, "the cases must also send something"
