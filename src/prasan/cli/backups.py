"""`backup`, `restore`."""

import argparse
import sys
from pathlib import Path

import msgspec

from prasan.cli.output import emit, read_file, tell
from prasan.node.keeping.backup import backup as save
from prasan.node.keeping.restoring import restore as make_home
from prasan.node.node import Node


def backup(arguments: argparse.Namespace) -> int:
    """Write one file with all of the node, while it serves."""
    saved = save(Node(Path(arguments.home)), Path(arguments.file), _passphrase(arguments))
    emit(msgspec.to_builtins(saved))
    tell("The backup was read back whole. Its keys are encrypted; all else in it is as open as the home itself.")
    return 0


def restore(arguments: argparse.Namespace) -> int:
    """Make a new home of a backup."""
    restored = make_home(Path(arguments.file), Path(arguments.home), _passphrase(arguments))
    emit(msgspec.to_builtins(restored))
    tell(f"{arguments.home} is {restored.name} as it was at {restored.made_at}, in a new epoch: partners read it anew.")
    tell("Never run the old home again: two nodes with one key are two histories. Look who was removed since.")
    return 0


def _passphrase(arguments: argparse.Namespace) -> bytes:
    """The first line of a file or of standard input."""
    if arguments.passphrase_file:
        return read_file(arguments.passphrase_file).partition(b"\n")[0].rstrip(b"\r")
    if sys.stdin.isatty():
        sys.stderr.write("passphrase of the backup: ")
        sys.stderr.flush()
    return sys.stdin.readline().rstrip("\r\n").encode()
