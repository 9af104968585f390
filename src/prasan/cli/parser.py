"""The grammar of the command line, as one table. Each command names the function of the module that runs it."""

import argparse
import re
from typing import Any, Final, NoReturn

from prasan import __version__
from prasan.cli.grammar import HOME, Command
from prasan.cli.grammar import arg as _arg
from prasan.cli.grammar_of_asking import FEEDBACK, INTERESTS, REQUESTS
from prasan.cli.grammar_of_release import ACCORDS, POLICIES, RELEASE
from prasan.cli.grammar_of_servers import OUTWARD, SIGN_IN
from prasan.cli.grammar_of_sharing import BUNDLES, CONSENTS, RECALLS
from prasan.cli.grammar_of_trust import INTRODUCTIONS, TRUST

ROLES: Final = ("watch", "analyst", "release", "protection", "admin", "auditor", "partner")

SETTINGS: Final = _arg("--set", action="append", default=[], metavar="RULE.NAME=VALUE", dest="settings")

COMMANDS: Final[tuple[Command, ...]] = (
    (
        "demo",
        "demo:demo",
        "three partner nodes on the shipped data: the main job, start to end",
        (
            _arg("--dir", metavar="D", help="where the homes are made (default: a new temporary folder)"),
            _arg("--port", type=int, default=8440, metavar="P", help="first of the six ports used"),
            _arg("--once", action="store_true", help="stop after the exchange is verified; print a JSON summary"),
        ),
    ),
    (
        "init",
        "home:init",
        "make a node home: settings, keys, stores",
        (
            _arg("home", metavar="HOME"),
            _arg("--name", required=True, help="short name partners know the node by"),
            _arg("--country", required=True, metavar="CC", help="ISO 3166 alpha-2 code"),
            _arg("--lang", choices=("th", "en"), default="en"),
        ),
    ),
    (
        "serve",
        "serve:serve",
        "web pages, API, TAXII, the peer port and the sync",
        (
            HOME,
            _arg("--host", metavar="H"),
            _arg("--port", type=int, metavar="P"),
            _arg("--peer-port", type=int, metavar="Q"),
        ),
    ),
    (
        "user add",
        "home:user_add",
        "add a user; the password is read from standard input",
        (
            _arg("name", metavar="NAME"),
            _arg("--role", required=True, choices=ROLES),
            _arg("--partner", metavar="NAME", help="the partner a user of role 'partner' belongs to"),
            HOME,
        ),
    ),
    *SIGN_IN,
    *INTRODUCTIONS,
    ("partner card", "partners:card", "print this node's own card", (HOME,)),
    (
        "partner suspend",
        "partners:suspend",
        "stop everything to a partner now",
        (_arg("name", metavar="NAME"), _arg("--lift", action="store_true", help="resume instead"), HOME),
    ),
    *ACCORDS,
    *POLICIES,
    ("rules show", "rules:show", "the rules in force, and what of them becomes events", (HOME,)),
    ("rules diff", "rules:diff", "what other thresholds would open, withdraw and change; a dry run", (SETTINGS, HOME)),
    ("rules adopt", "rules:adopt", "put the preset with exactly these settings in force", (SETTINGS, HOME)),
    (
        "decode",
        "decode:decode",
        "AIS in any known dialect to position and static rows",
        (
            _arg("sources", nargs="*", metavar="FILE", default=["-"]),
            _arg("--to", required=True, choices=("jsonl", "csv", "arrow", "parquet")),
            _arg("--out", metavar="PATH"),
        ),
    ),
    (
        "ingest",
        "ingest:ingest",
        "files and folders into a node",
        (
            _arg("sources", nargs="+", metavar="SOURCE"),
            HOME,
            _arg("--format", metavar="DIALECT", help="force one of docs/formats.md instead of detecting it"),
            _arg("--source", metavar="NAME", help="the declared source this comes from (default: by file name)"),
        ),
    ),
    (
        "detect",
        "detect:detect",
        "events as JSONL, from files or from a node's archive",
        (
            _arg("sources", nargs="*", metavar="SOURCE"),
            _arg("--home", metavar="HOME", help="read the node's archive instead of files"),
            _arg("--preset", default="prasan"),
            _arg("--kind", nargs="+", metavar="K"),
            SETTINGS,
            _arg("--areas", nargs="+", default=[], metavar="FILE", help="GeoJSON: zones to watch, own ports"),
            _arg("--out", metavar="FILE"),
            _arg("--engine", choices=("local",), default="local"),
        ),
    ),
    (
        "simulate",
        "simulate:simulate",
        "exercise traffic as receivers would have heard it, and the truth about it",
        (
            _arg("--area", default="gulf-andaman", metavar="NAME"),
            _arg("--hours", type=float, default=48.0, metavar="H"),
            _arg("--vessels", type=int, default=250, metavar="N"),
            _arg("--seed", type=int, default=1, metavar="S"),
            _arg("--out", required=True, metavar="DIR", help="folder for ais.nmea, truth.jsonl and zones.geojson"),
        ),
    ),
    (
        "score",
        "score:score_",
        "precision and recall of events against the truth of runs, added up, as one JSON line",
        (
            _arg("paths", nargs="+", metavar="PATH", help="EVENTS TRUTH pairs, or folders of runs with both in them"),
            _arg("--table", action="store_true", help="as a table of text"),
        ),
    ),
    *RELEASE,
    *OUTWARD,
    *RECALLS,
    *CONSENTS,
    *REQUESTS,
    *FEEDBACK,
    *INTERESTS,
    (
        "sync",
        "sync:sync",
        "pull from partners now; one JSON line a partner",
        (_arg("partners", nargs="*", metavar="PARTNER"), HOME),
    ),
    *BUNDLES,
    (
        "bench",
        "bench:bench",
        "how fast this machine does the main work, beside a peer in the same run",
        (
            _arg("names", nargs="*", metavar="NAME"),
            _arg("--rows", type=int, default=1_000_000, metavar="N", help="generated rows to work on"),
            _arg("--json", action="store_true"),
        ),
    ),
    *TRUST,
)


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser that answers wrong use with one sentence instead of a page.

    One fingerprint in 64 begins with a minus and is no option for that; what looks so is a value, as a number is.
    """

    def __init__(self, *names: Any, **options: Any) -> None:
        super().__init__(*names, **options)
        self._negative_number_matcher = re.compile(r"-(\d+|\d*\.\d+|[A-Za-z0-9_-]{42})$")

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"prasan: {message}. Say '{self.prog} --help' to see how it is used.\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; a parsed command has `module` and `function`."""
    parser = _Parser(prog="prasan", description="A self-hosted information-sharing node for security partners.")
    parser.add_argument("--version", action="version", version=f"prasan {__version__}")
    groups = {"": parser.add_subparsers(title="commands", metavar="COMMAND", required=True)}
    for path, target, text, arguments in COMMANDS:
        group, _, name = path.rpartition(" ")
        if group not in groups:
            owner = groups[""].add_parser(group, help=f"{group} commands")
            groups[group] = owner.add_subparsers(metavar="COMMAND", required=True)
        command = groups[group].add_parser(name, help=text, description=text)
        for names, options in arguments:
            command.add_argument(*names, **options)
        module, function = target.split(":")
        command.set_defaults(module=module, function=function)
    return parser
