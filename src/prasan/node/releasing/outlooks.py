"""What a change of policy, accord or standing changes, worked out by profile in the transaction that makes it.

For each pair of recipient and profile the store keeps by which outlook it was last decided. A pair whose outlook is
another now is pending: nothing of it is read until `publish` has worked it off.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import ceil
from typing import Final

import msgspec

from prasan.node.finding.provenance import DERIVED_TYPES, hidden_clocks
from prasan.node.node import Node
from prasan.node.recipients import policy_in_force, recipients
from prasan.release.accord import Onward, stricter
from prasan.release.decide import Case, prepare
from prasan.release.facts import Facts, Profile
from prasan.release.outlook import Outlook, outlook
from prasan.release.rules import Policy
from prasan.stores.rows import OWN
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.profiles import Basis
from prasan.stores.sqlite.store import Reads

_PROFILE: Final = msgspec.json.Decoder(Profile).decode


def prepared(store: Reads, now: float, policy: Policy | None = None) -> dict[str, Case]:
    """Every recipient made ready, by id; under the policy in force if none is given."""
    rules = policy or policy_in_force(store)
    return {key: prepare(one, rules, now) for key, one in recipients(store).items()}


def onward_now(onward: Onward, origin: Case | None) -> Onward:
    """On what terms what came from a partner may be passed on: as when it came, and by what holds with it now if that
    is stricter."""
    return stricter(onward, origin.terms.onward) if origin is not None and origin.terms is not None else onward


def origin_names(store: Reads) -> dict[str, str]:
    """Identity id -> the name that rules call a partner by."""
    return {partner.id: partner.name for partner in store.partners()}


class Outlooks:
    """Outlooks under some cases, each worked out once."""

    def __init__(self, node_id: str, cases: Mapping[str, Case], names: Mapping[str, str]) -> None:
        self._node_id, self._cases, self._names = node_id, cases, names
        self._found: dict[tuple[str, bytes], Outlook] = {}
        self._open: dict[bytes, tuple[str, ...]] = {}
        self._profiles: dict[bytes, tuple[Profile, Facts]] = {}

    def of(self, recipient: str, body: bytes) -> Outlook:
        """What a recipient gets of a profile."""
        found = self._found.get((recipient, body))
        if found is None:
            found = self._found[recipient, body] = outlook(self.facts(body), self._cases[recipient])
        return found

    def open_to(self, body: bytes) -> tuple[str, ...]:
        """The recipients that may get an object of a profile."""
        found = self._open.get(body)
        if found is None:
            found = self._open[body] = tuple(one for one in self._cases if not self.of(one, body).withholds)
        return found

    def profile(self, body: bytes) -> Profile:
        """A profile as the store has it."""
        return self._read(body)[0]

    def facts(self, body: bytes) -> Facts:
        """The facts that all objects of a profile share."""
        return self._read(body)[1]

    def _read(self, body: bytes) -> tuple[Profile, Facts]:
        if body not in self._profiles:
            profile = _PROFILE(body)
            name = OWN if profile.origin == OWN else self._names.get(profile.origin, profile.origin)
            facts, origin = profile.facts(self._node_id, name), self._cases.get(profile.origin)
            facts = msgspec.structs.replace(facts, onward=onward_now(profile.onward, origin))
            self._profiles[body] = profile, facts
        return self._profiles[body]


def outlooks_for(node_id: str, cases: Mapping[str, Case], names: Mapping[str, str]) -> Outlooks:
    """Outlooks that are kept from one transaction to the next, as long as nothing that they stand on changes."""
    basis = tuple((key, case.recipient, case.terms, case.rules) for key, case in cases.items())
    return _kept(node_id, basis, tuple(names.items()), _Unhashed(cases))


class _Unhashed:
    """Cases, in a key that says all that counts of them: what they have beside is the time."""

    def __init__(self, cases: Mapping[str, Case]) -> None:
        self.cases = cases

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unhashed)

    def __hash__(self) -> int:
        return 0


@lru_cache(8)
def _kept(node_id: str, _basis: object, names: tuple[tuple[str, str], ...], cases: _Unhashed) -> Outlooks:
    return Outlooks(node_id, cases.cases, dict(names))


def refresh(node: Node, tx: Tx, ids: Iterable[str]) -> None:
    """Something that decides about these recipients changed: have anew what fares differently now, and nothing else."""
    now_us = node.clock.now_us()
    cases = prepared(tx, now_us / 1e6)
    bodies = {number: body for number, body in tx.profiles().items() if body}
    outlooks = Outlooks(node.id, cases, origin_names(tx))
    hidden = hidden_clocks(node, tx, cases)
    consents, changing = [row for row in tx.consents("ours") if row.state == "given"], [*dict.fromkeys(ids)]
    for consent in consents:
        if consent.partner in changing:
            # It may stand no longer, whoever the object went to by it.
            tx.bring_due_for_all(consent.object_id, now_us)
    for one in changing:
        keys = {number: outlooks.of(one, body).key for number, body in bodies.items()}
        before, basis = tx.outlook_keys(one), tx.basis(one)
        changed = {number for number, key in keys.items() if before.get(number) != key}
        clocks = msgspec.json.encode(sorted(hidden.get(one, ()))).decode()
        if basis is None or basis.hidden != clocks:
            changed |= {number for number, body in bodies.items() if _is_derived(outlooks.profile(body))}
        tx.set_outlooks(one, {number: keys[number] for number in changed})
        tx.put_pending(one, sorted(changed), now_us)
        for name in {*(consent.object_id for consent in consents), *tx.revoked_held(one)}:
            tx.bring_due([one], name, now_us)
        until = cases[one].changes_at
        tx.set_basis(one, Basis(None if until is None else ceil(until * 1e6), clocks))


def _is_derived(profile: Profile) -> bool:
    return profile.origin == OWN and profile.type in DERIVED_TYPES
