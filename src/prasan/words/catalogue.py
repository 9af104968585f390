"""Codes and parameters -> sentences. English templates are tables; Thai is a gettext catalogue (`msgctxt` = code).

Machine values stay codes everywhere else; a sentence is made here, when somebody reads it. The catalogue is read once,
straight from the `.po` file, so what a translator edits is what is shown.
"""

import io
import string
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import msgspec
from babel.messages.pofile import read_po

from prasan.words.dates import iso
from prasan.words.messages import TABLES

Language = Literal["en", "th"]
LANGUAGES: Final[tuple[Language, ...]] = ("th", "en")

ENGLISH: Final[Mapping[str, str]] = {code: template for table in TABLES for code, template in table.items()}
"""Code -> English template, all of them."""

VARIANTS: Final[dict[str, list[str]]] = {}
"""Code -> values it can do without: `CODE.no_NAME` is said where NAME is not known."""
for _code in ENGLISH:
    _base, _, _name = _code.partition(".no_")
    if _name and _base in ENGLISH:
        VARIANTS.setdefault(_base, []).append(_name)


class Message(msgspec.Struct, frozen=True):
    """What to say: a code and the named values for its template. A value may itself be a message."""

    code: str
    params: dict[str, Any] = {}


class _Formatter(string.Formatter):
    """`str.format` that shows a dash for a value that is missing, and never fails on a value's type.

    `{time:iso}` writes seconds UTC as ISO 8601.
    """

    def get_value(self, key: int | str, _args: Any, kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key))

    def format_field(self, value: Any, format_spec: str) -> str:
        if value is None:
            return "–"
        if format_spec == "iso":
            return iso(value, "minute") if isinstance(value, int) else str(value)
        if format_spec and not isinstance(value, int | float):
            return str(value)
        return format(value, format_spec)


_FORMATTER: Final = _Formatter()


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """Code -> template in that language; English for a code that is not translated."""
    if lang == "en":
        return ENGLISH
    text = files("prasan.words").joinpath(f"locale/{lang}/LC_MESSAGES/prasan.po").read_bytes()
    entries = read_po(io.BytesIO(text), locale=lang, abort_invalid=True)
    done = {str(e.context): str(e.string) for e in entries if e.id and e.string and not e.fuzzy}
    return {code: done.get(code, english) for code, english in ENGLISH.items()}


def say(code: str, params: Mapping[str, Any] | None = None, lang: str = "en") -> str:
    """The sentence for a code. A code that no table knows (a newer partner's, say) is shown as it is."""
    lacking = (name for name in VARIANTS.get(code, ()) if (params or {}).get(name) is None)
    code = next((f"{code}.no_{name}" for name in lacking), code)
    template = catalogue("th" if lang == "th" else "en").get(code)
    if template is None:
        return code.rpartition(".")[2].replace("_", " ")
    values = {name: told(value, lang) for name, value in (params or {}).items()}
    return _FORMATTER.vformat(template, (), values)


def known(code: str) -> bool:
    """True if a table has a sentence for the code."""
    return code in ENGLISH


def told(value: Any, lang: str = "en") -> Any:
    """A message as its sentence, a list as its items; anything else as it is."""
    if isinstance(value, list | tuple):
        return ", ".join(str(told(item, lang)) for item in value)
    return say_message(value, lang) if isinstance(value, Message) else value


def say_message(message: Message, lang: str = "en") -> str:
    """The sentence for a message value."""
    return say(message.code, message.params, lang)
