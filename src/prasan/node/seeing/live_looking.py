"""A look at what live feeds brought, now and then, by a thread of its own."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from prasan.errors import PrasanError
from prasan.node.acts.hits import look_for
from prasan.node.node import Node
from prasan.node.releasing.summing import publish_counts
from prasan.node.seeing.live_pace import Pace
from prasan.node.seeing.live_settling import Settling
from prasan.node.seeing.picture import Looked, look, sources_of
from prasan.node.seeing.watching import Watcher

LOG: Final = logging.getLogger("prasan.live")
REST: Final = 3.0
"""After a look, rest at least so many times as long as it took."""
STOP_S: Final = 30.0
HITS_S: Final = 10
"""Vessels of lists are looked for so often at most."""

After = Callable[[Node, Looked], None]


class Looking:
    """Looks at clocks that have new rows, in a thread of its own: at once, then at most every `look_every_s`.

    It looks up to the newest row less what rows take to be in order (see `live_settling`), by the time on the rows: a
    feed that falls silent, or is played from a recording, moves no other clock. At the end it looks at all there is.
    """

    def __init__(self, node: Node, after: After | None, pace: Pace) -> None:
        self._node, self._after, self._pace = node, after, pace
        self._failed: dict[str, str] = {}
        self._every = node.settings.look_every_s
        self._new = set[str]()
        self._watchers: dict[str, Watcher] = {}
        self._settling: dict[str, Settling] = {}
        self._looks: dict[str, Looked] = {}
        self._change = threading.Condition()
        self._turns = defaultdict[str, threading.Lock](threading.Lock)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="look", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> list[Looked]:
        """Look once more at every clock; what the looks at each gave."""
        with self._change:
            self._stopping = True
            self._new |= self._watchers.keys()
            self._change.notify()
        self._thread.join(STOP_S)
        return [self._looks[clock] for clock in sorted(self._looks)]

    def failures(self) -> dict[str, str]:
        """Clocks whose last look failed, with why."""
        return dict(self._failed)

    def look_anew(self, clock: str) -> Looked:
        """Look at all rows of a clock again, in turn with its steps and no further than they went.

        What came since may not be in order yet: an event made of it would be one that no step ever takes back.
        """
        with self._turn(clock):
            watcher = self._watchers.get(clock)
            return look(self._node, clock, watcher.upto if watcher else None)

    def _turn(self, clock: str) -> threading.Lock:
        """Whoever looks at a clock holds this: two looks at once would each make the next revision of an event."""
        with self._change:
            return self._turns[clock]

    def add(self, clock: str) -> None:
        """This clock has new rows."""
        self._pace.wait("detected", clock, self._now())
        with self._change:
            self._new.add(clock)
            self._change.notify()

    def _run(self) -> None:
        rest = 0.0
        while clocks := self._next(rest):
            began = time.monotonic()
            for clock in clocks:
                self._look(clock)
            rest = max(self._every, REST * (time.monotonic() - began))

    def _next(self, rest: float) -> Sequence[str]:
        """After a rest, the clocks with new rows; none when it is time to end and nothing is new."""
        with self._change:
            self._change.wait_for(lambda: self._stopping, timeout=rest)
            self._change.wait_for(lambda: self._stopping or self._new)
            clocks, self._new = sorted(self._new), set()
            return clocks

    def _look(self, clock: str) -> None:
        try:
            with self._turn(clock):
                self._step(clock)
            self._failed.pop(clock, None)
        except PrasanError as error:
            LOG.warning("look at %s: %s %s", clock, error, error.remedy)
            self._give_up(clock, str(error))
        except Exception as error:
            LOG.exception("the look at %s failed; it is tried again with the next rows", clock)
            self._give_up(clock, type(error).__name__)

    def _step(self, clock: str) -> None:
        held = self._node.archive.sources()
        newest = [held[source.name].t_max for source in sources_of(self._node, clock)]
        if not newest:
            return  # nothing has a date
        if clock not in self._watchers:
            self._watchers[clock] = Watcher(self._node, clock)
        settling = self._settling.get(clock, Settling())
        upto = max(newest) + 1 - (0 if self._stopping else settling.seconds)
        looked = self._watchers[clock].step(upto, lambda: self._detected(clock))
        self._settling[clock] = settling.after(taken_back=looked.taken_back)
        self._pace.passed("detected", clock, self._now())
        self._pace.passed("published", clock, self._now())
        self._looks[clock] = _joined(self._looks.get(clock), looked)
        look_for(self._node, clock, sources_of(self._node, clock), 0 if self._stopping else HITS_S)
        if looked.changed:
            publish_counts(self._node)
        if self._after is not None:
            self._after(self._node, looked)

    def _give_up(self, clock: str, why: str) -> None:
        """A look that failed may have published a part: the next one begins with what was kept, as after a restart."""
        self._watchers.pop(clock, None)
        self._failed[clock] = why

    def _detected(self, clock: str) -> None:
        self._pace.passed("detected", clock, self._now())
        self._pace.wait("published", clock, self._now())

    def _now(self) -> float:
        return self._node.clock.now_us() / 1e6


def _joined(before: Looked | None, now: Looked) -> Looked:
    """The latest counts, and all that changed so far."""
    if before is None:
        return now
    return msgspec.structs.replace(now, changed=before.changed + now.changed, objects=before.objects + now.objects)
