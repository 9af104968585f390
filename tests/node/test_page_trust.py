"""What two sides tell differently, and whose key it is: shown and settled on the partners page."""

from pathlib import Path

import pytest

from node.node_kit import Kit, Partner
from node.page_kit import Pages, on_record
from node.test_histories import put_back_and_seen
from node.trust_kit import Two, pulled
from prasan.node.partners.partner_keys import confirmed
from prasan.node.partners.partnering import add_partner

PATH = "/partners"


@pytest.fixture
def caught(two: Two, tmp_path: Path) -> Two:
    """`a` had its store put back by hand, and `b` has seen it."""
    put_back_and_seen(two, tmp_path)
    return two


def test_two_histories_are_shown_and_settled_with_a_reason(caught: Two) -> None:
    pages = Pages(caught.b)
    page = pages.get("release", PATH)
    assert "Two histories that cannot both be true" in page
    (held,) = caught.b.node.store.evidence(caught.a.id, open_only=True)
    root = held.held.splitlines()[2]
    assert len(root) > 30
    assert page.count("…</code>") == 2
    assert 'value="history.settle"' not in pages.get("watch", PATH)
    assert "Reason" in pages.not_done("release", PATH, "history.settle", "a 1")
    assert "More was found" in pages.not_done("release", PATH, "history.settle", "a 2", reason="They told us.")
    page = pages.done("release", PATH, "history.settle", "a 1", reason="They told us.")
    assert "Two histories that cannot both be true" not in page
    assert pulled(caught.b, caught.a).failure == ""
    assert on_record(caught.b, "by_hand") == [(caught.a.id, {"act": "evidence_settled", "by": "release"})]
    assert "Nothing is held against a" in pages.not_done("admin", PATH, "history.settle", "a 1", reason="Again.")


def test_a_keeper_sees_that_others_hold_another_history_of_its_own_log(caught: Two) -> None:
    pages = Pages(caught.a)
    assert "A partner holds another history" in pages.get("watch", PATH)
    pages.done("admin", PATH, "history.settle", "a 1", reason="The store was put back by hand.")
    assert "A partner holds another history" not in pages.get("watch", PATH)


def test_a_fingerprint_is_confirmed_by_what_was_heard(kit: Kit, tmp_path: Path) -> None:
    partner = Partner("us-mo", tmp_path)
    add_partner(kit.node, partner.card())
    pages = Pages(kit)
    assert "Type what you hear" in pages.get("release", PATH)
    wrong = pages.not_done("release", PATH, "key.confirm", "us-mo", fingerprint="x" * 43)
    assert "not the fingerprint" in wrong
    row = kit.node.store.partner("us-mo")
    assert row is not None
    assert not confirmed(kit.node.store, row)
    heard = f"{partner.print[:8]} {partner.print[8:]}"
    page = pages.done("release", PATH, "key.confirm", "us-mo", fingerprint=heard)
    assert confirmed(kit.node.store, row)
    assert 'value="key.confirm"' not in page
    assert on_record(kit, "by_hand") == [(partner.id, {"act": "key_confirmed", "by": "release"})]
    for role in ("watch", "analyst", "auditor", "partner", "protection"):
        assert pages.do(role, PATH, "key.confirm", "us-mo", fingerprint=heard).status_code == 403, role
    partner.close()
