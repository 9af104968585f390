"""`recall OBJECT_ID`, and its kin `recall list`, `recall lift`, `recall looked`; and `revoke`.

The first word of a recall is the object's id, as it always was, or one of three verbs, which no id can be.
"""

import argparse
import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from prasan.cli.output import emit, tell
from prasan.errors import UsageError
from prasan.node.acts.duties import duties, looked, told
from prasan.node.node import Node
from prasan.node.releasing.recall import lift, recall
from prasan.node.releasing.revoking import revoke


def run(arguments: argparse.Namespace) -> int:
    """Whichever of them is meant."""
    verb, *rest = arguments.what
    if verb in VERBS:
        return VERBS[verb](arguments, rest)
    if rest:
        raise UsageError(f"'{rest[0]}' is one word too many", "Recall one object at a time.")
    return _recall(arguments, verb)


def withdraw_for_all(arguments: argparse.Namespace) -> int:
    """Revoke; one JSON line."""
    emit(msgspec.to_builtins(revoke(Node(Path(arguments.home)), arguments.object_id)))
    return 0


def _recall(arguments: argparse.Namespace, object_id: str) -> int:
    """Ask a partner to withdraw; one JSON line a partner asked."""
    if not (arguments.reason or "").strip():
        raise UsageError("a recall needs a reason", "Say in a few words why, with --reason.")
    for issued in recall(Node(Path(arguments.home)), object_id, _to(arguments), arguments.reason, getpass.getuser()):
        emit(msgspec.to_builtins(issued))
    return 0


def _list(arguments: argparse.Namespace, rest: list[str]) -> int:
    """One JSON line a recall, sent or received, the late ones first; with --overdue those alone, and 1 if any."""
    if rest:
        raise UsageError(f"'{rest[0]}' is one word too many", "Say 'prasan recall list'.")
    found = duties(Node(Path(arguments.home)))
    late = [one for one in found if one.standing == "overdue"]
    for one in late if arguments.overdue else found:
        emit(msgspec.to_builtins(told(one)))
    if arguments.overdue and late:
        tell(
            f"{len(late)} recalls are overdue: call the officers of {', '.join(sorted({one.partner for one in late}))}"
        )
        return 1
    return 0


def _lift(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Let a partner have an object again; one JSON line a partner."""
    for lifted in lift(Node(Path(arguments.home)), _one(rest, "lift"), _to(arguments), getpass.getuser()):
        emit(msgspec.to_builtins(lifted))
    return 0


def _looked(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Take an object of ours off the list of those that name what a partner recalled."""
    object_id = _one(rest, "looked")
    emit({"object_id": object_id, "recalls": looked(Node(Path(arguments.home)), object_id, getpass.getuser())})
    return 0


def _one(rest: list[str], verb: str) -> str:
    if len(rest) != 1:
        raise UsageError(f"'recall {verb}' needs one object's id", "See 'prasan recall list'.")
    return rest[0]


def _to(arguments: argparse.Namespace) -> str:
    if not arguments.to:
        raise UsageError("it is not said from whom", "Name a partner, or 'all', with --to.")
    to: str = arguments.to
    return to


VERBS: Final[dict[str, Callable[[argparse.Namespace, list[str]], int]]] = {
    "list": _list,
    "lift": _lift,
    "looked": _looked,
}
