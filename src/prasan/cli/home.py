"""`init`, `user add` and `remove`, `token create` and `revoke`."""

import argparse
import getpass
import sys
from pathlib import Path

from prasan.cli.output import tell
from prasan.errors import UsageError
from prasan.node.clock import Clock
from prasan.node.keeping.founding import adopt_first_policy, found
from prasan.node.node import Node
from prasan.node.people import add_user, create_token, remove_user, revoke_tokens
from prasan.node.settings import Settings


def init(arguments: argparse.Namespace) -> int:
    """Make a node home."""
    country = arguments.country.upper()
    if len(country) != 2 or not country.isalpha():
        raise UsageError(f"'{arguments.country}' is not a country code", "Use two letters, such as TH or US.")
    clock = Clock()
    settings = Settings(
        name=arguments.name, id=f"identity--{clock.uuid('node')}", country=country, language=arguments.lang
    )
    adopt_first_policy(found(Path(arguments.home), settings, clock), getpass.getuser())
    tell(f"{arguments.home} is ready. Next: 'prasan user add NAME --role admin --home {arguments.home}', then serve.")
    return 0


def user_add(arguments: argparse.Namespace) -> int:
    """Add a user; the password is the first line of standard input."""
    if sys.stdin.isatty():
        sys.stderr.write(f"password for {arguments.name}: ")
        sys.stderr.flush()
    password = sys.stdin.readline().rstrip("\r\n")
    add_user(Node(Path(arguments.home)), arguments.name, arguments.role, password, arguments.partner)
    tell(f"user {arguments.name} ({arguments.role}) may sign in")
    return 0


def user_remove(arguments: argparse.Namespace) -> int:
    """Remove a user with their tokens."""
    remove_user(Node(Path(arguments.home)), arguments.name)
    tell(f"user {arguments.name} is removed, and out at the next request")
    return 0


def token_revoke(arguments: argparse.Namespace) -> int:
    """Make every token of a user void."""
    gone = revoke_tokens(Node(Path(arguments.home)), arguments.user)
    tell(f"{gone} tokens of {arguments.user} are void")
    return 0


def token_create(arguments: argparse.Namespace) -> int:
    """Print one bearer token; it is not shown again."""
    sys.stdout.write(create_token(Node(Path(arguments.home)), arguments.user) + "\n")
    return 0
