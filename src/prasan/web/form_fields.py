"""What the forms of the pages ask for, and reading what came: one declaration serves both."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from prasan.errors import UsageError

Kind = Literal["line", "words", "whole", "number", "moment", "choice", "many", "tick"]
"""`words` is text of several lines, `moment` a time in UTC, `many` any of several, `tick` yes or no."""

Given = Mapping[str, Sequence[str]]
"""A form as it came: name -> values."""
LONGEST: Final = 500
"""Characters in a reason, as everywhere else."""


class Field(msgspec.Struct, frozen=True):
    """One field. `least` and `most` are limits of a number, `most` also the characters of a text.

    `options` are the values of a choice where they are always the same, and `family` that of their names.
    """

    name: str
    kind: Kind = "line"
    required: bool = False
    least: float = 0
    most: float = LONGEST
    options: tuple[str, ...] = ()
    family: str = ""


def read(fields: Iterable[Field], given: Given) -> dict[str, Any]:
    """What was filled in, by name: text, int, float (a moment in seconds UTC too), bool or a tuple; None for a number
    or a moment left empty. UsageError names the first field that does not fit."""
    return {one.name: _read(one, [value.strip() for value in given.get(one.name, ())]) for one in fields}


def _read(field: Field, values: list[str]) -> Any:
    told = [value for value in values if value]
    if field.required and not told:
        raise _bad(field, "field_missing")
    if field.kind == "many":
        return tuple(_chosen(field, value) for value in told)
    if field.kind == "tick":
        return bool(told)
    text = told[0] if told else ""
    if field.kind in ("line", "words", "choice"):
        return _text(field, _chosen(field, text) if text else "")
    return _figure(field, text) if text else None


def _chosen(field: Field, value: str) -> str:
    if field.options and value not in field.options:
        raise _bad(field, "field_wrong")
    return value


def _text(field: Field, text: str) -> str:
    text = text.replace("\r\n", "\n")  # browsers send lines so
    if len(text) > field.most:
        raise _bad(field, "field_long", most=int(field.most))
    return text


def _figure(field: Field, text: str) -> float:
    try:
        if field.kind == "moment":
            return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC).timestamp()
        value = int(text) if field.kind == "whole" else float(text)
    except (ValueError, OverflowError):
        raise _bad(field, "field_wrong") from None
    if not field.least <= value <= field.most:
        raise _bad(field, "field_range", least=f"{field.least:g}", most=f"{field.most:g}")
    return value


def _bad(field: Field, code: str, **more: object) -> UsageError:
    message = f"the field '{field.name}' is missing or does not fit"
    return UsageError(message, "Fill it in as its label says.", code=code, field=f"act.field.{field.name}", **more)
