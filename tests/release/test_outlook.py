"""Decisions by profile and in columns are the decisions object by object."""

import random

import msgspec
import numpy as np
import pytest
from release_makers import NODE, NOW, OTHER, US, accord, facts, us

from prasan.formats.stix_ids import EVENT, INCIDENT, VESSEL
from prasan.picture.marking import Marking, Tlp
from prasan.picture.source import Terms
from prasan.release.decide import Case, judge, prepare
from prasan.release.facts import PUBLIC, Facts, Recipient, profile_of, staff_class
from prasan.release.outlook import NEVER, Columns, judge_all, outlook
from prasan.release.rules import Policy, Rule, Steps, Verdict

TYPES = (EVENT, VESSEL, INCIDENT)
KINDS = ("gap", "encounter", "robbed")


def some_rule(chance: random.Random, number: int) -> Rule:
    def maybe(value: object, share: float = 0.3) -> object:
        return value if chance.random() < share else None

    verdicts: list[Verdict] = ["release", "sanitise", "withhold"]
    then = chance.choice(verdicts)
    return Rule(
        id=f"r{number}",
        to=frozenset({chance.choice(["us-mo", "partners", "public", "class:staff"])}),
        then=then,
        types=maybe(frozenset(chance.sample(TYPES, 2))),  # type: ignore[arg-type]
        kinds=maybe(frozenset({chance.choice(KINDS)})),  # type: ignore[arg-type]
        labels=maybe(frozenset({"watch"}), 0.1),  # type: ignore[arg-type]
        origin=maybe(chance.choice(["own", "received", "other"]), 0.2),  # type: ignore[arg-type]
        sources=maybe(frozenset({chance.choice(["coast", "radar"])}), 0.1),  # type: ignore[arg-type]
        max_tlp=maybe(chance.choice([*Tlp]), 0.2),  # type: ignore[arg-type]
        area=maybe((float(chance.randint(-180, 180)), -40.0, float(chance.randint(-180, 180)), 40.0), 0.4),  # type: ignore[arg-type]
        min_age_h=maybe(chance.choice([1.0, 3.0]), 0.3),  # type: ignore[arg-type]
        personal_data=chance.random() < 0.3,
        steps=Steps(place_deg=0.5) if then == "sanitise" else Steps(),
    )


def some_facts(chance: random.Random, number: int) -> Facts:
    places = tuple((chance.uniform(-60, 60), chance.uniform(-180, 180)) for _ in range(chance.choice([0, 1, 1, 2, 4])))
    marking = Marking(
        tlp=chance.choice([*Tlp]),
        rel_to=chance.choice([None, None, frozenset({US}), frozenset()]),
        orcon=chance.choice([frozenset(), frozenset({OTHER})]),
        purposes=chance.choice([None, None, frozenset({"counter_piracy"})]),
        personal_data=chance.random() < 0.2,
        expires=chance.choice([None, None, NOW - 5, NOW, NOW + 5]),
        exercise=chance.random() < 0.3,
    )
    origin, name = chance.choice([("own", "own"), (OTHER, "other"), (US, "us-mo")])
    return facts(
        marking,
        id=f"{EVENT}--{number:08x}-4444-4444-8444-444444444444",
        type=chance.choice(TYPES),
        kind=chance.choice(KINDS),
        known_at=NOW - chance.choice([0, 3600, 7200, 20_000]),
        places=places,
        labels=chance.choice([frozenset(), frozenset({"watch"})]),
        sources=chance.choice([frozenset(), frozenset({"coast"}), frozenset({"coast", "radar"})]),
        origin=origin,
        origin_name=name,
        onward=chance.choice(["never", "ask", "tlp"]),
        terms=Terms(derived=chance.random() < 0.9),
        unread_text=chance.random() < 0.2,
    )


def in_columns(every: list[Facts]) -> tuple[list[Facts], Columns]:
    """The profiles of these objects and the objects as columns."""
    number: dict[bytes, int] = {}
    profiles: list[Facts] = []
    index = []
    for one in every:
        profile = profile_of(one)
        key = msgspec.json.encode(profile, order="sorted")
        if key not in number:
            number[key] = len(profiles)
            profiles.append(profile.facts(NODE, one.origin_name))
        index.append(number[key])
    places = [place for one in every for place in one.places]
    return profiles, Columns(
        profile=np.array(index, np.int64),
        known_at=np.array([one.known_at for one in every], float),
        expires=np.array([NEVER if one.marking.expires is None else one.marking.expires for one in every], float),
        offsets=np.cumsum([0, *(len(one.places) for one in every)]).astype(np.int64),
        lats=np.array([lat for lat, _ in places], float),
        lons=np.array([lon for _, lon in places], float),
    )


def some_case(chance: random.Random) -> Case:
    recipients: list[Recipient] = [
        us(),
        us(accord(mode="real")),
        us(suspended=True),
        PUBLIC,
        staff_class("staff", Tlp.RED),
    ]
    rules = tuple(some_rule(chance, number) for number in range(chance.randint(0, 6)))
    return prepare(chance.choice(recipients), Policy("random", "", rules), NOW)


@pytest.mark.parametrize("seed", range(60))
def test_in_columns_as_one_by_one(seed: int) -> None:
    chance = random.Random(seed)
    case = some_case(chance)
    every = [some_facts(chance, number) for number in range(80)]
    profiles, columns = in_columns(every)
    judged = judge_all(profiles, columns, case)
    alone = [msgspec.structs.replace(judge(one, case), recheck_at=None) for one in every]
    assert [judged.decisions[number] for number in judged.which] == alone


@pytest.mark.parametrize("seed", range(60))
def test_an_outlook_holds_for_every_object_of_its_profile(seed: int) -> None:
    chance = random.Random(seed)
    case = some_case(chance)
    for number in range(60):
        one = some_facts(chance, number)
        found = outlook(profile_of(one).facts(NODE, one.origin_name), case)
        decision = judge(one, case)
        if found.withholds:
            assert decision.verdict == "withhold"
        elif found.decision is not None and (one.marking.expires or NOW + 1) > NOW:
            assert (decision.verdict, decision.steps, decision.codes) == (
                found.decision.verdict, found.decision.steps, found.decision.codes,
            )  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_equal_keys_mean_equal_fates(seed: int) -> None:
    """Two policies under which a profile has one key decide alike on every object of it."""
    chance = random.Random(seed)
    first, second = some_case(chance), some_case(chance)
    same = 0
    for number in range(200):
        one = some_facts(chance, number)
        bare = profile_of(one).facts(NODE, one.origin_name)
        if outlook(bare, first).key == outlook(bare, second).key:
            same += 1
            mine, other = judge(one, first), judge(one, second)
            assert (mine.verdict, mine.steps) == (other.verdict, other.steps)
    assert same


def test_renaming_a_rule_changes_no_fate() -> None:
    rule = Rule(id="a", to=frozenset({"us-mo"}), then="release", area=(90.0, 0.0, 110.0, 20.0), line=3)
    other = msgspec.structs.replace(rule, id="b", line=9)
    bare = profile_of(facts()).facts(NODE, "own")
    keys = [outlook(bare, prepare(us(), Policy("p", "", (one,)), NOW)).key for one in (rule, other)]
    assert keys[0] == keys[1]
