"""Times for people. Lists carry ISO 8601 in UTC; Thai prose carries the Buddhist era, always with its word.

Babel has no Buddhist calendar (it prints the Gregorian year without an error), so the era is our own: B.E. is the
Gregorian year + 543, as in Thailand's official calendar, whose years have begun on 1 January since B.E. 2484 (1941).
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from babel.dates import get_month_names

BUDDHIST_ERA: Final = 543

_ISO: Final = {
    "second": "%Y-%m-%dT%H:%M:%SZ",
    "minute": "%Y-%m-%dT%H:%MZ",
    "hour": "%Y-%m-%dT%HZ",
    "day": "%Y-%m-%d",
    "month": "%Y-%m",
    "year": "%Y",
}


def iso(seconds: int, precision: str = "second") -> str:
    """Seconds UTC -> ISO 8601, no finer than it is known (`day` has no clock, so no zone either)."""
    return datetime.fromtimestamp(seconds, UTC).strftime(_ISO[precision])


def local_clock(seconds: int, offset_min: int) -> str:
    """`18:05 +07` beside a UTC time; `11-23 01:05 +07` where the local day is another one."""
    moment = datetime.fromtimestamp(seconds, UTC)
    local = moment.astimezone(timezone(timedelta(minutes=offset_min)))
    day = "" if local.date() == moment.date() else local.strftime("%m-%d ")
    return f"{day}{local:%H:%M} {_zone(offset_min)}"


def prose(seconds: int, lang: str, offset_min: int = 0, precision: str = "minute") -> str:
    """A date in words: `22 พฤศจิกายน พ.ศ. 2569 เวลา 18:05 น. (+07)`, `22 November 2026, 18:05 (+07)`.

    A date without a time is nobody's local time: it is written as it was reported, without a zone.
    """
    timed = precision in {"second", "minute", "hour"}
    zone = timezone(timedelta(minutes=offset_min)) if timed else UTC
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(zone)
    words = _day(moment, lang, precision)
    if not timed:
        return words
    clock = f"{moment:%H:%M}"
    return (
        f"{words} เวลา {clock} น. ({_zone(offset_min)})" if lang == "th" else f"{words}, {clock} ({_zone(offset_min)})"
    )


def _day(moment: datetime, lang: str, precision: str) -> str:
    month = get_month_names("wide", locale=lang)[moment.month]
    year = f"พ.ศ. {moment.year + BUDDHIST_ERA}" if lang == "th" else str(moment.year)
    if precision == "year":
        return year
    return f"{month} {year}" if precision == "month" else f"{moment.day} {month} {year}"


def _zone(offset_min: int) -> str:
    if offset_min == 0:
        return "UTC"
    sign = "-" if offset_min < 0 else "+"
    hours, minutes = divmod(abs(offset_min), 60)
    return f"{sign}{hours:02d}:{minutes:02d}" if minutes else f"{sign}{hours:02d}"
