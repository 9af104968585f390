"""`rules show`, `rules diff`, `rules adopt`: the rules in force, what others would change, putting them in force."""

import argparse
import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prasan.cli.output import emit, note, tell
from prasan.detect.diff import Change, count
from prasan.detect.life import PROMOTED
from prasan.detect.lines import event_line
from prasan.node.node import Node
from prasan.node.releasing.publish import work_due
from prasan.node.rules import adopt_rules, history, rules_in_force
from prasan.node.seeing.picture import clocks, look
from prasan.node.seeing.trying import try_rules
from prasan.picture.finding import Rule


def show(arguments: argparse.Namespace) -> int:
    """Each rule in force with its thresholds, and which of its findings become events; then what was set here."""
    node = Node(Path(arguments.home))
    for kind, rule in rules_in_force(node.store).items():
        classes = PROMOTED.get(kind, ())
        promoted = [] if None in classes else list(classes)
        emit({"kind": kind, **_rule(rule), "events": bool(classes), "classes": promoted})
    for change in history(node.store):
        note({"change": change.number, "settings": list(change.settings), "by": change.by, "at": change.at})
    return 0


def diff(arguments: argparse.Namespace) -> int:
    """What the rules with these settings would open, withdraw and change; 1 if anything. Nothing is put in force."""
    node = Node(Path(arguments.home))
    changes = [change for clock in clocks(node) for change in try_rules(node, clock, arguments.settings)]
    for change in changes:
        emit(_line(change))
    note(count(changes))
    return 1 if changes else 0


def adopt(arguments: argparse.Namespace) -> int:
    """Put the preset's rules with exactly these settings in force, and look at everything anew."""
    node = Node(Path(arguments.home))
    adopted = adopt_rules(node, arguments.settings, getpass.getuser())
    looks = [look(node, clock) for clock in clocks(node)]
    decided = work_due(node)
    changed = {one.clock: one.changed for one in looks}
    emit({"change": adopted.number, "settings": list(adopted.settings), "changed": changed, "decided": decided})
    if not adopted.settings:
        tell("the rules are those of the preset again")
    return 0


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "version": rule.version,
        "preset": rule.preset,
        "thresholds": rule.thresholds,
        "differs": list(rule.differs),
    }


def _line(change: Change) -> dict[str, Any]:
    """The event line of what it would be, with what changes."""
    line = event_line(change.after)
    return {"change": change.sort, "differs": dict(_differs(change)), **{name: line[name] for name in _SHOWN}}


_SHOWN = ("id", "kind", "mmsi", "start", "end", "lat", "lon", "state", "class", "confidence", "reason", "sources")


def _differs(change: Change) -> Iterator[tuple[str, dict[str, Any]]]:
    if change.before is None:
        return
    before, after = event_line(change.before), event_line(change.after)
    for name in ("end", "class", "confidence", "state"):
        if before[name] != after[name]:
            yield name, {"before": before[name], "after": after[name]}
