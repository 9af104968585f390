"""A desk in memory: the pages' tests read it as they will read a node. Exercise names and numbers, no real ship."""
# ruff: noqa: E501 - tables of values

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from prasan.feeds.live import Health
from prasan.formats.ais_batch import Counts
from prasan.formats.geojson import Drawing
from prasan.node.acts.feedback import Heard
from prasan.node.acts.requests import ChangeTold, Listed, Subject
from prasan.node.keeping.live_health import Archive, Ill, Standing
from prasan.node.seeing.live_pace import Lag
from prasan.picture.finding import Fix, Rule
from prasan.picture.marking import Marking, Tlp, join_all
from prasan.web.desk import (
    EventPage,
    Filters,
    HealthPage,
    Node,
    ObjectPage,
    Recipient,
    Revision,
    Role,
    Row,
    Session,
    SourceNote,
    Told,
    ToldValue,
    Track,
    WatchPage,
)
from prasan.web.guessing import TooSoon
from prasan.web.interest_values import ListRow, Vessel
from prasan.web.metrics import Family, gauge, node_families
from prasan.web.object_acts import Askable, Doable, Unread
from prasan.web.partner_values import Checkpoint, Consent, Partner, PartnersPage, Recall, Synced
from prasan.web.zones import zones_geojson
from prasan.words import Message

NOW = 1_795_345_200  # 2026-11-22T11:00:00Z
HOUR = 3600
EXERCISE = Marking(tlp=Tlp.AMBER, exercise=True)
GREEN = Marking(tlp=Tlp.GREEN)
CLEAR = Marking()

AMSA_DAY = 1_327_622_400  # 2012-01-27
SOURCES = (
    SourceNote("exercise-gulf", "Exercise Gulf", "2026-11-22 exercise", EXERCISE, attribution="Prasan"),
    SourceNote(
        "amsa",
        "AMSA",
        "2012-01-27 AMSA",
        CLEAR,
        licence="CC BY 4.0",
        attribution="Australian Maritime Safety Authority",
    ),
    SourceNote("piracy", "Crime at Sea", "1993-2015", GREEN, licence="CC BY 4.0", attribution="Benden et al. 2021"),
)

GAP = "prasan-maritime-event--0b1c2d3e-0001-4000-8000-000000000001"
MEETING = "prasan-maritime-event--0b1c2d3e-0002-4000-8000-000000000002"
TWINS = "prasan-maritime-event--0b1c2d3e-0003-4000-8000-000000000003"
JUMP = "prasan-maritime-event--0b1c2d3e-0004-4000-8000-000000000004"
INVALID = "prasan-maritime-event--0b1c2d3e-0005-4000-8000-000000000005"
COARSE = "prasan-maritime-event--0b1c2d3e-0006-4000-8000-000000000006"
RECALLED = "prasan-maritime-event--0b1c2d3e-0007-4000-8000-000000000007"
TOLD = "prasan-maritime-event--0b1c2d3e-0009-4000-8000-000000000009"
UNPLACED = "incident--0b1c2d3e-0008-4000-8000-000000000008"

GAP_EVIDENCE = {
    "codes": ["gap_closed"],
    "before_count": 14,
    "before_h": 2.2,
    "last_sog_kn": 8.4,
    "hours": 9.3,
    "distance_km": 61.2,
    "implied_kn": 3.6,
}
MEETING_EVIDENCE = {
    "codes": ["encounter"],
    "distance_m": 84,
    "closest_m": 31,
    "speed_kn": 0.7,
    "port_km": None,
    "slots_count": 20,
    "slots_inferred": 0,
    "hours": 3.2,
}


def _event(object_id: str, kind: str, title: str | Message, start: int, place: tuple[float, float], **more: Any) -> Row:
    known: dict[str, Any] = {"state": "closed", "source": "exercise-gulf", "origin": "own", "marking": EXERCISE}
    known |= {"confidence": "medium", "lat": place[0], "lon": place[1]} | more
    return Row(id=object_id, layer="event", kind=kind, title=title, start=start, **known)


EVENTS = (
    _event(GAP, "gap", "EXERCISE SAMUT 7", NOW - 12 * HOUR, (9.42, 101.18), summary=Message("finding.gap_closed", GAP_EVIDENCE), end=NOW - 3 * HOUR, confidence="low", gap_class="unknown", mmsi=(567999001,)),
    _event(MEETING, "encounter", "EXERCISE PAYU · EXERCISE NARAI", NOW - 15 * HOUR, (8.05, 97.2), summary=Message("finding.encounter", MEETING_EVIDENCE), end=NOW - 11 * HOUR, confidence="high", mmsi=(567999002, 567999003)),
    _event(COARSE, "gap", Message("kind.gap"), NOW - 20 * HOUR, (6.75, 99.25), summary=Message("finding.sanitised"), state="open", origin="us-mo", sanitised=True, radius_m=39_000.0, confidence="medium", gap_class="unknown"),
    _event(RECALLED, "encounter", "EXERCISE TIDE", NOW - 30 * HOUR, (11.9, 100.4), summary=Message("life.recalled", {"partner": "us-mo"}), state="recalled", origin="us-mo"),
    _event(INVALID, "invalid_identity", "MMSI 100000001", AMSA_DAY + 2 * HOUR, (-33.9, 151.6), summary=Message("finding.mmsi_form", {"mmsi": 100000001}), source="amsa", marking=CLEAR, confidence="high", mmsi=(100000001,)),
    _event(TWINS, "duplicate_identity", "MMSI 503999004", AMSA_DAY + HOUR, (-20.1, 118.2), summary=Message("finding.duplicate_identity", {"emitters_count": 2, "switches_count": 41, "hours": 5.5, "distance_km": 2140.2, "implied_kn": 4100.0}), source="amsa", marking=CLEAR, mmsi=(503999004,)),
    _event(JUMP, "speed_jump", "MMSI 503999005", AMSA_DAY, (-38.4, 144.9), summary=Message("finding.speed_jump", {"jumps_count": 2, "distance_km": 310.0, "implied_kn": 640.0}), state="withdrawn", source="amsa", marking=CLEAR, confidence="low", mmsi=(503999005,)),
)  # fmt: skip


ATTACKS = ("boarded", "attempted", "hijacked")


def _incident(number: int) -> Row:
    angle = number * 2.399963
    reach = 0.25 + math.sqrt(number) * 0.42
    center = (3.0, 100.8) if number % 3 else (13.0, 48.5)
    return Row(
        id=f"incident--1b1c2d3e-0000-4000-8000-{number:012d}",
        layer="incident",
        kind="incident",
        title=Message(f"attack.{ATTACKS[number % 3]}"),
        state="current",
        start=1_420_000_000 - number * 86_400 * 19,
        source="piracy",
        origin="own",
        marking=GREEN,
        summary=Message(
            "summary.incident",
            {"attack": Message(f"attack.{ATTACKS[number % 3]}"), "status": Message("status.steaming")},
        ),
        precision="day",
        lat=center[0] + reach * math.sin(angle) * 0.45,
        lon=center[1] + reach * math.cos(angle) * 0.8,
    )


INCIDENTS = (
    *(_incident(number) for number in range(60)),
    Row(
        id=UNPLACED,
        layer="incident",
        kind="incident",
        title=Message("attack.suspicious"),
        state="current",
        start=1_300_000_000,
        source="piracy",
        origin="own",
        marking=GREEN,
        summary=Message("summary.incident_bare", {"attack": Message("attack.suspicious")}),
        precision="day",
    ),
)


def _vessel(number: int) -> Row:
    exercise = number % 2 == 0
    lat, lon = (
        (9.0 + (number * 37 % 60) / 20, 99.6 + (number * 53 % 50) / 20)
        if exercise
        else (-36 + (number * 37 % 200) / 10, 113 + (number * 53 % 42))
    )
    return Row(
        id=f"vessel/{'exercise-gulf' if exercise else 'amsa'}/{567998000 + number}",
        layer="vessel",
        kind="vessel",
        title=f"EXERCISE {number:03d}" if exercise else f"MMSI 503998{number:03d}",
        state="current",
        start=NOW - number * 60 if exercise else AMSA_DAY + number * 60,
        source="exercise-gulf" if exercise else "amsa",
        origin="own",
        marking=EXERCISE if exercise else CLEAR,
        summary=Message("summary.vessel", {"time": NOW}),
        lat=lat,
        lon=lon,
        course_deg=None if number % 7 == 0 else float(number * 29 % 360),
        speed_kn=float(number % 15),
        mmsi=(567998000 + number,),
    )


VESSELS = tuple(_vessel(number) for number in range(240))
ROWS = (*EVENTS, *INCIDENTS, *VESSELS)

RULE = Rule(
    "gap",
    1,
    "prasan",
    {"min_h": 6, "before_count": 14, "before_h": 12},
    ("class is always unknown: reception is not yet measured",),
)
FIXES = (
    Fix(NOW - 12 * HOUR, 567999001, 9.42, 101.18, 8.4, 131.0, "exercise-gulf"),
    Fix(NOW - 3 * HOUR + 1080, 567999001, 9.05, 101.6, 7.9, 118.0, "exercise-gulf"),
)
TRACK = Track(567999001, tuple((NOW - 14 * HOUR + 600 * k, 9.75 - 0.0275 * k, 100.9 + 0.0233 * k) for k in range(13)))
LIFE = (
    Revision(1, NOW - 6 * HOUR, "open", Message("life.opened"), "low"),
    Revision(2, NOW - 3 * HOUR, "closed", Message("life.closed"), "low"),
)
RECIPIENTS = (
    Recipient("us-mo", "partner", "sanitise", (Message("decision.rule_sanitises", {"rule": "dark-periods-coarse"}),), (Message("step.place_deg", {"place_deg": 0.5}), Message("step.time_min", {"time_min": 360}), Message("step.drop.identity"), Message("step.again_min", {"again_min": 60})), NOW + 40 * 86_400),
    Recipient("staff", "class", "release", (Message("decision.rule_releases", {"rule": "own-staff"}),)),
    Recipient("public", "public", "withhold", (Message("decision.tlp_above", {"tlp": "TLP:AMBER", "highest": "TLP:CLEAR"}), Message("decision.no_rule"))),
    Recipient("sg-mc", "partner", "withhold", (Message("decision.source_terms"), Message("decision.told_instead", {"id": TOLD})), id="identity--us"),
)  # fmt: skip

LATE = Recall(
    GAP, Message("kind.gap"), NOW - 72 * HOUR, NOW - 24 * HOUR, "overdue", NOW - 70 * HOUR, onward=2, partner="us-mo"
)
ASK = Consent(
    "prasan-consent--0b1c2d3e-0001-4000-8000-00000000a5c1", "theirs", "us-mo", f"/events/{MEETING}", Message("kind.encounter"), "asked",
    ("my-mc",), Message("purpose.maritime_security"), NOW + 240 * HOUR, True, NOW - HOUR,
)  # fmt: skip
GIVEN = msgspec.structs.replace(
    ASK, id=ASK.id[:-4] + "b6d2", standing="given", one_version=False,
    steps=(Message("step.place_deg", {"place_deg": 0.5}), Message("step.drop.identity")),
)  # fmt: skip
REFUSED = msgspec.structs.replace(ASK, side="ours", standing="refused", reason="Not while the case is open.")
PARTNER = Partner(
    name="us-mo", country="US", mode="exercise", standing="active",
    fingerprint="3q2-7wEX1m2n5J0aQ9rKxWm1s8oQZ4vYF0T7u6b5cDk",
    sync=Synced(NOW - 95), released=412, sanitised=3, withheld={"rule_withholds": 2, "no_rule": 17, "tlp_above": 1}, received=6,
    quarantined={"wrong_hash": 1}, recalls=(Recall(MEETING, "EXERCISE PAYU · EXERCISE NARAI", NOW - 2 * HOUR, NOW + 46 * HOUR, "answered", NOW - HOUR), Recall(COARSE, Message("kind.gap"), NOW - 600, NOW + 47 * HOUR, "pending"), LATE),
    recalls_in=(Recall(JUMP, "speed jump", NOW - 7200, NOW + 3600, "onward", NOW - 7000, "The place was rounded wrongly.", onward=1, to_look_at=3, sent=False),),
    consents=(ASK, GIVEN, REFUSED),
    checkpoint=Checkpoint("prasan/identity--1/us-mo", 441, "9a3c8f5b1e2d7a6c4b3f2e1d0c9b8a7f6e5d4c3b2a190807060504030201a0b1", NOW - 90),
)  # fmt: skip

FEED = Health(
    "udp://0.0.0.0:10110", "own-receiver", NOW - HOUR, "connected", counts=Counts(1000, 940, {"checksum": 50, "other_type": 10}),
    stored=930, last_kept=NOW - 660.0, last_row_t=NOW - 661, lag_s=1.5, kernel_drops=7,
)  # fmt: skip
STANDING = Standing(
    NOW, ((FEED, ("feed_silent",)),), Archive(1_234_567, 9_000_000, 4_321, 2, 30, 50 << 30),
    (Lag("stored", 1.2, 0.0), Lag("detected", 8.0, 130.0), Lag("published", None, 0.0), Lag("decided", 0.4, 0.0)),
    (Ill("feed_silent", {"feed": FEED.feed, "silent_min": 11}, NOW - 660), Ill("behind", {"stage": "detected", "minutes": 2}),
     Ill("recalls_overdue", {"number": 1})),
)  # fmt: skip

ROLES: tuple[Role, ...] = ("watch", "analyst", "release", "protection", "admin", "auditor")
PASSWORDS = {"ploy": "correct horse", "us-reader": "partner horse", "chai": "battery staple"}
SESSIONS: dict[str, Session] = {
    **{role: Session(role, role, role, "staff") for role in ROLES},
    "ploy": Session("ploy", "Ploy (exercise)", "release", "staff"),
    "chai": Session("chai", "Chai (exercise)", "admin", "staff"),
    "us-reader": Session("us-reader", "us-mo", "partner", "us-mo"),
}
TOKENS: dict[str, str] = {"good-token": "ploy", **{f"{role}-token": role for role in ROLES}}


def _passes(row: Row, filters: Filters) -> bool:
    mode = "exercise" if row.marking.exercise else "real"
    pairs = ((filters.source, row.source), (filters.kind, row.kind), (filters.mode, mode), (filters.origin, row.origin))
    return all(wish is None or wish == value for wish, value in pairs)


HEARD = (
    Heard("opinion--1", "opinion", "us-mo", "", "disagree", "Our radar had her.", NOW - 60),
    Heard("note--1", "note", "", "", "", "Seen by patrol.", NOW - 50),
    Heard("sighting--1", "sighting", "my-mc", "us-mo", "", "", NOW - 40, NOW - 500, NOW - 400, 3),
)
_ASKED = Listed(
    "prasan-information-request--0b1c2d3e-0001-4000-8000-00000000000a", "theirs", "us-mo", "received", True,
    "immediate", "maritime_security", "2026-11-22T10:00:00.000Z", "2026-11-21T10:00:00.000Z",
    "2026-11-21T10:00:00.000Z", "Who is she?", (Subject(GAP, True), Subject("tool--1", False)), ("accept", "refuse"),
    (ChangeTold("aaaaaaaaaaaa", 0, "us-mo", "sent", "2026-11-21T10:00:00.000Z", "Who is she?"),),
)  # fmt: skip
LISTS = (
    ListRow("grouping--0b1c2d3e-0001-4000-8000-00000000000a", "november watch", "us-mo", "suspicious-activity", (
        Vessel("prasan-vessel--1", 567000001, None, "SEA LARK", (HEARD[2],)),
        Vessel("prasan-vessel--2", None, 9074729, ""),
    ), GREEN),
    ListRow("grouping--0b1c2d3e-0001-4000-8000-00000000000b", "ours", "", "unspecified"),
)  # fmt: skip
REQUESTS = (
    _ASKED,
    msgspec.structs.replace(
        _ASKED, id=_ASKED.id[:-1] + "b", side="ours", standing="conflict", ours=("settle",), changes=(
            ChangeTold("bbbbbbbbbbbb", 3, "us", "closed", "2026-11-21T10:00:00.000Z", end=True),
            ChangeTold("cccccccccccc", 3, "us-mo", "accepted", "2026-11-21T10:00:00.000Z", end=True),
        )),
    msgspec.structs.replace(
        _ASKED, id=_ASKED.id[:-1] + "c", side="ours", standing="rated", overdue=False, ours=(), changes=(
            ChangeTold("dddddddddddd", 3, "us", "rated", "2026-11-21T10:00:00.000Z", rating=4),
            ChangeTold("eeeeeeeeeeee", 3, "us", "accepted", "2026-11-21T10:00:00.000Z", aside=True),
        )),
    msgspec.structs.replace(_ASKED, id=_ASKED.id[:-1] + "d", side="ours", ours=("close",), overdue=False),
)  # fmt: skip


DOABLE = Doable(True, "us-mo", ("my-mc",), ("maritime_security", "safety"))


class MemoryDesk:
    """`Desk` over the values above."""

    def __init__(self) -> None:
        self.generation = "1"
        self.rows = ROWS
        self.acted = list[tuple[str, str, str, dict[str, Any]]]()

    def node(self) -> Node:
        return Node("th-mc", {"en": "Thai Maritime Centre (exercise)", "th": "ศูนย์ข่าวสารทางทะเลไทย (การฝึก)"}, "TH")

    def authenticate(self, user: str, password: str, address: str) -> Session | None:
        if user == "guessed":
            raise TooSoon(7)
        return SESSIONS.get(user) if password and PASSWORDS.get(user) == password else None

    def bearer(self, token: str) -> Session | None:
        return SESSIONS.get(TOKENS.get(token, ""))

    def session(self, user: str, since: int) -> Session | None:
        return SESSIONS.get(user)

    def version(self, audience: str) -> str:
        return self.generation

    def watch(self, audience: str, filters: Filters) -> WatchPage:
        rows = tuple(row for row in self.rows if _passes(row, filters))
        counts = {
            "source": Counter(row.source for row in ROWS),
            "kind": Counter(row.kind for row in ROWS),
            "mode": Counter("exercise" if row.marking.exercise else "real" for row in ROWS),
            "origin": Counter(row.origin for row in ROWS),
        }
        return WatchPage(rows, SOURCES, counts, join_all([row.marking for row in rows]), self.generation)

    def row(self, audience: str, object_id: str) -> Row | None:
        return next((row for row in ROWS if row.id == object_id), None)

    def event(self, audience: str, event_id: str) -> EventPage | None:
        row = next((row for row in EVENTS if row.id == event_id), None)
        if row is None:
            return None
        sources = tuple(source for source in SOURCES if source.name == row.source)
        if row.sanitised:
            return EventPage(
                row, (Revision(1, NOW - HOUR, "open", Message("life.received", {"partner": row.origin})),), sources
            )
        return EventPage(row, LIFE, sources, RULE, GAP_EVIDENCE, FIXES, (TRACK,))

    def object_page(self, audience: str, object_id: str) -> ObjectPage | None:
        row = self.row(audience, object_id)
        if row is None or row.layer != "incident":
            return None
        sources = tuple(source for source in SOURCES if source.name == row.source)
        fields = (
            ("attack_type", Message("attack.boarded")),
            ("vessel_status", Message("status.steaming")),
            ("country", "IDN"),
        )
        life = (Revision(1, row.start, "current", Message("life.reported")),)
        return ObjectPage(row, fields, life, sources, raw='{"type": "incident"}')

    def identity(self, audience: str, row: Row) -> tuple[Told, ...]:
        first, last = row.start - 86_400, row.start
        names = (
            ToldValue(str(row.title), first + 3600, last, 12, ("amsa",)),
            ToldValue("EXERCISE OLD", first, last - 60, 3, ("coast",)),
        )
        return Told("name", names, True), Told("draught", (ToldValue("4.5", first, last, 9, ("amsa",)),), False)

    def recipients_of(self, audience: str, object_id: str) -> tuple[Recipient, ...]:
        return RECIPIENTS if object_id != COARSE else ()

    def unread(self, audience: str) -> Unread:
        return Unread()

    def doable(self, audience: str, object_id: str) -> Doable:
        return DOABLE if object_id == COARSE else Doable()

    def said_of(self, audience: str, object_id: str) -> tuple[Heard, ...]:
        return HEARD if object_id == GAP else ()

    def requests(self, audience: str) -> tuple[Listed, ...]:
        return REQUESTS

    def askable(self, audience: str) -> Askable:
        return Askable(("us-mo", "my-mc"), ("maritime_security", "safety"))

    def interests(self, audience: str) -> tuple[ListRow, ...]:
        return LISTS

    def told(self, audience: str, recipient: str, event_id: str) -> tuple[str, EventPage] | None:
        if (audience, recipient, event_id) != ("staff", "identity--us", TOLD):
            return None
        row = msgspec.structs.replace(next(row for row in EVENTS if row.id == GAP), id=TOLD)
        return "us-mo", EventPage(row, (), (), RULE, GAP_EVIDENCE, FIXES)

    def zones(self, audience: str) -> bytes:
        ring = [[101.0, 9.0], [101.6, 9.0], [101.6, 9.6], [101.0, 9.0]]
        return zones_geojson([Drawing([("EX RESERVE", [[ring]])], [(9.0, 101.0)])])

    def partners(self, audience: str) -> PartnersPage:
        log = Checkpoint(
            "prasan/identity--1/node",
            1204,
            "4f5e6d7c8b9a0a1b2c3d4e5f60718293a4b5c6d7e8f9012345678abcdef01234",
            NOW - 30,
        )
        return PartnersPage((PARTNER,), log, EXERCISE, late=(LATE,), asks=(ASK,))

    def health(self, audience: str) -> HealthPage | None:
        return HealthPage(STANDING, (("us-mo", Synced(NOW - 95, "Connection refused", "unreachable")),))

    def ills(self, audience: str) -> tuple[Ill, ...]:
        return STANDING.ills

    def act(self, by: str, name: str, subject: str, values: Mapping[str, Any]) -> None:
        self.acted.append((by, name, subject, dict(values)))

    def metrics(self) -> tuple[Family, ...]:
        return (gauge("prasan_objects", "Objects kept.", float(len(ROWS))), *node_families(STANDING))
