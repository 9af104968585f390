"""Who a decision is made for, with the accords that hold and the policy in force."""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from prasan.errors import UsageError
from prasan.node.node import Node
from prasan.node.objects import STAFF
from prasan.picture.marking import Tlp
from prasan.release.accord import Accord, Narrowing, holding, parse_accord
from prasan.release.facts import PUBLIC, Recipient, partner, staff_class
from prasan.release.policy import parse_policy
from prasan.release.rules import Policy
from prasan.stores.rows import PartnerRow
from prasan.stores.sqlite.store import Reads

_NARROWING = msgspec.json.Decoder(Narrowing).decode
STAFF_CLEARANCE = Tlp.RED
"""Our own staff may see all that its markings and our policy let it see."""


def policy_in_force(store: Reads) -> Policy:
    """The policy adopted last; one without rules, which withholds everything, before the first."""
    row = store.policy()
    return Policy("none", "", ()) if row is None else _policy(row.raw)


def recipients(store: Reads) -> dict[str, Recipient]:
    """All recipients by id."""
    made = [staff_class(STAFF.partition(":")[2], STAFF_CLEARANCE), PUBLIC]
    accords = signed_accords(store)
    made += [_partner(row, accords) for row in store.partners()]
    return {one.id: one for one in made}


def signed_accords(store: Reads) -> tuple[Accord, ...]:
    """Every accord that both sides have signed, as strict as either has made it since, in its validity or not."""
    changes: dict[str, list[bytes]] = {}
    for change in store.accord_changes():
        changes.setdefault(change.accord, []).append(change.body)
    return tuple(_narrowed(_accord(row.raw), changes.get(row.hash, ())) for row in store.accords("in_force"))


def _narrowed(accord: Accord, bodies: Sequence[bytes]) -> Accord:
    for body in bodies:
        accord = _NARROWING(body).applied(accord)
    return accord


def accord_now(node: Node, accord_hash: str) -> tuple[Accord, str]:
    """An accord as it is now, and how it stands: proposed, ended, over, replaced, not_yet or in_force."""
    every, now = signed_accords(node.store), node.clock.now()
    row = node.store.accord(accord_hash)
    if row is None:
        raise UsageError(f"there is no accord {accord_hash[:12]}", "See 'prasan accord list'.")
    written = parse_accord(row.raw)
    found = next((one for one in every if one.hash == accord_hash), None)
    if found is None:
        return written, row.state
    if now >= found.valid_until:
        return found, "ended" if found.valid_until < written.valid_until else "over"
    if now < found.valid_from:
        return found, "not_yet"
    return found, "in_force" if found in holding(every, now) else "replaced"


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
