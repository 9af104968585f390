"""What the pages need from the node, in the domain's words.

Every row here has already passed through `release` for the caller's audience: a page shows what it is given and never
decides. Values are frozen; times are seconds UTC, places decimal degrees, distances metres. The methods are called
from worker threads, several at a time.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from prasan.node.acts.feedback import Heard
from prasan.node.acts.requests import Listed
from prasan.node.keeping.live_health import Ill, Standing
from prasan.node.keeping.timekeeping import ClockState
from prasan.picture.finding import Confidence, Fix, GapClass, Rule
from prasan.picture.marking import PUBLIC, Marking
from prasan.web.interest_values import ListRow
from prasan.web.metrics import Family
from prasan.web.object_acts import Askable, Doable, Unread
from prasan.web.partner_values import PartnersPage, Synced
from prasan.words import Message

Role = Literal["watch", "analyst", "release", "protection", "admin", "auditor", "partner"]
Layer = Literal["vessel", "incident", "event", "object"]
"""`object`: what has no place, so only a page."""
RowState = Literal["open", "closed", "revised", "withdrawn", "recalled", "current"]
Precision = Literal["second", "minute", "hour", "day", "month", "year"]
Verdict = Literal["release", "sanitise", "withhold"]

OWN = "own"
"""`Filters.origin` and `Row.origin` of what the node itself observed; anything else names a partner."""

GONE: frozenset[str] = frozenset({"withdrawn", "recalled"})
"""States that are shown struck through and kept."""


class Node(msgspec.Struct, frozen=True):
    """The node itself. `offset_min` is the watch room's clock against UTC."""

    name: str
    title: dict[str, str]
    country: str
    offset_min: int = 420
    language: str = "th"


class Session(msgspec.Struct, frozen=True):
    """Who is at the screen. `audience` is the clearance class whose views they read."""

    user: str
    name: str
    role: Role
    audience: str


class Row(msgspec.Struct, frozen=True):
    """One line of the list and one mark on the map.

    `kind` is `vessel`, `incident`, a finding kind or `other`. `title` is a name or, where there is none, a message.
    `radius_m` is the uncertainty of the place, None where it is as exact as its source; `window_min` is how many
    minutes after a rounded time the true one may be. `source` is the data set's name; `origin` is `own` or the partner
    it came from. `folded`: its rule raised more that day than a watch can look into, and others rank higher; `case` is
    the id of the first of the events that belong together, "" if it stands alone. `past`: it ended days before the
    newest data of its source, so that finding or correcting it now raises no alert.
    """

    id: str
    layer: Layer
    kind: str
    title: str | Message
    state: RowState
    start: int
    source: str
    origin: str
    marking: Marking
    summary: Message
    end: int | None = None
    precision: Precision = "second"
    lat: float | None = None
    lon: float | None = None
    radius_m: float | None = None
    window_min: int | None = None
    course_deg: float | None = None
    speed_kn: float | None = None
    sanitised: bool = False
    confidence: Confidence | None = None
    gap_class: GapClass | None = None
    mmsi: tuple[int, ...] = ()
    folded: bool = False
    case: str = ""
    past: bool = False


class SourceNote(msgspec.Struct, frozen=True):
    """A data set and the clock it is played at. `first` and `last` are the span of its rows."""

    name: str
    title: str
    clock: str
    marking: Marking
    first: int | None = None
    last: int | None = None
    licence: str = ""
    attribution: str = ""


class Filters(msgspec.Struct, frozen=True):
    """What the watch officer asked to see. None is "any"; several filters must all hold."""

    source: str | None = None
    kind: str | None = None
    mode: Literal["real", "exercise"] | None = None
    origin: str | None = None


class WatchPage(msgspec.Struct, frozen=True):
    """The rows that pass the filters and what the filters offer.

    `counts` is facet -> value -> rows over everything this audience may see, for the facets `source`, `kind`, `mode`
    and `origin`. `marking` is the join of the rows' markings. `version` changes whenever anything here does.
    """

    rows: tuple[Row, ...]
    sources: tuple[SourceNote, ...]
    counts: Mapping[str, Mapping[str, int]]
    marking: Marking = PUBLIC
    version: str = ""


class Revision(msgspec.Struct, frozen=True):
    """One step in the life of an object."""

    number: int
    at: int
    state: RowState
    reason: Message
    confidence: Confidence | None = None


class Track(msgspec.Struct, frozen=True):
    """A vessel's fixes near the event, oldest first, for the small map. `points` are (t, lat, lon)."""

    mmsi: int
    points: tuple[tuple[int, float, float], ...]


class EventPage(msgspec.Struct, frozen=True):
    """Everything about one event, and the others of its case. A sanitised event has no rule, evidence or fixes.

    `more` are the sentences that follow the row's own: what speaks for it, and what limits it.
    """

    row: Row
    life: tuple[Revision, ...]
    sources: tuple[SourceNote, ...]
    rule: Rule | None = None
    evidence: Mapping[str, Any] = {}
    fixes: tuple[Fix, ...] = ()
    tracks: tuple[Track, ...] = ()
    case: tuple[Row, ...] = ()
    more: tuple[Message, ...] = ()


class ToldValue(msgspec.Struct, frozen=True):
    """A value that a vessel gave: first and last time, in how many six-minute turns, and to which data sets."""

    text: str
    first: int
    last: int
    count: int
    sources: tuple[str, ...]


class Told(msgspec.Struct, frozen=True):
    """One field of a vessel's identity, the value said last on top. `disputed`: the sources do not agree today."""

    field: str
    values: tuple[ToldValue, ...]
    disputed: bool


class ObjectPage(msgspec.Struct, frozen=True):
    """An incident, a vessel or any other object: its fields in order and the bytes this audience may read.

    `identity` is what a vessel said of itself.
    """

    row: Row
    fields: tuple[tuple[str, str | Message], ...]
    life: tuple[Revision, ...]
    sources: tuple[SourceNote, ...]
    text: str = ""
    raw: str = ""
    identity: tuple[Told, ...] = ()


class Recipient(msgspec.Struct, frozen=True):
    """One recipient's verdict on one object, with its reasons. `recheck_at` is when it is decided anew.

    `id` is the recipient's own, for addresses; `name` is what people call it.
    """

    name: str
    sort: Literal["partner", "class", "public"]
    verdict: Verdict
    reasons: tuple[Message, ...]
    steps: tuple[Message, ...] = ()
    recheck_at: int | None = None
    id: str = ""


class HealthPage(msgspec.Struct, frozen=True):
    """How the node stands, and the exchange with each partner: name, last pull and what went wrong with it.

    `clock` is how the clock stands while it stops release.
    """

    standing: Standing
    sync: tuple[tuple[str, Synced], ...] = ()
    clock: ClockState | None = None


class Desk(Protocol):
    """The node, as the pages see it. An id that this audience may not see is answered like one that does not exist."""

    def node(self) -> Node:
        """Who we are."""

    def authenticate(self, user: str, password: str, address: str) -> Session | None:
        """Check a password sent from an address; None if it or the user is wrong. TooSoon after too many wrong ones."""

    def bearer(self, token: str) -> Session | None:
        """Check a bearer token."""

    def session(self, user: str, since: int) -> Session | None:
        """The user as they stand now; None once removed, or changed after they signed in (seconds UTC)."""

    def version(self, audience: str) -> str:
        """Another text whenever anything in this audience's picture has changed; cheap to ask."""

    def watch(self, audience: str, filters: Filters) -> WatchPage:
        """The picture."""

    def row(self, audience: str, object_id: str) -> Row | None:
        """One line of the picture."""

    def event(self, audience: str, event_id: str) -> EventPage | None:
        """One event in full."""

    def object_page(self, audience: str, object_id: str) -> ObjectPage | None:
        """One other object in full."""

    def identity(self, audience: str, row: Row) -> tuple[Told, ...]:
        """What a vessel of the picture said of itself, as the data sets that this audience may see heard it."""

    def recipients_of(self, audience: str, object_id: str) -> tuple[Recipient, ...]:
        """Who gets it and why; empty where this audience may not know."""

    def unread(self, audience: str) -> Unread:
        """Texts that an officer has to read before they may go out, for our own staff only."""

    def doable(self, audience: str, object_id: str) -> Doable:
        """What our own staff can do with an object; nothing where this audience may not know."""

    def said_of(self, audience: str, object_id: str) -> tuple[Heard, ...]:
        """What we and partners have said of an object; empty where this audience may not know."""

    def requests(self, audience: str) -> Sequence[Listed]:
        """Requests for information with their changes, for our own staff only."""

    def askable(self, audience: str) -> Askable:
        """Whom our own staff can ask, and for what purposes."""

    def interests(self, audience: str) -> Sequence[ListRow]:
        """Lists of vessels of interest, as this audience may read them."""

    def told(self, audience: str, recipient: str, event_id: str) -> tuple[str, EventPage] | None:
        """An event as a recipient (by id) holds it now, and its name; None where this audience may not know."""

    def zones(self, audience: str) -> bytes:
        """The zones that the operator watches, as GeoJSON; none for anybody but our own staff."""

    def partners(self, audience: str) -> PartnersPage:
        """Partners and logs."""

    def health(self, audience: str) -> HealthPage | None:
        """How the node stands, for our own staff only."""

    def ills(self, audience: str) -> tuple[Ill, ...]:
        """What is wrong with the node, for our own staff only; cheap to ask."""

    def act(self, by: str, name: str, subject: str, values: Mapping[str, Any]) -> None:
        """Do what a user asked for on a page (`acts.ACTS`), on record with their name. PrasanError says why not."""

    def metrics(self) -> tuple[Family, ...]:
        """What `/metrics` says; nothing in it tells one partner from another."""
