"""`release explain`, `release preview`."""

import argparse
import sys
from pathlib import Path

import msgspec

from prasan.cli.output import emit, tell
from prasan.node.explaining import explain as explain_object
from prasan.node.explaining import preview as preview_views
from prasan.node.node import Node


def explain(arguments: argparse.Namespace) -> int:
    """Verdict and reasons for one object and recipient, in both languages."""
    emit(msgspec.to_builtins(explain_object(Node(Path(arguments.home)), arguments.object_id, arguments.to)))
    return 0


def preview(arguments: argparse.Namespace) -> int:
    """The recipient's objects, a line each, as the very bytes that are sent."""
    lines = preview_views(Node(Path(arguments.home)), arguments.to)
    if arguments.out is None:
        sys.stdout.buffer.writelines(line + b"\n" for line in lines)
        return 0
    with Path(arguments.out).open("wb") as file:
        file.writelines(line + b"\n" for line in lines)
    tell(f"{arguments.out} holds what {arguments.to} can read now")
    return 0
