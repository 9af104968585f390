"""`quarantine list`, `show`."""

import argparse
from pathlib import Path

import msgspec

from prasan.cli.output import emit
from prasan.node.acts.apart import listed, shown
from prasan.node.node import Node


def list_all(arguments: argparse.Namespace) -> int:
    """One JSON line for each thing that came and was not taken, the latest first."""
    for one in listed(Node(Path(arguments.home)), arguments.partner, arguments.reason):
        emit(msgspec.to_builtins(one))
    return 0


def show(arguments: argparse.Namespace) -> int:
    """One with what came, as text; bytes that are no text are shown as such."""
    one, raw = shown(Node(Path(arguments.home)), arguments.number)
    emit(msgspec.to_builtins(one) | {"came": raw.decode("utf-8", "backslashreplace")})
    return 0
