"""Laws of the decision."""

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from release_makers import (
    ACCORDS,
    COMING,
    ENDED,
    KNOWN_AT,
    NODE,
    NOW,
    OTHER,
    US,
    accord,
    accords,
    all_facts,
    facts,
    markings,
    policy,
    recipients,
    us,
)  # fmt: skip

from prasan.picture.marking import Marking, Tlp
from prasan.picture.source import Terms
from prasan.release.accord import Accord
from prasan.release.decide import BY_CONSENT, CODES, CONSENT_STEPS, VERDICT_CODES, decide, judge, prepare
from prasan.release.facts import PUBLIC, Consent, Facts, Recipient, partner, staff_class

STRICTNESS = {"release": 0, "sanitise": 1, "withhold": 2}
POLICY = policy()
EMPTY = policy("prasan_policy = 1\nname = 'x'\nrule = []")


@given(all_facts, recipients, st.integers(NOW - 10_000, NOW + 10_000))
def test_total_deterministic_and_closed_by_default(object_facts: Facts, recipient: Recipient, now: int) -> None:
    decision = decide(object_facts, recipient, POLICY, now)
    assert decision == decide(object_facts, recipient, POLICY, now)
    assert decision == judge(object_facts, prepare(recipient, POLICY, now))
    assert decision.codes
    if decision.verdict == "withhold":
        assert list(decision.codes) == sorted(decision.codes, key=CODES.index)
    else:
        assert decision.codes[0] in VERDICT_CODES.values()
        assert set(decision.codes[1:]) <= {BY_CONSENT, CONSENT_STEPS}
    assert (
        decide(object_facts, recipient, policy("prasan_policy = 1\nname = 'x'\nrule = []"), now).verdict == "withhold"
    )


@given(all_facts, recipients, markings)
def test_a_stricter_marking_never_lets_out_more(object_facts: Facts, recipient: Recipient, stricter: Marking) -> None:
    joined = msgspec.structs.replace(object_facts, marking=object_facts.marking.join(stricter))
    before = decide(object_facts, recipient, POLICY, NOW).verdict
    assert STRICTNESS[decide(joined, recipient, POLICY, NOW).verdict] >= STRICTNESS[before]


@given(all_facts, accords, st.integers(0, 4))
def test_one_more_accord_never_lets_out_more(object_facts: Facts, held: tuple[Accord, ...], number: int) -> None:
    assume(any(a.in_force(NOW) for a in held))
    before = decide(object_facts, partner("us-mo", US, held), POLICY, NOW).verdict
    after = decide(object_facts, partner("us-mo", US, (*held, ACCORDS[number])), POLICY, NOW).verdict
    assert STRICTNESS[after] >= STRICTNESS[before]


@given(all_facts, recipients, st.integers(1, 40_000))
def test_nothing_changes_before_recheck_at(object_facts: Facts, recipient: Recipient, ahead: int) -> None:
    decision = decide(object_facts, recipient, POLICY, NOW)
    assume(decision.recheck_at is None or NOW + ahead < decision.recheck_at)
    later = decide(object_facts, recipient, POLICY, NOW + ahead)
    assert (later.verdict, later.codes) == (decision.verdict, decision.codes)


CASES = {
    "suspended": (facts(), us(suspended=True)),
    "recalled": (facts(recalled_from=frozenset({US})), us()),
    "no_accord": (facts(), partner("us-mo", US, ())),
    "accord_mode": (facts(Marking(exercise=True)), us(accord(mode="real"))),
    "origin_recipient": (facts(origin=US, origin_name="us-mo"), us()),
    "onward": (facts(origin=OTHER, origin_name="other"), us()),
    "orcon": (facts(Marking(orcon=frozenset({OTHER}))), us()),
    "rel_to": (facts(Marking(rel_to=frozenset({OTHER}))), us()),
    "tlp_above": (facts(Marking(tlp=Tlp.AMBER_STRICT)), us()),
    "purpose": (facts(Marking(purposes=frozenset({"safety"}))), us()),
    "personal_data": (facts(Marking(personal_data=True)), us()),
    "source_terms": (facts(terms=Terms(derived=False)), us()),
    "expired": (facts(Marking(expires=NOW)), us()),
    "unread_text": (facts(unread_text=True), us()),
}


@pytest.mark.parametrize("code", CASES)
def test_each_code_alone(code: str) -> None:
    decision = decide(*CASES[code], POLICY, NOW)
    assert (decision.verdict, decision.codes) == ("withhold", (code,))


def rule(text: str) -> str:
    return f'prasan_policy = 1\nname = "x"\n[[rule]]\nid = "r"\nto = ["us-mo"]\n{text}\n'


def test_the_codes_of_rules() -> None:
    assert decide(facts(), us(), policy(rule('then = "withhold"')), NOW).codes == ("rule_withholds",)
    assert decide(facts(), us(), policy(rule('then = "release"\nkinds = ["gap"]')), NOW).codes == ("no_rule",)
    young = decide(facts(), us(), policy(rule('then = "release"\nmin_age_h = 3')), NOW)
    assert (young.codes, young.recheck_at) == (("too_young",), KNOWN_AT + 3 * 3600)
    assert decide(facts(), us(), policy(rule('then = "release"\nmin_age_h = 2')), NOW).verdict == "release"


def test_every_code_that_holds_is_said() -> None:
    hidden = facts(Marking(tlp=Tlp.RED, expires=NOW - 1), unread_text=True)
    assert decide(hidden, us(suspended=True), POLICY, NOW).codes == ("suspended", "tlp_above", "expired", "unread_text")


def test_personal_data_needs_a_rule_that_names_the_type() -> None:
    named = rule('then = "release"\npersonal_data = true\ntypes = ["prasan-maritime-event"]')
    assert decide(facts(Marking(personal_data=True)), us(), policy(named), NOW).verdict == "release"


def test_consent_opens_originator_control_and_onward() -> None:
    consent = Consent(OTHER, frozenset({US}))
    assert decide(facts(Marking(orcon=frozenset({OTHER})), consents=(consent,)), us(), POLICY, NOW).verdict == "release"
    passed = facts(origin=OTHER, origin_name="other", onward="ask", consents=(consent,))
    assert decide(passed, us(), POLICY, NOW).verdict == "release"
    late = msgspec.structs.replace(passed, consents=(Consent(OTHER, frozenset({US}), expires=NOW),))
    assert decide(late, us(), POLICY, NOW).codes == ("onward",)
    other_version = msgspec.structs.replace(passed, consents=(Consent(OTHER, frozenset({US}), "older"),))
    assert decide(other_version, us(), POLICY, NOW).codes == ("onward",)


def test_onward_by_tlp_stops_at_green() -> None:
    for tlp in (Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER):
        given_on = facts(Marking(tlp=tlp), origin=OTHER, origin_name="other", onward="tlp")
        assert (decide(given_on, us(), POLICY, NOW).verdict == "release") == (tlp <= Tlp.GREEN)


def test_classes_and_the_public() -> None:
    staff = staff_class("staff", Tlp.AMBER)
    received = facts(
        Marking(tlp=Tlp.AMBER, rel_to=frozenset({NODE}), orcon=frozenset({US})), origin=US, unread_text=True
    )
    assert decide(received, staff, POLICY, NOW).verdict == "release"
    assert decide(facts(Marking(tlp=Tlp.RED)), staff, POLICY, NOW).codes == ("tlp_above",)
    assert decide(facts(), PUBLIC, POLICY, NOW).verdict == "release"
    assert decide(facts(Marking(tlp=Tlp.GREEN)), PUBLIC, POLICY, NOW).codes == ("tlp_above",)
    assert decide(facts(Marking(purposes=frozenset({"safety"}))), PUBLIC, POLICY, NOW).codes == ("purpose",)


def test_an_area_is_read_on_the_safe_side() -> None:
    box = "area = [99.0, 5.0, 101.0, 10.0]"
    hold, give = policy(rule(f'then = "withhold"\n{box}')), policy(rule(f'then = "release"\n{box}'))
    inside, outside, nowhere = ((9.0, 100.0),), ((9.0, 120.0),), ()
    for places, held, given_out in [
        (inside, True, True), (outside, False, False), (nowhere, True, False), (inside + outside, True, False),
    ]:  # fmt: skip
        assert (decide(facts(places=places), us(), hold, NOW).codes == ("rule_withholds",)) == held
        assert (decide(facts(places=places), us(), give, NOW).verdict == "release") == given_out


def test_accords_out_of_force_do_not_count() -> None:
    ended = us(ENDED)
    assert decide(facts(), ended, POLICY, NOW).codes == ("no_accord",)
    coming = us(COMING)
    decision = decide(facts(), coming, POLICY, NOW)
    assert decision.codes == ("no_accord",)
    assert decision.recheck_at == COMING.valid_from


def test_accords_without_a_common_purpose_allow_nothing() -> None:
    both = us(accord(purposes=["safety"]), accord(purposes=["counter_piracy"]))
    assert decide(facts(), both, POLICY, NOW).codes == ("purpose",)
