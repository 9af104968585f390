"""The JSON that `/api/v1` answers, as types: one declaration serves the encoder and the OpenAPI document."""

from typing import Any

import msgspec

from prasan.picture.marking import Marking
from prasan.web.desk import EventPage, ObjectPage, Row, WatchPage
from prasan.web.view import href
from prasan.words import dates, say, say_message, told


class MarkingAnswer(msgspec.Struct, frozen=True):
    """A marking: `tlp` as FIRST writes it."""

    tlp: str
    exercise: bool
    personal_data: bool
    rel_to: list[str] | None = None
    orcon: list[str] = []


class RowAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One object of the picture. `summary` and `kind_name` are in the language asked for; the rest are codes."""

    id: str
    layer: str
    kind: str
    kind_name: str
    title: str
    state: str
    start: str
    href: str
    source: str
    origin: str
    tlp: str
    summary: str
    end: str | None = None
    lat: float | None = None
    lon: float | None = None
    radius_m: float | None = None
    window_min: int | None = None
    course_deg: float | None = None
    speed_kn: float | None = None
    sanitised: bool = False
    exercise: bool = False
    confidence: str | None = None
    gap_class: str | None = None
    mmsi: tuple[int, ...] = ()
    folded: bool = False
    case: str = ""
    past: bool = False


class SourceAnswer(msgspec.Struct, frozen=True):
    """A data set and the clock it is played at."""

    name: str
    title: str
    clock: str
    exercise: bool


class WatchAnswer(msgspec.Struct, frozen=True):
    """The picture. `count` is the number of rows, `unplaced` those of them without a position."""

    version: str
    count: int
    unplaced: int
    marking: MarkingAnswer
    sources: list[SourceAnswer]
    counts: dict[str, dict[str, int]]
    rows: list[RowAnswer]


class ErrorAnswer(msgspec.Struct, frozen=True):
    """What went wrong and what to do next."""

    code: str
    message: str
    remedy: str


def marking_answer(marking: Marking) -> MarkingAnswer:
    """A marking for a machine."""
    return MarkingAnswer(
        tlp=marking.tlp.label,
        exercise=marking.exercise,
        personal_data=marking.personal_data,
        rel_to=None if marking.rel_to is None else sorted(marking.rel_to),
        orcon=sorted(marking.orcon),
    )


def row_answer(row: Row, lang: str) -> RowAnswer:
    """A row for the map and for machines."""
    return RowAnswer(
        id=row.id,
        layer=row.layer,
        kind=row.kind,
        kind_name=say(f"kind.{row.kind}", None, lang),
        title=told(row.title, lang),
        state=row.state,
        start=dates.iso(row.start, row.precision),
        href=href(row),
        source=row.source,
        origin=row.origin,
        tlp=row.marking.tlp.label,
        summary=say_message(row.summary, lang),
        end=None if row.end is None else dates.iso(row.end, row.precision),
        lat=row.lat,
        lon=row.lon,
        radius_m=row.radius_m,
        window_min=row.window_min,
        course_deg=row.course_deg,
        speed_kn=row.speed_kn,
        sanitised=row.sanitised,
        exercise=row.marking.exercise,
        confidence=row.confidence,
        gap_class=row.gap_class,
        mmsi=row.mmsi,
        folded=row.folded,
        case=row.case,
        past=row.past,
    )


def watch_answer(picture: WatchPage, lang: str) -> WatchAnswer:
    """The picture as the same rows that the list prints."""
    return WatchAnswer(
        version=picture.version,
        count=len(picture.rows),
        unplaced=sum(row.lat is None or row.lon is None for row in picture.rows),
        marking=marking_answer(picture.marking),
        sources=[SourceAnswer(s.name, s.title, s.clock, s.marking.exercise) for s in picture.sources],
        counts={facet: dict(values) for facet, values in picture.counts.items()},
        rows=[row_answer(row, lang) for row in picture.rows],
    )


def features(page: EventPage | ObjectPage, lang: str) -> dict[str, Any]:
    """What the small map draws: the row itself, and for an event its fixes and tracks ([longitude, latitude])."""
    drawing: dict[str, Any] = {"rows": [msgspec.to_builtins(row_answer(page.row, lang))], "fixes": [], "tracks": []}
    if isinstance(page, EventPage):
        drawing["fixes"] = [
            {"t": dates.iso(f.t), "mmsi": f.mmsi, "at": [f.lon, f.lat], "number": number}
            for number, f in enumerate(page.fixes, start=1)
        ]
        drawing["tracks"] = [{"mmsi": k.mmsi, "line": [[lon, lat] for _, lat, lon in k.points]} for k in page.tracks]
    return drawing
