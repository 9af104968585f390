"""`key show`, `key rotate`, `key revoke`, `key certificate`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from prasan.cli.output import emit, tell
from prasan.errors import UsageError
from prasan.exchange.http import time_text, time_us
from prasan.exchange.jws import thumbprint
from prasan.node.node import Node
from prasan.node.partners import certificate as certificates
from prasan.node.partners import rotation


def show(arguments: argparse.Namespace) -> int:
    """One JSON line: our fingerprint, the keys before it, and how the certificate of the peer port stands."""
    node = Node(Path(arguments.home))
    state, current = certificates.certified(node), thumbprint(node.key.public_key())
    earlier = [
        {"fingerprint": row.thumbprint, "state": row.state, "until": time_text(row.until_us or 0)}
        for row in node.store.node_keys(node.id)
        if row.thumbprint != current
    ]
    until = datetime.fromtimestamp(state.until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {"certificate_until": until, "next_made": state.next_made, "lacking": state.lacking}
    emit({"fingerprint": current, "earlier": earlier, **told})
    return 0


def rotate(arguments: argparse.Namespace) -> int:
    """Hand over to a new key."""
    change = rotation.rotate(Node(Path(arguments.home)))
    emit({"old": change.old, "new": change.new})
    tell("The old key handed over to the new one and is deleted. Partners follow at their next pull; accords stand.")
    return 0


def revoke(arguments: argparse.Namespace) -> int:
    """Begin anew with a key that the old one did not vouch for, and with a new certificate."""
    since = time_us(arguments.since)
    if since is None:
        raise UsageError(f"'{arguments.since}' is not a time", "Give one such as 2026-01-31T08:00:00Z.")
    node = Node(Path(arguments.home))
    change = rotation.revoke(node, since, carry=arguments.carry_accords)
    certificates.replace_now(node)
    emit({"old": change.old, "new": change.new, "accords": {"carried": change.carried, "ended": change.ended}})
    tell(
        "Nothing is exchanged until each partner has added the new card ('prasan partner card') with"
        f" --confirm {change.new}, read to its officer by telephone."
    )
    return 0


def certificate(arguments: argparse.Namespace) -> int:
    """Make the peer port's next certificate, or with --use put it in use."""
    node = Node(Path(arguments.home))
    if arguments.use and not certificates.certified(node).next_made:
        raise UsageError("the next certificate is not made yet", "Say 'prasan key certificate' without --use first.")
    if arguments.use:
        certificates.use_next(node)
    else:
        certificates.prepare(node)
    state = certificates.certified(node)
    lacking = ", ".join(state.lacking) or "nobody"
    tell(f"The next certificate is {'in use' if arguments.use else 'made'}. Without the card that says so: {lacking}.")
    return 0
