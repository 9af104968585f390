"""`ledger verify`, `ledger prove`, `ledger check-proof`, `ledger erase`, `ledger evidence`, `ledger settle`."""

import argparse
import getpass
import sys
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.cli.output import emit, read_file, tell
from prasan.exchange.cards import read_card
from prasan.exchange.http import time_text
from prasan.ledger.proof import check_proof as check
from prasan.node.keeping import erasure
from prasan.node.node import Node
from prasan.node.partners import histories
from prasan.node.partners.seen_notes import seen_notes
from prasan.node.record import verify as verify_logs


def verify(arguments: argparse.Namespace) -> int:
    """One JSON line a log; 1 if one does not verify or a partner showed two histories, and what it is in words."""
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
        elif report.erased:
            tell(f"log {found.log}: {report.erased} erased; their leaves verify")
    if not faulty:
        tell("the record verifies")
    return 1 if _tell_of_partners(node) or faulty else 0


def _tell_of_partners(node: Node) -> int:
    """Say what partners showed us; how much of it the caller must look at."""
    names = {node.id: "this node"} | {one.id: one.name for one in node.store.partners()}
    for partner in node.store.partners():
        lost = histories.lost_of(node, partner.id)
        if lost:
            when = time_text(lost[0])[:10]
            tell(f"{partner.name} was restored from a backup ({when}): {lost[1]} entries we saw are lost")
        untrusted = len(node.store.untrusted(partner.id))
        if untrusted:
            tell(f"{partner.name}: {untrusted} versions came under a key that was lost and are not vouched for again")
    bad = 0
    for seen in seen_notes(node):
        bad += seen.bad
        if seen.bad:
            tell(f"{seen.partner}: {seen.bad} checkpoints held of its log are signed by no key of its own")
        if seen.untrusted:
            tell(f"{seen.partner}: {seen.untrusted} checkpoints came since its key was lost and prove nothing")
    held = node.store.evidence(open_only=True)
    for one in held:
        if one.kind == histories.OWN:
            tell("a partner holds another history of this node's log: its store was put back, or its key is stolen")
        else:
            tell(f"{names.get(one.partner, one.partner)} showed two histories of its log; see 'prasan ledger evidence'")
    return len(held) + bad


def prove(arguments: argparse.Namespace) -> int:
    """Print the proof of one entry."""
    sys.stdout.buffer.write(erasure.prove(Node(Path(arguments.home)), arguments.entry))
    return 0


def check_proof(arguments: argparse.Namespace) -> int:
    """Check a proof with nothing but the keeper's card: no node is needed."""
    card = read_card(read_file(arguments.card))
    keys: list[Ed25519PublicKey] = [*card.earlier_keys(), card.key]
    found = check_proof_of(read_file(arguments.file), card.id, keys)
    emit(found)
    tell(f"signed by {card.name} ({card.fingerprint}); compare that fingerprint with what you know of {card.name}")
    return 0


def check_proof_of(raw: bytes, keeper: str, keys: list[Ed25519PublicKey]) -> dict[str, object]:
    """What a proof shows, for a program."""
    found = check(raw, keeper, keys)
    log = {"log": found.checkpoint.origin, "size": found.checkpoint.size, "root": found.checkpoint.root.hex()}
    return {"index": found.index, "entry": msgspec.to_builtins(found.entry), "erased": found.entry is None, **log}


def erase(arguments: argparse.Namespace) -> int:
    """Erase one entry by an order."""
    place = erasure.erase(Node(Path(arguments.home)), arguments.entry, arguments.order)
    emit({"log": place.log, "index": place.index, "order": arguments.order})
    tell("Its leaf stays and verifies as a hole. Backups from before hold the entry still: replace them.")
    return 0


def evidence(arguments: argparse.Namespace) -> int:
    """One JSON line for each two notes that cannot both be true; 1 if any is not settled."""
    node = Node(Path(arguments.home))
    names = {node.id: node.settings.name} | {one.id: one.name for one in node.store.partners()}
    rows = node.store.evidence()
    for one in rows:
        told = {"partner": names.get(one.partner, one.partner), "kind": one.kind, "at": time_text(one.at_us)}
        emit({**told, "settled": one.settled_us is not None, "held": one.held, "shown": one.shown})
    return 1 if any(one.settled_us is None for one in rows) else 0


def settle(arguments: argparse.Namespace) -> int:
    """Go on with a partner, or with this node itself, though two histories are held."""
    count = histories.settle(Node(Path(arguments.home)), arguments.name, arguments.reason, getpass.getuser())
    tell(f"{count} settled; the evidence stays on record")
    return 0
