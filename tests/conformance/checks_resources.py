"""Sections 2, 4.3, 5.1 to 5.3 and 5.8: the shape of collections, status, manifest and versions."""

import re
import uuid
from itertools import pairwise
from typing import Any

from conformance.bench import Bench, must
from conformance.wire import OLD, Object, envelope, indicator, new_id, query

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
LATER = "2024-06-01T08:00:00.123Z"


def _is_v4(text: str) -> bool:
    return uuid.UUID(text).version == 4 and str(uuid.UUID(text)) == text


def _lists(value: Any) -> list[list[Any]]:
    """Every list in a resource, at any depth."""
    if isinstance(value, dict):
        return [found for one in value.values() for found in _lists(one)]
    if isinstance(value, list):
        return [value, *(found for one in value for found in _lists(one))]
    return []


@must("coll-required", "5.2.1")
def _(bench: Bench) -> None:
    """A collection has id, title, can_read and can_write, each of its type"""
    for one in bench.one.collections():
        assert isinstance(one["id"], str)
        assert isinstance(one["title"], str)
        assert isinstance(one["can_read"], bool)
        assert isinstance(one["can_write"], bool)


@must("coll-id", "2, 5.2.1")
def _(bench: Bench) -> None:
    """A collection's id is a UUID of version 4"""
    assert all(_is_v4(one["id"]) for one in bench.one.collections())


@must("coll-order", "3.3")
def _(bench: Bench) -> None:
    """Collections come in the same order at every request"""
    assert len({str(bench.one.collections()) for _ in range(3)}) == 1


@must("coll-one", "5.2")
def _(bench: Bench) -> None:
    """A collection asked for by its id is the one in the list"""
    for one in bench.one.collections():
        assert bench.one.ask(f"{bench.one.root}collections/{one['id']}/").json == one


@must("coll-alias", "5.2.1")
def _(bench: Bench) -> None:
    """Aliases are unique within the API root"""
    found = [one["alias"] for one in bench.one.collections() if "alias" in one]
    assert len(set(found)) == len(found)


@must("coll-media", "5.2.1")
def _(bench: Bench) -> None:
    """`media_types`, where given, names what the collection can store: STIX 2.1 here"""
    assert all("application/stix+json;version=2.1" in one["media_types"] for one in bench.one.collections())


@must("coll-none", "5.1.1")
def _(bench: Bench) -> None:
    """Who has no collections gets an empty object, not an empty list"""
    answer = bench.staff.ask(bench.staff.root + "collections/")
    assert (answer.status, answer.json) == (200, {})


@must("coll-404", "5.2")
def _(bench: Bench) -> None:
    """A collection that does not exist is 404, whatever its name"""
    for name in (str(uuid.uuid4()), "nothing", "..%2f", "%00", "a" * 3000):
        assert bench.one.ask(f"{bench.one.root}collections/{name}/").status == 404


@must("coll-other", "5.2")
def _(bench: Bench) -> None:
    """Somebody else's collection is 404 like one that does not exist"""
    assert bench.one.ask(bench.shelf).status == 404
    assert bench.one.ask(bench.shelf + "objects/").status == 404
    assert bench.one.ask(bench.shelf + "objects/", "POST", envelope([indicator()])).status == 404


@must("list-empty", "2")
def _(bench: Bench) -> None:
    """No resource holds an empty list"""
    paths = ("/taxii2/", bench.one.root, bench.one.root + "collections/", bench.inbox, bench.inbox + "manifest/")
    found = [bench.one.ask(path).json for path in paths] + [bench.add(indicator()).json]
    assert all(one for resource in found for one in _lists(resource))


@must("status-required", "4.3.1")
def _(bench: Bench) -> None:
    """A status has id, status and the four counts"""
    found = bench.add(indicator()).json
    counts = ("total_count", "success_count", "failure_count", "pending_count")
    assert {"id", "status", *counts} <= found.keys()
    assert all(isinstance(found[name], int) and found[name] >= 0 for name in counts)


@must("status-id", "2, 4.3.1")
def _(bench: Bench) -> None:
    """A status's id is a UUID of version 4"""
    assert _is_v4(bench.add(indicator()).json["id"])


@must("status-value", "4.3.1")
def _(bench: Bench) -> None:
    """`status` is `complete` or `pending`"""
    assert bench.add(indicator()).json["status"] in ("complete", "pending")


@must("status-total", "4.3.1")
def _(bench: Bench) -> None:
    """The counts add up to the number of objects in the envelope, and to the lists"""
    found = bench.add(indicator(), indicator(), {"type": "indicator"}).json
    assert found["total_count"] == 3
    assert found["success_count"] + found["failure_count"] + found["pending_count"] == 3
    for count, name in (("success_count", "successes"), ("failure_count", "failures"), ("pending_count", "pendings")):
        assert len(found.get(name, [None] * found[count])) == found[count]


@must("status-id-of", "4.3.1")
def _(bench: Bench) -> None:
    """A detail's id is the STIX id"""
    made = indicator()
    assert bench.add(made).json["successes"][0]["id"] == made["id"]


@must("status-version", "4.3.1")
def _(bench: Bench) -> None:
    """A detail's version is `modified`"""
    assert bench.add(indicator(modified=LATER)).json["successes"][0]["version"] == LATER


@must("status-created", "4.3.1")
def _(bench: Bench) -> None:
    """A detail's version is `created` where there is no `modified`"""
    assert bench.add(_statement()).json["successes"][0]["version"] == OLD


@must("status-get", "4.3")
def _(bench: Bench) -> None:
    """A status can be asked for by its id, and a complete one is the same again"""
    posted = bench.add(indicator()).json
    answer = bench.one.ask(f"{bench.one.root}status/{posted['id']}/")
    assert answer.status == 200
    assert answer.headers["content-type"].replace(" ", "") == "application/taxii+json;version=2.1"
    assert posted["status"] == "pending" or answer.json == posted


@must("status-time", "2")
def _(bench: Bench) -> None:
    """`request_timestamp` is in UTC with six digits"""
    assert TIME.fullmatch(bench.add(indicator()).json.get("request_timestamp", "2024-01-01T00:00:00.000000Z"))


@must("status-404", "4.3")
def _(bench: Bench) -> None:
    """A status that is not there is 404, also if its id is none"""
    for name in (str(uuid.uuid4()), "x"):
        assert bench.one.ask(f"{bench.one.root}status/{name}/").status == 404


@must("man-required", "5.3.1")
def _(bench: Bench) -> None:
    """A manifest record has id, date_added and version"""
    made = bench.added(modified=LATER)
    (record,) = bench.manifest(id=made["id"]).objects
    assert (record["id"], record["version"]) == (made["id"], LATER)
    assert TIME.fullmatch(record["date_added"])


@must("man-created", "5.3.1")
def _(bench: Bench) -> None:
    """A record's version is `created` where there is no `modified`"""
    made = _statement()
    bench.add(made)
    assert bench.manifest(id=made["id"]).objects[0]["version"] == OLD


@must("man-media", "5.3.1")
def _(bench: Bench) -> None:
    """A record's media type is one of the collection's"""
    made = bench.added()
    assert bench.manifest(id=made["id"]).objects[0]["media_type"] in bench.one.ask(bench.inbox).json["media_types"]


@must("man-empty", "5.3.1")
def _(bench: Bench) -> None:
    """A manifest without records is an empty object"""
    assert bench.manifest(id=new_id()).json == {}


@must("man-type", "5.3")
def _(bench: Bench) -> None:
    """A manifest is filtered by the objects behind it"""
    made = bench.added()
    assert bench.manifest(id=made["id"], type="indicator").ids == [made["id"]]
    assert bench.manifest(id=made["id"], type="malware").json == {}


@must("man-sort", "3.3")
def _(bench: Bench) -> None:
    """Records come in ascending order of date_added"""
    dates = [one["date_added"] for one in bench.filled.ask(bench.shelf + "manifest/").objects]
    assert len(dates) == 7
    assert all(a <= b for a, b in pairwise(dates))


@must("man-versions", "5.3.1")
def _(bench: Bench) -> None:
    """Every version has a record of its own"""
    made = bench.added()
    bench.add(made | {"modified": LATER})
    assert [one["version"] for one in bench.manifest(id=made["id"], version="all").objects] == [OLD, LATER]


@must("ver-list", "5.8.1")
def _(bench: Bench) -> None:
    """The versions of an object are listed"""
    made = bench.added()
    bench.add(made | {"modified": LATER})
    assert bench.one.ask(f"{bench.inbox}objects/{made['id']}/versions/").json["versions"] == [OLD, LATER]


@must("ver-created", "5.8")
def _(bench: Bench) -> None:
    """An object without `modified` has `created` for its version"""
    made = _statement()
    bench.add(made)
    assert bench.one.ask(f"{bench.inbox}objects/{made['id']}/versions/").json["versions"] == [OLD]


@must("ver-none", "5.8, 5.8.1")
def _(bench: Bench) -> None:
    """The versions of an object that is not there are 404 or an empty object"""
    answer = bench.one.ask(f"{bench.inbox}objects/{new_id()}/versions/")
    assert answer.status == 404 or answer.json == {}


@must("ver-empty", "5.8.1")
def _(bench: Bench) -> None:
    """A list of versions of which none is wanted is an empty object"""
    made = bench.added()
    answer = bench.one.ask(f"{bench.inbox}objects/{made['id']}/versions/{query(added_after='2999-01-01T00:00:00.0Z')}")
    assert (answer.status, answer.json) == (200, {})


def _statement() -> Object:
    """An object that is not versioned."""
    return {
        "type": "marking-definition", "spec_version": "2.1", "id": new_id("marking-definition"), "created": OLD,
        "definition_type": "statement", "definition": {"statement": "for this test"},
    }  # fmt: skip
