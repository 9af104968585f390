"""Laws of the view: nothing unlisted, nothing withheld, nothing that moves without a reason."""

from math import cos, hypot, radians
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_makers import EVENT_ID, NODE, NOW, VESSEL_ID, event, objects, stamp

from prasan.formats.stix import Header, header, peek
from prasan.formats.stix_build import Vessel, event_object, track_object, vessel_object
from prasan.formats.stix_ids import EVENT, EXTENSIONS, INCIDENT, TLP2, TRACK, VESSEL
from prasan.picture.marking import Marking, Tlp
from prasan.release.coarse import Cell, cell_of, precision_km
from prasan.release.decide import Decision
from prasan.release.facts import content_of
from prasan.release.render import Build, View, render
from prasan.release.rules import Steps
from prasan.release.tables import VIEWS

CANARY = "zx-canary"
MARK = Marking(tlp=Tlp.GREEN)
COARSE = Steps(0.5, 360, frozenset({"identity", "evidence", "text"}), 60)
RELEASE = Decision("release", ("rule_releases",))
UUID = "55555555-5555-4555-8555-555555555555"
SEEN = "prasan-vessel--66666666-6666-4666-8666-666666666666"


def sanitise(steps: Steps = COARSE) -> Decision:
    return Decision("sanitise", ("rule_sanitises",), "r", steps)


def build(kind: str, ids: dict[str, str] | None = None, cell: Cell | None = None) -> Build:
    return Build(f"{kind}--{UUID}", ids or {}, stamp(NOW + 60), MARK, cell)


def rendered(raw: bytes, decision: Decision, ids: dict[str, str] | None = None, cell: Cell | None = None) -> View:
    head = peek(raw)
    return render(raw, head, decision, build(head.type, ids, cell))


def view_of(raw: bytes, decision: Decision, ids: dict[str, str] | None = None) -> dict[str, Any]:
    view = rendered(raw, decision, ids)
    assert view.raw is not None, view
    header(view.raw)  # a view passes the same checks as any object
    return dict(orjson.loads(view.raw))


def track() -> bytes:
    points = [(1_700_000_000 + 600 * i, 9.0 + 0.03 * i, 100.0 + 0.02 * i * i) for i in range(20)]
    return track_object(VESSEL_ID, points, 50.0, stamp(), MARK)[0]


def relationship() -> bytes:
    ends = {"source_ref": VESSEL_ID, "target_ref": EVENT_ID, "relationship_type": "related-to"}
    common = {"type": "relationship", "spec_version": "2.1", "id": f"relationship--{UUID}"}
    return orjson.dumps(common | {"created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z"} | ends)


def test_verbatim_bytes_are_untouched() -> None:
    raw = objects(MARK)[VESSEL].replace(b'":', b'": ')
    view = rendered(raw, RELEASE)
    assert (view.form, view.raw, view.verdict) == ("verbatim", raw, "release")
    assert set(view.remaining) == {"mmsi", "imo", "name", "call_sign", "latitude", "longitude"}


def test_verbatim_needs_every_id_visible() -> None:
    raw = objects(MARK)[EVENT]
    assert rendered(raw, RELEASE, {VESSEL_ID: VESSEL_ID}).form == "verbatim"
    for ids in ({}, {VESSEL_ID: SEEN}):
        view = rendered(raw, RELEASE, ids)
        assert (view.form, view.verdict, view.codes) == ("sanitised", "sanitise", ("rule_releases", "not_verbatim"))
        assert view.raw is not None
        assert VESSEL_ID.encode() not in view.raw
        assert (SEEN.encode() in view.raw) == bool(ids)


def test_a_foreign_marking_or_an_id_in_a_text_is_not_verbatim() -> None:
    for extra in ({"x_note": f"see {EVENT_ID}"}, {"object_marking_refs": [f"marking-definition--{UUID}"]}):
        raw = orjson.dumps(orjson.loads(objects(MARK)[VESSEL]) | extra)
        assert rendered(raw, RELEASE).codes[-1] == "not_verbatim"


def test_withheld_gives_no_bytes() -> None:
    view = rendered(objects()[EVENT], Decision("withhold", ("suspended",)))
    assert (view.verdict, view.raw, view.codes) == ("withhold", None, ("suspended",))


def test_a_lost_required_reference_withholds() -> None:
    assert rendered(relationship(), RELEASE, {VESSEL_ID: SEEN}).codes == (
        "rule_releases", "not_verbatim", "lost_reference",
    )  # fmt: skip
    assert rendered(track(), sanitise(), {VESSEL_ID: SEEN}).codes[-1] == "lost_reference"
    both = view_of(relationship(), RELEASE, {VESSEL_ID: SEEN, EVENT_ID: EVENT_ID})
    assert (both["source_ref"], both["target_ref"]) == (SEEN, EVENT_ID)


def test_an_unknown_type_and_a_wrong_view_id_are_withheld() -> None:
    raw = objects(MARK)[VESSEL].replace(b"prasan-vessel", b"other-vessels")
    assert rendered(raw, sanitise()).codes[-1] == "unknown_type"
    assert render(objects()[VESSEL], peek(objects()[VESSEL]), sanitise(), build(EVENT)).codes[-1] == "unknown_type"


def test_a_view_is_the_senders_own_object() -> None:
    made = view_of(objects(MARK)[EVENT], sanitise())
    assert made["id"] == f"{EVENT}--{UUID}"
    assert made["created_by_ref"] == NODE
    assert made["created"] == made["modified"] == "2027-01-15T08:01:00.000Z"
    assert made["place_precision_km"] == 46.9
    assert (made["start_time"], made["end_time"]) == ("2023-11-14T18:00:00.000Z", "2023-11-15T18:00:00.000Z")
    assert not {"vessel_refs", "evidence", "rule", "sources"} & set(made)


def test_the_evidence_is_made_again_from_the_coarse_values() -> None:
    made = view_of(objects(MARK)[EVENT], sanitise(Steps(0.5, 360)), {VESSEL_ID: SEEN})
    assert made["evidence"] == {"duration_min": 24 * 60, "vessels": 1}
    assert made["rule"] == {"id": "gap", "preset": "prasan", "version": 1}
    assert made["vessel_refs"] == [SEEN]


def test_a_view_of_an_exercise_says_so() -> None:
    raw = objects(Marking(exercise=True))[EVENT]
    exercise = Build(f"{EVENT}--{UUID}", {}, stamp(), Marking(exercise=True))
    view = render(raw, peek(raw), sanitise(), exercise)
    assert view.raw is not None
    assert orjson.loads(view.raw)["labels"] == ["exercise"]


def test_an_incident_view_keeps_its_day() -> None:
    made = view_of(objects(MARK)[INCIDENT], sanitise(Steps(time_min=420)))["extensions"][EXTENSIONS[INCIDENT]]
    assert made["occurred"] == "2001-09-09T00:00:00.000Z"
    assert made["time_precision_min"] == 1440
    assert "local_time" not in made


def test_a_track_is_cut_to_cells() -> None:
    made = view_of(track(), sanitise(Steps(0.5, 60)), {VESSEL_ID: SEEN})
    assert made["vessel_ref"] == SEEN
    assert 1 < len(made["points"]) < 20
    assert made["coarseness_m"] >= 47_000
    assert made["coarseness_s"] == 3600
    assert all(lat % 0.5 == 0.25 for _, lat, _ in made["points"])


KEPT = {"type", "id", "spec_version", "created", "modified", "created_by_ref", "object_marking_refs", "revoked"}


def planted(value: Any, kept: set[str]) -> Any:
    """A document with the canary in every text that is not kept, and in an unknown property at every level."""
    if isinstance(value, dict):
        texts = {name: item if name in kept else planted(item, kept) for name, item in value.items()}
        return texts | {"x_unknown": CANARY, "description": CANARY, CANARY: 1}
    if isinstance(value, list):
        return [*(planted(item, kept) for item in value), CANARY]
    return CANARY if isinstance(value, str) else value


@pytest.mark.parametrize(
    "drop", [frozenset({"identity", "evidence"}), frozenset({"identity"}), frozenset({"evidence"})]
)
@pytest.mark.parametrize("kind", [VESSEL, EVENT, INCIDENT, TRACK])
def test_canaries_never_come_out(kind: str, drop: frozenset[str]) -> None:
    table = VIEWS[kind]
    listed = {field.name for field in (*table.fields, *table.inner) if field.group not in drop}
    document = orjson.loads({**objects(MARK), TRACK: track()}[kind])
    raw = orjson.dumps(planted(document, KEPT | {"preset"} | listed - {"evidence", "rule"}))
    for steps in (Steps(0.5, 360, drop), Steps(drop=drop)):
        for ids in ({}, {VESSEL_ID: SEEN, EVENT_ID: EVENT_ID}):
            view = rendered(raw, sanitise(steps), ids)
            assert (view.raw is None) == (kind == TRACK and ("identity" in drop or not ids))
            assert CANARY.encode() not in (view.raw or b"")


def test_no_withheld_number_or_name_comes_out() -> None:
    for raw in objects(MARK).values():
        view = rendered(raw, sanitise(), {VESSEL_ID: SEEN}).raw
        assert view is not None
        for secret in ("567000001", "9074729", "SEA LARK", "HSAB", "9.1234", "100.5678", "13.9", "coast-th", "05:36"):
            assert secret.encode() not in view


shapes: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 2**60, 1.5, "", "boarded", "a b", "2026-01-01T00:00:00Z", VESSEL_ID, [], {}, [[1, 2, 3]], [{}]]
)
COMMON = {
    "type", "spec_version", "id", "created_by_ref", "created", "modified",
    "labels", "object_marking_refs", "extensions",
}  # fmt: skip


@pytest.mark.parametrize("kind", list(VIEWS))
@given(values=st.lists(shapes, min_size=16, max_size=16), steps=st.sampled_from([COARSE, Steps(), Steps(1.0)]))
def test_any_shape_gives_a_view_or_a_reason(kind: str, values: list[Any], steps: Steps) -> None:
    fields = {field.name for field in (*VIEWS[kind].fields, *VIEWS[kind].inner)}
    odd = dict(zip(sorted(fields), values, strict=False)) | {"x_odd": CANARY}
    document = odd | {"id": f"{kind}--{UUID}", "type": kind, "extensions": {EXTENSIONS.get(kind, "x"): odd}}
    view = render(orjson.dumps(document), Header(f"{kind}--{UUID}", kind), sanitise(steps), build(kind))
    assert view.verdict == "sanitise" or view.codes[-1] in ("unknown_type", "lost_reference", "lost_text")
    assert set(orjson.loads(view.raw or b"{}")) <= fields | COMMON
    assert CANARY.encode() not in (view.raw or b"")


@given(st.integers(0, 2**32))
def test_equal_input_gives_equal_bytes(seed: int) -> None:
    raw = event_object(event(MARK, lat=(seed % 1800) / 10 - 90), [VESSEL_ID], stamp())
    assert rendered(raw, sanitise()) == rendered(raw, sanitise())


places = st.tuples(st.floats(-90, 90), st.floats(-180, 180), st.sampled_from([0.01, 0.1, 0.5, 0.7, 1, 7, 10]))


@given(places)
def test_the_truth_is_inside_the_stated_precision(place: tuple[float, float, float]) -> None:
    lat, lon, deg = place
    cell = cell_of(lat, lon, deg)
    east = (lon - cell.lon + 180) % 360 - 180
    assert abs(lat - cell.lat) <= deg / 2 + 1e-5
    assert abs(east) <= deg / 2 + 1e-5
    assert -90 <= cell.lat <= 90
    assert -180 <= cell.lon < 180
    middle = radians((lat + cell.lat) / 2)
    assert 111.195 * hypot(lat - cell.lat, east * cos(middle)) <= precision_km(cell)


@given(places, st.floats(-0.59, 0.59), st.floats(-0.59, 0.59))
def test_a_cell_is_kept_within_its_margin(place: tuple[float, float, float], north: float, east: float) -> None:
    lat, lon, deg = place
    cell = cell_of(lat, lon, deg)
    assert cell_of(cell.lat + north * deg, cell.lon + east * deg, deg, cell) == cell
    assert cell_of(cell.lat, cell.lon + 0.7 * deg, deg, cell) != cell
    assert cell_of(cell.lat, cell.lon, deg / 2, cell).deg == deg / 2


def test_the_cell_of_a_view_is_sticky() -> None:
    first = rendered(event_object(event(MARK, lat=9.499), [], stamp()), sanitise())
    assert first.cell is not None
    over = event_object(event(MARK, lat=9.52), [], stamp())
    again = rendered(over, sanitise(), cell=first.cell)
    assert again.raw == first.raw
    assert rendered(over, sanitise()).raw != first.raw


def test_too_large_is_withheld() -> None:
    raw = orjson.dumps(orjson.loads(objects(MARK)[VESSEL]) | {"x": "a" * 70_000})
    assert rendered(raw, RELEASE).codes[-1] == "too_large"


def test_what_rules_look_at() -> None:
    raw = objects()[EVENT]
    assert content_of(raw, peek(raw)).kind == "gap"
    assert len(content_of(raw, peek(raw)).places) == 3
    raw = objects()[INCIDENT]
    assert (content_of(raw, peek(raw)).kind, content_of(raw, peek(raw)).places) == ("boarded", ((3.2, 100.4),))
    raw = vessel_object(Vessel(567000001), stamp(), MARK)
    assert (content_of(raw, peek(raw)).kind, content_of(raw, peek(raw)).places) == ("vessel", ())
    assert len(content_of(track(), peek(track())).places) > 2


def test_only_a_marking_that_fits_goes_out_verbatim() -> None:
    document = orjson.loads(objects(MARK)[VESSEL])
    milder = orjson.dumps(document | {"object_marking_refs": [TLP2[Tlp.CLEAR]]})
    stricter = orjson.dumps(document | {"object_marking_refs": [TLP2[Tlp.AMBER]]})
    granular = orjson.dumps(document | {"granular_markings": [{"lang": "th", "selectors": ["name"]}]})
    assert [rendered(raw, RELEASE).form for raw in (milder, stricter, granular)] == [
        "sanitised", "verbatim", "sanitised",
    ]  # fmt: skip


@pytest.mark.parametrize("steps", [COARSE, Steps(), Steps(1.0), Steps(time_min=90), Steps(drop=frozenset({"text"}))])
def test_a_view_is_what_the_schema_says(steps: Steps) -> None:
    schemas = Path(__file__).parents[2] / "schemas"
    for kind, raw in {**objects(MARK), TRACK: track()}.items():
        view = rendered(raw, sanitise(steps), {VESSEL_ID: SEEN})
        if view.raw is not None:
            schema = orjson.loads((schemas / f"{kind}.json").read_bytes())
            jsonschema.Draft202012Validator(schema).validate(orjson.loads(view.raw))


def test_a_revoked_object_gives_a_revoked_view() -> None:
    raw = orjson.dumps(orjson.loads(objects(MARK)[EVENT]) | {"revoked": True})
    assert view_of(raw, sanitise())["revoked"] is True


def native(kind: str, **more: Any) -> bytes:
    at = "2026-01-01T00:00:00.000Z"
    common = {"type": kind, "spec_version": "2.1", "id": f"{kind}--{UUID}", "created": at, "modified": at}
    return orjson.dumps(common | {"description": CANARY, "x_note": CANARY} | more)


def test_an_indicator_goes_out_with_its_pattern_or_not_at_all() -> None:
    """Nobody can make a pattern coarser."""
    pattern = "[ipv4-addr:value = '192.0.2.7']"
    raw = native(
        "indicator", pattern=pattern, pattern_type="stix", valid_from="2026-01-01T00:00:00Z",
        indicator_types=["malicious-activity", "not a code!"],
    )  # fmt: skip
    built = view_of(raw.replace(b'"x_note"', b'"x_ref":"%s","x_note"' % EVENT_ID.encode()), RELEASE)
    assert (built["pattern"], built["indicator_types"]) == (pattern, ["malicious-activity"])
    assert CANARY not in str(built)
    assert rendered(raw, sanitise()).codes[-1] == "lost_text"


def test_a_location_is_made_coarser_and_says_by_how_much() -> None:
    raw = native("location", latitude=9.1234, longitude=100.5678, precision=50.0, country="TH", city=CANARY)
    built = view_of(raw, sanitise())
    assert (built["latitude"], built["longitude"], built["country"]) == (9.25, 100.75, "TH")
    assert built["precision"] == precision_km(cell_of(9.1234, 100.5678, 0.5)) * 1000
    assert CANARY not in str(built)


def test_a_course_of_action_keeps_its_name() -> None:
    built = view_of(native("course-of-action", name="Keep a watch"), sanitise())
    assert (built["name"], "description" in built) == ("Keep a watch", False)
