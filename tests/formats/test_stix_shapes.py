"""Objects of our own types from outside: what is not of its shape is refused at the door, by name."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.errors import FormatError
from prasan.formats.stix import FREE_TEXT, free_text, header
from prasan.formats.stix_ids import EVENT, EXTENSIONS, INCIDENT

TIMES = {"created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z"}


def event(**changed: Any) -> bytes:
    base = {
        "type": EVENT, "spec_version": "2.1", "id": f"{EVENT}--{UUID(int=7, version=4)}", **TIMES, "confidence": 50,
        "event_kind": "gap", "state": "closed", "start_time": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    return json.dumps(base | changed).encode()  # any number, also one that 64 bits do not hold


def incident(extensions: Any) -> bytes:
    base = {
        "type": INCIDENT,
        "spec_version": "2.1",
        "id": f"{INCIDENT}--{UUID(int=8, version=4)}",
        **TIMES,
        "name": "x",
    }
    return json.dumps(base | {"extensions": extensions}).encode()


def test_what_is_of_its_shape_passes() -> None:
    fix = {"t": "2026-01-01T00:00:00Z", "mmsi": 567000001, "lat": 9.5, "lon": 101.2}
    header(event(evidence={"codes": ["gap_closed"], "fixes": [fix], "hours": 9}, x_foreign={"any": "thing"}))
    header(
        incident({EXTENSIONS[INCIDENT]: {"extension_type": "property-extension", "occurred": "2026-01-01T00:00:00Z"}})
    )
    header(incident({"extension-definition--x": {"anything": 1}}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"evidence": 5}, {"evidence": {"fixes": [5]}}, {"evidence": {"fixes": [{"t": "x"}]}}, {"vessel_refs": 5},
        {"vessel_refs": [[]]}, {"latitude": "9"}, {"latitude": 1e308}, {"longitude": 181}, {"state": "asleep"},
        {"rule": []}, {"rule": {"thresholds": {"a": "b"}}}, {"end_time": "soon"}, {"sources": "one"},
    ],
)  # fmt: skip
def test_an_event_that_is_not_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        header(event(**wrong))


@pytest.mark.parametrize("inner", [{}, {"occurred": "soon"}, {"occurred": 5}, 7, [], {"occurred": None}])
def test_an_incident_whose_extension_is_not_is_refused(inner: Any) -> None:
    with pytest.raises(FormatError):
        header(incident({EXTENSIONS[INCIDENT]: inner}))


@pytest.mark.parametrize("extensions", [5, [], "x"])
def test_extensions_are_a_table(extensions: Any) -> None:
    with pytest.raises(FormatError):
        header(incident(extensions))


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["evidence", "rule", "vessel_refs", "latitude", "sources", "end_time"]), _ANY),
)
def test_nothing_but_a_format_error_ever_comes_out(changed: dict[str, Any]) -> None:
    try:
        header(event(**changed))
    except FormatError:
        return


_NAMES = st.sampled_from(["note", "description", "x", "notes"])


@given(st.recursive(st.none() | st.text(max_size=3), lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner)))
def test_free_text_is_found_at_any_depth_however_it_is_written(value: Any) -> None:
    for raw in (json.dumps(value).encode(), json.dumps(value).replace("note", r"\u006eote").encode()):
        assert free_text(raw) == names_with_text(json.loads(raw))


def names_with_text(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {name for name, item in value.items() if name in FREE_TEXT and item}
        return own.union(*map(names_with_text, value.values()))
    return set().union(*map(names_with_text, value)) if isinstance(value, list) else set()
