"""Positions are not objects: whether somebody may see a source's fixes is decided as for a track made of them."""

from prasan.formats.stix_ids import TRACK
from prasan.node.node import Node
from prasan.node.recipients import policy_in_force, recipients
from prasan.picture.source import Source
from prasan.release.decide import decide
from prasan.release.facts import Facts

KIND = "position"


def may_see_positions(node: Node, recipient_id: str, source: Source) -> bool:
    """True if the policy releases this source's rows to this recipient as they are."""
    recipient = recipients(node.store).get(recipient_id)
    if recipient is None:
        return False
    facts = Facts(
        id=source.name,
        version="",
        type=TRACK,
        kind=KIND,
        marking=source.marking,
        node=node.id,
        known_at=0,
        terms=source.terms,
    )
    return decide(facts, recipient, policy_in_force(node.store), node.clock.now()).verdict == "release"
