"""Foreign TAXII 2.1 servers: pulling a collection into objects under the marking of its source, and pushing to one
exactly what a recipient may know."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Final

import msgspec

from prasan.errors import PrasanError
from prasan.exchange.asked import Query
from prasan.exchange.lanes import LANES
from prasan.feeds.taxii import Answer, Get, Read, Wait, read
from prasan.feeds.taxii_http import Link, is_taxii, parse_collection
from prasan.feeds.taxii_push import Look, Post, Sent, send
from prasan.node.lines.foreign import Came, take
from prasan.node.node import Node
from prasan.node.record import NODE_LOG, note, seal_all
from prasan.node.releasing.explaining import the_recipient
from prasan.node.releasing.publish import work_due
from prasan.node.settings import FeedSetting
from prasan.stores.rows import Lane, Shelved

LOG: Final = logging.getLogger("prasan.collecting")
STOP_S: Final = 5.0
SMALL: Final = 1 << 20
"""What is sent at once to a server that does not say how much it takes."""
LARGEST: Final = 8 << 20

Stopped = threading.Event


class Collected(msgspec.Struct, frozen=True):
    """What one pull of a collection gave: `read` from the server, `came` of it to this node, and up to where."""

    source: str
    read: Read
    came: Came
    cursor: str


class Pushed(msgspec.Struct, frozen=True):
    """What one push gave, and to whom; `rows` that the recipient can read and that were not sent before."""

    recipient: str
    rows: int
    sent: Sent


def collect(node: Node, address: str, name: str = "", stopped: Stopped | None = None) -> Collected:
    """Pull what is new in a collection, a page a transaction with its cursor. UsageError for an address that is none.

    Unreachable if nobody answers; what came before is kept, and the next pull goes on from there.
    """
    collection, stop = parse_collection(address), stopped or threading.Event()
    source = node.settings.source_for(name or collection.url)
    key = f"taxii/{_digest(source.name, collection.url, collection.extra)}"
    cursor, came, reply = node.store.meta(key) or "", Came(), None
    with Link(collection) as link:
        reading = read(cursor, collection.extra)
        while True:
            try:
                step = reading.send(reply)
            except StopIteration as end:
                done: Read = end.value
                return Collected(source.name, done, came, cursor)
            reply = None
            if isinstance(step, Get):
                reply = None if stop.is_set() else link.get(step)
            elif isinstance(step, Wait):
                stop.wait(step.seconds)
            else:
                cursor = step.cursor
                with node.store.write() as tx:
                    came.add(take(node, tx, step.objects, source))
                    tx.set_meta(key, cursor)


def push(node: Node, to: str, address: str, stopped: Stopped | None = None) -> Pushed:
    """Send a collection the bytes that a recipient can read now and that were not sent to it before, and no other.

    UsageError for an unknown recipient or an address that is none, Unreachable if nobody answers.
    """
    collection, stop = parse_collection(address), stopped or threading.Event()
    recipient = the_recipient(node, to)
    work_due(node)
    rows, total = 0, Sent()
    with Link(collection) as link:
        limit = _limit(link)
        for lane in LANES:
            key = f"pushed/{_digest(recipient.id, collection.url, lane)}"
            for page in _pages(node, recipient.id, lane, int(node.store.meta(key) or "0")):
                sent = _drive(link, [row.raw for row in page], limit, stop)
                rows += len(page)
                _add(total, sent)
                if sent.problem:
                    return Pushed(recipient.name, rows, total)
                with node.store.write() as tx:
                    tx.set_meta(key, str(page[-1].date_added_us))
                    log = recipient.id if recipient.kind == "partner" else NODE_LOG
                    where = sha256(collection.url.encode()).hexdigest()
                    detail = {"lane": lane, "taken": sent.taken, "refused": len(sent.refused)}
                    note(node, tx, log, "pushed", where, detail)
    seal_all(node)
    return Pushed(recipient.name, rows, total)


def _pages(node: Node, recipient: str, lane: Lane, after: int) -> Iterator[list[Shelved]]:
    """The rows that the recipient can read in a lane, as its own pages would be."""
    now_us = node.clock.now_us()
    while rows := node.store.view_page(recipient, lane, Query(after_us=after, versions=("all",)), now_us):
        yield list(rows)
        after = rows[-1].date_added_us


def _drive(link: Link, objects: list[bytes], limit: int, stop: Stopped) -> Sent:
    sending, reply = send(objects, limit), None
    while True:
        try:
            step = sending.send(reply)
        except StopIteration as end:
            done: Sent = end.value
            return done
        reply = _answer(link, step, stop)


def _answer(link: Link, step: Post | Look | Wait, stop: Stopped) -> Answer | None:
    if isinstance(step, Wait):
        stop.wait(step.seconds)
        return None
    if stop.is_set():
        return None
    return link.post(step.body) if isinstance(step, Post) else link.of_root(f"status/{step.status_id}/")


def _add(total: Sent, sent: Sent) -> None:
    total.taken += sent.taken
    total.refused += sent.refused
    total.unsent += sent.unsent
    total.problem, total.detail = sent.problem, sent.detail


class _Root(msgspec.Struct):
    max_content_length: int = SMALL


def _limit(link: Link) -> int:
    """How large an envelope the server takes."""
    answer = link.of_root("")
    try:
        said = msgspec.json.decode(answer.body, type=_Root, strict=False).max_content_length
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = SMALL
    return max(1024, min(said, LARGEST))


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()


def rows_feeds(feeds: Iterable[FeedSetting]) -> list[FeedSetting]:
    """The feeds that bring rows; the others bring objects, and a `Collector` keeps them."""
    return [feed for feed in feeds if not is_taxii(feed.url)]


class Collector:
    """Pulls every `[[feed]]` that is a TAXII collection, each in a thread of its own, every `every_s` seconds."""

    def __init__(self, node: Node, feeds: Iterable[FeedSetting], pull: Callable[..., Collected] = collect) -> None:
        """UsageError for an address that is none."""
        self._node, self._pull, self._stop = node, pull, threading.Event()
        self._feeds = [feed for feed in feeds if is_taxii(feed.url)]
        self._failures: dict[str, str] = {}
        for feed in self._feeds:
            parse_collection(feed.url)
        self._threads = [
            threading.Thread(target=self._follow, args=(feed,), name="taxii feed", daemon=True) for feed in self._feeds
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the answers under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_S)

    def _follow(self, feed: FeedSetting) -> None:
        while True:
            self._once(feed)
            if self._stop.wait(feed.every_s):
                return

    def failures(self) -> dict[str, str]:
        """Sources whose last pull did not come to its end, with why."""
        return dict(self._failures)

    def _once(self, feed: FeedSetting) -> None:
        name = feed.source or parse_collection(feed.url).url
        try:
            read = self._pull(self._node, feed.url, feed.source, self._stop).read
            why = f"{read.problem} {read.detail}".strip()
        except PrasanError as error:
            why = str(error)
        except Exception as error:
            LOG.exception("pulling a TAXII collection failed; it is tried again")
            why = type(error).__name__
        if not why:
            self._failures.pop(name, None)
        elif not self._stop.is_set():
            self._failures[name] = why
            LOG.warning("the collection of %s: %s", name, why)
