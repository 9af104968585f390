"""Everything one audience may see, as lines of the picture: its own view rows, and vessels from the archive."""

from collections.abc import Iterable, Mapping

import msgspec
import pyarrow as pa

from prasan.archive.archive import Archive
from prasan.detect.budget import Alert, cases, over_budget
from prasan.node.finding.positions import may_see_positions
from prasan.node.node import Node
from prasan.picture.marking import PUBLIC, Marking, join_all
from prasan.picture.position import degrees
from prasan.stores.rows import OWN
from prasan.web import desk
from prasan.web.rows import Context, is_vessel, row_of, sent_by, vessel_name
from prasan.words import Message

PAST_S = 2 * 86_400
FACETS = ("source", "kind", "mode", "origin")


class Seen(msgspec.Struct, frozen=True):
    """Everything one audience may see, at one state of the stores."""

    version: str
    rows: tuple[desk.Row, ...]
    by_id: Mapping[str, desk.Row]
    sources: tuple[desk.SourceNote, ...]


def look(node: Node, audience: str, version: str) -> Seen:
    """Read the audience's view rows, and the last fixes of the data sets it may see."""
    views = list(node.store.current_views(audience, node.clock.now_us()))
    origins = _origins(node)
    names = dict(vessel_name(view.raw) for view in views if is_vessel(view.id))
    sources = _notes(node, audience)
    context = Context(names, {note.attribution: note.name for note in sources if note.attribution})
    built = set[str]().union(*(node.store.received_built(one.id) for one in node.store.partners()))
    rows = [
        row_of(view.raw, origins.get(view.origin, view.origin), view.sanitised or view.id in built, context)
        for view in views
    ]
    known = mark_past(rank_events([row for row in rows if row is not None]), sources)
    sources += tuple(_sent(known, partner.name) for partner in node.store.partners())
    vessels = _vessels(node.archive, [note for note in sources if note.last is not None])
    every = sorted([*known, *vessels], key=lambda row: (-row.start, row.id))
    return Seen(version, tuple(every), {row.id: row for row in every}, sources)


def rank_events(rows: list[desk.Row]) -> list[desk.Row]:
    """Events with what is over their rule's budget folded, and those that belong together said to."""
    standing = [row for row in rows if row.layer == "event" and row.state != "withdrawn"]
    alerts = [Alert(r.id, r.kind, r.start, r.end, r.mmsi, r.confidence, r.gap_class) for r in standing]
    folded, case = over_budget(alerts), cases(alerts)
    return [
        msgspec.structs.replace(row, folded=row.id in folded, case=case.get(row.id, ""))
        if row.id in folded or row.id in case
        else row
        for row in rows
    ]


def mark_past(rows: list[desk.Row], sources: Iterable[desk.SourceNote]) -> list[desk.Row]:
    """Our own events that ended `PAST_S` before the newest row of their data set, said to be past: late rows made them.

    A day that old is closed (`archive.Tuning.close_days`); what comes for it is backfill.
    """
    newest = {note.name: note.last for note in sources if note.last is not None}
    return [
        msgspec.structs.replace(row, past=True)
        if row.layer == "event" and row.end is not None and row.end < newest.get(row.source, 0) - PAST_S
        else row
        for row in rows
    ]


def _origins(node: Node) -> dict[str, str]:
    return {OWN: OWN} | {partner.id: partner.name for partner in node.store.partners()}


def _notes(node: Node, audience: str) -> tuple[desk.SourceNote, ...]:
    """The data sets this audience may see; those without positions have no span."""
    spans = node.archive.sources()
    notes = []
    for name in sorted({*spans, *(one.name for one in node.settings.source)}):
        source = node.settings.source_for(name)
        span = spans.get(name)
        if not may_see_positions(node, audience, source):
            continue
        notes.append(
            desk.SourceNote(
                name, name, source.clock, source.marking, span.t_min if span else None,
                span.t_max if span else None, source.licence, source.attribution,
            )
        )  # fmt: skip
    return tuple(notes)


def _sent(rows: list[desk.Row], partner: str) -> desk.SourceNote:
    """What a partner sent, as one data set."""
    theirs = [row for row in rows if row.origin == partner]
    first, last = (min(row.start for row in theirs), max(row.start for row in theirs)) if theirs else (None, None)
    return desk.SourceNote(sent_by(partner), sent_by(partner), partner, join(tuple(theirs)), first, last)


def passes(row: desk.Row, filters: desk.Filters) -> bool:
    """True if a line passes every filter."""
    return (
        filters.source in (None, row.source)
        and filters.kind in (None, row.kind)
        and filters.origin in (None, row.origin)
        and filters.mode in (None, _mode(row))
    )


def _mode(row: desk.Row) -> str:
    return "exercise" if row.marking.exercise else "real"


def count(rows: tuple[desk.Row, ...]) -> dict[str, dict[str, int]]:
    """Facet -> value -> lines."""
    counts: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
    for row in rows:
        values = {"source": row.source, "kind": row.kind, "mode": _mode(row), "origin": row.origin}
        for facet, value in values.items():
            counts[facet][value] = counts[facet].get(value, 0) + 1
    return counts


def join(rows: tuple[desk.Row, ...]) -> Marking:
    """The join of the lines' markings."""
    return join_all(list({row.marking for row in rows})) if rows else PUBLIC


def _vessels(archive: Archive, notes: list[desk.SourceNote]) -> list[desk.Row]:
    """The last fix of every vessel of every data set that may be seen."""
    if not notes:
        return []
    by_name = {note.name: note for note in notes}
    latest = archive.latest(list(by_name))
    names = _names(archive.read_statics(list(by_name), columns=["mmsi", "t", "name"]))
    return [_vessel(fix, by_name[fix["source"]], names) for fix in latest.to_pylist() if fix["lat"] is not None]


def _vessel(fix: Mapping[str, object], note: desk.SourceNote, names: Mapping[int, str]) -> desk.Row:
    value = msgspec.convert(fix, _Fix)
    return desk.Row(
        id=f"vessel/{note.name}/{value.mmsi}",
        layer="vessel",
        kind="vessel",
        title=names.get(value.mmsi) or f"MMSI {value.mmsi}",
        state="current",
        start=value.t,
        source=note.name,
        origin=OWN,
        marking=note.marking,
        summary=Message("summary.vessel", {"time": value.t}),
        lat=degrees(value.lat),
        lon=degrees(value.lon),
        course_deg=value.cog / 10 if value.cog is not None else None,
        speed_kn=value.sog / 10 if value.sog is not None else None,
        mmsi=(value.mmsi,),
    )


class _Fix(msgspec.Struct, frozen=True):
    mmsi: int
    t: int
    lat: int
    lon: int
    sog: int | None = None
    cog: int | None = None


def _names(statics: pa.Table) -> dict[int, str]:
    """The last name each MMSI reported."""
    rows = statics.drop_null().sort_by("t").to_pylist()
    return {row["mmsi"]: row["name"] for row in rows}
