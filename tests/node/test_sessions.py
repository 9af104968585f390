"""Who is signed in: a new password, another role or a removal ends what was begun before it."""

from node.node_kit import Kit
from prasan.node.lines.doors import People
from prasan.node.people import add_user
from prasan.web.credentials import Credentials
from prasan.web.office import Office


def test_a_changed_or_removed_user_is_signed_out(kit: Kit) -> None:
    office = Office(kit.node, Credentials(People(kit.node)))
    add_user(kit.node, "ann", "watch", "a long password")
    since = int(kit.node.clock.now())
    session = office.session("ann", since)
    assert session is not None
    assert session.role == "watch"
    kit.wait(1)
    add_user(kit.node, "ann", "watch", "another password")
    assert office.session("ann", since) is None
    assert office.session("ann", int(kit.node.clock.now())) is not None
    with kit.node.store.write() as tx:
        tx.remove_user("ann")
    assert office.session("ann", int(kit.node.clock.now())) is None
