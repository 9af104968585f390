"""`release explain`, `release preview`, `release text`."""

import argparse
import getpass
import sys
from pathlib import Path

import msgspec

from prasan.cli.output import emit, tell
from prasan.node.node import Node
from prasan.node.releasing.explaining import explain as explain_object
from prasan.node.releasing.explaining import explain_to_all
from prasan.node.releasing.explaining import preview as preview_views
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.reading import mark_read, texts_of, unread


def explain(arguments: argparse.Namespace) -> int:
    """Verdict and reasons for an object, in both languages: a line a recipient."""
    node = Node(Path(arguments.home))
    if arguments.to is None:
        for one in explain_to_all(node, arguments.object_id):
            emit(msgspec.to_builtins(one))
    else:
        emit(msgspec.to_builtins(explain_object(node, arguments.object_id, arguments.to)))
    return 0


def text(arguments: argparse.Namespace) -> int:
    """The free text of an object, and with `--read` that an officer has read it; without an object, what waits."""
    node = Node(Path(arguments.home))
    if arguments.object_id is None:
        for name in unread(node.store):
            emit(msgspec.to_builtins(texts_of(node.store, name)))
        return 0
    if not arguments.read:
        emit(msgspec.to_builtins(texts_of(node.store, arguments.object_id)))
        return 0
    emit(msgspec.to_builtins(mark_read(node, arguments.object_id, getpass.getuser())))
    work_due(node)
    return 0


def preview(arguments: argparse.Namespace) -> int:
    """The recipient's objects, a line each, as the very bytes that are sent."""
    lines = preview_views(Node(Path(arguments.home)), arguments.to)
    if arguments.out is None:
        sys.stdout.buffer.writelines(line + b"\n" for line in lines)
        return 0
    with Path(arguments.out).open("wb") as file:
        file.writelines(line + b"\n" for line in lines)
    tell(f"{arguments.out} holds what {arguments.to} can read now")
    return 0
