"""A follower: pull after pull over one connection; it waits, is nudged by what is to be posted, and stops at once."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from node.node_kit import Hands, Kit, Partner, uuid_of
from partner import Desk, incident, uid
from prasan.exchange import door, taxii
from prasan.exchange.steps import Summary
from prasan.node.keeping.founding import found
from prasan.node.lines import following
from prasan.node.lines.following import Follower
from prasan.node.settings import Settings
from prasan.stores.sqlite import StoreShelf
from prasan.stores.traffic import Outgoing
from prasan.web.peer import build_peer_app

pytestmark = pytest.mark.process


@pytest.fixture
def served(tmp_path: Path, quick: None) -> Iterator[tuple[Kit, Partner]]:
    """Our node, and a partner whose peer port answers on loopback."""
    now_us = int(time.time()) * 1_000_000
    hands = Hands(now_us=now_us)
    settings = Settings("th-mc", f"identity--{uuid_of('th-mc')}", "TH", sync_every_s=1)
    found(tmp_path / "home", settings, hands.clock)
    kit, listener = Kit(tmp_path / "home", hands), socket.create_server(("127.0.0.1", 0))
    us = Partner("us-mo", tmp_path, now_us=now_us, peer_url=f"https://127.0.0.1:{listener.getsockname()[1]}")
    kit.agree(us)
    app = build_peer_app(
        us.keeper(), StoreShelf(us.store), taxii.Site("us", us.uuid), desk=Desk(us), now_us=lambda: us.now_us,
        own=door.Door(lambda: us.ours, us.key_of, us.card),
    )  # fmt: skip
    (tmp_path / "key.pem").write_bytes(us.tls.key)
    (tmp_path / "cert.pem").write_bytes(us.tls.certificate)
    config = uvicorn.Config(
        app,
        log_level="error",
        ssl_keyfile=tmp_path / "key.pem",
        ssl_certfile=str(tmp_path / "cert.pem"),
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    yield kit, us
    app.state.bell.close()
    server.should_exit = True
    thread.join()
    listener.close()
    us.close()
    kit.close()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen in 30 s")


def test_news_comes_while_it_waits_and_it_stops_at_once(served: tuple[Kit, Partner]) -> None:
    kit, us = served
    row, stop = kit.node.store.partner("us-mo"), threading.Event()
    assert row is not None
    follower = Follower(kit.node, row, stop)
    follower.start()
    until(lambda: follower._waiting)
    us.publish(kit.id, incident(1))
    until(lambda: kit.node.store.object(uid(1)) is not None)
    until(lambda: us.store.acked(kit.id, "objects") == 1)
    until(lambda: follower._waiting)
    with kit.node.store.write() as tx:
        tx.queue_outgoing(Outgoing(uid(9), us.id, incident(9), us.now_us))

    def posted() -> bool:
        follower.nudge()
        return kit.node.store.outgoing(us.id) == []

    until(posted)
    until(lambda: follower._waiting)
    stop.set()
    while follower.thread.is_alive():
        follower.abort()
        follower.thread.join(0.1)


def test_while_nothing_comes_the_logs_are_not_looked_at_again(
    served: tuple[Kit, Partner], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thin line is not burdened with it; whatever came, or failed, is followed by a look."""
    kit, _ = served
    row = kit.node.store.partner("us-mo")
    assert row is not None
    follower, quiet = Follower(kit.node, row, threading.Event()), list[bool]()
    came = iter([Summary(), Summary(), Summary(pages=1), Summary(), Summary(failure="ledger"), Summary(), Summary()])

    def pulled(*_: Any, **how: Any) -> Summary:
        quiet.append(how["quiet"])
        return next(came)

    monkeypatch.setattr(following, "pull_by", pulled)
    for _ in range(6):
        follower._pull()
    follower._card_at = 0.0  # ten minutes later
    follower._pull()
    follower._leave()
    assert quiet == [False, True, True, False, True, False, False]


def test_a_partner_that_is_gone_is_no_longer_followed(served: tuple[Kit, Partner]) -> None:
    kit, _ = served
    row, stop = kit.node.store.partner("us-mo"), threading.Event()
    assert row is not None
    follower = Follower(kit.node, row, stop)
    with kit.node.store.write() as tx:
        tx._do("DELETE FROM partners")
    follower.start()
    follower.thread.join(20)
    assert not follower.thread.is_alive()
