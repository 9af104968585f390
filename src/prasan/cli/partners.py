"""`partner add`, `partner confirm`, `partner card`, `partner suspend`."""

import argparse
import getpass
import sys
from pathlib import Path

from prasan.cli.output import emit, read_file, tell
from prasan.node.node import Node
from prasan.node.partners import partnering
from prasan.node.partners.partner_keys import confirm_partner, confirmed


def add(arguments: argparse.Namespace) -> int:
    """Register a partner by its card."""
    node, raw = Node(Path(arguments.home)), read_file(arguments.file)
    card = partnering.add_partner(node, raw, arguments.confirm, carry=arguments.carry_accords)
    row = node.store.partner(card.id)
    compared, untrusted = row is not None and confirmed(node.store, row), len(node.store.untrusted(card.id))
    told = {"confirmed": compared, "untrusted": untrusted}
    emit({"partner": card.name, "id": card.id, "fingerprint": card.fingerprint, **told})
    if not compared:
        tell(f"Compare the fingerprint of {card.name} with its officer by telephone: no accord is signed before.")
        tell(f"Then say: prasan partner confirm {card.name} FINGERPRINT --home {arguments.home}")
    if untrusted:
        tell(f"{untrusted} versions came since the old key was lost; {card.name} must vouch for them again.")
    return 0


def confirm(arguments: argparse.Namespace) -> int:
    """Put on record that a partner's fingerprint was compared."""
    card = confirm_partner(Node(Path(arguments.home)), arguments.name, arguments.fingerprint, getpass.getuser())
    tell(f"The fingerprint of {card.name} is confirmed")
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
