"""TOML of accords and policies -> typed values, with errors that say where."""

import re
import tomllib
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from prasan.errors import AccordError

_T = TypeVar("_T")

_RULE = re.compile(r"^\s*\[\[\s*rule\s*\]\]")
_RULE_PATH = re.compile(r"\$\.rule\[(\d+)\]")
_NAMES = {"int": "a whole number", "float": "a number", "str": "a text", "array": "a list", "bool": "true or false"}


def load(text: str, shape: type[_T], what: str) -> _T:
    """Decode `text` as `shape`. AccordError names the line or the entry; `what` is "the accord" or "the policy"."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise AccordError(f"{what} is not TOML: {error}", "correct that line") from None
    try:
        return msgspec.convert(document, shape, builtin_types=(datetime,))
    except msgspec.ValidationError as error:
        raise AccordError(f"{what}: {_plain(str(error), document, text)}", "correct that entry") from None


def _plain(message: str, document: dict[str, Any], text: str) -> str:
    found = _RULE_PATH.search(message)
    if found is None:
        return message
    rules = document.get("rule", [])
    number = int(found[1])
    name = rules[number].get("id") if isinstance(rules[number], dict) else None
    return f"rule '{name or number + 1}' (line {rule_lines(text)[number]}): {message}"


def rule_lines(text: str) -> list[int]:
    """The line of each `[[rule]]`, in order, from 1; 0 is appended for rules written in another way."""
    lines = [n for n, line in enumerate(text.splitlines(), 1) if _RULE.match(line)]
    return lines + [0] * max(0, text.count("rule") - len(lines))
