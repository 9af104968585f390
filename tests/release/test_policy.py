"""Policies: what is read, what is refused with which words, what is said of the rules as a whole."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_makers import NOW, POLICY, US, all_facts, facts, markings, policy, recipients

import prasan
from prasan.errors import AccordError
from prasan.picture.marking import Marking, Tlp
from prasan.release.boxes import inside
from prasan.release.decide import decide, match, prepare
from prasan.release.facts import Facts, Recipient
from prasan.release.matching import matches
from prasan.release.policy import parse_policy
from prasan.release.review import crossings, unreached
from prasan.release.rules import STRICTNESS, Policy, Rule, Steps


def one(*lines: str) -> str:
    return "\n".join(['prasan_policy = 1\nname = "x"\n[[rule]]\nid = "r"\nto = ["us-mo"]', *lines])


def test_a_policy_as_written() -> None:
    read = policy()
    assert [rule.id for rule in read.rules] == ["gap-coarse", "the-rest"]
    assert read.rules[0].steps == Steps(0.5, 360, frozenset({"identity", "evidence"}), 60)
    assert [rule.line for rule in read.rules] == [4, 14]
    assert len(read.hash) == 64


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (['then = "sanitise"'], "rule 'r' \\(line 3\\): sanitise says nothing"),
        (['then = "release"', "place_deg = 1.0"], "rule 'r' .*do nothing in 'release'"),
        (['then = "relase"'], "rule 'r' \\(line 3\\).*relase"),
        (['then = "release"', "types = []"], "types is empty"),
        (['then = "release"', 'max_tlp = "blue"'], "rule 'r' .*max_tlp.*blue"),
        (['then = "release"', "personal_data = true"], "personal_data = true without types"),
        (['then = "release"', "area = [10, 5, 20, 1]"], "area"),
        (['then = "release"', "area = [10, 5, 20]"], "area"),
        (['then = "release"', 'kind = ["gap"]'], "kind"),
        (['then = "sanitise"', "place_deg = 0"], "place_deg"),
        (['then = "sanitise"', 'drop = ["everything"]'], "drop"),
        (['then = "withhold"', '[[rule]]\nid = "r"\nto = ["public"]\nthen = "release"'], "line 7.*used twice"),
        ([], "then"),
    ],
)
def test_errors_name_the_rule_and_its_line(lines: list[str], words: str) -> None:
    with pytest.raises(AccordError, match=words) as caught:
        policy(one(*lines))
    assert caught.value.remedy


def test_errors_of_the_file_itself() -> None:
    for raw in (b"\xff", b"rule = 1", b"[[rule", b'prasan_policy = 1\nname = "x"\nrule = [1]'):
        with pytest.raises(AccordError):
            parse_policy(raw)


def test_a_rule_behind_a_wider_one_is_found() -> None:
    text = POLICY + '[[rule]]\nid = "late"\nto = ["us-mo"]\nkinds = ["gap"]\nthen = "withhold"\n'
    assert [(u.rule, u.covered_by) for u in unreached(policy(text))] == [("late", ("the-rest",))]
    assert unreached(policy()) == ()


def test_a_rule_behind_several_that_cover_it_together_is_found() -> None:
    def text(*rules: str) -> str:
        made = [f'[[rule]]\nid = "r{n}"\nto = ["partners"]\n{rule}\n' for n, rule in enumerate(rules)]
        return 'prasan_policy = 1\nname = "t"\n' + "".join(made)

    real, drill = 'mode = "real"\nthen = "release"', 'mode = "exercise"\nthen = "withhold"'
    gap = 'kinds = ["gap"]\nthen = "withhold"'
    (found,) = unreached(policy(text(real, drill, gap)))
    assert (found.rule, found.line, found.covered_by) == ("r2", 13, ("r0", "r1"))
    assert unreached(policy(text(real, gap, drill))) == ()
    inside_own = 'area = [99, 5, 101, 10]\nmode = "real"\nthen = "withhold"'
    assert [one.rule for one in unreached(policy(text(real, drill, inside_own)))] == ["r2"]
    assert unreached(policy(text(inside_own, drill, gap))) == (), "an object may lie outside"
    labelled, both = 'labels = ["a"]\nthen = "withhold"', 'labels = ["a", "b"]\nthen = "withhold"'
    other = 'labels = ["b"]\nthen = "withhold"'
    assert [one.covered_by for one in unreached(policy(text(labelled, other, both)))] == [("r0", "r1")]


def test_sources_and_caveats() -> None:
    radar = Rule(id="r", to=frozenset({"partners"}), then="release", sources=frozenset({"radar"}))
    both, none = (facts(sources=frozenset(names)) for names in (("radar", "coast"), ()))
    only = facts(sources=frozenset({"radar"}))
    keeps = msgspec.structs.replace(radar, then="withhold")
    assert [matches(radar, found) for found in (only, both, none)] == [True, False, False]
    assert [matches(keeps, found) for found in (only, both, none)] == [True, True, False]
    marked = Rule(id="c", to=frozenset({"partners"}), then="withhold", caveats=frozenset({"orcon"}))
    assert [matches(marked, facts(Marking(orcon=who))) for who in (frozenset({US}), frozenset())] == [True, False]
    with pytest.raises(AccordError, match="a caveat can only keep back"):
        policy(one('then = "release"', 'caveats = ["orcon"]'))


def test_a_pair_that_lets_out_the_more_secret_is_refused() -> None:
    crossed = one('then = "withhold"', 'max_tlp = "green"', '[[rule]]\nid = "s"\nto = ["partners"]\nthen = "release"')
    with pytest.raises(AccordError, match="rule 's' \\(line 8\\): above the max_tlp of rule 'r'"):
        policy(crossed)
    policy(one('then = "release"', 'max_tlp = "green"', '[[rule]]\nid = "s"\nto = ["partners"]\nthen = "withhold"'))


some = st.none() | st.frozensets(st.sampled_from(["gap", "encounter"]), min_size=1)
rules = st.builds(
    Rule,
    id=st.uuids().map(str),
    to=st.frozensets(st.sampled_from(["us-mo", "partners", "public", "class:staff"]), min_size=1),
    then=st.sampled_from(["release", "sanitise", "withhold"]),
    kinds=some,
    labels=st.none() | st.just(frozenset({"voi"})),
    sources=st.none() | st.frozensets(st.sampled_from(["coast", "radar"]), min_size=1),
    caveats=st.none() | st.frozensets(st.sampled_from(["orcon", "purposes"]), min_size=1),
    origin=st.sampled_from([None, "own", "received", "own"]),
    max_tlp=st.none() | st.sampled_from(list(Tlp)),
    area=st.sampled_from([None, (99.0, 5.0, 101.0, 10.0), (170.0, -10.0, -170.0, 10.0), (98.0, 0.0, 105.0, 12.0)]),
    min_age_h=st.sampled_from([None, 1.0, 5.0]),
    steps=st.builds(Steps, st.sampled_from([None, 0.5, 1.0]), st.sampled_from([None, 60])),
)


def allowed(rule: Rule) -> Rule:
    """A caveat can only keep back."""
    return rule if rule.then == "withhold" else msgspec.structs.replace(rule, caveats=None)


policies = st.lists(rules.map(allowed), max_size=4).map(lambda found: Policy("p", "", tuple(found)))


@given(policies, all_facts, recipients, markings)
def test_no_accepted_policy_lets_out_more_for_a_stricter_marking(
    drawn: Policy, about: Facts, recipient: Recipient, stricter: Marking
) -> None:
    if crossings(drawn.rules):
        return
    joined = msgspec.structs.replace(about, marking=about.marking.join(stricter))
    before, after = (decide(item, recipient, drawn, NOW) for item in (about, joined))
    assert STRICTNESS[after.verdict] >= STRICTNESS[before.verdict]
    if after.verdict == before.verdict == "sanitise":
        assert after.steps.at_least(before.steps)


@given(policies, all_facts, recipients)
def test_the_first_match_decides_and_an_unreached_rule_never_does(
    drawn: Policy, about: Facts, recipient: Recipient
) -> None:
    case = prepare(recipient, drawn, NOW)
    found = match(about, case)
    assert found == next((rule for rule in case.rules if matches(rule, about)), None)
    assert found is None or found.id not in {item.rule for item in unreached(drawn)}


def test_an_area_across_180_degrees() -> None:
    pacific = (170.0, -10.0, -170.0, 10.0)
    assert inside(pacific, 0, 175)
    assert inside(pacific, 0, -175)
    assert not inside(pacific, 0, 0)
    assert not inside(pacific, 11, 175)


@pytest.mark.parametrize("name", ["th-mc", "us-mo"])
def test_the_policies_of_the_demo_hold(name: str) -> None:
    read = parse_policy((Path(prasan.__file__).parent / "data" / "demo" / f"policy-{name}.toml").read_bytes())
    assert unreached(read) == ()
    assert all(rule.line for rule in read.rules)
