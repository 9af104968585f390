"""`clock show`, `clock confirm`."""

import argparse
import getpass
from pathlib import Path

from prasan.cli.output import emit, tell
from prasan.exchange.http import time_text
from prasan.node.keeping.timekeeping import clock_state
from prasan.node.keeping.timekeeping import confirm as confirm_clock
from prasan.node.node import Node


def show(arguments: argparse.Namespace) -> int:
    """One JSON line: the clock, the last ledger entry, and why release is stopped; 1 if it is."""
    state = clock_state(Node(Path(arguments.home)))
    why = state.stopped
    told = {"stopped": why.why if why else None, "seconds": why.seconds if why else 0}
    last = time_text(state.last_us) if state.last_us is not None else None
    emit({"now": time_text(state.now_us), "last_entry": last, **told})
    return 1 if why else 0


def confirm(arguments: argparse.Namespace) -> int:
    """Say that the clock is right, so that release goes on."""
    found = confirm_clock(Node(Path(arguments.home)), getpass.getuser())
    tell(f"release goes on; the clock was {abs(found.seconds)} seconds {'behind' if found.seconds < 0 else 'ahead'}")
    return 0
