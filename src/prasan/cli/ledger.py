"""`ledger verify`."""

import argparse
from pathlib import Path

from prasan.cli.output import emit, tell
from prasan.node.node import Node
from prasan.node.record import verify as verify_logs


def verify(arguments: argparse.Namespace) -> int:
    """One JSON line a log; 1 if one does not verify, and the first bad entry of it in words."""
    node = Node(Path(arguments.home))
    faulty = 0
    for found in verify_logs(node):
        report = found.report
        faulty += not report.ok
        first = report.problems[0] if report.problems else None
        emit(
            {
                "log": found.log,
                "ok": report.ok,
                "entries": report.size,
                "erased": report.erased,
                "signed": report.signed,
                "root": report.root.hex(),
                "first_bad": first.first if first else None,
                "fault": first.fault if first else None,
            }
        )
        if first:
            tell(f"log {found.log}: {first.message}")
    if not faulty:
        tell("the record verifies")
    return 1 if faulty else 0
