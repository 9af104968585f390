"""The table of transitions, and what explains a decision."""

from itertools import product
from typing import get_args

import pytest
from release_makers import NOW, facts, policy, us

from prasan.picture.marking import Marking, Tlp
from prasan.release.decide import CODES, decide, prepare
from prasan.release.explain import explain, explain_steps
from prasan.release.rules import Steps
from prasan.release.transition import TABLE, Act, State, Target, acts, due_at, sends


def test_the_table_is_whole() -> None:
    assert set(TABLE) == set(product(get_args(State), get_args(Target)))


@pytest.mark.parametrize("before", get_args(State))
def test_withholding_never_sends(before: State) -> None:
    assert set(acts(before, "withheld")) <= {"narrow", "nothing"}


def test_nothing_is_sent_again_unless_it_changed() -> None:
    for act in get_args(Act):
        quiet = sends(act, changed=False, recalled=False, now=NOW, due=NOW)
        assert quiet == (act == "send")
    assert sends("send_if_changed", changed=True, recalled=False, now=NOW, due=NOW + 1)
    assert not sends("send_if_changed_and_due", changed=True, recalled=False, now=NOW, due=NOW + 1)
    assert sends("send_if_changed_and_due", changed=True, recalled=False, now=NOW, due=due_at(NOW - 3600, 60))
    assert sends("send_after_recall", changed=False, recalled=True, now=NOW, due=NOW)


def test_narrowing_to_coarse_waits_for_the_recall() -> None:
    assert acts("released", "sanitised") == ("narrow", "send_after_recall")


def test_every_code_is_explained_with_its_values() -> None:
    case = prepare(us(), policy(), NOW)
    about = facts(Marking(tlp=Tlp.RED, expires=NOW - 60))
    decision = decide(about, us(), policy(), NOW)
    above, expired = explain(decision, about, case)
    assert (above.code, above.params["tlp"], above.params["highest"]) == ("decision.tlp_above", "TLP:RED", "TLP:AMBER")
    assert expired.params["when"] == "2027-01-15T07:59:00.000Z"
    reasons = explain(
        decision, about, case, (*CODES, "rule_releases", "rule_sanitises", "not_verbatim", "unknown_type")
    )
    steps = explain_steps(Steps(0.5, None, frozenset({"text", "identity"}), 60))
    assert [reason.code for reason in steps] == [
        "step.place_deg", "step.again_min", "step.drop.identity", "step.drop.text",
    ]  # fmt: skip
    assert all({"recipient", "rule"} <= set(reason.params) for reason in reasons)
