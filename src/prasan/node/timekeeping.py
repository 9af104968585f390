"""An administrator's word that the clock is right: release goes on from here."""

import msgspec

from prasan.errors import UsageError
from prasan.node.clock_guard import STOPPED, Stopped, check
from prasan.node.node import Node
from prasan.node.record import NODE_LOG, note


class ClockState(msgspec.Struct, frozen=True):
    """The clock, the last entry of the node log (microseconds UTC), and why release is stopped, if it is."""

    now_us: int
    last_us: int | None
    stopped: Stopped | None


def clock_state(node: Node) -> ClockState:
    """How the clock stands."""
    return ClockState(node.clock.now_us(), node.store.last_entry_at(NODE_LOG), check(node))


def confirm(node: Node, by: str) -> Stopped:
    """The clock is right as it is now. UsageError if nothing is stopped. The next entry has the confirmed time."""
    found = check(node)
    if found is None:
        raise UsageError("release is not stopped, so there is nothing to confirm", "See 'prasan clock show'.")
    with node.store.write() as tx:
        note(node, tx, NODE_LOG, "clock_confirmed", by, {"why": found.why, "seconds": found.seconds})
        tx.drop_meta(STOPPED)
    return found
