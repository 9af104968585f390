"""MISP events out: what a recipient can read and nothing else, under its labels, and back in again with them."""

import json
import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest

from node.node_kit import AMBER, Kit, Partner
from node.test_transitions import RELEASE, SANITISE, WITHHOLD, policy
from partner import CREATED, uid
from prasan.feeds.misp import events_in, to_stix
from prasan.formats.stix import header
from prasan.formats.stix_ids import TLP2
from prasan.node.lines.exporting import misp_events
from prasan.node.lines.foreign import take_all
from prasan.node.seeing.ingest import ingest
from prasan.picture.marking import PUBLIC, Marking, Tlp
from prasan.picture.source import Source

CERT = Source("cert", "file", Marking(tlp=Tlp.GREEN))


def indicator(number: int, **more: Any) -> bytes:
    head = {"type": "indicator", "spec_version": "2.1", "id": uid(number, "indicator"), "created": CREATED}
    rest = {"modified": CREATED, "pattern": f"[ipv4-addr:value = '198.51.100.{number}']", "pattern_type": "stix"}
    return json.dumps(head | rest | {"valid_from": CREATED} | more).encode()


def tags(holder: dict[str, Any]) -> set[str]:
    """Every tag in it, at any depth."""
    inner = [one for name in ("Attribute", "Object") for one in holder.get(name, [])]
    return {tag["name"] for tag in holder.get("Tag", [])}.union(*map(tags, inner))


def loads_in_misp(event: dict[str, Any]) -> None:
    """MISP's own library takes it, and the templates are those that it ships."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pymisp import MISPEvent, MISPObject

        loaded = MISPEvent()
        loaded.from_dict(**deepcopy(event))  # it changes what it is given
        assert loaded.uuid == event["uuid"]
        for one in event["Object"]:
            template = MISPObject(one["name"])
            assert template._definition is not None
            assert (template.template_uuid, str(template.template_version)) == (
                one["template_uuid"],
                one["template_version"],
            )
            assert {a["object_relation"] for a in one["Attribute"]} <= set(template._definition["attributes"])
            for attribute in one["Attribute"]:
                said = template._definition["attributes"][attribute["object_relation"]]["misp-attribute"]
                assert said == attribute["type"]


def test_an_event_and_an_incident_are_events_of_misp(kit: Kit, us: Partner) -> None:
    vessel = kit.vessel(567000001)
    kit.event("a", vessels=[vessel])
    kit.incident("b", PUBLIC)
    policy(kit, RELEASE)
    made = misp_events(kit.node, "us-mo")
    names = [event["info"].partition(",")[0] for event in made.events]
    assert names == ["gap", "Incident at sea: boarded"]
    gap, incident = made.events
    assert [one["name"] for one in gap["Object"]] == ["geolocation", "ais-observation", "ais"]
    assert (tags(gap), gap["distribution"]) == ({"tlp:amber"}, "0")
    assert (tags(incident), incident["distribution"]) == ({"tlp:clear"}, "3")
    values = {a["object_relation"]: a["value"] for a in gap["Object"][2]["Attribute"]}
    assert (values["MMSI"], values["IMO-number"]) == ("567000001", "9074729")
    for event in made.events:
        loads_in_misp(event)
    assert misp_events(kit.node, "us-mo") == made


def test_what_is_coarse_for_a_recipient_is_coarse_in_misp(kit: Kit, us: Partner) -> None:
    kit.event("a", vessels=[kit.vessel(567000001)])
    policy(kit, SANITISE)
    made = misp_events(kit.node, "us-mo")
    text = json.dumps(made.events)
    assert len(made.events) == 1
    assert "9.1234" not in text
    assert "567000001" not in text


def test_who_may_read_nothing_gets_nothing(kit: Kit, us: Partner) -> None:
    kit.event("a")
    take_all(kit.node, [indicator(1)], CERT)
    policy(kit, WITHHOLD)
    assert misp_events(kit.node, "us-mo").events == ()


def test_other_objects_share_one_event_and_keep_their_labels(kit: Kit, us: Partner) -> None:
    raws = [indicator(1), indicator(2, object_marking_refs=[TLP2[Tlp.AMBER]]), indicator(3)]
    odd = orjson.dumps(orjson.loads(indicator(4)) | {"type": "x-acme", "id": uid(4, "x-acme")})
    take_all(kit.node, [*raws, odd], CERT)
    policy(kit, RELEASE)
    made = misp_events(kit.node, "us-mo")
    (event,) = made.events
    loads_in_misp(event)
    by_uuid = {one["uuid"]: tags(one) for one in event["Attribute"]}
    assert by_uuid == {
        uid(1).partition("--")[2]: {"tlp:green"},
        uid(2).partition("--")[2]: {"tlp:amber"},
        uid(3).partition("--")[2]: {"tlp:green"},
    }
    assert {"name": "tlp:amber"} in event["Tag"]
    assert made.left_out == {"x-acme": 1}


@pytest.mark.parametrize("tlp", list(Tlp))
def test_out_and_in_again_the_label_is_the_same(kit: Kit, us: Partner, tlp: Tlp) -> None:
    kit.incident("a", Marking(tlp=tlp))
    policy(kit, 'id = "staff"\nto = ["class:staff"]\ntypes = ["incident"]\nthen = "release"\n')
    made = misp_events(kit.node, "class:staff")
    back = [header(raw) for raw in to_stix(events_in({"response": [{"Event": one} for one in made.events]}))]
    assert back
    assert {one.tlp for one in back} == {tlp}


def test_a_misp_file_is_taken_in_under_the_marking_of_its_source(kit: Kit, us: Partner, tmp_path: Path) -> None:
    kit.event("a", marking=AMBER)
    policy(kit, RELEASE)
    made = misp_events(kit.node, "us-mo")
    path = tmp_path / "events.json"
    path.write_bytes(orjson.dumps({"response": [{"Event": one} for one in made.events]}))
    (taken,), _ = ingest(kit.node, [str(path)], name="misp")
    assert taken.objects > 0
    assert taken.dropped == {"may_not_speak": 1}  # who made it is this node, and that only this node says
    rows = [row for row in kit.node.store.each_object() if row.type in ("report", "location", "x-misp-object")]
    assert rows
    assert all(row.marking.tlp is Tlp.AMBER for row in rows)
    (again,), _ = ingest(kit.node, [str(path)], name="misp")
    assert (again.objects, again.kept) == (0, taken.kept)
