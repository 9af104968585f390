"""`accord check`, `propose`, `accept`, `narrow`, `end`, `list`."""

import argparse
import sys
from pathlib import Path

from prasan.cli.output import emit, read_file, tell
from prasan.errors import UsageError
from prasan.formats.stix import format_time, parse_time
from prasan.node.node import Node
from prasan.node.partners import accords, partnering
from prasan.node.recipients import accord_now
from prasan.picture.marking import Tlp
from prasan.release.accord import Narrowing, parse_accord


def check(arguments: argparse.Namespace) -> int:
    """Say whether an accord's text holds, and its hash."""
    accord = parse_accord(read_file(arguments.file))
    parties = [party.name for party in accord.parties]
    emit({"accord": accord.name, "hash": accord.hash, "mode": accord.mode, "parties": parties})
    return 0


def propose(arguments: argparse.Namespace) -> int:
    """Sign an accord's text; the other side finds it at its next pull, or is given the file."""
    signed = partnering.propose_accord(Node(Path(arguments.home)), read_file(arguments.file))
    _write(signed, arguments.out)
    return 0


def accept(arguments: argparse.Namespace) -> int:
    """Countersign a proposal, or take in the countersigned file."""
    node = Node(Path(arguments.home))
    signed, found = partnering.accept_accord(node, _proposal(node, arguments.file))
    _write(signed, arguments.out)
    tell(f"accord '{found.accord.name}' is {'in force' if found.complete else 'waiting for the other signature'}")
    return 0


def _proposal(node: Node, name: str) -> bytes:
    """A file, or a proposal that came from a partner, by its hash or name."""
    return read_file(name) if name == "-" or Path(name).exists() else accords.find_accord(node.store, name).signed


def narrow(arguments: argparse.Namespace) -> int:
    """Make an accord stricter by our own word, from now on."""
    terms = Narrowing(
        highest_tlp=_tlp(arguments.highest_tlp),
        purposes=frozenset(arguments.purpose) if arguments.purpose else None,
        onward=arguments.onward,
        recall_days=arguments.recall_days,
        store_days=arguments.store_days,
        valid_until=parse_time(arguments.until, "--until") if arguments.until else None,
    )
    node = Node(Path(arguments.home))
    emit(_told(node, accords.narrow(node, arguments.accord, terms).hash))
    return 0


def end(arguments: argparse.Namespace) -> int:
    """End an accord now."""
    node = Node(Path(arguments.home))
    emit(_told(node, accords.end(node, arguments.accord).hash))
    tell("what was sent stays with the partner until it is recalled or its time is over")
    return 0


def list_(arguments: argparse.Namespace) -> int:
    """One JSON line an accord, as strict as either side has made it."""
    node = Node(Path(arguments.home))
    for row in node.store.accords():
        emit(_told(node, row.hash))
    return 0


def _told(node: Node, accord_hash: str) -> dict[str, object]:
    now, state = accord_now(node, accord_hash)
    return {
        "accord": now.name,
        "hash": now.hash,
        "state": state,
        "mode": now.mode,
        "parties": [party.name for party in now.parties],
        "purposes": sorted(now.purposes),
        "highest_tlp": now.highest_tlp.label,
        "onward": now.onward,
        "recall_days": now.recall_days,
        "store_days": now.store_days,
        "valid_from": format_time(now.valid_from),
        "valid_until": format_time(now.valid_until),
    }


def _tlp(text: str | None) -> Tlp | None:
    try:
        return None if text is None else Tlp.parse(text)
    except ValueError as error:
        raise UsageError(str(error), "Use clear, green, amber, amber+strict or red.") from None


def _write(signed: bytes, out: str | None) -> None:
    if out is None:
        sys.stdout.buffer.write(signed + b"\n")
    else:
        Path(out).write_bytes(signed + b"\n")
