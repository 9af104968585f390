"""Reading STIX objects from strangers."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prasan.errors import FormatError
from prasan.formats.jsonlimits import check_depth, depth, load_strict
from prasan.formats.stix import format_time, free_text, header, parse_time, peek, references
from prasan.formats.stix_ids import COMMON_KNOWLEDGE, EXTENSIONS, TLP1, TLP2, is_id, object_id
from prasan.picture.marking import Tlp

UUID = "11111111-1111-4111-8111-111111111111"
IDENTITY: dict[str, Any] = {
    "type": "identity", "spec_version": "2.1", "id": f"identity--{UUID}",
    "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00.5Z", "name": "A",
}  # fmt: skip


def raw(**changes: Any) -> bytes:
    document = IDENTITY | changes
    return orjson.dumps({name: value for name, value in document.items() if value is not None})


def test_a_header() -> None:
    read = header(raw(labels=["exercise"], object_marking_refs=[TLP2[Tlp.AMBER_STRICT]]))
    assert (read.type, read.version, read.revoked) == ("identity", "2026-01-01T00:00:00.5Z", False)
    assert read.marking(Tlp.RED).tlp == Tlp.AMBER_STRICT
    assert read.marking(Tlp.RED).exercise


@pytest.mark.parametrize("tlp", list(TLP1))
def test_tlp_1_is_understood(tlp: Tlp) -> None:
    assert header(raw(object_marking_refs=[TLP1[tlp]])).tlp == tlp


def test_the_strictest_of_several_and_the_default_of_none() -> None:
    assert header(raw(object_marking_refs=[TLP2[Tlp.GREEN], TLP1[Tlp.RED]])).tlp == Tlp.RED
    assert header(raw()).marking(Tlp.AMBER).tlp == Tlp.AMBER


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (b"", "not a STIX object"),
        (b"[]", "not a STIX object"),
        (b'{"id": 3}', "not a STIX object"),
        (b"\xff{}", "not a STIX object|JSON"),
        (raw(id="identity--X"), "not a STIX identifier"),
        (raw(type="tool"), "says it is a tool"),
        (raw(spec_version="2.0"), "2.1 is read"),
        (raw(spec_version=None), "2.1 is read"),
        (raw(created=None), "created"),
        (raw(modified=None), "modified"),
        (raw(modified="2025-01-01T00:00:00Z"), "modified before it was created"),
        (raw(created="2026-01-01T00:00:00+07:00"), "created"),
        (raw(created="2026-13-01T00:00:00Z"), "created"),
        (raw(name=None), "has no 'name'"),
        (raw(first_seen="yesterday"), "first_seen"),
        (raw(x="a" * 70_000), "at most 65536"),
        (raw(x=[[[[[[[[[[1]]]]]]]]]]), "deeper than 10"),
        (raw()[:-1] + b',"name":"B"}', "'name' is given twice"),
        (raw()[:-1] + b',"x":{"a":1,"a":1}}', "'a' is given twice"),
        (raw()[:-1] + b',"x":NaN}', "JSON"),
        (raw()[:-1] + b',"x":"\\ud800"}', "JSON|not a STIX"),
        (raw()[:-1] + b',"x":"\xff"}', "JSON|not a STIX"),
        (raw()[:-3], "not a STIX object"),
        (b"[" * 60_000, "deeper than 10"),
        (b'{"a":' * 60_000, "at most"),
    ],
)
def test_what_is_refused_and_in_which_words(bad: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words) as caught:
        header(bad)
    assert caught.value.remedy


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(orjson.dumps))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        header(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def true_depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((true_depth(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((true_depth(item) for item in value), default=0)
    return 0


@given(json_values)
def test_depth_is_that_of_the_decoded_value(value: Any) -> None:
    assert depth(orjson.dumps(value)) == true_depth(value)


texts = st.text(alphabet='{}[]"\\x', max_size=6)
bracketed = st.recursive(
    texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(bracketed, st.integers(0, 4))
@example([{}], 1)
@example([{"a": [{}]}], 3)
def test_only_what_nests_deeper_is_too_deep(value: Any, limit: int) -> None:
    data = orjson.dumps(value)
    try:
        check_depth(data, limit)
    except FormatError:
        assert true_depth(value) > limit
    else:
        assert true_depth(value) <= limit


PLACES = ["x_ref", "x_refs", "in_text", "in_key", "deep", "escaped"]


@pytest.mark.parametrize("place", PLACES)
def test_every_reference_is_found(place: str) -> None:
    other = "tool--22222222-2222-4222-8222-222222222222"
    puts: dict[str, dict[str, Any]] = {
        "x_ref": {"x_ref": other},
        "x_refs": {"x_refs": [other]},
        "in_text": {"description": f"see {other}, please"},
        "in_key": {"x": {other: 1}},
        "deep": {"extensions": {"e": [{"y": {"z_ref": other}}]}},
        "escaped": {"x": "PLACEHOLDER"},
    }
    data = raw(**puts[place]).replace(b"PLACEHOLDER", b"\\u0074ool--22222222-2222-4222-8222-222222222222")
    assert references(data) == {other}


def test_references_are_in_lower_case_and_leave_out_the_own_id() -> None:
    assert references(raw(x="TOOL--22222222-2222-4222-8222-22222222222A")) == {
        "tool--22222222-2222-4222-8222-22222222222a"
    }
    assert references(raw(x=f"identity--{UUID}")) == frozenset()


def test_text_made_to_be_slow_is_not() -> None:
    for text in ("a" * 60_000, "-" * 60_000, f"--{UUID}" * 1_500, '"' * 30_000, "\\" * 30_000):
        data = raw(x=text)
        assert f"identity--{UUID}" not in references(data)
        assert depth(data) == 1


def test_free_text_is_found_at_any_depth() -> None:
    assert free_text(raw(description="x", extensions={"e": {"vessel_name": "y"}})) == {"description", "vessel_name"}
    assert free_text(raw(description="")) == frozenset()


@given(st.integers(0, 4_000_000_000_000))
def test_times_go_there_and_back(ms: int) -> None:
    assert round(parse_time(format_time(ms / 1000)) * 1000) == ms


def test_constants_are_distinct_ids() -> None:
    assert all(is_id(name) for name in COMMON_KNOWLEDGE)
    assert len({*TLP2.values(), *TLP1.values(), *EXTENSIONS.values()}) == len(TLP2) + len(TLP1) + len(EXTENSIONS)


def test_two_nodes_never_claim_the_same_id() -> None:
    one, two = (object_id("tool", node, "key") for node in ("identity--a", "identity--b"))
    assert one != two
    assert one == object_id("tool", "identity--a", "key")
    assert is_id(one)


def test_a_cyber_observable_has_no_times() -> None:
    sco = orjson.dumps({"type": "ipv4-addr", "spec_version": "2.1", "id": f"ipv4-addr--{UUID}", "value": "192.0.2.1"})
    assert header(sco).version == ""
    assert peek(sco) == header(sco)


written = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
members = st.recursive(
    st.one_of(st.integers(-(2**53), 2**53), written, st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.lists(st.tuples(written, inner), max_size=3)),
    max_leaves=8,
)


def spelled(value: Any, style: Callable[[str], str], space: str) -> str:
    """JSON of a value in which objects are lists of pairs, so that a name can stand there twice."""
    if isinstance(value, list) and value and all(isinstance(item, tuple) for item in value):
        pairs = (f"{style(name)}{space}:{space}{spelled(item, style, space)}" for name, item in value)
        return "{" + f",{space}".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(spelled(item, style, space) for item in value) + "]"
    return style(value) if isinstance(value, str) else json.dumps(value)


def repeats(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    pairs = [item for item in value if isinstance(item, tuple)]
    inner = [item[1] if isinstance(item, tuple) else item for item in value]
    return len({name for name, _ in pairs}) < len(pairs) or any(map(repeats, inner))


@given(members, st.sampled_from([json.dumps, lambda text: orjson.dumps(text).decode()]), st.sampled_from(["", " "]))
def test_a_name_given_twice_is_found_however_it_is_written(value: Any, style: Callable[[str], str], space: str) -> None:
    raw = spelled(value, style, space).encode()
    if repeats(value):
        with pytest.raises(FormatError, match="twice"):
            load_strict(raw)
    else:
        assert load_strict(raw) == json.loads(raw)
