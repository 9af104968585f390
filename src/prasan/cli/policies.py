"""`policy check`, `policy preview`, `policy adopt`."""

import argparse
import getpass
from pathlib import Path

import msgspec

from prasan.cli.collector import calm_collector
from prasan.cli.output import emit, read_file, tell
from prasan.node.node import Node
from prasan.node.objects import STAFF
from prasan.node.partners.partnering import adopt_policy, check_names
from prasan.node.recipients import policy_in_force
from prasan.node.releasing.explaining import the_recipient
from prasan.node.releasing.looking_ahead import Ahead, changed_objects, look_ahead
from prasan.node.releasing.publish import work_due
from prasan.release.policy import parse_policy
from prasan.release.review import unreached
from prasan.release.rules import Policy


def check(arguments: argparse.Namespace) -> int:
    """Say whether a policy holds; 1 if a rule of it can never decide."""
    policy = parse_policy(read_file(arguments.file))
    idle = unreached(policy)
    emit({"policy": policy.name, "hash": policy.hash, "rules": len(policy.rules), "never": [one.rule for one in idle]})
    for one in idle:
        by = " or ".join(f"'{name}'" for name in one.covered_by)
        tell(f"line {one.line}: rule '{one.rule}' can never decide, because {by} always matches first")
    _tell_if_blind(policy)
    return 1 if idle else 0


def preview(arguments: argparse.Namespace) -> int:
    """What a policy would change for what is here: a line a recipient, or with `--to` a line an object."""
    node = Node(Path(arguments.home))
    policy = _checked(node, read_file(arguments.file))
    if arguments.to is None:
        for one in look_ahead(node, policy):
            emit(msgspec.to_builtins(one))
        return 0
    for name, how in changed_objects(node, policy, the_recipient(node, arguments.to).id):
        emit({"object": name, "change": how})
    return 0


def _checked(node: Node, text: bytes) -> Policy:
    policy = parse_policy(text)
    check_names(node.store, policy)
    return policy


def adopt(arguments: argparse.Namespace) -> int:
    """Say what a policy changes for what is here, and put it in force."""
    calm_collector()
    node, text = Node(Path(arguments.home)), read_file(arguments.file)
    for one in look_ahead(node, _checked(node, text)):
        if one.any:
            tell(_ahead(one))
    adopted = adopt_policy(node, text, getpass.getuser())
    _tell_if_blind(policy_in_force(node.store))
    decided = work_due(node)
    emit({"policy": adopted.number, "hash": adopted.hash, "rules": adopted.rules, "decided": decided})
    return 0


def _ahead(one: Ahead) -> str:
    """One line for whoever adopts it."""
    words = (
        (one.releases, "releases {} more objects to {}"),
        (one.sanitises, "gives {} more objects to {} in part"),
        (one.narrows, "narrows {} for {}"),
        (one.remakes, "changes how {} are made for {}"),
    )
    return "; ".join(text.format(count, one.recipient) for count, text in words if count)


def _tell_if_blind(policy: Policy) -> None:
    if not any(STAFF in rule.to and rule.then != "withhold" for rule in policy.rules):
        tell(f'no rule lets your own staff see anything: your own pages stay empty. Add a rule with to = ["{STAFF}"]')
