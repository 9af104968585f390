"""A real node in a folder, with a clock that stands still and randomness by purpose; partners with real keys.

The stores of the node lie on a memory disk where there is one, and do not wait for a disk: no test here cuts power.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from accord_text import accord_text
from partner import START_US, Partner
from prasan.exchange import door as peer_door
from prasan.exchange import taxii
from prasan.exchange.accords import countersign
from prasan.exchange.asks import Ask
from prasan.exchange.http import Request, Response
from prasan.exchange.jws import thumbprint
from prasan.exchange.lanes import Caller
from prasan.exchange.peer import Claims, authorization, body_hash
from prasan.formats.stix import format_time, peek
from prasan.formats.stix_build import (
    Stamp,
    Vessel,
    common,
    encode,
    event_id,
    event_object,
    incident_object,
    vessel_object,
)
from prasan.formats.stix_ids import EVENT, VESSEL, object_id
from prasan.node.clock import Clock
from prasan.node.keeping.founding import found
from prasan.node.lines.doors import PeerDesk, door, doorkeeper, shelf
from prasan.node.node import Node
from prasan.node.objects import ANY_USE, Kept, keep_own, object_row, put
from prasan.node.partners.partnering import accept_accord, add_partner, own_card, propose_accord
from prasan.node.settings import Settings
from prasan.picture.event import Event
from prasan.picture.finding import Finding, Fix, Rule
from prasan.picture.incident import Incident
from prasan.picture.marking import PUBLIC, Marking, Tlp
from prasan.picture.source import Terms
from prasan.release.accord import Accord, Onward
from prasan.release.facts import content_of
from prasan.stores.rows import ViewRow

AMBER = Marking(tlp=Tlp.AMBER)
HOUR_US = 3_600_000_000
STAFF_RULE = '[[rule]]\nid = "staff"\nto = ["class:staff"]\nthen = "release"\n'


class Hands:
    """What moves a node's clock, and where its randomness comes from: for each purpose a row of its own."""

    def __init__(self, seed: str = "node", now_us: int = START_US) -> None:
        self.seed, self.first_us = seed, now_us
        self.start()
        self.clock = Clock(now_us=lambda: self.now_us, entropy=self.entropy)

    def start(self) -> None:
        """From the beginning again."""
        self.now_us = self.first_us
        self.drawn: Counter[str] = Counter()

    def entropy(self, count: int, purpose: str) -> bytes:
        self.drawn[purpose] += 1
        return sha256(f"{self.seed}/{purpose}/{self.drawn[purpose]}".encode()).digest()[:count]


def uuid_of(text: str) -> str:
    return str(UUID(bytes=sha256(text.encode()).digest()[:16], version=4))


def new_home(folder: Path, name: str = "th-mc", hands: Hands | None = None) -> Path:
    """A founded home, closed again."""
    settings = Settings(name=name, id=f"identity--{uuid_of(name)}", country="TH", title_en="Thai Centre")
    found(folder / f"{name}-home", settings, (hands or Hands()).clock)
    return folder / f"{name}-home"


class Kit:
    """A node, its hands, and what a test does to it."""

    def __init__(self, home: Path, hands: Hands | None = None) -> None:
        self.hands = hands or Hands()
        self.node = Node(home, self.hands.clock, at=lambda _: None)
        self.id, self.name = self.node.id, self.node.settings.name

    @property
    def print(self) -> str:
        """The fingerprint of the key that it has now."""
        return thumbprint(self.node.key.public_key())

    def close(self) -> None:
        self.node.close()

    def wait(self, hours: float) -> None:
        self.hands.now_us += int(hours * HOUR_US)

    # Partners

    def meet(self, partner: Partner) -> None:
        add_partner(self.node, partner.card(), partner.print)
        partner.meet(own_card(self.node))

    def agree(self, partner: Partner, **terms: Any) -> Accord:
        """Meet, and put an accord on these terms in force on both sides."""
        self.meet(partner)
        keys = {partner.print: partner.key.public_key(), self.print: self.node.key.public_key()}
        signed = countersign(propose_accord(self.node, accord_text(self, partner, **terms)), partner.key, keys)
        _, found_accord = accept_accord(self.node, signed)
        partner.adopt(signed)
        return found_accord.accord

    # Objects

    def keep(self, raw: bytes, marking: Marking, terms: Terms = ANY_USE) -> str:
        """One of our own objects, its times set by the node; its id."""
        document = orjson.loads(raw)

        def build(stamp: Stamp) -> bytes:
            times = {"created": format_time(stamp.created), "modified": format_time(stamp.modified)}
            return orjson.dumps(document | times)

        with self.node.store.write() as tx:
            keep_own(self.node, tx, document["id"], build, marking, terms)
        return str(document["id"])

    def vessel(self, mmsi: int, marking: Marking = AMBER, terms: Terms = ANY_USE, **more: Any) -> str:
        known = Vessel(mmsi, 9074729, f"SEA {mmsi}", f"HS{mmsi}", "TH", 70, Fix(1_700_000_000, mmsi, 9.1, 100.5))
        return self.keep(_with(vessel_object(known, self.stamp(), marking), more), marking, terms)

    def event(
        self,
        key: str,
        kind: str = "gap",
        marking: Marking = AMBER,
        terms: Terms = ANY_USE,
        *,
        vessels: Sequence[str] = (),
        **more: Any,
    ) -> str:
        """An event; `more` is added to its properties as they are."""
        place = {name: more.pop(name) for name in ("lat", "lon") if name in more}
        raw = event_object(event_value(key, kind, marking, **place), vessels, self.stamp())
        return self.keep(_with(raw, more), marking, terms)

    def incident(self, key: str, marking: Marking = AMBER, terms: Terms = ANY_USE, **more: Any) -> str:
        report = Incident(key, 1_000_000_000, "day", 3.25, 100.75, "boarded", "anchored", "tanker", "IDN", "imb")
        return self.keep(_with(incident_object(report, self.stamp(), marking), more), marking, terms)

    def identity(self, key: str, marking: Marking = AMBER, terms: Terms = ANY_USE, **more: Any) -> str:
        """Another identity that this node describes: an agency, a company."""
        raw = encode(common(object_id("identity", self.id, key), self.stamp(), marking) | {"name": f"Agency {key}"})
        return self.keep(_with(raw, more), marking, terms)

    def receive(self, partner: str, raw: bytes, marking: Marking = AMBER, onward: Onward = "never") -> str:
        """An object as a page from a partner leaves it here."""
        header, now_us = peek(raw), self.hands.now_us
        kept = Kept(content_of(raw, header), now_us / 1e6, onward=onward)
        row = object_row(raw, header, partner, marking, kept, now_us)
        with self.node.store.write() as tx:
            put(self.node, tx, row)
        return header.id

    def stamp(self) -> Stamp:
        return Stamp(self.id, self.hands.now_us / 1e6, self.hands.now_us / 1e6)

    # What a partner is answered

    def rows(self, partner: Partner, object_id: str) -> list[ViewRow]:
        """Every row a partner was ever given of an object."""
        return [row for row in self.node.store.views_of(object_id) if row.recipient == partner.id]

    def now_read(self, partner: Partner, lane: str) -> list[dict[str, Any]]:
        """The objects of one collection as a partner reads them now."""
        answer = self.taxii(partner.id, f"/taxii2/node/collections/{lane}/objects/")
        assert answer.status == 200, answer.body
        return list(orjson.loads(answer.body).get("objects", []))

    def taxii(self, who: str, path: str, query: str = "", method: str = "GET", body: bytes = b"") -> Response:
        """TAXII, asked by an authenticated caller."""
        media = "application/taxii+json;version=2.1"
        request = Request(method, path, query, {"accept": media, **({"content-type": media} if body else {})}, body)
        site = taxii.Site("Thai Centre", lambda: self.node.clock.uuid(f"status/{who}"))
        return taxii.handle(request, Caller("someone", who), shelf(self.node), site, self.hands.now_us)

    def peer(self, who: str, path: str, query: str = "") -> Response:
        """The rest of the peer port, asked by an admitted partner."""
        return peer_door.handle(
            Request("GET", path, query), who, door(self.node), PeerDesk(self.node), self.hands.now_us
        )

    def asks(self, other: "Kit | Partner", ask: Ask) -> Request:
        """A request to another node, signed with the key that this one has now."""
        claims = Claims(
            self.id, other.id, ask.method, ask.target, body_hash(ask.body), self.node.clock.now(),
            self.node.clock.uuid("nonce"),
        )  # fmt: skip
        parts = urlsplit(ask.target)
        headers = ask.headers | {"authorization": authorization(claims, self.node.key)}
        return Request(ask.method, parts.path, parts.query, headers, ask.body)

    def serve(self, request: Request) -> Response:
        """The whole peer port, the doorkeeper included: what a `Partner` pulls from."""
        who = doorkeeper(self.node).admit(request, self.hands.now_us)
        if request.path.startswith("/taxii2/"):
            site = taxii.Site("Thai Centre", lambda: self.node.clock.uuid(f"status/{who}"))
            return taxii.handle(request, Caller(who, who), shelf(self.node), site, self.hands.now_us)
        return peer_door.handle(request, who, door(self.node), PeerDesk(self.node), self.hands.now_us)


def introduce(first: Kit, second: Kit) -> None:
    """Each has the other's card, and has compared its fingerprint."""
    for one, other in ((first, second), (second, first)):
        add_partner(one.node, own_card(other.node), other.print)


def sign(first: Kit, second: Kit, text: bytes) -> None:
    """An accord proposed by the first, countersigned by the second: in force on both sides."""
    both, _ = accept_accord(second.node, propose_accord(first.node, text))
    accept_accord(first.node, both)


def _with(raw: bytes, more: dict[str, Any]) -> bytes:
    return orjson.dumps(orjson.loads(raw) | more) if more else raw


def event_value(key: str, kind: str, marking: Marking, lat: float = 9.1234, lon: float = 100.5678) -> Event:
    finding = Finding(
        kind=kind,
        key=key,
        mmsi=(567000001,),
        start=1_700_000_000,
        end=1_700_050_000,
        lat=lat,
        lon=lon,
        confidence="medium",
        reason="longer_than_usual",
        rule=Rule(kind, 1, "prasan", {"min_h": 6.0}),
        sources=("coast-th",),
        fixes=(Fix(1_700_000_000, 567000001, lat, lon, 7.5, 181.0),),
        evidence={"silent_h": 13.9},
    )
    return Event(key, finding, "closed", 0, 1_700_060_000, marking)


def their_object(partner: str, key: str, kind: str, marking: Marking, **more: Any) -> bytes:
    """An object as a partner made it: an event, a vessel or an incident."""
    stamp = Stamp(partner, START_US / 1e6 - 3600, START_US / 1e6 - 3600)
    if kind == "identity":
        raw = encode(common(object_id("identity", partner, key), stamp, marking) | {"name": f"Their agency {key}"})
    elif kind == VESSEL:
        raw = vessel_object(Vessel(367000000 + int(key), name=f"THEIR {key}"), stamp, marking)
    elif kind == EVENT:
        raw = event_object(event_value(key, "gap", marking), [], stamp)
    else:
        raw = incident_object(Incident(key, 1_000_000_000, "day", 3.2, 100.4, "boarded"), stamp, marking)
    return _with(raw, more)


def id_of_event(node: str, key: str) -> str:
    return event_id(node, key)


__all__ = [
    "AMBER",
    "PUBLIC",
    "STAFF_RULE",
    "START_US",
    "Hands",
    "Kit",
    "Partner",
    "id_of_event",
    "introduce",
    "new_home",
    "object_id",
    "sign",
    "their_object",
    "uuid_of",
]  # fmt: skip
