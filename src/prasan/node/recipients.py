"""Who a decision is made for, with the accords that hold and the policy in force."""

from functools import lru_cache

from prasan.node.node import Node
from prasan.node.objects import STAFF
from prasan.picture.marking import Tlp
from prasan.release.accord import Accord, parse_accord
from prasan.release.facts import PUBLIC, Recipient, partner, staff_class
from prasan.release.policy import parse_policy
from prasan.release.rules import Policy
from prasan.stores.rows import PartnerRow
from prasan.stores.sqlite.store import Reads

STAFF_CLEARANCE = Tlp.RED
"""Our own staff may see all that its markings and our policy let it see."""


def policy_in_force(store: Reads) -> Policy:
    """The policy adopted last; one without rules, which withholds everything, before the first."""
    row = store.policy()
    return Policy("none", "", ()) if row is None else _policy(row.raw)


def recipients(store: Reads) -> dict[str, Recipient]:
    """All recipients by id."""
    made = [staff_class(STAFF.partition(":")[2], STAFF_CLEARANCE), PUBLIC]
    made += [_partner(row, signed_accords(store)) for row in store.partners()]
    return {one.id: one for one in made}


def signed_accords(store: Reads) -> tuple[Accord, ...]:
    """Every accord that both sides have signed, in its validity or not."""
    return tuple(_accord(row.raw) for row in store.accords("in_force"))


def accords_with(node: Node, partner_id: str) -> tuple[Accord, ...]:
    """The signed accords between us and one partner."""
    return tuple(accord for accord in signed_accords(node.store) if accord.party(partner_id))


def find_recipient(store: Reads, name: str) -> Recipient | None:
    """A recipient by the name people use: a partner's name or id, `class:staff`, `public`."""
    known = recipients(store)
    return known.get(name) or next((one for one in known.values() if one.name == name), None)


def _partner(row: PartnerRow, accords: tuple[Accord, ...]) -> Recipient:
    ours = tuple(accord for accord in accords if accord.party(row.id))
    return partner(row.name, row.id, ours, suspended=row.suspended)


@lru_cache(64)
def _accord(raw: bytes) -> Accord:
    return parse_accord(raw)


@lru_cache(4)
def _policy(raw: bytes) -> Policy:
    return parse_policy(raw)
