"""Others' servers and programs: `ingest taxii+https://…`, `release push` and `release export`."""

import argparse
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from prasan.cli.output import emit, tell
from prasan.errors import UsageError
from prasan.node.lines.collecting import collect, push
from prasan.node.lines.exporting import misp_events
from prasan.node.node import Node
from prasan.node.record import seal_all
from prasan.node.releasing.publish import work_due

PROBLEMS: Final = {
    "refused": "the server refuses: {detail}",
    "not_taxii": "the answer is not TAXII ({detail})",
    "too_large": "the answer is too large ({detail}); ask for less with filters such as ?match[type]=indicator",
    "no_way_on": "the server says that there is more, and not how to get it",
    "goes_in_circles": "the server gives the same page again; what came before it is kept",
    "too_many_pages": "{detail} pages were read; run it again to go on",
    "unreached": "it was stopped; run it again to go on",
}
"""What becomes of a reading or sending that did not come to its end, by its code."""


def ingest(arguments: argparse.Namespace) -> int:
    """Pull collections: one JSON line each; 1 if one was not read to its end."""
    if arguments.format:
        raise UsageError("--format is for AIS; a TAXII collection has none", "Leave it out.")
    node, good = Node(Path(arguments.home)), True
    for address in arguments.sources:
        began = time.monotonic()
        done = collect(node, address, arguments.source or "")
        decided = work_due(node)
        seal_all(node)
        if done.read.problem:
            good = False
            tell(f"{done.source}: {PROBLEMS[done.read.problem].format(detail=done.read.detail)}")
        emit(
            {
                "source": done.source,
                **msgspec.to_builtins(done.read),
                **msgspec.to_builtins(done.came),
                "cursor": done.cursor,
                "decided": decided,
                "seconds": round(time.monotonic() - began, 3),
            }
        )
    node.close()
    return 0 if good else 1


def send(arguments: argparse.Namespace) -> int:
    """Push what a recipient can read to a foreign collection: one JSON line; 1 if something was not taken."""
    node = Node(Path(arguments.home))
    done = push(node, arguments.to, arguments.url)
    sent = done.sent
    if sent.problem:
        tell(f"{PROBLEMS[sent.problem].format(detail=sent.detail)}; {sent.unsent} objects were not sent")
    for name, why in sent.refused:
        tell(f"the server did not take {name}: {why}")
    refused = [{"id": name, "message": why} for name, why in sent.refused]
    problem = {"problem": sent.problem, "detail": sent.detail, "unsent": sent.unsent}
    emit({"recipient": done.recipient, "rows": done.rows, "taken": sent.taken, "refused": refused, **problem})
    node.close()
    return 1 if sent.problem or sent.refused else 0


def export(arguments: argparse.Namespace) -> int:
    """What a recipient can read, as MISP events: one document that MISP imports."""
    node = Node(Path(arguments.home))
    made = misp_events(node, arguments.to)
    whole = msgspec.json.encode({"response": [{"Event": event} for event in made.events]})
    if arguments.out is None:
        sys.stdout.buffer.write(whole + b"\n")
    else:
        Path(arguments.out).write_bytes(whole)
    tell(f"{len(made.events)} MISP events hold what {arguments.to} can read now")
    for kind, count in made.left_out.items():
        tell(f"{count} of type {kind} are left out: MISP has no place for them")
    node.close()
    return 0
