"""`accord check`, `accord propose`, `accord accept`, `accord list`."""

import argparse
import sys
from pathlib import Path

from prasan.cli.output import emit, read_file, tell
from prasan.node import partnering
from prasan.node.node import Node
from prasan.release.accord import parse_accord


def check(arguments: argparse.Namespace) -> int:
    """Say whether an accord's text holds, and its hash."""
    accord = parse_accord(read_file(arguments.file))
    parties = [party.name for party in accord.parties]
    emit({"accord": accord.name, "hash": accord.hash, "mode": accord.mode, "parties": parties})
    return 0


def propose(arguments: argparse.Namespace) -> int:
    """Sign an accord's text for the other side."""
    signed = partnering.propose_accord(Node(Path(arguments.home)), read_file(arguments.file))
    _write(signed, arguments.out)
    return 0


def accept(arguments: argparse.Namespace) -> int:
    """Countersign a proposal, or take in the countersigned file."""
    signed, found = partnering.accept_accord(Node(Path(arguments.home)), read_file(arguments.file))
    _write(signed, arguments.out)
    tell(f"accord '{found.accord.name}' is {'in force' if found.complete else 'waiting for the other signature'}")
    return 0


def list_(arguments: argparse.Namespace) -> int:
    """One JSON line an accord."""
    for row in Node(Path(arguments.home)).store.accords():
        accord = parse_accord(row.raw)
        parties = [party.name for party in accord.parties]
        emit({"accord": row.name, "hash": row.hash, "state": row.state, "mode": accord.mode, "parties": parties})
    return 0


def _write(signed: bytes, out: str | None) -> None:
    if out is None:
        sys.stdout.buffer.write(signed + b"\n")
    else:
        Path(out).write_bytes(signed + b"\n")
