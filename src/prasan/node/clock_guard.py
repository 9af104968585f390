"""A clock that cannot be right stops release: behind what the ledger says, or gone by itself while steady time did not.

Once stopped it stays so until an administrator has looked, since acts that are recorded meanwhile would hide it.
Times are in every statement and signature, and delays, expiry and validity all hang on them.
"""

from typing import Final, Literal

import msgspec

from prasan.errors import Unreachable
from prasan.node.node import Node
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads

Why = Literal["clock_behind", "clock_jumped"]

BEHIND_US: Final = 5_000_000
"""So far before the last ledger entry a clock may be: what setting it by network time does, and no more."""
JUMP_US: Final = 600_000_000
"""A step against steady time that nobody makes by accident: ten minutes."""
STOPPED: Final = "clock/stopped"
LEDGER: Final = "node"


class Stopped(msgspec.Struct, frozen=True):
    """Why release is stopped, by how many seconds the clock was off (minus: behind), and when that was seen."""

    why: Why
    seconds: int
    at_us: int


_STOPPED: Final = msgspec.json.Decoder(Stopped)


def stopped(store: Reads) -> Stopped | None:
    """Why release is stopped; None if it is not."""
    raw = store.meta(STOPPED)
    return _STOPPED.decode(raw) if raw else None


def check(node: Node) -> Stopped | None:
    """Look at the clock, remember what is wrong with it, and say why release is stopped; None if it is not."""
    found = stopped(node.store)
    if found is None and _behind(node.store, node.clock.now_us()):
        with node.store.write() as tx:
            latch(tx, node.clock.now_us())
        found = stopped(node.store)
    return found


def require(node: Node) -> None:
    """Unreachable while release is stopped: nothing is sent, and nothing is signed for partners."""
    found = check(node)
    if found is not None:
        what = "is behind its own ledger" if found.why == "clock_behind" else "jumped"
        raise Unreachable(
            f"This node's clock {what} by {abs(found.seconds)} seconds; nothing is sent until its administrator has"
            " looked.",
            "Set the clock right, then say 'prasan clock confirm'.",
        )


def latch(tx: Tx, now_us: int) -> None:
    """Called before an entry goes into the node log: if the last one is later than now, release stops."""
    late_us = _behind(tx, now_us)
    if late_us and not tx.meta(STOPPED):
        _stop(tx, Stopped("clock_behind", -late_us // 1_000_000, now_us))


def _behind(store: Reads, now_us: int) -> int:
    """By how much the clock is behind the node log's last entry, if that is too much; else 0."""
    last = store.last_entry_at(LEDGER)
    return last - now_us if last is not None and last - now_us > BEHIND_US else 0


def _stop(tx: Tx, why: Stopped) -> None:
    tx.set_meta(STOPPED, msgspec.json.encode(why).decode())


class Watch:
    """Compares the clock with steady time, which nobody sets; to be asked every second or so."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._last = self._both()

    def step(self) -> None:
        """Stop release if the clock moved by itself since the last step."""
        (wall, steady), (wall_before, steady_before) = self._both(), self._last
        self._last = wall, steady
        moved = (wall - wall_before) - (steady - steady_before)
        if abs(moved) > JUMP_US:
            with self._node.store.write() as tx:
                _stop(tx, Stopped("clock_jumped", moved // 1_000_000, wall))
        check(self._node)

    def _both(self) -> tuple[int, int]:
        clock = self._node.clock
        return clock.now_us(), clock.steady_us()
