"""MISP events in: what they become, and that nothing of them is less strict than it was."""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.errors import FormatError, UsageError
from prasan.feeds.documents import read_objects
from prasan.feeds.misp import events_in, tlp_of, to_stix
from prasan.formats.stix import header
from prasan.formats.stix_ids import TLP2
from prasan.picture.marking import Tlp

TIME = "1772438400"
LABELS = ("clear", "green", "amber", "amber+strict", "red", "white")


def uuid(number: int) -> str:
    return f"5b2a5c1e-0d7c-4c5e-8e3a-{number:012}"


def attribute(
    number: int, *tags: str, kind: str = "ip-dst", value: str = "198.51.100.7", **more: Any
) -> dict[str, Any]:
    head = {"uuid": uuid(number), "type": kind, "category": "Network activity", "value": value, "to_ids": True}
    return head | {"timestamp": TIME, "Tag": [{"name": tag} for tag in tags]} | more


def event(*attributes: dict[str, Any], tags: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    head = {"uuid": uuid(999), "info": "Vessel at anchor", "date": "2026-03-02", "timestamp": TIME, "published": True}
    org = {"name": "CERT-X", "uuid": uuid(998)}
    named = [{"name": tag} for tag in tags]
    rest = {"publish_timestamp": TIME, "threat_level_id": "2", "analysis": "1", "Orgc": org, "Tag": named}
    return {"Event": head | rest | {"Attribute": list(attributes)} | more}


def marked(document: Any) -> dict[str, Tlp | None]:
    """The TLP of each object that is made, by id; every one is an object that the node takes."""
    made = [header(raw) for raw in to_stix(events_in(document))]
    assert all(len(one.object_marking_refs) == len(set(one.object_marking_refs)) <= 1 for one in made)
    assert all(ref in TLP2.values() for one in made for ref in one.object_marking_refs)
    return {one.id: one.tlp for one in made}


def test_every_part_of_an_attribute_is_as_strict_as_the_attribute() -> None:
    found = marked(
        event(attribute(1, "tlp:red"), attribute(2, kind="domain", value="example.org"), tags=("tlp:green",))
    )
    red = {name for name, tlp in found.items() if tlp is Tlp.RED}
    assert {name.partition("--")[0] for name in red} >= {"indicator", "ipv4-addr", "network-traffic", "observed-data"}
    assert all(name in red for name in found if name.endswith(uuid(1)))
    assert {tlp for name, tlp in found.items() if name.endswith(uuid(2))} == {Tlp.GREEN}
    assert found[f"report--{uuid(999)}"] is Tlp.GREEN
    assert {tlp for name, tlp in found.items() if name.startswith("relationship")} == {Tlp.RED, Tlp.GREEN}


def test_an_object_is_as_strict_as_what_is_in_it_and_what_holds_it() -> None:
    inner = [
        attribute(5, kind="float", value="3.2", object_relation="latitude"),
        attribute(6, "tlp:amber", kind="float", value="100.4", object_relation="longitude"),
    ]
    template = {"template_version": "8", "template_uuid": "cd6f2238-ba55-4888-82c4-104e6e1acf21"}
    head = {"uuid": uuid(4), "name": "geolocation", "meta-category": "misc", "timestamp": TIME}
    place = head | template | {"Attribute": inner}
    found = marked(event(tags=("tlp:clear",), Object=[place]))
    assert found[f"location--{uuid(4)}"] is Tlp.AMBER


@pytest.mark.parametrize(
    ("holder", "tlp"),
    [
        ({}, None),
        ({"Tag": [{"name": "tlp:white"}]}, Tlp.CLEAR),
        ({"Tag": [{"name": "TLP:AMBER+STRICT"}, {"name": "tlp:green"}]}, Tlp.AMBER_STRICT),
        ({"Tag": [{"name": "tlp:ex:chr"}]}, Tlp.RED),
        ({"Tag": [{"name": "tlp:unclear"}]}, Tlp.RED),
        ({"Tag": "x", "distribution": "0"}, Tlp.AMBER_STRICT),
        ({"Tag": [{"name": "tlp:green"}], "distribution": "0"}, Tlp.GREEN),
        ({"distribution": 4, "Tag": [{"name": "tlp:red"}]}, Tlp.RED),
        ({"distribution": "3"}, None),
    ],
)
def test_labels_and_distributions(holder: dict[str, Any], tlp: Tlp | None) -> None:
    assert tlp_of(holder) is tlp


@given(st.sampled_from(LABELS), st.lists(st.sampled_from(LABELS), max_size=4))
@settings(max_examples=25, deadline=None)
def test_nothing_is_less_strict_than_what_it_is_made_of(whole: str, inner: list[str]) -> None:
    attributes = [attribute(n, f"tlp:{label}", value=f"198.51.100.{n}") for n, label in enumerate(inner)]
    found = marked(event(*attributes, tags=(f"tlp:{whole}",)))
    for n, label in enumerate(inner):
        levels = {tlp for name, tlp in found.items() if name.endswith(uuid(n))}
        assert levels == {max(Tlp.parse(whole), Tlp.parse(label))}
    assert all(tlp is not None and tlp >= Tlp.parse(whole) for tlp in found.values())


def test_without_a_label_there_is_none_and_the_source_decides() -> None:
    assert set(marked(event(attribute(1))).values()) == {None}


def test_files_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    one = event(attribute(1))
    bundle = {"type": "bundle", "id": f"bundle--{uuid(1)}", "objects": [{"type": "x", "n": 1.50}]}
    documents = {"event": one, "list": [one], "answer": {"response": [one]}, "bundle": bundle}
    for name, document in documents.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(document, indent=2))
        found = read_objects(path)
        assert found
        (tmp_path / f"{name}.json.gz").write_bytes(gzip.compress(path.read_bytes()))
        assert read_objects(tmp_path / f"{name}.json.gz") == found
    for name, text in {
        "ais": '{"MessageType":"x"}',
        "other": '{"objects": 3}',
        "half": '{"Event": {',
        "no": "",
    }.items():
        path = tmp_path / name
        path.write_text(text)
        assert read_objects(path) is None


@pytest.mark.parametrize("wrong", [{}, {"Attribute": [{"type": "ip-dst"}]}, {"Object": [{"name": "file"}]}])
def test_an_event_that_cannot_be_converted_is_named(wrong: dict[str, Any]) -> None:
    document = {"Event": {"uuid": uuid(1), **wrong}}
    with pytest.raises(FormatError, match=uuid(1)):
        to_stix(events_in(document))


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "misp_stix_converter", None)
    with pytest.raises(UsageError) as error:
        to_stix(events_in(event()))
    assert "prasan[misp]" in error.value.remedy
