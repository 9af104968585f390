"""Every object we make: valid by its schema, readable by the reference library, the same bytes for the same input."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import orjson
import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st

from prasan.errors import FormatError
from prasan.formats.incidents import code
from prasan.formats.stix import header
from prasan.formats.stix_accord import AccordNews, accord_object
from prasan.formats.stix_build import (
    Counted,
    Stamp,
    Vessel,
    event_object,
    identity_object,
    incident_object,
    statistics_note,
    track_object,
    vessel_id,
    vessel_object,
)  # fmt: skip
from prasan.formats.stix_consent import Consent, Terms, answer_id, ask_id, consent_object, onto, read_consent
from prasan.formats.stix_control import Recall, Receipt, recall_id, recall_object, receipt_object
from prasan.formats.stix_definitions import definitions
from prasan.formats.stix_ids import EXTENSIONS, NATIVE, TLP2
from prasan.formats.stix_reception import Reception, read_reception, reception_object
from prasan.formats.stix_request import Change, Question, request_id, request_object, write_change
from prasan.formats.stix_track import simplify
from prasan.picture.event import Event
from prasan.picture.finding import Finding, Fix, Rule
from prasan.picture.incident import Incident
from prasan.picture.marking import Marking, Tlp

SCHEMAS = Path(__file__).parents[2] / "schemas"
NODE = "identity--11111111-1111-4111-8111-111111111111"
STAMP = Stamp(NODE, 1_767_225_600, 1_767_225_601)
VESSEL = vessel_id(NODE, 567000001)
FIX = Fix(1_700_000_000, 567000001, 9.1, 100.5, 7.5, 181.0)
FINDING = Finding(
    "gap", "key", (567000001,), 1_700_000_000, None, 9.1234, 100.5678, "low", "reception_unknown",
    Rule("gap", 1, "prasan", {"min_h": 6.0, "a_h": 1.0}, ("no_moored_list",)), ("coast-th",), (FIX,),
    {"codes": ["gap_open"], "silent_h": 13.9, "nothing": None, "text": {"en": "never"}}, "unknown",
)  # fmt: skip
INCIDENT = Incident(
    "row", 1_000_000_000, "day", 3.2, 100.4, "boarded", "anchored", "tanker", "IDN", "imb", "05:36", "words", "NAME"
)
RECALL = Recall("identity--x", VESSEL, ("2026-01-02T00:00:00.000Z", "2026-01-01T00:00:00.000Z"), "wrong ship", 1.8e9)
POINTS = [(1_700_000_000 + 60 * i, 9 + 0.001 * i, 100 + 0.00001 * i * i) for i in range(100)]


RECEPTION = Reception("coast", 1_699_920_000, 9, 100, ((178_005, 3, "A", 4, 5), (178_005, 3, "", 0, 1)))


ASKED = Consent(
    terms=Terms(
        nonce="44444444-4444-4444-8444-444444444444", accord="a" * 64, target_id=VESSEL, requester=NODE,
        target_version="2026-01-01T00:00:00.000Z", recipients=onto([(NODE.replace("1", "3"), "my-mc")]),
        purpose="maritime_security",
    ),
    state="asked", expires=1.8e9,
)  # fmt: skip
REVOKED = msgspec.structs.replace(
    ASKED, state="revoked", answers=ask_id(ASKED.terms), place_deg=0.5, time_min=60, drop=("evidence", "identity"),
    reason="over", recall_onward=True,
)  # fmt: skip


QUESTION = Question(
    asker=NODE, asked=NODE.replace("1", "3"), nonce="44444444-4444-4444-8444-444444444444",
    purpose="maritime_security", priority="immediate", needed_by="2026-01-02T00:00:00Z",
)  # fmt: skip


MONTH = Counted({"gap": 5}, {"en": "five"}, "statistics", "2026-03", ("encounter", "stop"), 12)


def every(marking: Marking) -> dict[str, bytes]:
    event = Event("event-1", FINDING, "closed", 2, 1_700_100_000, marking, "late_data", "event-0")
    receipt = Receipt(recall_id(NODE, RECALL), (VESSEL,), {VESSEL: "not_held"}, 1)
    credit = ("A table", "https://doi.org/10.5334/johd.39")
    return {
        "identity": identity_object("th-mc", STAMP, marking),
        "vessel": vessel_object(Vessel(567000001, 9074729, "SEA LARK", "HSAB", "TH", 70, FIX), STAMP, marking),
        "bare vessel": vessel_object(Vessel(567000001, 0, ""), STAMP, marking),
        "event": event_object(event, [VESSEL], STAMP),
        "bare event": event_object(Event("e", FINDING, "open", 0, 1, marking), [], STAMP, fixes=False),
        "track": track_object(VESSEL, POINTS, 50.0, STAMP, marking)[0],
        "reception": reception_object(RECEPTION, STAMP, marking),
        "incident": incident_object(INCIDENT, STAMP, marking),
        "incident with text": incident_object(INCIDENT, STAMP, marking, text=True, credit=credit),
        "note": statistics_note(Counted({"gap": 5}, {"th": "๕", "en": "five"}), [NODE], STAMP, marking),
        "monthly note": statistics_note(MONTH, [NODE], STAMP, marking),
        "recall": recall_object(RECALL, STAMP, marking),
        "receipt": receipt_object(receipt, STAMP, marking),
        "consent asked": consent_object(ASKED, STAMP, marking),
        "consent revoked": consent_object(REVOKED, STAMP, marking),
        "request": request_object(request_id(QUESTION), ["aa.bb.cc"], STAMP, marking, ["ab" * 32]),
        "accord": accord_object(AccordNews("a" * 64, signed='{"payload":""}'), STAMP, marking, "signed"),
        "accord changed": accord_object(AccordNews("a" * 64, change="a.b.c"), STAMP, marking, "change/1"),
    }


def schema_of(raw: bytes) -> dict[str, Any] | None:
    path = SCHEMAS / f"{orjson.loads(raw)['type']}.json"
    return json.loads(path.read_bytes()) if path.exists() else None


@pytest.mark.parametrize("name", list(every(Marking())))
@pytest.mark.parametrize("marking", [Marking(), Marking(tlp=Tlp.AMBER_STRICT, exercise=True)])
def test_an_object_is_what_its_schema_says(name: str, marking: Marking) -> None:
    raw = every(marking)[name]
    document = orjson.loads(raw)
    header(raw)
    assert document["object_marking_refs"] == [TLP2[marking.tlp]]
    assert ("exercise" in document.get("labels", [])) == marking.exercise
    assert list(document)[:3] == ["type", "spec_version", "id"]
    assert raw == every(marking)[name]
    parsed = stix2.parse(raw, allow_custom=True)
    assert parsed["id"] == document["id"]
    schema = schema_of(raw)
    assert (schema is None) == (name == "identity")
    if schema is not None:
        jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)


@pytest.mark.parametrize("name", list(EXTENSIONS))
def test_a_schema_allows_nothing_that_it_does_not_name(name: str) -> None:
    schema = json.loads((SCHEMAS / f"{name}.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    raw = next(raw for raw in every(Marking()).values() if orjson.loads(raw)["type"] == name)
    with pytest.raises(jsonschema.ValidationError, match="x_unknown"):
        jsonschema.validate(orjson.loads(raw) | {"x_unknown": 1}, schema)


def test_the_definitions_on_disk_are_those_of_the_code() -> None:
    bundle = json.loads((SCHEMAS / "definitions.json").read_bytes())
    assert bundle["objects"] == definitions()
    for item in definitions():
        stix2.parse(item, allow_custom=True)
        header(orjson.dumps(item))
    kinds = {item["id"]: item["extension_types"] for item in definitions() if item["type"] == "extension-definition"}
    assert kinds == {ref: ["property-extension" if kind in NATIVE else "new-sdo"] for kind, ref in EXTENSIONS.items()}


def test_evidence_holds_numbers_and_codes_and_no_sentence() -> None:
    document = orjson.loads(every(Marking())["event"])
    assert set(document["evidence"]) == {"codes", "silent_h", "fixes"}
    assert list(document["rule"]["thresholds"]) == ["a_h", "min_h"]
    assert document["superseded_by_ref"].startswith("prasan-maritime-event--")
    assert "fixes" not in orjson.loads(every(Marking())["bare event"])["evidence"]


def test_free_text_is_carried_only_when_asked_for() -> None:
    assert b"words" not in every(Marking())["incident"]
    assert b"NAME" not in every(Marking())["incident"]
    assert orjson.loads(every(Marking())["incident with text"])["description"] == "words"


def test_a_recall_has_one_id_whatever_the_order() -> None:
    again = Recall(RECALL.recipient, RECALL.target_id, RECALL.target_versions[::-1], "other words", 0)
    assert recall_id(NODE, RECALL) == recall_id(NODE, again)
    assert recall_id(NODE, RECALL) != recall_id(NODE, Recall("identity--y", VESSEL, RECALL.target_versions, "", 0))
    assert b"identity--x" not in recall_object(RECALL, STAMP, Marking())


walks = st.lists(
    st.tuples(st.integers(1, 600), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)), min_size=1, max_size=60
)


@given(walks, st.sampled_from([10.0, 100.0, 1000.0]))
def test_a_track_stays_within_its_coarseness(steps: list[tuple[int, float, float]], tolerance: float) -> None:
    t, lat, lon = 0, 60.0, 179.99
    points = []
    for dt, north, east in steps:
        t, lat, lon = t + dt, lat + north, (lon + east + 180) % 360 - 180
        points.append((t, lat, lon))
    kept = simplify(points, tolerance)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert set(kept) <= set(points)
    for a, b in pairwise(kept):
        for p in points[points.index(a) + 1 : points.index(b)]:
            share = (p[0] - a[0]) / (b[0] - a[0])
            north = p[1] - a[1] - share * (b[1] - a[1])
            assert abs(north) * 111_195 <= tolerance + 1e-6


def test_a_track_needs_a_point() -> None:
    with pytest.raises(ValueError, match="point"):
        simplify([], 1.0)
    assert simplify([(0, 1.0, 2.0)], 1.0) == [(0, 1.0, 2.0)]


def test_words_as_codes() -> None:
    assert code("Bulk Carrier ") == "bulk_carrier"


def test_a_reception_summary_is_read_as_it_was_written() -> None:
    raw = every(Marking())["reception"]
    assert read_reception(raw) == RECEPTION
    document = orjson.loads(raw)
    for wrong in ({"cell_deg": 0.1}, {"slot_s": 60}, {"rows": [[1, 24, "A", 1, 1]]}, {"rows": [[1, 2, "C", 1, 1]]},
                  {"rows": [[1, 2, "A", 2, 1]]}, {"rows": [[1]]}, {"source": 5}):  # fmt: skip
        with pytest.raises(FormatError):
            read_reception(orjson.dumps(document | wrong))


def test_a_consent_is_read_as_it_was_written() -> None:
    for consent in (ASKED, REVOKED):
        assert read_consent(consent_object(consent, STAMP, Marking())) == consent
    first, other = ask_id(ASKED.terms), ask_id(msgspec.structs.replace(ASKED.terms, nonce="5" + ASKED.terms.nonce[1:]))
    assert first != other
    assert answer_id(NODE, first) not in {first, answer_id(NODE, other)}


BROKEN: list[dict[str, Any]] = [
    {"state": "granted"},
    {"state": "given"},
    {"answers": "prasan-consent--44444444-4444-4444-8444-444444444444"},
    {"nonce": "7"},
    {"recipients": []},
    {"recipients": [{"id": VESSEL}]},
    {"requester": VESSEL},
    {"expires": "soon"},
    {"steps": {"place_deg": 0}},
    {"steps": {"place_deg": "wide"}},
    {"steps": {"drop": ["name"]}},
    {"steps": {"blur": 3}},
    {"purpose": ""},
    {"target_id": 7},
]


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_a_consent_that_is_not_understood_whole_is_not_taken(broken: dict[str, Any]) -> None:
    document = orjson.loads(consent_object(ASKED, STAMP, Marking())) | broken
    with pytest.raises(FormatError):
        read_consent(orjson.dumps(document))


def test_what_is_signed_of_a_request_is_what_its_schema_says() -> None:
    schema = json.loads((SCHEMAS / "prasan-information-request.json").read_bytes())["$defs"]["change"]
    name, at = request_id(QUESTION), "2026-01-01T00:00:00.000Z"
    first = Change(request=name, n=0, prev="", state="sent", at=at, question=QUESTION, text="Who?", refs=(VESSEL,))
    rated = Change(request=name, n=5, prev="a" * 64, state="rated", at=at, rating=3)
    settled = Change(request=name, n=5, prev="a" * 64, state="closed", at=at, settles=("b" * 64,))
    for change in (first, rated, settled):
        jsonschema.Draft202012Validator(schema).validate(orjson.loads(write_change(change)))
