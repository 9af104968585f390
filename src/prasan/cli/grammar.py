"""What the tables of commands are made of: a command, and the arguments that many take."""

from typing import Any, Final

Argument = tuple[tuple[str, ...], dict[str, Any]]
"""Names and options, as `argparse.ArgumentParser.add_argument` takes them."""

Command = tuple[str, str, str, tuple[Argument, ...]]
"""Its words, `module:function` under `prasan.cli`, what it does, its arguments."""


def arg(*names: str, **options: Any) -> Argument:
    """One argument."""
    return names, options


HOME: Final = arg("--home", required=True, metavar="HOME", help="the node's home folder")
