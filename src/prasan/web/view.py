"""Values -> what a template prints: words in the page's language, times, addresses, badges."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from prasan.node.keeping.live_health import Ill
from prasan.picture.marking import Marking
from prasan.web.act_view import ACTING, screen_in
from prasan.web.desk import GONE, OWN, Filters, Row
from prasan.words import Message, dates, known, say, told
from prasan.words.measures import MEASURES

HELD: Final = frozenset({"decision.told_instead", "decision.stands_there"})
"""Reasons that name an event which the recipient holds."""

_PLACES: Final = {code: place for place, code in enumerate(MEASURES)}


def href(row: Row) -> str:
    """The page of a row."""
    room = "events" if row.layer == "event" else "objects"
    return f"/{room}/{quote(row.id)}"


def gone(row: Row) -> bool:
    """True if it is shown struck through: withdrawn by us, or recalled by its originator."""
    return row.state in GONE


def query(filters: Filters, **more: Any) -> str:
    """The filters as a query string, without the ones that are not set."""
    pairs = msgspec.structs.asdict(filters) | more
    return urlencode({name: value for name, value in pairs.items() if value not in (None, "")})


def handling(marking: Marking, lang: str) -> list[str]:
    """The caveats beside the TLP label, a phrase each."""
    said = []
    if marking.rel_to is not None:
        said.append(say("marking.rel_to", {"names": ", ".join(sorted(marking.rel_to)) or "–"}, lang))
    if marking.orcon:
        said.append(say("marking.orcon", {"names": ", ".join(sorted(marking.orcon))}, lang))
    if marking.purposes is not None:
        names = ", ".join(say(f"purpose.{p}", None, lang) for p in sorted(marking.purposes)) or "–"
        said.append(say("marking.purposes", {"names": names}, lang))
    if marking.personal_data:
        said.append(say("marking.personal_data", None, lang))
    if marking.expires is not None:
        said.append(say("marking.expires", {"time": dates.iso(marking.expires, "minute")}, lang))
    return said


def figure(value: Any) -> str:
    """A number as people read it: grouped, at most four decimals; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def place(lat: float | None, lon: float | None) -> str:
    """Degrees and decimal minutes with hemispheres, as on a chart: `08°30.50'N 098°12.00'E`."""
    if lat is None or lon is None:
        return "–"
    return f"{_angle(lat, 'NS', 2)} {_angle(lon, 'EW', 3)}"


def _angle(value: float, letters: str, width: int) -> str:
    hundredths = round(abs(value) * 6000)
    degrees, rest = divmod(hundredths, 6000)
    return f"{degrees:0{width}d}°{rest / 100:05.2f}'{letters[value < 0]}"


@pass_context
def t(context: Context, code: str, **params: Any) -> str:
    """`{{ t("screen.watch") }}`: the sentence of a code."""
    return say(code, params, screen_in(context).lang)


def measures(evidence: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What was measured, in the order in which it is read: that of the table of measures."""
    named = [(name, value) for name, value in evidence.items() if name != "codes"]
    return sorted(named, key=lambda one: _PLACES.get(f"measure.{one[0]}", len(_PLACES)))


@pass_context
def measure(context: Context, name: str, value: Any) -> str:
    """A named value of a rule or of evidence: a code in words, numbers that are names (MMSI, IMO, MID) ungrouped."""
    if isinstance(value, str) and known(f"value.{value}"):
        return say(f"value.{value}", None, screen_in(context).lang)
    return str(value) if name in {"mmsi", "imo", "mid"} else figure(value)


@pass_context
def tell(context: Context, message: Message | str) -> str:
    """The sentence of a message value; a name as it is."""
    return str(told(message, screen_in(context).lang))


@pass_context
def because(context: Context, message: Message, recipient: str) -> str | Markup:
    """The sentence of a reason. The id of an event that this recipient (by id) holds leads to what it holds."""
    said = told(message, screen_in(context).lang)
    name = message.params.get("id")
    if message.code not in HELD or not isinstance(name, str):
        return str(said)
    before, found, after = str(said).partition(name)
    link = Markup('{0}<a href="/told/{1}/{2}">{3}</a>{4}')
    return link.format(before, quote(recipient, safe=""), quote(name), soft(found), after)


@pass_context
def origin(context: Context, name: str) -> str:
    """`own` in words; a partner's name as it is."""
    return say("origin.own", None, screen_in(context).lang) if name == OWN else name


@pass_context
def moment(context: Context, seconds: int, precision: str = "minute", *, local: bool = True) -> Markup:
    """ISO 8601 UTC with the watch room's clock beside it."""
    node = screen_in(context).node
    exact = dates.iso(seconds, precision)
    if not local or precision in {"day", "month", "year"}:
        return Markup('<time datetime="{0}">{0}</time>').format(exact)
    beside = dates.local_clock(seconds, node.offset_min)
    return Markup('<time datetime="{0}">{0}</time> <span class="local">{1}</span>').format(exact, beside)


@pass_context
def ailing(context: Context, ill: Ill) -> str:
    """What is wrong, in a sentence."""
    values, lang = dict(ill.values), screen_in(context).lang
    if "stage" in values:
        values["stage"] = Message(f"lag.{values['stage']}")
    if "lag_s" in values:
        values["lag"] = span(context, values["lag_s"])
    if "late_s" in values:
        values["late"] = span(context, abs(values["late_s"]))
    return say(f"ill.{ill.code}", values, lang)


@pass_context
def span(context: Context, seconds: float) -> str:
    """A length of time in its largest whole unit; with a minus if it is below zero."""
    units, length = (("d", 86_400), ("h", 3_600), ("min", 60)), abs(seconds)
    unit, size = next(((name, size) for name, size in units if length >= 2 * size), ("s", 1))
    value = figure(round(seconds, 1) if length < 10 else round(seconds / size))
    return say(f"span.{unit}", {"number": value}, screen_in(context).lang)


@pass_context
def prose(context: Context, seconds: int, precision: str = "minute") -> str:
    """A date in words, in the watch room's time."""
    screen = screen_in(context)
    return dates.prose(seconds, screen.lang, screen.node.offset_min, precision)


@pass_context
def caveats(context: Context, marking: Marking) -> list[str]:
    """The handling caveats in the page's language."""
    return handling(marking, screen_in(context).lang)


@pass_context
def counted(context: Context, counts: Mapping[str, int], family: str) -> list[tuple[str, str, int]]:
    """(code, sentence, count), the most frequent first. A total is of several rules, so it names none."""
    lang = screen_in(context).lang
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = {code: f"tally.{code}" if known(f"tally.{code}") else f"{family}.{code}" for code in counts}
    return [(code, say(named[code], None, lang), number) for code, number in ordered]


@pass_context
def switch(context: Context, **changes: str) -> str:
    """The page's own address with a parameter changed (language, theme)."""
    url = context["request"].url.include_query_params(**changes)
    return f"{url.path}?{url.query}"


def soft(text: str) -> Markup:
    """Long ids may break anywhere after a dash."""
    return Markup(str(escape(text)).replace("-", "-<wbr>"))  # noqa: S704 - escaped first


GLOBALS: dict[str, Any] = {
    **ACTING,
    "t": t,
    "tell": tell,
    "because": because,
    "origin": origin,
    "moment": moment,
    "prose": prose,
    "span": span,
    "ailing": ailing,
    "caveats": caveats,
    "counted": counted,
    "switch": switch,
    "href": href,
    "gone": gone,
    "query": query,
    "figure": figure,
    "measure": measure,
    "measures": measures,
    "place": place,
    "soft": soft,
}
"""What templates may call."""
