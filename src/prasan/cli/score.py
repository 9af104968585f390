"""`score`: events against the truth of a simulated or injected run."""

import argparse
import sys
from pathlib import Path

from prasan.cli.output import emit
from prasan.errors import UsageError
from prasan.exercise.score import read_events, read_truth, score


def score_(arguments: argparse.Namespace) -> int:
    """Print one JSON line."""
    events = read_events(_lines(arguments.events), arguments.events)
    truth = read_truth(_lines(arguments.truth), arguments.truth)
    emit(score(events, truth))
    return 0


def _lines(name: str) -> list[bytes]:
    if name == "-":
        return sys.stdin.buffer.read().splitlines()
    try:
        return Path(name).read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}", "Check the name.") from None
