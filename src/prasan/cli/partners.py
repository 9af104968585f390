"""`partner add`, `partner card`, `partner suspend`."""

import argparse
import sys
from pathlib import Path

from prasan.cli.output import emit, read_file, tell
from prasan.node import partnering
from prasan.node.node import Node


def add(arguments: argparse.Namespace) -> int:
    """Register a partner by its card."""
    card = partnering.add_partner(Node(Path(arguments.home)), read_file(arguments.file))
    emit({"partner": card.name, "id": card.id, "fingerprint": card.fingerprint})
    tell(f"Compare the fingerprint of {card.name} with its officer by telephone before you sign an accord.")
    return 0


def card(arguments: argparse.Namespace) -> int:
    """Print this node's own card."""
    sys.stdout.buffer.write(partnering.own_card(Node(Path(arguments.home))) + b"\n")
    return 0


def suspend(arguments: argparse.Namespace) -> int:
    """Stop everything to a partner now, or lift that."""
    partnering.suspend(Node(Path(arguments.home)), arguments.name, not arguments.lift)
    tell(f"{arguments.name} is {'served again' if arguments.lift else 'suspended: nothing more goes to it'}")
    return 0
