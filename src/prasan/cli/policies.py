"""`policy check`, `policy adopt`."""

import argparse
import getpass
from pathlib import Path

from prasan.cli.output import emit, read_file, tell
from prasan.node.node import Node
from prasan.node.objects import STAFF
from prasan.node.partnering import adopt_policy
from prasan.node.publish import work_due
from prasan.node.recipients import policy_in_force
from prasan.release.policy import parse_policy
from prasan.release.review import unreached
from prasan.release.rules import Policy


def check(arguments: argparse.Namespace) -> int:
    """Say whether a policy holds; 1 if a rule of it can never decide."""
    policy = parse_policy(read_file(arguments.file))
    idle = unreached(policy)
    emit({"policy": policy.name, "hash": policy.hash, "rules": len(policy.rules), "never": [one.rule for one in idle]})
    for one in idle:
        tell(f"line {one.line}: rule '{one.rule}' can never decide, because '{one.covered_by}' always matches first")
    _tell_if_blind(policy)
    return 1 if idle else 0


def adopt(arguments: argparse.Namespace) -> int:
    """Put a policy in force and decide everything anew."""
    node = Node(Path(arguments.home))
    adopted = adopt_policy(node, read_file(arguments.file), getpass.getuser())
    _tell_if_blind(policy_in_force(node.store))
    decided = work_due(node)
    emit({"policy": adopted.number, "hash": adopted.hash, "rules": adopted.rules, "decided": decided})
    return 0


def _tell_if_blind(policy: Policy) -> None:
    if not any(STAFF in rule.to and rule.then != "withhold" for rule in policy.rules):
        tell(f'no rule lets your own staff see anything: your own pages stay empty. Add a rule with to = ["{STAFF}"]')
