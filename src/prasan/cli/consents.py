"""`consent ask`, `list`, `give`, `refuse`, `revoke`."""

import argparse
import getpass
from pathlib import Path
from typing import get_args

import msgspec

from prasan.cli.output import emit
from prasan.errors import UsageError
from prasan.formats.stix_consent import Group
from prasan.node.acts.asking import Ask
from prasan.node.acts.asking import ask as ask_for
from prasan.node.acts.consents import Answer, answer, listed
from prasan.node.node import Node
from prasan.release.rules import Steps
from prasan.stores.traffic import ConsentRow

DEGREES = (0.01, 10.0)
MINUTES = (1, 525_600)
LONGEST = 500


def ask(arguments: argparse.Namespace) -> int:
    """Ask the originator; it goes out with the next sync."""
    node, days = Node(Path(arguments.home)), _days(arguments.days)
    asked = Ask(arguments.object_id, arguments.to, arguments.purpose, days or 30, arguments.all_versions)
    return _say(node, ask_for(node, asked, getpass.getuser()))


def list_all(arguments: argparse.Namespace) -> int:
    """One JSON line a consent, those that wait for our answer first."""
    rows = listed(Node(Path(arguments.home)))
    for one in sorted(rows, key=lambda one: (one.side, one.standing) != ("theirs", "asked")):
        emit(msgspec.to_builtins(one))
    return 0


def give(arguments: argparse.Namespace) -> int:
    """Consent, perhaps for fewer days or to a coarser form only."""
    steps = Steps(
        _inside(arguments.place_deg, DEGREES, "--place-deg"),
        _whole(_inside(arguments.time_min, MINUTES, "--time-min")),
        frozenset(_groups(arguments.drop)),
    )
    return _answer(arguments, Answer("given", days=_days(arguments.days), steps=steps))


def refuse(arguments: argparse.Namespace) -> int:
    """Do not consent, and say why."""
    if not arguments.reason.strip():
        raise UsageError("a refusal needs a reason", "Say in a few words why, with --reason.")
    return _answer(arguments, Answer("refused", _short(arguments.reason)))


def revoke(arguments: argparse.Namespace) -> int:
    """Take a consent back, and perhaps have what was passed on recalled."""
    revoked = Answer("revoked", _short(arguments.reason or ""), recall_onward=arguments.recall_onward)
    return _answer(arguments, revoked)


def _answer(arguments: argparse.Namespace, given: Answer) -> int:
    node = Node(Path(arguments.home))
    return _say(node, answer(node, arguments.consent, given, getpass.getuser()))


def _say(node: Node, row: ConsentRow) -> int:
    emit(msgspec.to_builtins(next(one for one in listed(node) if (one.id, one.side) == (row.id, row.side))))
    return 0


def _days(days: int | None) -> int | None:
    if days is not None and not 1 <= days <= 36_525:
        raise UsageError(f"--days {days} is no number of days", "Give one from 1 to 36525.")
    return days


def _inside(value: float | None, limits: tuple[float, float], name: str) -> float | None:
    if value is not None and not limits[0] <= value <= limits[1]:
        raise UsageError(f"{name} {value:g} is out of range", f"Give one from {limits[0]:g} to {limits[1]:g}.")
    return value


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _groups(names: list[str]) -> list[Group]:
    known: tuple[Group, ...] = get_args(Group)
    return [group for group in known if group in names]


def _short(reason: str) -> str:
    if len(reason) > LONGEST:
        raise UsageError(f"the reason has {len(reason)} characters", f"At most {LONGEST} are sent.")
    return reason
