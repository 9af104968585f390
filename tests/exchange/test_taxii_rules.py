"""The rules of TAXII 2.1 that are not about paging."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.taxii_node import TAXII, US, Node, incident, uid
from prasan.exchange.http import time_text, time_us
from prasan.exchange.posts import MAX_CONTENT

ROOT = "/taxii2/node/"


def title(response: Any) -> str:
    assert response.headers["content-type"] == TAXII
    return str(json.loads(response.body)["title"])


def test_discovery_root_and_collections(node: Node) -> None:
    found = json.loads(node.ask("/taxii2/").body)
    assert found["default"] in found["api_roots"] == [ROOT]
    root = json.loads(node.ask(ROOT).body)
    assert root["versions"] == [TAXII]
    assert root["max_content_length"] == MAX_CONTENT
    listed = json.loads(node.ask(ROOT + "collections/").body)["collections"]
    assert [(c["alias"], c["can_read"], c["can_write"]) for c in listed] == [
        ("alerts", True, False), ("control", True, False), ("objects", True, False), ("inbox", True, True),
    ]  # fmt: skip
    assert json.loads(node.ask(f"{ROOT}collections/{listed[0]['id']}/").body) == listed[0]
    assert json.loads(node.ask(f"{ROOT}collections/alerts/").body) == listed[0]


@pytest.mark.parametrize(
    ("host", "root"),
    [
        ("node.example:8440", "https://node.example:8440/taxii2/node/"),
        ("[2001:db8::1]:8440", "https://[2001:db8::1]:8440/taxii2/node/"),
        ("", "/taxii2/node/"),
        ("evil.example/x?", "/taxii2/node/"),
        ("a b", "/taxii2/node/"),
    ],
)
def test_the_root_is_under_the_name_that_was_asked_for(node: Node, host: str, root: str) -> None:
    found = json.loads(node.ask("/taxii2/", host=host).body)
    assert (found["default"], found["api_roots"]) == (root, [root])


def test_who_has_no_space_sees_nothing(node: Node) -> None:
    node.publish(1)
    assert node.ask(ROOT + "collections/", who=None).body == b"{}"
    for who in (None, "identity--other"):
        assert node.ask(node.url("objects"), who=who).status == 404
        assert node.ask(node.url("inbox"), who=who, method="POST", body=b"{}").status == 404
    status = node.post(incident(5))["id"]
    assert node.ask(f"{ROOT}status/{status}/", who="identity--other").status == 404
    assert json.loads(node.ask(f"{ROOT}status/{status}/").body)["success_count"] == 1


@pytest.mark.parametrize(
    "path",
    ["/taxii2/other/", "/elsewhere/", ROOT + "collections/no-uuid/", ROOT + "status/no-uuid/", ROOT + "x/",
     ROOT + "collections/00000000-0000-4000-8000-000000000000/objects/"],
)  # fmt: skip
def test_what_is_not_there_is_404_with_a_title(node: Node, path: str) -> None:
    response = node.ask(path)
    assert response.status == 404
    assert title(response)


@pytest.mark.parametrize(
    ("accept", "status"),
    [(TAXII, 200), ("application/taxii+json", 200), ("application/taxii+json ; version=2.1", 200), ("*/*", 200),
     ("application/stix+json;version=2.1, application/taxii+json;version=2.1;q=0.4", 200),
     ('application/taxii+json; version="2.1"', 200), ("application/taxii+json;version=2.0", 406), ("text/html", 406),
     ("application/taxii+json;q=0", 406), ("application/vnd.oasis.taxii+json; version=2.0", 406)],
)  # fmt: skip
def test_accept(node: Node, accept: str, status: int) -> None:
    response = node.ask("/taxii2/", accept=accept)
    assert response.status == status
    assert title(response)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [(TAXII, 202), ("application/taxii+json", 202), ("application/taxii+json; version=2.1", 202),
     ("application/taxii+json;version=2.0", 415), ("application/json", 415), ("", 415)],
)  # fmt: skip
def test_content_type(node: Node, content_type: str, status: int) -> None:
    body = json.dumps({"objects": [incident(1)]}).encode()
    assert node.ask(node.url("inbox"), method="POST", body=body, content_type=content_type).status == status


@pytest.mark.parametrize(
    "query",
    ["added_after=yesterday", "added_after=", "added_after=2026-01-01T00:00:00Z&added_after=2026-01-01T00:00:00Z",
     "added_after=2026-13-01T00:00:00Z", "limit=0", "limit=-1", "limit=ten", "limit=1.5", "limit=1&limit=1", "limit=",
     "next=junk", "next=ff-00000000", "next=", "match[version]=newest", "match[version]=all,last",
     "match[version]=last,last", "match[version]=last&match[version]=first", "match[type]=", "match[id]=a,,b",
     "match[spec_version]=two"],
)  # fmt: skip
@pytest.mark.parametrize("rest", ["objects/", "manifest/", "objects/x/", "objects/x/versions/"])
def test_malformed_parameters_are_400(node: Node, query: str, rest: str) -> None:
    response = node.ask(node.url("objects", rest) + "?" + query)
    assert response.status == 400
    assert title(response) == "Malformed parameter"


def test_filters(node: Node) -> None:
    node.publish(1, 2, 3)
    assert [o["id"] for o in node.read("objects", **{"match[id]": f"{uid(3)},{uid(1)}"})["objects"]] == [uid(1), uid(3)]
    assert node.read("objects", **{"match[type]": "malware,indicator"}) == {}
    assert node.read("objects", **{"match[spec_version]": "2.0"}) == {}
    assert len(node.read("objects", **{"match[version]": "2026-01-01T00:00:00Z"})["objects"]) == 3
    assert len(node.read("objects", unknown="x", **{"match[other]": "y"})["objects"]) == 3


def test_one_object(node: Node) -> None:
    node.publish(1)
    assert node.read("objects", f"objects/{uid(1)}/")["objects"][0]["id"] == uid(1)
    assert node.ask(node.url("objects", f"objects/{uid(2)}/")).status == 404
    assert node.ask(node.url("objects", f"objects/{uid(2)}/versions/")).status == 404
    assert node.read("objects", f"objects/{uid(1)}/", **{"match[version]": "2020-01-01T00:00:00Z"}) == {}


def test_a_bad_object_does_not_take_the_others_with_it(node: Node) -> None:
    objects = [incident(n) for n in range(5)]
    objects[1] |= {"id": "incident--nonsense"}
    objects[2] |= {"description": "x" * 70_000}
    del objects[3]["name"]
    status = node.post(*objects)
    assert (status["total_count"], status["success_count"], status["failure_count"]) == (5, 2, 3)
    assert [o["id"] for o in status["successes"]] == [uid(0), uid(4)]
    assert [o["id"] for o in status["failures"]] == ["incident--nonsense", uid(2), uid(3)]
    assert all(o["message"] for o in status["failures"])
    assert len(node.read("inbox")["objects"]) == 2


def test_an_exact_duplicate_is_a_success_and_a_changed_one_is_not(node: Node) -> None:
    assert node.post(incident(1))["success_count"] == 1
    assert node.post(incident(1))["success_count"] == 1
    assert node.post(incident(1, name="other"))["failure_count"] == 1
    assert [o["name"] for o in node.read("inbox")["objects"]] == ["n 1"]


def test_versions_of_an_inbox_object(node: Node) -> None:
    versions = [f"2026-01-0{day}T00:00:00.000Z" for day in (1, 3, 2)]
    node.post(*(incident(1, version) for version in versions))
    assert node.read("inbox", f"objects/{uid(1)}/versions/") == {"versions": versions}
    got = {
        w: [o["modified"] for o in node.read("inbox", **{"match[version]": w})["objects"]]
        for w in ("first", "last", "all")
    }
    assert got == {"first": versions[:1], "last": versions[1:2], "all": versions}
    assert node.read("inbox", "manifest/")["objects"][0]["version"] == versions[1]


def test_unversioned_objects_are_taken(node: Node) -> None:
    address = {"type": "ipv4-addr", "spec_version": "2.1", "id": uid(1, "ipv4-addr"), "value": "192.0.2.1"}
    assert node.post(address)["success_count"] == 1
    assert node.post(address)["success_count"] == 1
    assert len(node.read("inbox", f"objects/{address['id']}/versions/")["versions"]) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"not json", 400), (b"[1]", 422), (b"{}", 422), (b'{"objects":[]}', 422), (b'{"objects":{}}', 422),
     (b'{"objects":[' + b"[" * 5000, 400)],
)  # fmt: skip
def test_bodies_that_are_no_envelope(node: Node, body: bytes, status: int) -> None:
    response = node.ask(node.url("inbox"), method="POST", body=body)
    assert response.status == status
    assert title(response)


def test_a_body_too_large_is_413(node: Node) -> None:
    assert node.ask(node.url("inbox"), method="POST", body=b" " * (MAX_CONTENT + 1)).status == 413


def test_lanes_are_read_only(node: Node) -> None:
    node.publish(1)
    assert node.ask(node.url("objects"), method="POST", body=b"{}").status == 403
    assert node.ask(node.url("objects", f"objects/{uid(1)}/"), method="DELETE").status == 403
    response = node.ask("/taxii2/", method="PUT")
    assert response.status == 405
    assert response.headers["allow"] == "GET"


def test_delete_takes_every_version_or_the_ones_named(node: Node) -> None:
    versions = [f"2026-01-0{day}T00:00:00.000Z" for day in (1, 2, 3)]
    node.post(*(incident(1, version) for version in versions))
    path = f"objects/{uid(1)}/"
    assert node.ask(node.url("inbox", path, **{"match[version]": versions[1]}), method="DELETE").status == 200
    assert node.read("inbox", path + "versions/")["versions"] == [versions[0], versions[2]]
    assert node.ask(node.url("inbox", path), method="DELETE").status == 200
    assert node.ask(node.url("inbox", path)).status == 404
    assert node.ask(node.url("inbox", path), method="DELETE").status == 404
    assert node.read("inbox", "manifest/") == {}


def test_a_narrowed_row_leaves_at_once(node: Node) -> None:
    node.publish(1, 2)
    with node.store.write() as tx:
        tx.recall_views(US, uid(1))
    assert node.ask(node.url("objects", f"objects/{uid(1)}/")).status == 404
    assert [o["id"] for o in node.read("objects", "manifest/")["objects"]] == [uid(2)]


@given(st.integers(0, 4_000_000_000_000_000))
def test_times_survive_the_round_trip(us: int) -> None:
    assert time_us(time_text(us)) == us


@pytest.mark.parametrize(
    "text", ["2026-01-01", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00+07:00", "x", "2026-01-01T24:61:00Z"]
)
def test_what_is_no_time(text: str) -> None:
    assert time_us(text) is None
