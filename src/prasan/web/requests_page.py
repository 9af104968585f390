"""The page of requests for information: what waits for us, what we wait for, what is done."""

from datetime import UTC, datetime
from typing import Final

import msgspec
from starlette.requests import Request as Asked
from starlette.responses import Response

from prasan.formats.stix import parse_time
from prasan.node.acts.requesting import MARKING
from prasan.node.acts.requests import DONE, Listed, Subject
from prasan.web.screen import House, Screen, page, show
from prasan.words import Message, known

DAY_S: Final = 86_400
"""So far ahead a new request is needed, unless its form says otherwise."""


class Change(msgspec.Struct, frozen=True):
    """One step of a request: see `node.requests.ChangeTold`. `at` is seconds UTC."""

    id: str
    by: str
    state: str
    at: int
    text: str
    objects: tuple[Subject, ...]
    rating: int | None
    end: bool
    aside: bool
    dropped: bool = False


class Row(msgspec.Struct, frozen=True):
    """One request: see `node.requests.Listed`. `needed` is seconds UTC, `ours` are the steps we can make now."""

    id: str
    side: str
    partner: str
    standing: str
    overdue: bool
    priority: str
    purpose: str | Message
    needed: int
    text: str
    objects: tuple[Subject, ...]
    ours: tuple[str, ...]
    changes: tuple[Change, ...]


def row_of(one: Listed) -> Row:
    """A request as the page shows it."""
    purpose = f"purpose.{one.purpose}"
    changes = tuple(
        Change(c.id, c.by, c.state, int(parse_time(c.at)), c.text, c.objects, c.rating, c.end, c.aside, c.dropped)
        for c in one.changes
    )
    return Row(
        id=one.id,
        side=one.side,
        partner=one.partner,
        standing=one.standing,
        overdue=one.overdue,
        priority=one.priority,
        purpose=Message(purpose) if known(purpose) else one.purpose,
        needed=int(parse_time(one.needed_by)),
        text=one.text,
        objects=one.objects,
        ours=tuple(act for act in one.ours if act != "answer_in_part"),
        changes=changes,
    )


def group_of(one: Row) -> str:
    """Where it stands on the page: a closed request that may still be rated waits for nobody."""
    if one.standing in DONE:
        return "done" if one.side == "theirs" or one.standing in ("closed", "rated") else "wait"
    return "wait" if set(one.ours) - {"close"} else "open"


@page("partners")
def requests(request: Asked, house: House, screen: Screen) -> Response:
    """Requests for information with all partners."""
    rows = [row_of(one) for one in house.desk.requests(screen.audience)]
    groups = [(code, [one for one in rows if group_of(one) == code]) for code in ("wait", "open", "done")]
    context = {
        "groups": groups,
        "marking": MARKING,
        "askable": house.desk.askable(screen.audience),
        "about": request.query_params.get("about", ""),
        "by": datetime.fromtimestamp(screen.now + DAY_S, UTC).strftime("%Y-%m-%dT%H:00"),
    }
    return show(request, screen, "requests.html", context)
