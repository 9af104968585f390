"""What a running node does by itself: decisions that fall due, pulls at their interval, logs signed."""

import logging
import threading
from typing import Final

from prasan.errors import PrasanError
from prasan.node.node import Node
from prasan.node.publish import work_due
from prasan.node.record import seal_all
from prasan.node.sync import sync

LOG: Final = logging.getLogger("prasan.tending")
TICK_S: Final = 0.5
"""How often due decisions are looked for: narrowing takes effect at once in any case, since pages are held back."""


class Tender:
    """A thread that tends a node until it is told to stop."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tender", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way."""
        self._stop.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        every = self._node.settings.sync_every_s
        next_sync = self._node.clock.now() + every
        while not self._stop.wait(TICK_S):
            try:
                if work_due(self._node):
                    seal_all(self._node)
                if every and self._node.clock.now() >= next_sync:
                    next_sync = self._node.clock.now() + every
                    for name, summary in sync(self._node, []).items():
                        if summary.failure:
                            LOG.warning("sync with %s: %s", name, summary.message)
            except PrasanError as error:
                LOG.warning("%s %s", error, error.remedy)
            except Exception:
                # Whatever one partner or one object does, the node goes on deciding, narrowing and sealing.
                LOG.exception("tending failed; it is tried again")
