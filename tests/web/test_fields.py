"""What an object's page tells of it."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.web.fields import told_fields
from prasan.web.view import measures
from prasan.words import Message

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def test_codes_become_messages_and_references_are_read_out() -> None:
    report = {
        "type": "incident",
        "id": "incident--1",
        "created_by_ref": "identity--1",
        "name": "Incident at sea",
        "extensions": {"extension-definition--1": {"extension_type": "property-extension", "attack_type": "boarded"}},
        "external_references": [{"source_name": "IMB", "url": "https://example.org/1"}],
    }
    told = dict(told_fields(orjson.dumps(report).decode()))
    assert told == {
        "attack_type": Message("attack.boarded"),
        "reference": "IMB · https://example.org/1",
        "name": "Incident at sea",
    }


@pytest.mark.parametrize("raw", ["", "{", "[]", "1", '"x"', "null"])
def test_what_is_no_object_tells_nothing(raw: str) -> None:
    assert told_fields(raw) == ()


@given(st.dictionaries(st.sampled_from(["extensions", "external_references", "name", "attack_type"]), JSON))
def test_any_shape_is_read(document: dict[str, object]) -> None:
    assert all(isinstance(value, str | Message) for _, value in told_fields(orjson.dumps(document).decode()))


def test_measures_are_read_in_the_order_of_their_table() -> None:
    evidence = {"expected": 3, "unheard_of": 1, "codes": ["x"], "heard": 2, "before_count": 9, "neighbours": 4}
    assert [name for name, _ in measures(evidence)] == ["before_count", "neighbours", "heard", "expected", "unheard_of"]
