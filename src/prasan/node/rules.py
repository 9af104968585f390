"""The rules in force on this node: the preset's, with what was set here; each change is a version, and on record."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from prasan.detect.rules import PRASAN, apply_settings, preset
from prasan.node.node import Node
from prasan.node.record import NODE_LOG, note
from prasan.picture.finding import Rule
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads

RULES: Final = "rules"
OWN: Final = 1000
"""A rule set here has the version preset's x `OWN` + number of the change: no version of a preset is so high."""


RULE_CHANGED: Final = "rule_changed"
"""Why an event is withdrawn by the first look with other rules."""


class Adopted(msgspec.Struct, frozen=True):
    """One change put in force: all settings that hold from then on, who did it, when (seconds UTC)."""

    number: int
    settings: tuple[str, ...]
    by: str
    at: int


def history(store: Reads) -> tuple[Adopted, ...]:
    """Every change put in force, oldest first."""
    return msgspec.json.decode(store.meta(RULES) or "[]", type=tuple[Adopted, ...])


def rules_in_force(store: Reads) -> dict[str, Rule]:
    """By kind. A rule keeps its version through changes of others."""
    rules = preset(PRASAN)
    for change in history(store):
        rules = after_change(rules, with_settings(change.settings, change.number))
    return rules


def after_change(before: Mapping[str, Rule], after: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules after a change; those that say what they said before are as they were."""
    return {kind: before[kind] if before[kind].thresholds == rule.thresholds else rule for kind, rule in after.items()}


def with_settings(settings: Sequence[str], number: int) -> dict[str, Rule]:
    """The preset's rules with `RULE.NAME=VALUE` put in, as change `number`. UsageError names what is valid."""
    plain = preset(PRASAN)
    return {kind: _set_here(plain[kind], rule, number) for kind, rule in apply_settings(plain, settings).items()}


def _set_here(plain: Rule, rule: Rule, number: int) -> Rule:
    changed = {name: value for name, value in rule.thresholds.items() if value != plain.thresholds[name]}
    if not changed:
        return plain
    said = tuple(f"{name} was set here: {value:g}, not {plain.thresholds[name]:g}" for name, value in changed.items())
    return msgspec.structs.replace(rule, version=plain.version * OWN + number, differs=(*plain.differs, *said))


def adopt_rules(node: Node, settings: Sequence[str], by: str) -> Adopted:
    """Put the preset's rules with exactly these settings in force. UsageError if a setting does not hold."""
    with node.store.write() as tx:
        before = history(tx)
        adopted = Adopted(len(before) + 1, tuple(settings), by, node.clock.now())
        with_settings(adopted.settings, adopted.number)
        tx.set_meta(RULES, msgspec.json.encode((*before, adopted)).decode())
        note(node, tx, NODE_LOG, "rules", str(adopted.number), {"settings": adopted.settings, "by": by})
    return adopted


def changed_since(store: Reads, clock: str) -> bool:
    """True if the last look at a clock, if there was one, went by other rules."""
    last = store.meta(f"{RULES}/{clock}")
    return last is not None and last != _digest(store)


def remember_rules(tx: Tx, clock: str) -> None:
    """A look at a clock went by the rules in force."""
    if tx.meta(f"{RULES}/{clock}") != (digest := _digest(tx)):
        tx.set_meta(f"{RULES}/{clock}", digest)


def _digest(store: Reads) -> str:
    return sha256(msgspec.json.encode(rules_in_force(store), order="sorted")).hexdigest()
