"""`feedback agree`, `disagree`, `note`, `list`."""

import argparse
from pathlib import Path

import msgspec

from prasan.cli.output import emit
from prasan.node.acts.feedback import Word, heard_of, say
from prasan.node.node import Node
from prasan.node.objects import STAFF
from prasan.node.releasing.publish import work_due


def agree(arguments: argparse.Namespace) -> int:
    """We see it as they do."""
    return _say(arguments, "agree")


def disagree(arguments: argparse.Namespace) -> int:
    """We do not."""
    return _say(arguments, "disagree")


def write(arguments: argparse.Namespace) -> int:
    """Something about it in words."""
    return _say(arguments, "note")


def list_all(arguments: argparse.Namespace) -> int:
    """One JSON line for each thing said of an object, by us or by partners, oldest first."""
    node = Node(Path(arguments.home))
    work_due(node)
    for one in heard_of(node, STAFF, arguments.object_id):
        emit(msgspec.to_builtins(one))
    return 0


def _say(arguments: argparse.Namespace, word: Word) -> int:
    emit(msgspec.to_builtins(say(Node(Path(arguments.home)), word, arguments.object_id, arguments.text or "")))
    return 0
