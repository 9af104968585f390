"""The node as the pages see it: every line is read from the audience's own view rows, made by the one release.

Nothing is decided here. Positions are not objects: whether an audience may see a source's own fixes is asked of the
same policy, as for a track made of that source.
"""

import threading
from collections.abc import Mapping

import msgspec
import orjson
import pyarrow as pa

from prasan.archive.archive import Archive
from prasan.node.desk import Desk as ReleaseDesk
from prasan.node.explaining import explain
from prasan.node.node import Node as OpenNode
from prasan.node.objects import STAFF
from prasan.node.picture import events_by_object
from prasan.node.positions import may_see_positions
from prasan.picture.event import Event
from prasan.picture.marking import PUBLIC, Marking, join_all
from prasan.picture.position import degrees
from prasan.stores.rows import OWN, UserRow
from prasan.web import desk
from prasan.web.credentials import Credentials
from prasan.web.exchange_page import partners_page
from prasan.web.rows import Context, evidence_of, fixes_of, is_vessel, row_of, rule_of, vessel_name
from prasan.words import Message

FACETS = ("source", "kind", "mode", "origin")
_EVENT = msgspec.json.Decoder(Event)


class Seen(msgspec.Struct, frozen=True):
    """Everything one audience may see, at one state of the stores."""

    version: str
    rows: tuple[desk.Row, ...]
    by_id: Mapping[str, desk.Row]
    sources: tuple[desk.SourceNote, ...]


class Office:
    """The node at its desk. Safe to share between threads: what is remembered is replaced whole."""

    def __init__(self, node: OpenNode, credentials: Credentials) -> None:
        self._node, self._credentials = node, credentials
        self._seen: dict[str, Seen] = {}
        self._guard = threading.Lock()

    def node(self) -> desk.Node:
        """Who we are."""
        settings = self._node.settings
        titles = {lang: settings.title(lang) for lang in ("en", "th")}
        return desk.Node(settings.name, titles, settings.country, language=settings.language)

    def authenticate(self, user: str, password: str) -> desk.Session | None:
        """Check a password."""
        return self._session(self._credentials.by_password(user, password))

    def bearer(self, token: str) -> desk.Session | None:
        """Check a bearer token."""
        return self._session(self._credentials.by_token(token))

    def session(self, user: str) -> desk.Session | None:
        """The user as they stand now."""
        return self._session(self._node.store.user(user))

    def _session(self, user: object) -> desk.Session | None:
        if not isinstance(user, UserRow):
            return None
        audience = STAFF if user.role != "partner" else (user.partner or f"user/{user.name}")
        return desk.Session(user.name, user.name, msgspec.convert(user.role, desk.Role), audience)

    def watch(self, audience: str, filters: desk.Filters) -> desk.WatchPage:
        """The picture through the filters."""
        seen = self.seen(audience)
        rows = tuple(row for row in seen.rows if _passes(row, filters))
        return desk.WatchPage(rows, seen.sources, _count(seen.rows), _join(rows), seen.version)

    def row(self, audience: str, object_id: str) -> desk.Row | None:
        """One line of the picture."""
        return self.seen(audience).by_id.get(object_id)

    def event(self, audience: str, event_id: str) -> desk.EventPage | None:
        """One event in full."""
        row = self.row(audience, event_id)
        raw = self._raw(audience, event_id)
        if row is None or raw is None or row.layer != "event":
            return None
        document = orjson.loads(raw)
        notes = tuple(note for note in self.seen(audience).sources if note.name in document.get("sources", []))
        return desk.EventPage(
            row, self._life(row), notes, rule_of(document), evidence_of(document), fixes_of(document), ()
        )

    def object_page(self, audience: str, object_id: str) -> desk.ObjectPage | None:
        """One other object in full: its fields and the very bytes this audience may read."""
        raw = self._raw(audience, object_id)
        row = self.row(audience, object_id)
        if raw is None or row is None:
            return None
        document = orjson.loads(raw)
        fields = tuple((name, _text(value)) for name, value in document.items())
        return desk.ObjectPage(row, fields, self._life(row), (), document.get("content", ""), raw.decode())

    def recipients_of(self, audience: str, object_id: str) -> tuple[desk.Recipient, ...]:
        """Who gets it and why, for our own staff only."""
        if audience != STAFF or self._node.store.object(object_id) is None:
            return ()
        with self._node.store.write() as tx:
            names = [(case.recipient.name, case.recipient) for case in ReleaseDesk(self._node, tx).cases.values()]
        made = []
        for _, one in names:
            told = explain(self._node, object_id, one.id)
            reasons = tuple(Message(reason.code, reason.params) for reason in told.reasons)
            steps = tuple(Message(step.code, step.params) for step in told.steps)
            verdict = msgspec.convert(told.verdict, desk.Verdict)
            again = int(told.recheck_at) if told.recheck_at is not None else None
            made.append(desk.Recipient(one.name, one.kind, verdict, reasons, steps, again))
        return tuple(made)

    def partners(self, audience: str) -> desk.PartnersPage:
        """Partners and logs, for our own staff only."""
        if audience != STAFF:
            return desk.PartnersPage((), None)
        return partners_page(self._node)

    def metrics(self) -> Mapping[str, float]:
        """Gauges without labels: nothing here tells one partner from another."""
        store = self._node.store
        return {
            "prasan_objects": float(store.object_count()),
            "prasan_partners": float(len(store.partners())),
            "prasan_decisions_due": float(len(store.due(self._node.clock.now_us()))),
            "prasan_recalls_overdue": float(len(store.overdue(self._node.clock.now_us()))),
        }

    def seen(self, audience: str) -> Seen:
        """What this audience may see now; made again when anything changed."""
        version = self._version(audience)
        with self._guard:
            kept = self._seen.get(audience)
            if kept is None or kept.version != version:
                kept = self._look(audience, version)
                self._seen[audience] = kept
        return kept

    def _version(self, audience: str) -> str:
        store, place = self._node.store, self._node.store.last_place(audience)
        return f"{place.seq}.{sum(store.view_counts(audience).values())}.{self._archive().stats().batches}"

    def _archive(self) -> Archive:
        return self._node.archive

    def _look(self, audience: str, version: str) -> Seen:
        views = list(self._node.store.current_views(audience, self._node.clock.now_us()))
        origins = self._origins()
        names = dict(vessel_name(view.raw) for view in views if is_vessel(view.id))
        context = Context(names, {})
        rows = [row_of(view.raw, origins.get(view.origin, view.origin), view.sanitised, context) for view in views]
        known = [row for row in rows if row is not None]
        sources = self._notes(audience)
        vessels = _vessels(self._archive(), [note for note in sources if note.last is not None])
        every = sorted([*known, *vessels], key=lambda row: (-row.start, row.id))
        return Seen(version, tuple(every), {row.id: row for row in every}, sources)

    def _origins(self) -> dict[str, str]:
        return {OWN: OWN} | {partner.id: partner.name for partner in self._node.store.partners()}

    def _notes(self, audience: str) -> tuple[desk.SourceNote, ...]:
        """The data sets this audience may see; those without positions have no span."""
        spans = self._archive().sources()
        notes = []
        for name in sorted({*spans, *(one.name for one in self._node.settings.source)}):
            source = self._node.settings.source_for(name)
            span = spans.get(name)
            if not may_see_positions(self._node, audience, source):
                continue
            notes.append(
                desk.SourceNote(
                    name, name, source.clock, source.marking, span.t_min if span else None,
                    span.t_max if span else None, source.licence, source.attribution,
                )
            )  # fmt: skip
        return tuple(notes)

    def _raw(self, audience: str, view_id: str) -> bytes | None:
        found = self._node.store.current_view(audience, view_id, self._node.clock.now_us())
        return found.raw if found else None

    def _life(self, row: desk.Row) -> tuple[desk.Revision, ...]:
        """Every revision of our own event; for what a partner sent, its versions as received."""
        store = self._node.store
        if row.origin == OWN and row.layer == "event":
            event = events_by_object(self._node).get(row.id, "")
            lives = [_EVENT.decode(one.body) for one in store.event_life(event)]
            return tuple(
                desk.Revision(one.revision, one.known_at, one.state, Message(f"life.{one.reason or one.state}"),
                              one.finding.confidence)
                for one in lives
            )  # fmt: skip
        versions = store.object_versions(row.id)
        code = "life.received" if row.origin != OWN else "life.reported"
        return tuple(
            desk.Revision(number, one.received_us // 1_000_000, row.state, Message(code, {"partner": row.origin}))
            for number, one in enumerate(versions, 1)
        )


def _passes(row: desk.Row, filters: desk.Filters) -> bool:
    return (
        filters.source in (None, row.source)
        and filters.kind in (None, row.kind)
        and filters.origin in (None, row.origin)
        and filters.mode in (None, _mode(row))
    )


def _mode(row: desk.Row) -> str:
    return "exercise" if row.marking.exercise else "real"


def _count(rows: tuple[desk.Row, ...]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
    for row in rows:
        values = {"source": row.source, "kind": row.kind, "mode": _mode(row), "origin": row.origin}
        for facet, value in values.items():
            counts[facet][value] = counts[facet].get(value, 0) + 1
    return counts


def _join(rows: tuple[desk.Row, ...]) -> Marking:
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


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
