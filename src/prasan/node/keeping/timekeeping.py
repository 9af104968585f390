"""An administrator's word that the clock is right: release goes on from here."""

import msgspec

from prasan.errors import UsageError
from prasan.node.clock_guard import STOPPED, Stopped, check
from prasan.node.node import Node
from prasan.node.objects import recipient_ids
from prasan.node.record import NODE_LOG, note
from prasan.node.releasing.outlooks import refresh


class ClockState(msgspec.Struct, frozen=True):
    """The clock, the last entry of the node log (microseconds UTC), and why release is stopped, if it is."""

    now_us: int
    last_us: int | None
    stopped: Stopped | None


def clock_state(node: Node) -> ClockState:
    """How the clock stands."""
    return ClockState(node.clock.now_us(), node.store.last_entry_at(NODE_LOG), check(node))


def confirm(node: Node, by: str, seen: str = "") -> Stopped:
    """The clock is right as it is now. The next entry has the confirmed time.

    UsageError if nothing is stopped, or by another thing than the one that was looked at (`seen`: its `at_us`).
    What was put off until some time by the other clock is decided again, and so is what hangs on validity.
    """
    found = check(node)
    if found is None:
        raise UsageError(
            "release is not stopped, so there is nothing to confirm", "See 'prasan clock show'.", code="clock_goes"
        )
    if seen not in ("", str(found.at_us)):
        raise UsageError("the clock was stopped again since", "See 'prasan clock show'.", code="clock_again")
    with node.store.write() as tx:
        note(node, tx, NODE_LOG, "clock_confirmed", by, {"why": found.why, "seconds": found.seconds})
        tx.drop_meta(STOPPED)
        tx.bring_forward(node.clock.now_us())
        refresh(node, tx, recipient_ids(tx))
    return found
