"""`sync`."""

import argparse
from pathlib import Path

import msgspec

from prasan.cli.output import emit, tell
from prasan.node.lines.sync import sync as pull_all
from prasan.node.node import Node


def sync(arguments: argparse.Namespace) -> int:
    """Pull from partners now; one JSON line a partner. Exit 3: one was not reached; 1: something was turned away."""
    node = Node(Path(arguments.home))
    summaries = pull_all(node, arguments.partners)
    for name, summary in summaries.items():
        emit({"partner": name, **msgspec.to_builtins(summary)})
        if summary.message:
            tell(f"{name}: {summary.message}")
    if not summaries:
        tell("There is no partner yet: add one with 'prasan partner add'.")
    if any(summary.failure in ("unreachable", "page_cut") for summary in summaries.values()):
        return 3
    return 1 if any(summary.failure or summary.quarantined for summary in summaries.values()) else 0
