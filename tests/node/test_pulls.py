"""Pulls side by side: none waits for another, and two that bring the same id leave one speaker."""

import socket
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec

from node.node_kit import AMBER, Hands, Kit, Partner, their_object, uuid_of
from node.test_transitions import policy
from prasan.exchange.intake import Accepted
from prasan.exchange.statements import Handling, Statement, statement
from prasan.exchange.steps import Apply
from prasan.formats.stix import peek
from prasan.formats.stix_ids import EVENT
from prasan.node.keeping.founding import found
from prasan.node.keeping.tending import Tender
from prasan.node.lines import sync
from prasan.node.settings import Settings
from prasan.stores.rows import NewView, PartnerRow, Place


def accepted(kit: Kit, partner: Partner, raw: bytes) -> Accepted:
    """An object of a page, as the judge passed it."""
    header, digest = peek(raw), sha256(raw).hexdigest()
    view = NewView(header.id, header.version, header.id, header.version, "objects", "verbatim", digest)
    handling = Handling.of(AMBER, kit.id, partner.id)
    text = statement(view, Place(1, kit.hands.now_us), kit.id, handling, [], digest)
    return Accepted(header, raw, digest, msgspec.json.decode(text, type=Statement), text, AMBER, False)


def row(kit: Kit, partner: Partner) -> PartnerRow:
    found = kit.node.store.partner(partner.id)
    assert found is not None
    return found


def test_of_two_that_send_an_id_at_once_the_first_speaks_for_it(kit: Kit, us: Partner, tmp_path: Path) -> None:
    jp = Partner("jp-cg", tmp_path)
    kit.agree(jp)
    raw = their_object(us.id, "1", EVENT, AMBER)
    page = Apply("objects", "c", (accepted(kit, us, raw),), (), "", 1)
    late = Apply("objects", "c", (accepted(kit, jp, raw.replace(b"coast-th", b"coast-xx")),), (), "", 1)
    sync.Hands(kit.node, row(kit, us)).act(page)
    sync.Hands(kit.node, row(kit, jp)).act(late)
    kept = kit.node.store.object(peek(raw).id)
    assert kept is not None
    assert (kept.origin, kept.raw) == (us.id, raw)
    assert kit.node.store.quarantine_counts(jp.id) == {"may_not_speak": 1}
    assert kit.node.store.received_count(jp.id) == 0
    jp.close()


def test_a_partner_that_does_not_answer_holds_up_no_decision(tmp_path: Path, quick: None) -> None:
    hands = Hands()
    settings = Settings(name="th-mc", id=f"identity--{uuid_of('th-mc')}", country="TH", title_en="T", sync_every_s=1)
    found(tmp_path / "home", settings, hands.clock)
    kit = Kit(tmp_path / "home", hands)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        us = Partner("us-mo", tmp_path, peer_url=f"https://127.0.0.1:{silent.getsockname()[1]}")
        kit.agree(us)
        policy(kit, 'id = "all"\nto = ["us-mo", "class:staff"]\nthen = "release"\n')
        tender = Tender(kit.node)
        tender.start()
        until(kit, pulling)
        kit.event("a")
        until(kit, lambda: kit.node.store.due(kit.node.clock.now_us()) == [])
        assert pulling(), "it still waits for an answer"
    tender.stop()  # with the port closed the waiting ends
    assert not pulling()
    kit.close()
    us.close()


def pulling() -> bool:
    return any(thread.name == "pull us-mo" for thread in threading.enumerate())


def until(kit: Kit, holds: Callable[[], bool]) -> None:
    """Let the node's clock run until something holds."""
    for _ in range(400):
        if holds():
            return
        kit.hands.now_us += 100_000
        time.sleep(0.05)
    raise AssertionError("it did not happen in 20 s")
