"""Following a partner: pull after pull over one connection, each waiting at the partner's node until there is news.

What is new there is here a moment later, and a line that carries little is not asked the same thing every half minute.
"""

import logging
import threading
import time
from functools import partial
from typing import Final

from prasan.errors import PrasanError
from prasan.exchange import asks
from prasan.exchange.asks import Ask
from prasan.exchange.client import Client
from prasan.exchange.line import Line
from prasan.exchange.steps import Reply, Summary
from prasan.node.lines.sync import failed, pull_by, told
from prasan.node.node import Node
from prasan.node.partners.card_news import refresh
from prasan.node.partners.partner_keys import card_of
from prasan.node.partners.rotation import signer
from prasan.node.record import seal_all
from prasan.node.releasing.publish import work_due
from prasan.stores.rows import PartnerRow

LOG: Final = logging.getLogger("prasan.sync")
WAIT_S: Final = 20
"""How long the partner's node is asked to wait for news: less than others let an idle connection live."""
CARD_S: Final = 600.0
"""How often it is asked for a newer card, and while nothing comes for its logs, beside when it refuses us."""
NUDGES: Final = 3
"""How often waiting is broken off for the same things: what the partner does not take goes with every pull."""
AGAIN_S: Final = 2.0
"""After a pull that failed; doubled each time, up to the interval of the settings."""
QUICK_S: Final = WAIT_S / 2
"""A pull that brought nothing in less did not wait: the partner's node does not do so now; it is asked at intervals."""
BROKEN: Final = ("page_cut",)


class Follower:
    """One partner, followed in a thread of its own until the node stops or the partner is gone."""

    def __init__(self, node: Node, partner: PartnerRow, stop: threading.Event) -> None:
        self._node, self._partner, self._stop = node, partner, stop
        self._line, self._said = Line(), ""
        self._client: Client | None = None
        self._waiting, self._carried, self._nudges = False, frozenset[str](), 0
        self._pause_s, self._card_at, self._quiet = AGAIN_S, 0.0, False
        self.thread = threading.Thread(target=self._run, name=f"pull {partner.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def nudge(self) -> None:
        """Something waits to be brought to the partner: do not wait for its news any longer."""
        if not self._waiting:
            return
        ids = frozenset(one.id for one in self._node.store.outgoing(self._partner.id))
        if ids != self._carried:
            self._carried, self._nudges = ids, 0
        if ids and self._nudges < NUDGES:
            self._nudges += 1
            self.abort()

    def abort(self) -> None:
        """Break off the request under way."""
        client = self._client
        if client is not None:
            client.abort()

    def _run(self) -> None:
        try:
            while not self._stop.is_set() and self._node.store.partner(self._partner.id) is not None:
                begun = time.monotonic()
                summary = self._pull()
                self._say(summary)
                self._stop.wait(self._pause(summary, time.monotonic() - begun))
        finally:
            self._leave()

    def _pull(self) -> Summary:
        """One pull; whatever fails, it is said and tried again."""
        try:
            client = self._ready()
            work_due(self._node)
            fetch = partial(self._fetch, client)
            summary = pull_by(self._node, self._partner, fetch, wait_s=WAIT_S, line=self._line, quiet=self._quiet)
        except Exception as error:
            if not isinstance(error, PrasanError):
                LOG.exception("the pull from %s failed", self._partner.name)
            summary = failed(self._partner, error)
        told(self._node, self._partner, summary)
        self._quiet = not (summary.failure or summary.pages)
        if summary.pages or summary.acked or summary.posted:
            work_due(self._node)
            seal_all(self._node)
        if summary.failure and summary.failure not in BROKEN:
            self._leave()
        return summary

    def _fetch(self, client: Client, ask: Ask) -> Reply:
        """One request; while it waits for news it may be broken off."""
        self._waiting = asks.waits(ask)
        try:
            return client.fetch(ask)
        finally:
            self._waiting = False

    def _ready(self) -> Client:
        """The connection, with the partner's latest card and our present key."""
        if time.monotonic() >= self._card_at:
            self._leave()
        client = self._client
        if client is None:
            client = self._open()
            newer = refresh(self._node, self._partner, client.fetch)
            if newer.card != self._partner.card:
                self._leave()
                self._partner = newer
                client = self._open()
            self._card_at, self._quiet = time.monotonic() + CARD_S, False
        client.begin()
        return client

    def _open(self) -> Client:
        node = self._node
        nonce, now_us = lambda: node.clock.uuid("nonce"), node.clock.now_us
        self._client = Client(card_of(self._partner), signer(node), now_us, nonce, self._stop.is_set)
        return self._client

    def _leave(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _pause(self, summary: Summary, took_s: float) -> float:
        """How long until the next pull."""
        if summary.failure:
            pause, self._pause_s = self._pause_s, min(2 * self._pause_s, max(AGAIN_S, self._most_s))
            return pause
        self._pause_s = AGAIN_S
        brought = summary.pages or summary.posted or summary.page_cut
        return 0.0 if brought or took_s >= QUICK_S else self._most_s

    @property
    def _most_s(self) -> float:
        return float(self._node.settings.sync_every_s)

    def _say(self, summary: Summary) -> None:
        """In the log once, not at every try."""
        if summary.failure and summary.message != self._said and not self._stop.is_set():
            LOG.warning("sync with %s: %s", self._partner.name, summary.message)
        self._said = summary.message
