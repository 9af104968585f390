"""`bundle export`, `bundle import`."""

import argparse
from pathlib import Path
from typing import cast

import msgspec

from prasan.cli.output import emit, tell
from prasan.errors import UsageError
from prasan.exchange.bundle import MAX_FILE
from prasan.exchange.lanes import LANES, Lane
from prasan.node.lines import bundles, unbundling
from prasan.node.node import Node


def export(arguments: argparse.Namespace) -> int:
    """What a partner may read, as files: one JSON line each. Several are named FILE.1, FILE.2, …"""
    if arguments.max_bytes is not None and arguments.max_bytes < 1:
        raise UsageError("--max-bytes is a number of bytes, from 1 upward.", "Leave it out for files of 16 MB.")
    node = Node(Path(arguments.home))
    lanes = cast("tuple[Lane, ...]", tuple(arguments.lane or LANES))
    made = bundles.export(node, arguments.to, lanes, arguments.since, arguments.max_bytes or bundles.MAX_FILE)
    files = list[tuple[Path, bundles.Exported]]()
    for number, one in enumerate(made, 1):
        path = Path(f"{arguments.out}.{number}")
        path.write_bytes(one.raw)
        files.append((path, msgspec.structs.replace(one, raw=b"")))
    if len(files) == 1:
        whole = files[0][0].replace(arguments.out)
        files = [(whole, files[0][1])]
    for path, one in files:
        spans = {span.lane: {"after": span.after, "last": span.last, "rows": span.rows} for span in one.spans}
        emit({"file": str(path), "bytes": path.stat().st_size, "lanes": spans, "posts": one.posts})
    tell(f"{len(files)} file(s) for {arguments.to}, to be imported in this order")
    node.close()
    return 0


def import_(arguments: argparse.Namespace) -> int:
    """Take bundles in, in the order given; one JSON line each. Exit 1: something was turned away or refused."""
    node, wrong = Node(Path(arguments.home)), False
    for name in arguments.files:
        done = unbundling.import_(node, _read(name), new_epoch=arguments.new_epoch)
        emit({"file": name, **msgspec.to_builtins(done)})
        wrong = wrong or bool(done.quarantined or done.refused)
        tell(f"{name}: {done.holds} from {done.partner}")
    node.close()
    return 1 if wrong else 0


def _read(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_FILE + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}", "Check the name.") from None
