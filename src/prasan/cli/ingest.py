"""`ingest`."""

import argparse
from collections import Counter
from pathlib import Path

import msgspec

from prasan.cli.output import emit, tell
from prasan.errors import UsageError
from prasan.node.ingest import Taken
from prasan.node.ingest import ingest as take_in
from prasan.node.node import Node
from prasan.node.publish import work_due
from prasan.node.record import seal_all
from prasan.node.summing import publish_counts

PROGRESS = "read "
"""How a line of progress begins."""


def ingest(arguments: argparse.Namespace) -> int:
    """Take files in, find what they show, decide who may know: one JSON line; progress goes to standard error."""
    live = [source for source in arguments.sources if "://" in source]
    if live:
        raise UsageError(
            f"{live[0]} is a live feed, which this version does not read yet", "Record it to a file first."
        )
    node = Node(Path(arguments.home))
    taken, looks = take_in(node, arguments.sources, name=arguments.source, dialect=arguments.format, done=_progress)
    publish_counts(node)
    decided = work_due(node)
    seal_all(node)
    found = {one.clock: one.counts for one in looks}
    emit(
        {
            "files": len(taken),
            "rows": sum(one.rows for one in taken),
            "kept": sum(one.kept for one in taken),
            "dropped": _sum(taken),
            "quarantined": sum(one.quarantined for one in taken),
            "objects": sum(one.objects for one in taken) + sum(one.objects for one in looks),
            "found": found,
            "decided": decided,
            "seconds": round(sum(one.seconds for one in taken), 3),
            "by_file": msgspec.to_builtins(taken),
        }
    )
    if any(one.duplicates for one in taken):
        tell("Some of it was here already and changed nothing.")
    return 0


def _progress(one: Taken) -> None:
    new = f"{one.rows} rows" if one.rows else f"{one.objects} objects"
    tell(f"{PROGRESS}{one.source}: {new} in {one.seconds} s")


def _sum(taken: list[Taken]) -> dict[str, int]:
    return dict(sum((Counter(one.dropped) for one in taken), Counter[str]()))
