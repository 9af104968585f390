"""The pages for people: Watch, one event, one object, partners. They print what the desk gives and decide nothing."""

from typing import Any, Final, Literal, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from prasan.picture.marking import Marking, join_all
from prasan.web.answers import features
from prasan.web.desk import Filters, ObjectPage, WatchPage
from prasan.web.fields import told_fields
from prasan.web.object_acts import Doable, Unread
from prasan.web.screen import House, Screen, page, show
from prasan.web.view import query
from prasan.words.dates import iso

ROWS_A_PAGE: Final = 200
LAYERS: Final = ("event", "incident", "vessel")


def filters_of(request: Request) -> Filters:
    """The filters in the address; unknown values are no filter."""
    asked = request.query_params
    mode = asked.get("mode")
    return Filters(
        source=asked.get("source") or None,
        kind=asked.get("kind") or None,
        mode=cast(Literal["real", "exercise"], mode) if mode in ("real", "exercise") else None,
        origin=asked.get("origin") or None,
    )


@page("picture")
def watch(request: Request, house: House, screen: Screen) -> Response:
    """The picture: list and map of the same rows."""
    ills = house.desk.ills(screen.audience) if screen.may("health") else ()
    context = _picture(request, house, screen) | {"ills": ills}
    return show(request, screen, "watch.html", context)


@page("picture")
def side(request: Request, house: House, screen: Screen) -> Response:
    """The list with its filters alone, for a swap."""
    context = _picture(request, house, screen) | {"fragment": True}
    response = show(request, screen, "_side.html", context)
    chosen = request.headers.get("hx-source", "").startswith("form")  # a filter is a step back to; a selection is not
    address = f"/?{query(context['filters'], sel=context['selected'])}"
    response.headers["hx-push-url" if chosen else "hx-replace-url"] = address
    return response


def _picture(request: Request, house: House, screen: Screen) -> dict[str, Any]:
    filters = filters_of(request)
    picture = in_watch_order(house.desk.watch(screen.audience, filters))
    selected = request.query_params.get("sel", "")
    number, last = _page_number(request, picture, selected)
    rows = picture.rows[(number - 1) * ROWS_A_PAGE : number * ROWS_A_PAGE]
    card = house.desk.row(screen.audience, selected) if selected else None
    return {
        "picture": picture,
        "filters": filters,
        "groups": [(layer, [row for row in rows if row.layer == layer]) for layer in LAYERS],
        "totals": {layer: sum(row.layer == layer for row in picture.rows) for layer in LAYERS},
        "unplaced": sum(row.lat is None or row.lon is None for row in picture.rows),
        "selected": selected,
        "card": card,
        "number": number,
        "last": last,
        "marking": card.marking.join(picture.marking) if card else picture.marking,
    }


def in_watch_order(picture: WatchPage) -> WatchPage:
    """Events before incidents before vessels, the folded behind, the newest first: what needs eyes stands on top."""
    rank = {layer: at for at, layer in enumerate(LAYERS)}
    rows = sorted(picture.rows, key=lambda row: (rank[row.layer], row.folded, -row.start))
    return msgspec.structs.replace(picture, rows=tuple(rows))


def _page_number(request: Request, picture: WatchPage, selected: str) -> tuple[int, int]:
    """The page asked for, or the one that holds the selected row."""
    last = max(1, -(-len(picture.rows) // ROWS_A_PAGE))
    asked = request.query_params.get("page", "")
    if asked.isdecimal():
        return min(max(int(asked[:9]), 1), last), last
    place = next((at for at, row in enumerate(picture.rows) if row.id == selected), 0)
    return place // ROWS_A_PAGE + 1, last


@page("picture")
def card(request: Request, house: House, screen: Screen) -> Response:
    """The selected row in a few lines, for a swap."""
    row = house.desk.row(screen.audience, request.path_params["id"])
    if row is None:
        return Response(status_code=404)
    return show(request, screen, "_card.html", {"card": row})


@page("picture")
def event(request: Request, house: House, screen: Screen) -> Response:
    """One event: what, why, its life, and who gets it and why."""
    event_id = request.path_params["id"]
    found = house.desk.event(screen.audience, event_id)
    if found is None:
        return _missing(request, screen)
    doable = house.desk.doable(screen.audience, event_id)
    context = {
        "event": found,
        "row": found.row,
        "recipients": house.desk.recipients_of(screen.audience, event_id),
        "doable": doable,
        "said": house.desk.said_of(screen.audience, event_id),
        "drawing": features(found, screen.lang),
        "marking": _shown(screen, found.row.marking, doable),
    }
    return show(request, screen, "event.html", context)


@page("partners")
def told(request: Request, house: House, screen: Screen) -> Response:
    """An event as one recipient holds it, in place of ours or beside it."""
    recipient, event_id = request.path_params["recipient"], request.path_params["id"]
    found = house.desk.told(screen.audience, recipient, event_id)
    if found is None:
        return _missing(request, screen)
    name, event = found
    context = {
        "event": event,
        "row": event.row,
        "recipients": (),
        "doable": Doable(),
        "said": (),
        "told_to": name,
        "drawing": features(event, screen.lang),
        "marking": event.row.marking,
    }
    return show(request, screen, "event.html", context)


@page("picture")
def object_page(request: Request, house: House, screen: Screen) -> Response:
    """One incident, vessel or other object."""
    object_id = request.path_params["id"]
    found = house.desk.object_page(screen.audience, object_id) or _vessel_page(house, screen, object_id)
    if found is None:
        return _missing(request, screen)
    doable = house.desk.doable(screen.audience, object_id)
    context = {
        "thing": found,
        "fields": told_fields(found.raw) or found.fields,
        "row": found.row,
        "recipients": house.desk.recipients_of(screen.audience, object_id),
        "doable": doable,
        "said": house.desk.said_of(screen.audience, object_id),
        "drawing": features(found, screen.lang),
        "marking": _shown(screen, found.row.marking, doable),
    }
    return show(request, screen, "object.html", context)


@page("partners")
def partners(request: Request, house: House, screen: Screen) -> Response:
    """Partner nodes: what went, what did not and why, what came, what was recalled."""
    found = house.desk.partners(screen.audience)
    exercise = found.marking.exercise or any(one.mode == "exercise" for one in found.partners)
    texts = house.desk.unread(screen.audience) if screen.may("release") else Unread()
    shown = msgspec.structs.replace(found.marking, exercise=exercise)
    marking = join_all([shown, *(one.marking for one in texts.first)])
    return show(request, screen, "partners.html", {"page": found, "texts": texts, "marking": marking})


@page("health")
def health(request: Request, house: House, screen: Screen) -> Response:
    """How the node stands: what is wrong and what to do, feeds, stages, archive, exchange."""
    found = house.desk.health(screen.audience)
    return _missing(request, screen) if found is None else show(request, screen, "health.html", {"page": found})


@page("health")
def ills(request: Request, house: House, screen: Screen) -> Response:
    """What is wrong with the node, as the strip over the watch, for a swap."""
    return show(request, screen, "_ills.html", {"ills": house.desk.ills(screen.audience)})


def _vessel_page(house: House, screen: Screen, object_id: str) -> ObjectPage | None:
    """A vessel is no object but the last of its positions: its line of the picture is all there is to show."""
    row = house.desk.row(screen.audience, object_id)
    if row is None or row.layer != "vessel":
        return None
    told = (
        ("name", row.title),
        ("mmsi", " · ".join(map(str, row.mmsi))),
        ("last_heard", iso(row.start)),
        ("speed", "" if row.speed_kn is None else f"{row.speed_kn:g}"),
        ("course", "" if row.course_deg is None else f"{row.course_deg:g}"),
    )
    notes = house.desk.watch(screen.audience, Filters(source=row.source)).sources
    return ObjectPage(
        row=row,
        fields=tuple((name, value) for name, value in told if value),
        life=(),
        sources=tuple(note for note in notes if note.name == row.source),
        identity=house.desk.identity(screen.audience, row),
    )


def _shown(screen: Screen, marking: Marking, doable: Doable) -> Marking:
    """The marking of a page: that of what stands on it, the text that an officer reads there included."""
    return marking.join(doable.text.marking) if doable.text and screen.may("release") else marking


def _missing(request: Request, screen: Screen) -> Response:
    return show(request, screen, "refused.html", {"code": "screen.refused.missing"}, status=404)
