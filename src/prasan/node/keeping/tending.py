"""What a running node does by itself: decisions that fall due, partners followed, logs signed, archive tended."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from prasan.archive.values import Tended
from prasan.errors import PrasanError
from prasan.node.clock_guard import Watch
from prasan.node.finding.reception import Telling
from prasan.node.keeping import upkeep
from prasan.node.lines.following import Follower
from prasan.node.node import Node
from prasan.node.record import seal_all
from prasan.node.releasing.publish import work_due
from prasan.node.seeing.live_pace import Pace
from prasan.node.seeing.picture import Looked, clocks, sources_of, stale_looks

LOG: Final = logging.getLogger("prasan.tending")
TICK_S: Final = 0.5
"""How often due decisions are looked for: narrowing takes effect at once in any case, since pages are held back."""
ARCHIVE_S: Final = 60.0
"""How often the archive is tended; see `Archive.tend`."""
STALE_S: Final = 30.0
"""How often it is asked whether accords, policy or settings let somebody know other sources than before."""
RECEPTION_S: Final = 900.0
"""How often summaries of our own reception are brought up to date: an hour that is over does not change often."""
CLOCK_S: Final = 1.0
"""How often the clock is compared with steady time."""
STOP_S: Final = 30.0
ABORT_S: Final = 0.2
"""How long a pull that was broken off is waited for before it is broken off again."""


class Tender:
    """Tends a node until it is told to stop: one thread decides, one tends the archive, and each partner has its own.

    So a partner that answers slowly holds up neither a decision nor another partner.
    """

    def __init__(self, node: Node, pace: Pace | None = None, look_at: Callable[[str], Looked] | None = None) -> None:
        """`look_at`: looks anew at a clock; what live feeds bring must not be looked at twice at once."""
        self._node, self._pace, self._look_at = node, pace or Pace(), look_at
        self.tended = Tended()
        """What the archive's last tending did."""
        self._telling = Telling(node)
        self._stop = threading.Event()
        self._followers: dict[str, Follower] = {}
        self._threads = [
            threading.Thread(target=self._every, args=(seconds, step), name=name, daemon=True)
            for name, seconds, step in (
                ("decisions", TICK_S, self._decide),
                ("pulls", TICK_S, self._follow),
                ("archive", ARCHIVE_S, self._tend_archive),
                ("stale looks", STALE_S, self._look_again),
                ("reception", RECEPTION_S, self._tell_reception),
                ("clock", CLOCK_S, Watch(node).step),
                ("upkeep", upkeep.EVERY_S, lambda: upkeep.upkeep(node)),
            )
        ]
        self._next_pull = node.clock.now() + node.settings.sync_every_s

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the steps under way."""
        self._stop.set()
        end = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(STOP_S)
        for follower in self._followers.values():
            while follower.thread.is_alive() and time.monotonic() < end:
                follower.abort()
                follower.thread.join(ABORT_S)

    def _every(self, seconds: float, step: Callable[[], None]) -> None:
        while not self._stop.wait(seconds):
            try:
                step()
            except PrasanError as error:
                LOG.warning("%s %s", error, error.remedy)
            except Exception:
                # Whatever one partner or one object does, the node goes on deciding, narrowing and sealing.
                LOG.exception("tending failed; it is tried again")

    def _decide(self) -> None:
        now, due = self._node.clock.now_us(), self._node.store.next_due()
        if due is not None and due <= now:
            self._pace.wait("decided", "", due / 1e6)
        if work_due(self._node):
            self._pace.passed("decided", "", self._node.clock.now_us() / 1e6)
            seal_all(self._node)

    def _tend_archive(self) -> None:
        """Logs to files, small files to large ones, past days closed, rows past their source's days deleted."""
        names = {*self._node.archive.sources(), *(one.name for one in self._node.settings.source)}
        sources = (self._node.settings.source_for(name) for name in sorted(names))
        days = {one.name: one.terms.store_days for one in sources if one.terms.store_days is not None}
        self.tended = done = self._node.archive.tend(self._node.clock.now(), days)
        if done.damaged:
            LOG.warning("the archive has damaged files: %s; restore them from a backup", done.damaged)
        if done.low:
            LOG.warning("the disk is nearly full: the archive is not merged, and soon takes nothing more")

    def _look_again(self) -> None:
        """Somebody may know other sources than before: what it is told is found anew."""
        stale_looks(self._node, self._look_at)

    def _tell_reception(self) -> None:
        """What our receivers heard in the hours that are over, for partners that may know."""
        for clock in clocks(self._node):
            self._telling.step(clock, sources_of(self._node, clock))

    def _follow(self) -> None:
        """Follow every partner, each in a thread of its own; and bring them soon what waits for them."""
        if not self._node.settings.sync_every_s or self._node.clock.now() < self._next_pull:
            return
        for partner in self._node.store.partners():
            follower = self._followers.get(partner.id)
            if follower is None or not follower.thread.is_alive():
                self._followers[partner.id] = Follower(self._node, partner, self._stop)
                self._followers[partner.id].start()
            else:
                follower.nudge()
