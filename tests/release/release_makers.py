"""Values for the release tests: two nodes, an accord, a policy, facts, and one object of every type."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from accord_text import Side, accord_text
from prasan.formats.stix_build import Stamp, Vessel, event_id, event_object, incident_object, vessel_id, vessel_object
from prasan.formats.stix_ids import EVENT
from prasan.picture.event import Event
from prasan.picture.finding import Finding, Fix, Rule
from prasan.picture.incident import Incident
from prasan.picture.marking import PUBLIC as PUBLIC_MARKING
from prasan.picture.marking import Marking, Tlp
from prasan.picture.source import Terms
from prasan.release.accord import Accord, parse_accord
from prasan.release.facts import Consent, Facts, Recipient, partner
from prasan.release.policy import parse_policy
from prasan.release.rules import Policy, Steps

NODE = "identity--11111111-1111-4111-8111-111111111111"
US = "identity--22222222-2222-4222-8222-222222222222"
OTHER = "identity--33333333-3333-4333-8333-333333333333"
NOW = 1_800_000_000
KNOWN_AT = NOW - 7200

PURPOSES = ["maritime_security", "counter_piracy"]
UNTIL = datetime(2036, 1, 1, tzinfo=UTC)


def text_of_accord(node: str = NODE, us: str = US, **terms: Any) -> bytes:
    """The accord as it was signed, with other terms."""
    usual: dict[str, Any] = {"purposes": PURPOSES, "valid_until": UNTIL}
    return accord_text(Side("th-mc", node, "a" * 43), Side("us-mo", us, "b" * 43), **usual | terms)


def accord(**terms: Any) -> Accord:
    """The accord with other terms: `accord(mode="real")`."""
    return parse_accord(text_of_accord(**terms))


POLICY = """
prasan_policy = 1
name = "th-mc"
[[rule]]
id    = "gap-coarse"
to    = ["us-mo"]
types = ["prasan-maritime-event"]
kinds = ["gap"]
then  = "sanitise"
place_deg = 0.5
time_min  = 360
drop      = ["identity", "evidence"]
again_min = 60
[[rule]]
id   = "the-rest"
to   = ["partners", "public", "class:staff"]
then = "release"
"""


def policy(text: str = POLICY) -> Policy:
    return parse_policy(text.encode())


def us(*accords: Accord, suspended: bool = False) -> Recipient:
    return partner("us-mo", US, accords or (accord(),), suspended=suspended)


def facts(marking: Marking = PUBLIC_MARKING, **changes: Any) -> Facts:
    """Facts of an encounter of our own."""
    values: dict[str, Any] = {
        "id": f"{EVENT}--44444444-4444-4444-8444-444444444444",
        "version": "2026-01-01T00:00:00.000Z",
        "type": EVENT,
        "kind": "encounter",
        "marking": marking,
        "node": NODE,
        "known_at": KNOWN_AT,
        "places": ((9.0, 100.0),),
    }
    return Facts(**(values | changes))


def stamp(at: float = NOW) -> Stamp:
    return Stamp(NODE, at, at)


def event(marking: Marking = PUBLIC_MARKING, **changes: Any) -> Event:
    fixes = (Fix(1_700_000_000, 567000001, 9.1, 100.5, 7.5, 181.0), Fix(1_700_050_000, 567000001, 9.3, 100.6))
    values: dict[str, Any] = {
        "kind": "gap",
        "key": "key",
        "mmsi": (567000001,),
        "start": 1_700_000_000,
        "end": 1_700_050_000,
        "lat": 9.1234,
        "lon": 100.5678,
        "confidence": "medium",
        "reason": "longer_than_usual",
        "rule": Rule("gap", 1, "prasan", {"min_h": 6.0}, ("no_moored_list",)),
        "sources": ("coast-th",),
        "fixes": fixes,
        "evidence": {"silent_h": 13.9, "speed_kn": 7.5},
        "gap_class": "unknown",
    }
    finding = Finding(**(values | changes))
    return Event("event-1", finding, "closed", 0, NOW, marking)


def objects(marking: Marking = PUBLIC_MARKING) -> dict[str, bytes]:
    """One object of each of our types, by type."""
    at = stamp()
    fix = Fix(1_700_000_000, 567000001, 9.1, 100.5)
    vessel = Vessel(567000001, 9074729, "SEA LARK", "HSAB", "TH", 70, fix)
    incident = Incident(
        "row-1", 1_000_000_000, "day", 3.2, 100.4, "boarded", "anchored", "tanker", "IDN", "imb", "05:36"
    )
    return {
        "prasan-vessel": vessel_object(vessel, at, marking),
        EVENT: event_object(event(marking), [vessel_id(NODE, 567000001)], at),
        "incident": incident_object(incident, at, marking),
    }


VESSEL_ID = vessel_id(NODE, 567000001)
EVENT_ID = event_id(NODE, "event-1")

names = st.sampled_from([NODE, US, OTHER])
tlps = st.sampled_from(list(Tlp))
purposes = st.sampled_from(["maritime_security", "counter_piracy", "safety"])
markings = st.builds(
    Marking,
    tlp=tlps,
    rel_to=st.none() | st.frozensets(names),
    orcon=st.frozensets(names, max_size=2),
    purposes=st.none() | st.frozensets(purposes, max_size=2),
    personal_data=st.booleans(),
    expires=st.none() | st.integers(NOW - 5000, NOW + 5000),
    exercise=st.booleans(),
)
steps = st.builds(
    Steps,
    place_deg=st.sampled_from([None, 0.1, 0.5, 2.0]),
    time_min=st.sampled_from([None, 60, 1440]),
    drop=st.frozensets(st.sampled_from(["identity", "evidence", "text"]), max_size=2),
    again_min=st.sampled_from([0, 60]),
)
consents = st.builds(
    Consent,
    originator=names,
    recipients=st.frozensets(names | st.just("public")),
    version=st.sampled_from([None, "2026-01-01T00:00:00.000Z", "another"]),
    expires=st.none() | st.integers(NOW - 10, NOW + 10),
    purpose=st.none() | purposes,
    steps=steps,
)
all_facts = st.builds(
    facts,
    marking=markings,
    kind=st.sampled_from(["gap", "encounter"]),
    origin=st.sampled_from(["own", US, OTHER]),
    onward=st.sampled_from(["never", "ask", "tlp"]),
    labels=st.frozensets(st.sampled_from(["exercise", "voi"])),
    sources=st.frozensets(st.sampled_from(["coast", "radar"])),
    terms=st.builds(Terms, onward=st.booleans(), derived=st.booleans()),
    unread_text=st.booleans(),
    recalled_from=st.frozensets(names, max_size=1),
    consents=st.lists(consents, max_size=2).map(tuple),
    places=st.lists(st.tuples(st.floats(-89, 89), st.floats(-179, 179)), max_size=2).map(tuple),
)
ACCORDS = tuple(
    accord(mode=mode, purposes=purpose, highest_tlp=tlp, onward=onward)
    for mode, purpose, tlp, onward in [
        ("exercise", ["maritime_security"], "amber", "never"),
        ("real", ["maritime_security", "safety"], "green", "ask"),
        ("exercise", ["counter_piracy"], "red", "tlp"),
    ]
)
ENDED = accord(valid_until=datetime(2026, 6, 1, tzinfo=UTC))
COMING = accord(valid_from=datetime(2030, 6, 1, tzinfo=UTC))
ACCORDS += (ENDED, COMING)
accords = st.lists(st.sampled_from(ACCORDS), max_size=3, unique_by=lambda a: a.hash).map(tuple)
recipients = st.one_of(
    st.builds(lambda given, off: partner("us-mo", US, given, suspended=off), accords, st.booleans()),
    st.builds(lambda tlp: Recipient("class", "staff", "class:staff", clearance=tlp), tlps),
    st.just(Recipient("public", "public", "public")),
)
