"""The grammar of the commands for others' servers and programs, and for who may sign in to ours."""

from typing import Final

from prasan.cli.grammar import HOME, Command, arg

_TO: Final = arg("--to", required=True, metavar="RECIPIENT")

OUTWARD: Final[tuple[Command, ...]] = (
    (
        "release push",
        "foreign:send",
        "send exactly those bytes to a collection of another TAXII server",
        (_TO, arg("--url", required=True, metavar="URL", help="taxii+https://user@host/root/collections/ID/"), HOME),
    ),
    (
        "release export",
        "foreign:export",
        "what a recipient can read, as events for MISP",
        (_TO, arg("--as", required=True, choices=("misp",), dest="form"), HOME, arg("--out", metavar="FILE")),
    ),
)

SIGN_IN: Final[tuple[Command, ...]] = (
    ("user remove", "home:user_remove", "remove a user and their tokens at once", (arg("name", metavar="NAME"), HOME)),
    ("token create", "home:token_create", "print one bearer token", (arg("--user", required=True), HOME)),
    ("token revoke", "home:token_revoke", "make every token of a user void", (arg("--user", required=True), HOME)),
)
