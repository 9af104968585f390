"""What the forms of acts print: which are offered, their options, what was filled in, and why not."""

from collections.abc import Iterable
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from prasan.web.acts import ACTS, Act
from prasan.web.form_fields import Field, Given
from prasan.web.partner_values import Consent, Resting
from prasan.web.requests_page import Change
from prasan.web.screen import Screen
from prasan.words import Message, known, say, told


def screen_in(context: Context) -> Screen:
    """The screen that a template is printed for."""
    screen: Screen = context["screen"]
    return screen


@pass_context
def why_not(context: Context) -> Markup:
    """Why the act that was tried could not be done, and what to do next, in the page's language as far as it can."""
    screen = screen_in(context)
    error = screen.tried.error if screen.tried else None
    if error is None:
        return Markup("")
    code = f"fault.{error.code}"
    if not error.code or not known(code):
        plain = f"{str(error).rstrip('.').capitalize()}. {error.remedy}" if str(error) else ""
        return Markup('<p><strong>{0}</strong></p><p lang="en">{1}</p>').format(say("fault", None, screen.lang), plain)
    values = {name: _worded(value) for name, value in error.values.items()}
    said = (say(one, values, screen.lang) for one in (code, f"{code}.remedy"))
    return Markup("<p><strong>{0}</strong></p><p>{1}</p>").format(*said)


def _worded(value: object) -> object:
    """A code as a message, several as several; anything else as it is."""
    if isinstance(value, list | tuple):
        return [_worded(one) for one in value]
    return Message(value) if isinstance(value, str) and known(value) else value


def pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Names as options: each is its own value."""
    return [(one, one) for one in names]


def anchor(name: str, subject: str) -> str:
    """The id of a form: an act, and what it is about."""
    return "act-" + "".join(sign if sign.isalnum() else "-" for sign in f"{name}-{subject}")


@pass_context
def offered(context: Context, name: str) -> Act | None:
    """An act, if who looks may do it."""
    return ACTS[name] if screen_in(context).may(ACTS[name].door) else None


@pass_context
def choices_of(context: Context, field: Field) -> list[tuple[str, str]]:
    """The options of a field that are always the same: value and name."""
    return meanings(context, field.family, field.options)


@pass_context
def revocable(context: Context, consents: Iterable[Consent]) -> list[tuple[str, str]]:
    """Consents as options: what each is about and for whom."""
    lang = screen_in(context).lang
    values = ((one.id, {"title": one.title, "to": one.to, "id": one.id[-12:]}) for one in consents)
    return [(name, say("act.consents.for", about, lang)) for name, about in values]


@pass_context
def resting_ones(context: Context, found: Iterable[Resting]) -> list[tuple[str, str]]:
    """Objects of ours as options."""
    return [(one.id, f"{told(one.title, screen_in(context).lang)} ({one.id[-12:]})") for one in found]


@pass_context
def ends(context: Context, changes: Iterable[Change]) -> list[tuple[str, str]]:
    """The ends of histories that do not agree, as options."""
    lang = screen_in(context).lang
    us = say("screen.requests.us", None, lang)
    ends_of = {
        one.id: {"by": us if one.by == "us" else one.by, "state": Message(f"request.{one.state}"), "at": one.at}
        for one in changes
        if one.end
    }
    return [(name, say("act.requests.end", {"id": name, **values}, lang)) for name, values in ends_of.items()]


@pass_context
def meanings(context: Context, family: str, codes: Iterable[str]) -> list[tuple[str, str]]:
    """Codes of a family as options."""
    return [(one, say(f"{family}.{one}", None, screen_in(context).lang)) for one in codes]


@pass_context
def filled(context: Context, name: str, subject: str) -> Given | None:
    """What was filled in for an act that was just tried and could not be done; None if it was another, or none."""
    tried = screen_in(context).tried
    return tried.given if tried and (tried.act, tried.subject) == (name, subject) else None


ACTING: Final[dict[str, Any]] = {
    "known": known,
    "why_not": why_not,
    "pairs": pairs,
    "anchor": anchor,
    "offered": offered,
    "ends": ends,
    "resting_ones": resting_ones,
    "choices_of": choices_of,
    "revocable": revocable,
    "meanings": meanings,
    "filled": filled,
}
"""What templates may call."""
