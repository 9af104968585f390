"""The node as the pages see it: every line is read from the audience's own view rows, made by the one release.

Nothing is decided here. Positions are not objects: whether an audience may see a source's own fixes is asked of the
same policy, as for a track made of that source.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson

from prasan.archive.archive import Archive
from prasan.feeds.reference import read_areas
from prasan.formats.stix_ids import EVENT, type_of
from prasan.node.acts.feedback import Heard, heard_of
from prasan.node.acts.requests import Listed, listed, requests_overdue
from prasan.node.keeping.live_health import Ill, Ward
from prasan.node.keeping.timekeeping import clock_state
from prasan.node.node import Node as OpenNode
from prasan.node.objects import STAFF
from prasan.node.recipients import recipients
from prasan.node.releasing.explaining import explain
from prasan.node.releasing.publish import work_due
from prasan.node.seeing.picture import events_by_object
from prasan.picture.event import Event
from prasan.stores.rows import OWN, CurrentView, UserRow
from prasan.web import desk
from prasan.web.acts import ACTS
from prasan.web.credentials import Credentials
from prasan.web.exchange_page import partners_page, sync_of
from prasan.web.identity_page import identity_of
from prasan.web.interest_values import ListRow, lists_of
from prasan.web.metrics import Family, gauge, node_families
from prasan.web.object_acts import Askable, Doable, Unread, askable, doable, unread_texts
from prasan.web.partner_values import PartnersPage
from prasan.web.rows import Context, evidence_of, fixes_of, plain_row, row_of, rule_of, sentences, vessel_name
from prasan.web.seen import Seen, count, join, look, passes
from prasan.web.track_lines import lines_of
from prasan.web.zones import zones_geojson
from prasan.words import Message

_EVENT = msgspec.json.Decoder(Event)

AT_ONCE = 200
"""Up to so many decisions that are due are made with an act; where more wait, all are left to the node's own round."""
AROUND_S = 3 * 3600
"""How much of a track is shown before and after an event."""


class Office:
    """The node at its desk. Safe to share between threads: what is remembered is replaced whole."""

    def __init__(self, node: OpenNode, credentials: Credentials, ward: Ward | None = None) -> None:
        self._node, self._credentials = node, credentials
        self._ward = ward or Ward(node)
        self._zones: bytes | None = None
        self._seen: dict[str, Seen] = {}
        self._guard = threading.Lock()

    def node(self) -> desk.Node:
        """Who we are."""
        settings = self._node.settings
        titles = {lang: settings.title(lang) for lang in ("en", "th")}
        return desk.Node(settings.name, titles, settings.country, language=settings.language)

    def authenticate(self, user: str, password: str, address: str) -> desk.Session | None:
        """Check a password."""
        return self._session(self._credentials.by_password(user, password, address))

    def bearer(self, token: str) -> desk.Session | None:
        """Check a bearer token."""
        return self._session(self._credentials.by_token(token))

    def session(self, user: str, since: int) -> desk.Session | None:
        """The user as they stand now; a new password or role ends every session begun before it."""
        found = self._node.store.user(user)
        return self._session(found) if found and found.changed_us // 1_000_000 <= since else None

    def _session(self, user: object) -> desk.Session | None:
        if not isinstance(user, UserRow):
            return None
        audience = STAFF if user.role != "partner" else (user.partner or f"user/{user.name}")
        return desk.Session(user.name, user.name, msgspec.convert(user.role, desk.Role), audience)

    def version(self, audience: str) -> str:
        """The place of the audience's order, its rows, and the archive's batches."""
        store, place = self._node.store, self._node.store.last_place(audience)
        return f"{place.seq}.{sum(store.view_counts(audience).values())}.{self._archive().stats().batches}"

    def watch(self, audience: str, filters: desk.Filters) -> desk.WatchPage:
        """The picture through the filters."""
        seen = self.seen(audience)
        rows = tuple(row for row in seen.rows if passes(row, filters))
        return desk.WatchPage(rows, seen.sources, count(seen.rows), join(rows), seen.version)

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
            row, self._life(row), notes, rule_of(document), evidence_of(document), fixes_of(document),
            self._tracks(row, notes), self._case(audience, row), sentences(document.get("evidence") or {})[1:],
        )  # fmt: skip

    def _case(self, audience: str, row: desk.Row) -> tuple[desk.Row, ...]:
        """The other events of the same case, the earliest first."""
        rows = self.seen(audience).rows if row.case else ()
        return tuple(sorted((one for one in rows if one.case == row.case and one.id != row.id), key=lambda r: r.start))

    def _tracks(self, row: desk.Row, notes: tuple[desk.SourceNote, ...]) -> tuple[desk.Track, ...]:
        """The fixes around one of our own events, thinned; only of data sets this audience may see."""
        if row.origin != OWN or not row.mmsi or not notes:
            return ()
        names, end = [note.name for note in notes], row.end or row.start
        fixes = self._archive().read(
            names, list(row.mmsi), row.start - AROUND_S, end + AROUND_S, ["mmsi", "t", "lat", "lon"]
        ).drop_null()  # fmt: skip
        return tuple(track for mmsi in row.mmsi for track in lines_of(fixes, mmsi))

    def object_page(self, audience: str, object_id: str) -> desk.ObjectPage | None:
        """One other object in full: its fields and the very bytes this audience may read."""
        view = self._current(audience, object_id)
        if view is None:
            return None
        row = self.row(audience, object_id) or plain_row(view.raw, self._origin(view), view.sanitised)
        notes = tuple(note for note in self.seen(audience).sources if note.name == row.source)
        document = orjson.loads(view.raw)
        fields = tuple((name, _text(value)) for name, value in document.items())
        return desk.ObjectPage(row, fields, self._life(row), notes, document.get("content", ""), view.raw.decode())

    def _origin(self, view: CurrentView) -> str:
        partner = self._node.store.partner(view.origin)
        return partner.name if partner is not None else view.origin

    def identity(self, audience: str, row: desk.Row) -> tuple[desk.Told, ...]:
        """What a vessel said of itself, to the data sets of its clock."""
        notes = self.seen(audience).sources
        clocks = {note.clock for note in notes if note.name == row.source}
        names = [note.name for note in notes if note.clock in clocks and note.last is not None]
        return identity_of(self._archive(), names, row.mmsi[0]) if row.layer == "vessel" and names else ()

    def recipients_of(self, audience: str, object_id: str) -> tuple[desk.Recipient, ...]:
        """Who gets it and why, for our own staff only."""
        if audience != STAFF or self._node.store.object(object_id) is None:
            return ()
        made = []
        for one in recipients(self._node.store).values():
            told = explain(self._node, object_id, one.id)
            reasons = tuple(Message(reason.code, reason.params) for reason in told.reasons)
            steps = tuple(Message(step.code, step.params) for step in told.steps)
            verdict = msgspec.convert(told.verdict, desk.Verdict)
            again = int(told.recheck_at) if told.recheck_at is not None else None
            made.append(desk.Recipient(one.name, one.kind, verdict, reasons, steps, again, one.id))
        return tuple(made)

    def unread(self, audience: str) -> Unread:
        """Texts that wait to be read, for our own staff only."""
        return unread_texts(self._node) if audience == STAFF else Unread()

    def doable(self, audience: str, object_id: str) -> Doable:
        """What can be done with an object, for our own staff only."""
        return doable(self._node, object_id) if audience == STAFF else Doable()

    def said_of(self, audience: str, object_id: str) -> tuple[Heard, ...]:
        """What was said of an object, as far as this audience may read it."""
        return heard_of(self._node, audience, object_id)

    def requests(self, audience: str) -> Sequence[Listed]:
        """Requests for information, for our own staff only."""
        return listed(self._node, changes=True) if audience == STAFF else ()

    def askable(self, audience: str) -> Askable:
        """Whom we can ask, for our own staff only."""
        return askable(self._node) if audience == STAFF else Askable()

    def interests(self, audience: str) -> Sequence[ListRow]:
        """Lists of vessels of interest, as this audience may read them."""
        return lists_of(self._node, audience)

    def told(self, audience: str, recipient: str, event_id: str) -> tuple[str, desk.EventPage] | None:
        """An event as a recipient holds it, for our own staff only, from nothing but bytes that it can read."""
        one = recipients(self._node.store).get(recipient) if audience == STAFF else None
        held = self._node.store.view(recipient, event_id) if type_of(event_id) == EVENT else None
        found = self._current(recipient, held.view_id) if held is not None else None
        if one is None or found is None:
            return None
        document = orjson.loads(found.raw)
        vessels = (self._raw(recipient, ref) for ref in document.get("vessel_refs", []))
        names = dict(vessel_name(vessel) for vessel in vessels if vessel is not None)
        row = row_of(found.raw, OWN, found.sanitised, Context(names, {}))
        if row is None:
            return None
        told = sentences(document.get("evidence") or {})[1:]
        return one.name, desk.EventPage(
            row, (), (), rule_of(document), evidence_of(document), fixes_of(document), more=told
        )

    def zones(self, audience: str) -> bytes:
        """The zones that the operator watches, for our own staff only; as they were when the node started."""
        if self._zones is None:
            self._zones = zones_geojson(read_areas(self._node.home.areas))
        return self._zones if audience == STAFF else zones_geojson([])

    def partners(self, audience: str) -> PartnersPage:
        """Partners and logs, for our own staff only."""
        if audience != STAFF:
            return PartnersPage((), None)
        return partners_page(self._node)

    def health(self, audience: str) -> desk.HealthPage | None:
        """How the node stands, for our own staff only."""
        if audience != STAFF:
            return None
        clock = clock_state(self._node)
        return desk.HealthPage(self._ward.standing(), sync_of(self._node), clock if clock.stopped else None)

    def act(self, by: str, name: str, subject: str, values: Mapping[str, Any]) -> None:
        """Do what a user asked for, on record with their name."""
        ACTS[name].do(self._node, by, subject, values)
        store = self._node.store
        if store.due_count(self._node.clock.now_us()) <= AT_ONCE and not store.pending():
            work_due(self._node)  # so that the page that it leads back to is there: nothing is shown while it is due

    def ills(self, audience: str) -> tuple[Ill, ...]:
        """What is wrong with the node, for our own staff only."""
        return self._ward.ills() if audience == STAFF else ()

    def metrics(self) -> tuple[Family, ...]:
        """Numbers of the stores and of the standing: nothing here tells one partner from another."""
        store, now_us = self._node.store, self._node.clock.now_us()
        recalls = len(store.overdue(now_us)) + len(store.overdue_in(now_us))
        requests = requests_overdue(self._node)
        return (
            gauge("prasan_objects", "Objects kept.", store.object_count()),
            gauge("prasan_partners", "Partners known.", len(store.partners())),
            gauge("prasan_decisions_due", "Decisions that are due.", store.due_count(now_us)),
            gauge("prasan_recalls_overdue", "Recalls not answered in time, by partners or by us.", recalls),
            gauge("prasan_requests_overdue", "Requests not answered in time, ours and partners'.", requests),
            *node_families(self._ward.standing()),
        )

    def seen(self, audience: str) -> Seen:
        """What this audience may see now; made again when anything changed."""
        version = self.version(audience)
        with self._guard:
            kept = self._seen.get(audience)
            if kept is None or kept.version != version:
                kept = look(self._node, audience, version)
                self._seen[audience] = kept
        return kept

    def _archive(self) -> Archive:
        return self._node.archive

    def _raw(self, audience: str, view_id: str) -> bytes | None:
        found = self._current(audience, view_id)
        return found.raw if found else None

    def _current(self, recipient: str, view_id: str) -> CurrentView | None:
        return self._node.store.current_view(recipient, view_id, self._node.clock.now_us())

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


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
