"""Consent: every combination against a second telling of the rules, and the laws of steps."""

from itertools import product

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from release_makers import NODE, NOW, OTHER, US, accord, all_facts, consents, facts, policy, recipients, steps, us

from prasan.picture.marking import Marking, Tlp
from prasan.release.decide import BY_CONSENT, CONSENT_STEPS, decide
from prasan.release.facts import PUBLIC, Consent, Facts, Recipient, staff_class
from prasan.release.rules import Steps

THIRD = "identity--55555555-5555-4555-8555-555555555555"
ALL = policy('prasan_policy = 1\nname = "x"\n[[rule]]\nid = "all"\nto = ["partners", "class:s"]\nthen = "release"')
ASKED = Steps(place_deg=0.5, drop=frozenset({"identity"}))
STRICTNESS = {"release": 0, "sanitise": 1, "withhold": 2}


def given_by(originator: str, how: str) -> tuple[Consent, ...]:
    """A consent that holds, one that fails in one thing, or none."""
    good = Consent(originator, frozenset({US}), facts().version, NOW + 10, "maritime_security")
    changed = {
        "none": None,
        "good": good,
        "any": Consent(originator, frozenset({US})),
        "steps": msgspec.structs.replace(good, steps=ASKED),
        "to somebody else": msgspec.structs.replace(good, recipients=frozenset({THIRD})),
        "of another version": msgspec.structs.replace(good, version="2026-01-02T00:00:00.000Z"),
        "over": msgspec.structs.replace(good, expires=NOW),
        "for another purpose": msgspec.structs.replace(good, purpose="fisheries_operation"),
    }[how]
    return () if changed is None else (changed,)


HOWS = ("none", "good", "any", "steps", "to somebody else", "of another version", "over", "for another purpose")
HOLDS = {"good", "any", "steps"}


def test_the_whole_table() -> None:
    cases = 0
    for origin, onward, tlp, orcon, other, third in product(
        ("own", OTHER, US), ("never", "ask", "tlp"), (Tlp.GREEN, Tlp.AMBER),
        ((), (OTHER,), (THIRD,), (OTHER, THIRD), (NODE, US)), HOWS, HOWS,
    ):  # fmt: skip
        marking = Marking(tlp=tlp, orcon=frozenset(orcon))
        about = facts(
            marking, origin=origin, origin_name="them", onward=onward,
            consents=given_by(OTHER, other) + given_by(THIRD, third),
        )  # fmt: skip
        decision = decide(about, us(), ALL, NOW)
        passing = origin == OTHER and not (onward == "tlp" and tlp == Tlp.GREEN)
        expected = set()
        if origin == US:
            expected.add("origin_recipient")
        if passing and (onward == "never" or other not in HOLDS):
            expected.add("onward")
        if (OTHER in orcon and other not in HOLDS) or (THIRD in orcon and third not in HOLDS):
            expected.add("orcon")
        asked = [how for who, how in ((OTHER, other), (THIRD, third)) if who in orcon or (who == OTHER and passing)]
        if expected:
            assert (decision.verdict, set(decision.codes)) == ("withhold", expected)
        else:
            with_steps = "steps" in asked
            assert decision.verdict == ("sanitise" if with_steps else "release")
            assert decision.steps == (ASKED if with_steps else Steps())
            assert (BY_CONSENT in decision.codes, CONSENT_STEPS in decision.codes) == (bool(asked), with_steps)
            narrow = [how for how in asked if how != "any"]
            assert decision.caveats.purposes == (frozenset({"maritime_security"}) if narrow else None)
            assert decision.caveats.expires == (NOW + 10 if narrow else None)
        cases += 1
    assert cases == 3 * 3 * 2 * 5 * 8 * 8


def test_our_own_staff_needs_no_consent_and_is_asked_no_steps() -> None:
    about = facts(Marking(orcon=frozenset({OTHER})), origin=OTHER, origin_name="o", consents=given_by(OTHER, "steps"))
    decision = decide(about, staff_class("s", Tlp.RED), ALL, NOW)
    assert (decision.verdict, decision.steps, decision.codes) == ("release", Steps(), ("rule_releases",))


def test_the_public_cannot_be_held_to_a_purpose() -> None:
    to_all = Consent(OTHER, frozenset({"public"}), purpose="safety")
    about = facts(origin=OTHER, origin_name="o", onward="ask", consents=(to_all,))
    both = policy('prasan_policy = 1\nname = "x"\n[[rule]]\nid = "all"\nto = ["public"]\nthen = "release"')
    assert decide(about, PUBLIC, both, NOW).codes == ("onward",)


def test_steps_of_rule_and_consent_are_joined() -> None:
    """The kind is a gap, which the policy makes coarser by itself: half a degree, six hours, no identity."""
    coarser = Consent(OTHER, frozenset({US}), steps=Steps(place_deg=1.0, time_min=60, drop=frozenset({"text"})))
    about = facts(origin=OTHER, origin_name="o", onward="ask", kind="gap", consents=(coarser,))
    steps = decide(about, us(accord()), policy(), NOW).steps
    assert (steps.place_deg, steps.time_min, steps.again_min) == (1.0, 360, 60)
    assert steps.drop == {"identity", "evidence", "text"}


def test_the_mildest_of_several_counts_and_then_the_next() -> None:
    mild, strict = Consent(OTHER, frozenset({US}), expires=NOW + 5), Consent(OTHER, frozenset({US}), steps=ASKED)
    about = facts(origin=OTHER, origin_name="o", onward="ask", consents=(strict, mild))
    now = decide(about, us(), ALL, NOW)
    assert (now.verdict, now.recheck_at) == ("release", NOW + 5)
    assert decide(about, us(), ALL, NOW + 5).verdict == "sanitise"


@given(all_facts, recipients, consents)
def test_one_more_consent_never_makes_it_stricter(about: Facts, to: Recipient, one: Consent) -> None:
    more = msgspec.structs.replace(about, consents=(*about.consents, one))
    before, after = decide(about, to, policy(), NOW), decide(more, to, policy(), NOW)
    assert STRICTNESS[after.verdict] <= STRICTNESS[before.verdict]


@given(all_facts, recipients, steps)
def test_a_consent_that_asks_for_more_never_lets_out_more(about: Facts, to: Recipient, more: Steps) -> None:
    stricter = tuple(msgspec.structs.replace(one, steps=one.steps.join(more)) for one in about.consents)
    before = decide(about, to, policy(), NOW)
    after = decide(msgspec.structs.replace(about, consents=stricter), to, policy(), NOW)
    assert STRICTNESS[after.verdict] >= STRICTNESS[before.verdict]
    if after.verdict != "withhold" and BY_CONSENT in after.codes:
        assert after.steps.at_least(more)


@given(steps, steps, steps)
def test_steps_are_a_lattice(a: Steps, b: Steps, c: Steps) -> None:
    assert a.join(b) == b.join(a)
    assert a.join(b).join(c) == a.join(b.join(c))
    assert a.join(a) == a == a.join(Steps())
    assert a.join(b).at_least(a)
    assert a.at_least(b) == (a.join(b) == msgspec.structs.replace(a, again_min=max(a.again_min, b.again_min)))


@given(st.permutations([Consent(OTHER, frozenset({US}), expires=NOW + n, steps=ASKED) for n in (1, 2, 3)]))
def test_the_order_of_consents_does_not_matter(some: list[Consent]) -> None:
    about = facts(origin=OTHER, origin_name="o", onward="ask")
    decisions = {decide(msgspec.structs.replace(about, consents=tuple(some)), us(), ALL, NOW)}
    assert decisions == {decide(msgspec.structs.replace(about, consents=tuple(some[::-1])), us(), ALL, NOW)}
