"""Pulling and pushing over a socket: cursors, servers that end in the middle, and feeds that are polled."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from node.node_kit import Kit, Partner
from node.test_transitions import RELEASE, policy
from partner import CREATED, uid
from prasan.errors import Unreachable, UsageError
from prasan.feeds.taxii import FIRST, LAST
from prasan.node.keeping.live_health import Ward
from prasan.node.lines.collecting import Collector, collect, push, rows_feeds
from prasan.node.settings import FeedSetting

Reply = tuple[int, dict[str, str], bytes]
DATE = "2026-01-01T00:00:0{}.000000Z"


class Foreign:
    """A server of which each answer is scripted; it remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes, str]] = []
        self.answer: Callable[[str, str], Reply] = lambda _m, _p: (404, {}, b"{}")
        foreign = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                foreign.asked.append((self.command, self.path, body, self.headers.get("authorization", "")))
                status, headers, out = foreign.answer(self.command, self.path)
                self.send_response(status)
                for name, value in {**headers, "content-length": headers.get("content-length", str(len(out)))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(out)

            do_POST = do_GET  # noqa: N815 - the name that the library looks for

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"taxii+http://ann:secret@127.0.0.1:{self.server.server_port}/r/collections/c/"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    made = Foreign()
    yield made
    made.close()


def campaign(number: int) -> dict[str, Any]:
    head = {"type": "campaign", "spec_version": "2.1", "id": uid(number, "campaign"), "created": CREATED}
    return head | {"modified": CREATED, "name": f"c {number}"}


def page(*numbers: int, **more: Any) -> Reply:
    headers = {FIRST: DATE.format(numbers[0]), LAST: DATE.format(numbers[-1])} if numbers else {}
    return 200, headers, json.dumps({"objects": [campaign(n) for n in numbers], **more}).encode()


def test_a_pull_goes_on_where_the_last_one_was_cut(kit: Kit, foreign: Foreign) -> None:
    def cut(_method: str, path: str) -> Reply:
        if "next=" not in path:
            return page(1, 2, more=True, next="x")
        return 200, {"content-length": "999"}, b'{"objects":['

    foreign.answer = cut
    with pytest.raises(Unreachable):
        collect(kit.node, foreign.url, "cert")
    assert [n for n in (1, 2) if kit.node.store.object(uid(n, "campaign"))] == [1, 2]
    foreign.answer = lambda _m, _p: page(2, 3)
    done = collect(kit.node, foreign.url, "cert")
    assert (done.came.new, done.came.same, done.read.problem) == (1, 1, "")
    assert "added_after=2026-01-01T00%3A00%3A01.999999Z" in foreign.asked[-1][1]
    foreign.answer = lambda _m, _p: page()
    collect(kit.node, foreign.url, "cert")
    assert "added_after=2026-01-01T00%3A00%3A03.000000Z" in foreign.asked[-1][1]
    assert foreign.asked[-1][3].startswith("Basic ")


def test_one_bad_object_takes_no_other_with_it(kit: Kit, foreign: Foreign) -> None:
    objects = [campaign(1), {"type": "campaign"}, campaign(2)]
    foreign.answer = lambda _m, _p: (200, {}, json.dumps({"objects": objects}).encode())
    done = collect(kit.node, foreign.url, "cert")
    assert (done.came.new, done.came.turned) == (2, {"bad_object": 1})


def test_redirects_are_not_followed(kit: Kit, foreign: Foreign) -> None:
    foreign.answer = lambda _m, _p: (302, {"location": foreign.url.removeprefix("taxii+")}, b"")
    done = collect(kit.node, foreign.url)
    assert (done.read.problem, done.read.detail) == ("refused", "status 302")
    assert len(foreign.asked) == 1


def test_what_is_pushed_is_what_the_recipient_reads_and_no_byte_else(kit: Kit, us: Partner, foreign: Foreign) -> None:
    kit.incident("a")
    kit.incident("b")
    policy(kit, RELEASE)
    foreign.answer = lambda method, _p: (202 if method == "POST" else 200, {}, b"{}")
    done = push(kit.node, "us-mo", foreign.url)
    bodies = [body for method, _, body, _ in foreign.asked if method == "POST"]
    assert (done.rows, done.sent.taken) == (3, 3)
    sent = [one for body in bodies for one in json.loads(body)["objects"]]
    assert sent == [*kit.now_read(us, "alerts"), *kit.now_read(us, "objects")]
    assert push(kit.node, "us-mo", foreign.url).rows == 0
    kit.incident("c")
    assert push(kit.node, "us-mo", foreign.url).rows == 1


def test_what_was_not_taken_is_sent_again_the_next_time(kit: Kit, us: Partner, foreign: Foreign) -> None:
    kit.incident("a")
    policy(kit, RELEASE)
    foreign.answer = lambda method, _p: (401 if method == "POST" else 200, {}, b"{}")
    done = push(kit.node, "us-mo", foreign.url)
    assert (done.sent.taken, done.sent.problem, done.sent.unsent) == (0, "refused", 2)
    foreign.answer = lambda method, _p: (202 if method == "POST" else 200, {}, b"{}")
    assert push(kit.node, "us-mo", foreign.url).sent.taken == 2


def test_nobody_else_is_pushed_to(kit: Kit, foreign: Foreign) -> None:
    with pytest.raises(UsageError):
        push(kit.node, "nobody", foreign.url)
    with pytest.raises(UsageError):
        push(kit.node, "public", "https://host/")
    assert foreign.asked == []


def test_feeds_that_are_collections_are_polled_apart_from_the_others(kit: Kit, foreign: Foreign) -> None:
    twice = threading.Event()

    def answer(_method: str, _path: str) -> Reply:
        if len(foreign.asked) >= 2:
            twice.set()
        return (500, {}, b"") if len(foreign.asked) == 1 else page(1)

    foreign.answer = answer
    feeds = [FeedSetting(foreign.url, "cert", every_s=0.01), FeedSetting("udp://127.0.0.1:10110")]
    assert [feed.url for feed in rows_feeds(feeds)] == ["udp://127.0.0.1:10110"]
    collector = Collector(kit.node, feeds)
    ward = Ward(kit.node, collector=collector)
    collector._once(feeds[0])
    ills = [(ill.code, ill.values["source"], ill.values["detail"]) for ill in ward.ills()]
    assert ills == [("collection_unread", "cert", "refused status 500")]
    collector.start()
    assert twice.wait(20)
    collector.stop()
    assert ward.ills() == ()
    assert kit.node.store.object(uid(1, "campaign")) is not None
    with pytest.raises(UsageError):
        Collector(kit.node, [FeedSetting("taxii+https://host/")])
