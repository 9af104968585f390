"""Keys that hand over, keys that are lost, certificates that follow one another; and who must say so to whom."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord_text import accord_text
from node.node_kit import Hands, Kit, new_home
from node.test_transitions import RELEASE, policy
from node.trust_kit import Two, card, fetcher, in_force, look, pulled, row
from prasan.errors import PrasanError, Refused
from prasan.exchange.asks import Ask
from prasan.exchange.cards import read_card
from prasan.exchange.certs import certificates
from prasan.exchange.http import Response
from prasan.exchange.jws import thumbprint
from prasan.node.node import Node
from prasan.node.partners import certificate, rotation
from prasan.node.partners.partner_keys import confirm_partner, confirmed, keys_of
from prasan.node.partners.partnering import accept_accord, add_partner, own_card, propose_accord
from prasan.node.partners.seen_notes import seen_notes
from prasan.node.record import seal_all, verify


@pytest.fixture
def two(tmp_path: Path, quick: None) -> Iterator[Two]:
    made = Two(tmp_path)
    yield made
    made.close()


def verifies(*kits: Kit) -> bool:
    return all(one.report.ok for kit in kits for one in verify(kit.node))


def test_a_card_keeps_its_bytes_until_something_in_it_changes(two: Two) -> None:
    before = own_card(two.a.node)
    two.a.wait(5)
    assert own_card(two.a.node) == before
    rotation.rotate(two.a.node)
    assert read_card(own_card(two.a.node)).issued_at > read_card(before).issued_at


def test_a_partner_follows_a_new_key_by_itself(two: Two) -> None:
    old = two.a.print
    for _ in range(3):
        rotation.rotate(two.a.node)
    assert look(two.b, two.a).card == own_card(two.a.node)
    states = {name: one.state for name, one in keys_of(two.b.node.store, row(two.b, two.a)).items()}
    assert (states[old], states[two.a.print], len(states)) == ("retired", "current", 4)
    assert confirmed(two.b.node.store, row(two.b, two.a))
    assert in_force(two.a) == in_force(two.b) == ["a-b"]


def test_exchange_goes_on_over_a_change_of_keys_on_both_sides(two: Two) -> None:
    two.a.event("one")
    policy(two.a, RELEASE.replace("us-mo", "b"))
    first = pulled(two.b, two.a)
    assert (first.failure, first.accepted) == ("", 2), first
    rotation.rotate(two.a.node)
    rotation.rotate(two.b.node)
    two.a.event("two")
    second = pulled(two.b, two.a)
    assert (second.failure, second.accepted, second.acked) == ("", 1, 1), second
    assert card(two.a, two.b).fingerprint == two.b.print, "the one who is asked learns it from the one who asks"
    for kit in (two.a, two.b):
        seal_all(kit.node)
    assert verifies(two.a, two.b)


def test_an_accord_proposed_before_a_change_of_key_is_taken_in_after_it(two: Two) -> None:
    proposed = propose_accord(two.a.node, accord_text(two.a, two.b, name="second"))
    rotation.rotate(two.a.node)
    look(two.b, two.a)
    signed, found = accept_accord(two.b.node, proposed)
    accept_accord(two.a.node, signed)
    assert found.complete
    assert in_force(two.a) == in_force(two.b) == ["a-b", "second"]


def test_a_key_that_was_not_handed_over_to_is_refused_however_it_comes(two: Two) -> None:
    before = two.a.print
    rotation.revoke(two.a.node, two.a.hands.now_us - 1, carry=True)
    raw = own_card(two.a.node)
    with pytest.raises(Refused, match="has not handed over"):
        look(two.b, two.a)
    answer = fetcher(two.a, two.b)(Ask("POST", "/peer/v1/card", raw))
    assert isinstance(answer, Response)
    assert answer.status == 401
    with pytest.raises(Refused, match="another fingerprint"):
        add_partner(two.b.node, raw, before)
    assert card(two.b, two.a).fingerprint == before


def test_a_lost_key_ends_accords_unless_both_carry_them_over(two: Two) -> None:
    for kit in (two.a, two.b):
        kit.wait(1)
    change = rotation.revoke(two.a.node, two.a.hands.now_us, carry=True)
    assert (change.carried, change.ended) == (("a-b",), ())
    two.a.wait(1)
    add_partner(two.b.node, own_card(two.a.node), change.new)
    assert in_force(two.a) == ["a-b"]
    assert in_force(two.b) == []
    states = {name: one.state for name, one in keys_of(two.b.node.store, row(two.b, two.a)).items()}
    assert states == {change.old: "revoked", change.new: "current"}


def test_what_came_since_a_key_was_lost_must_be_vouched_for_again(two: Two) -> None:
    policy(two.a, RELEASE.replace("us-mo", "b"))
    two.a.event("before")
    assert pulled(two.b, two.a).accepted == 2
    for kit in (two.a, two.b):
        kit.wait(2)
    lost_us = two.a.hands.now_us
    two.a.event("since")
    assert pulled(two.b, two.a).accepted == 1
    change = rotation.revoke(two.a.node, lost_us, carry=True)
    add_partner(two.b.node, own_card(two.a.node), change.new, carry=True)
    assert len(two.b.node.store.untrusted(two.a.id)) == 1
    (seen,) = seen_notes(two.b.node)
    assert (seen.good > 0, seen.untrusted > 0, seen.bad) == (True, True, 0)
    again = pulled(two.b, two.a)
    assert (again.failure, again.same) == ("", 3), again
    assert two.b.node.store.untrusted(two.a.id) == []
    assert verifies(two.a, two.b)


def test_no_accord_before_the_fingerprint_is_confirmed(two: Two, tmp_path: Path) -> None:
    hands = Hands("c")
    c = Kit(new_home(tmp_path, "c", hands), hands)
    add_partner(c.node, own_card(two.a.node))
    add_partner(two.a.node, own_card(c.node), c.print)
    proposed = propose_accord(two.a.node, accord_text(two.a, c))
    with pytest.raises(Refused, match="Nobody has confirmed"):
        accept_accord(c.node, proposed)
    with pytest.raises(Refused, match="another fingerprint"):
        confirm_partner(c.node, "a", two.b.print)
    confirm_partner(c.node, "a", two.a.print)
    assert accept_accord(c.node, proposed)[1].complete
    c.close()


@pytest.mark.parametrize("committed", [False, True])
def test_a_change_that_was_cut_off_is_finished_or_undone(two: Two, committed: bool) -> None:
    """Killed before and after the commit that makes the new key count."""
    before, home = two.a.print, two.a.node.home
    old = home.node_key.read_bytes()
    change = rotation.rotate(two.a.node)
    if committed:
        home.coming_key.write_bytes(home.node_key.read_bytes())
        home.node_key.write_bytes(old)
    else:
        rotation._make_coming(two.a.node)
    again = Node(home.root, two.a.hands.clock)
    assert thumbprint(again.key.public_key()) == change.new != before
    assert not home.coming_key.exists()
    again.close()


def test_a_serving_node_signs_with_the_new_key_at_once(two: Two) -> None:
    served = two.a.node
    beside = Node(served.home.root, two.a.hands.clock)
    change = rotation.rotate(beside)
    beside.close()
    assert two.a.print == change.new
    assert rotation.signer(served).earlier[0] != served.key.public_key()


def test_the_next_certificate_is_used_when_every_partner_has_the_card(two: Two) -> None:
    certificate.prepare(two.a.node)
    assert certificate.certified(two.a.node).lacking == ("b",)
    certificate.tend(two.a.node)
    assert certificate.certified(two.a.node).next_made
    look(two.b, two.a)
    look(two.b, two.a)
    assert len(certificates(card(two.b, two.a).peer_certificate.encode())) == 2
    coming = two.a.node.home.tls("peer.next")[1].read_bytes()
    certificate.tend(two.a.node)
    assert two.a.node.home.tls("peer")[1].read_bytes() == coming
    assert not certificate.certified(two.a.node).next_made


def test_the_next_certificate_is_made_two_months_before_the_end(two: Two) -> None:
    certificate.tend(two.a.node)
    assert not certificate.certified(two.a.node).next_made
    two.a.wait((825 - 59) * 24)
    certificate.tend(two.a.node)
    assert certificate.certified(two.a.node).next_made
    two.a.wait(53 * 24)
    certificate.tend(two.a.node)
    assert not certificate.certified(two.a.node).next_made


def test_the_port_shows_the_new_certificate_without_a_restart(two: Two) -> None:
    loaded = list[str]()
    check = certificate.watch(two.a.node, lambda chain, _key: loaded.append(chain))
    check()
    certificate.replace_now(two.a.node)
    check()
    check()
    assert loaded == [str(two.a.node.home.tls("peer")[1])]


def test_a_card_brought_by_somebody_else_is_refused(two: Two) -> None:
    answer = fetcher(two.a, two.b)(Ask("POST", "/peer/v1/card", own_card(two.b.node)))
    assert isinstance(answer, Response)
    assert answer.status == 400
    with pytest.raises(PrasanError):
        add_partner(two.a.node, own_card(two.a.node))
