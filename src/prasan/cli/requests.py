"""`request new`, `list`, `show`, `accept`, `refuse`, `answer`, `close`, `rate`, `settle`."""

import argparse
import getpass
from pathlib import Path
from typing import Any, cast

import msgspec

from prasan.cli.output import emit, tell
from prasan.errors import FormatError, UsageError
from prasan.exchange.inquiry import Act
from prasan.formats.stix import parse_time
from prasan.formats.stix_ids import is_id
from prasan.formats.stix_request import Priority
from prasan.node.acts.requests import Said, Wanted, act_on, find, listed, settle, told
from prasan.node.acts.requests import request as ask_for
from prasan.node.node import Node
from prasan.stores.traffic import RequestRow

RATINGS = range(1, 6)


def new(arguments: argparse.Namespace) -> int:
    """Ask a partner; it goes out with the next sync. What of --about is an id is an object, the rest the text."""
    about: list[str] = arguments.about
    wanted = Wanted(
        to=arguments.to,
        needed_by=_time(arguments.by),
        text=" ".join(word for word in about if not is_id(word)),
        about=tuple(word for word in about if is_id(word)),
        purpose=arguments.purpose,
        priority=cast(Priority, arguments.priority),
    )
    node = Node(Path(arguments.home))
    return _say(node, ask_for(node, wanted, getpass.getuser()))


def list_all(arguments: argparse.Namespace) -> int:
    """One JSON line a request, those that wait for us first; with --overdue the late ones alone, and 1 if any."""
    found = listed(Node(Path(arguments.home)))
    late = [one for one in found if one.overdue]
    for one in late if arguments.overdue else found:
        emit(_plain(one))
    if arguments.overdue and late:
        tell(f"{len(late)} requests are overdue: with {', '.join(sorted({one.partner for one in late}))}")
        return 1
    return 0


def show(arguments: argparse.Namespace) -> int:
    """One request with every change of it."""
    node = Node(Path(arguments.home))
    return _say(node, find(node.store, arguments.request))


def accept(arguments: argparse.Namespace) -> int:
    """We will answer."""
    return _act(arguments, Said("accept", arguments.text or ""))


def refuse(arguments: argparse.Namespace) -> int:
    """We will not, and say why."""
    if not arguments.reason.strip():
        raise UsageError("a refusal needs a reason", "Say in a few words why, with --reason.")
    return _act(arguments, Said("refuse", arguments.reason))


def answer(arguments: argparse.Namespace) -> int:
    """Answer, in whole or in part, in words and by objects that the asker holds."""
    act: Act = "answer_in_part" if arguments.partly else "answer"
    return _act(arguments, Said(act, arguments.text or "", tuple(arguments.objects)))


def close(arguments: argparse.Namespace) -> int:
    """We have what we need, or need it no more."""
    return _act(arguments, Said("close", arguments.text or ""))


def rate(arguments: argparse.Namespace) -> int:
    """Say of what use it was."""
    if arguments.stars not in RATINGS:
        raise UsageError(f"{arguments.stars} is no rating", "Give one from 1 (of no use) to 5.")
    return _act(arguments, Said("rate", arguments.text or "", rating=arguments.stars))


def settle_two(arguments: argparse.Namespace) -> int:
    """Of two histories that do not agree keep one."""
    node = Node(Path(arguments.home))
    return _say(node, settle(node, arguments.request, arguments.keep, arguments.text or "", getpass.getuser()))


def _act(arguments: argparse.Namespace, said: Said) -> int:
    node = Node(Path(arguments.home))
    return _say(node, act_on(node, arguments.request, said, getpass.getuser()))


def _say(node: Node, row: RequestRow) -> int:
    emit(msgspec.to_builtins(told(node, node.store.request(row.partner, row.id) or row)))
    return 0


def _plain(one: Any) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(one).items() if name != "changes"}


def _time(text: str) -> float:
    """A time, or a day, which means its end."""
    try:
        return parse_time(text if "T" in text else f"{text}T23:59:59Z", "--by")
    except FormatError as error:
        raise UsageError(str(error), error.remedy) from None
