"""Sections 5.5 and 5.7: adding and deleting. And what the standard leaves open and clients suffer from."""

import gzip
import json
from itertools import pairwise

from conformance.bench import Bench, info, must
from conformance.wire import OLD, Answer, Object, campaign, envelope, indicator, new_id, query

LATER = "2024-06-01T08:00:00.937Z"


def _post(bench: Bench, body: bytes) -> Answer:
    return bench.one.ask(bench.inbox + "objects/", "POST", body)


@must("add-202", "5.5")
def _(bench: Bench) -> None:
    """Objects in an envelope are taken with 202 and a status"""
    answer = _post(bench, envelope([indicator()]))
    assert answer.status == 202
    assert answer.json["success_count"] + answer.json["pending_count"] == 1


@must("add-dup", "5.5")
def _(bench: Bench) -> None:
    """An exact duplicate is no failure, alone or twice in one envelope"""
    made = bench.added()
    assert bench.add(made).json["failure_count"] == 0
    fresh = indicator()
    assert bench.add(fresh, fresh).json["failure_count"] == 0
    assert len(bench.objects(id=f"{made['id']},{fresh['id']}", version="all").objects) == 2


@must("add-sco", "5.5, 8.2.1")
def _(bench: Bench) -> None:
    """A cyber-observable object, which has no times and may have no spec_version, is taken and given back"""
    bare: Object = {"type": "ipv4-addr", "id": new_id("ipv4-addr"), "value": "198.51.100.7"}
    full: Object = {"type": "url", "spec_version": "2.1", "id": new_id("url"), "value": "https://example.com/"}
    assert bench.add(bare, full).json["failure_count"] == 0
    assert bench.objects(id=bare["id"]).objects == [bare]
    assert bench.objects(id=full["id"]).objects == [full]


@must("add-relationship", "5.5")
def _(bench: Bench) -> None:
    """Relationships and sightings are taken, also of objects that are not here"""
    common = {"spec_version": "2.1", "created": OLD, "modified": OLD}
    link = {"type": "relationship", "id": new_id("relationship"), "relationship_type": "indicates", **common}
    seen = {"type": "sighting", "id": new_id("sighting"), "sighting_of_ref": new_id(), **common}
    assert bench.add(link | {"source_ref": new_id(), "target_ref": new_id("malware")}, seen).json["failure_count"] == 0


@must("add-definition", "5.5, 3.7")
def _(bench: Bench) -> None:
    """A marking definition, which is not versioned, is taken"""
    made: Object = {
        "type": "marking-definition", "spec_version": "2.1", "id": new_id("marking-definition"), "created": OLD,
        "definition_type": "statement", "definition": {"statement": "x"},
    }  # fmt: skip
    assert bench.add(made).json["failure_count"] == 0
    assert bench.objects(id=made["id"]).objects == [made]


@must("add-version", "5.5, 3.4.1")
def _(bench: Bench) -> None:
    """A new version of an object is added beside the old one"""
    made = bench.added()
    bench.add(made | {"modified": LATER})
    assert len(bench.objects(id=made["id"], version="all").objects) == 2


@must("add-bad-json", "5.5")
def _(bench: Bench) -> None:
    """A body that is no JSON is 400 or 422"""
    for body in (b"{", b"not json", b'{"objects": [}', b"\xff\xfe{}", b"[" * 100_000):
        answer = _post(bench, body)
        assert answer.status in (400, 422)
        assert answer.json["title"]


@must("add-not-envelope", "5.5, 3.7")
def _(bench: Bench) -> None:
    """JSON that is no envelope is 400 or 422"""
    for body in (b"[]", b"3", b"null", b'{"objects": {}}', b'{"objects": [3]}', b'{"objects": "x"}'):
        answer = _post(bench, body)
        refused = answer.status in (400, 422)
        assert refused or answer.json["success_count"] == 0, (body, answer)


@must("add-custom-property", "7.1.1")
def _(bench: Bench) -> None:
    """A custom property of the envelope is ignored, or a 422"""
    made = indicator()
    answer = _post(bench, json.dumps({"x_example_com_note": {"a": 1}, "objects": [made]}).encode())
    assert answer.status == 422 or answer.json["success_count"] == 1


@must("add-forbidden", "5.5")
def _(bench: Bench) -> None:
    """A collection that cannot be written to answers 403 or 404"""
    assert bench.one.ask(bench.one.readable() + "objects/", "POST", envelope([indicator()])).status in (403, 404)


@must("add-bad-one", "4.3.1")
def _(bench: Bench) -> None:
    """An object that cannot be taken is in `failures` by its id"""
    bad = indicator()
    del bad["pattern"]
    found = bench.add(indicator(), bad).json
    assert (found["success_count"], found["failure_count"]) == (1, 1)
    assert found["failures"][0]["id"] == bad["id"]
    assert found["failures"][0]["version"] == OLD


@must("del-version", "5.7")
def _(bench: Bench) -> None:
    """A version that was deleted is not given any more; the others are"""
    made = bench.added()
    bench.add(made | {"modified": LATER})
    path = f"{bench.inbox}objects/{made['id']}/"
    assert bench.one.ask(path + query(version=OLD), "DELETE").status == 200
    assert [one["modified"] for one in bench.objects(id=made["id"], version="all").objects] == [LATER]
    assert bench.one.ask(path).status == 200


@must("del-all", "5.7")
def _(bench: Bench) -> None:
    """Deleted without a version, the object is gone: 404"""
    made = bench.added()
    bench.add(made | {"modified": LATER})
    path = f"{bench.inbox}objects/{made['id']}/"
    assert bench.one.ask(path, "DELETE").status == 200
    assert bench.one.ask(path).status == 404


@must("del-manifest", "5.7")
def _(bench: Bench) -> None:
    """What was deleted is in no manifest and no page"""
    made = bench.added()
    assert bench.one.ask(f"{bench.inbox}objects/{made['id']}/", "DELETE").status == 200
    assert bench.manifest(id=made["id"], version="all").json == {}
    assert bench.objects(id=made["id"], version="all").json == {}


@must("del-404", "5.7")
def _(bench: Bench) -> None:
    """Deleting what is not there is 404"""
    made = bench.added()
    path = f"{bench.inbox}objects/{made['id']}/"
    assert bench.one.ask(path, "DELETE").status == 200
    for gone in (path, f"{bench.inbox}objects/{new_id()}/"):
        assert bench.one.ask(gone, "DELETE").status == 404


@must("del-forbidden", "5.7")
def _(bench: Bench) -> None:
    """Where can_read is true and can_write is false, DELETE is 403"""
    assert bench.one.ask(f"{bench.one.readable()}objects/{new_id()}/", "DELETE").status == 403


@info("next-again", "3.5")
def _(bench: Bench) -> None:
    """The same `next` gives the same page again: a lost answer loses nothing"""
    token = bench.page(limit="2").json["next"]
    pages = [bench.page(limit="2", next=token) for _ in range(3)]
    assert len({page.body for page in pages}) == 1


@info("next-growing", "3.5")
def _(bench: Bench) -> None:
    """Paging loses and repeats nothing while others add"""
    made = [indicator() for _ in range(6)]
    bench.add(*made)
    first = bench.objects(limit="1").headers["x-taxii-date-added-first"]
    found, page = list[str](), bench.objects(limit="4")
    while page.json.get("more"):
        found += page.ids
        made.append(bench.added())
        page = bench.objects(limit="7", next=page.json["next"])
    found += page.ids
    assert first
    assert len(set(found)) == len(found)
    assert {one["id"] for one in made} <= set(found)


@info("added-after-complete", "3.5")
def _(bench: Bench) -> None:
    """One post of twelve is read whole by `added_after`, two at a time: every object has a time of its own"""
    made = [indicator() for _ in range(12)]
    bench.add(*made)
    wanted = {"id": ",".join(one["id"] for one in made), "limit": "2"}
    found, page = list[str](), bench.objects(**wanted)
    while True:
        found += page.ids
        if not page.json.get("more"):
            break
        page = bench.objects(**wanted, added_after=page.headers["x-taxii-date-added-last"])
    dates = [one["date_added"] for one in bench.manifest(**wanted | {"limit": "50"}).objects]
    assert found == [one["id"] for one in made]
    assert all(a < b for a, b in pairwise(dates))


@info("next-junk", "3.4")
def _(bench: Bench) -> None:
    """A `next` that was never given is a 4xx"""
    for token in ("junk", "0", "", "../..", "9" * 400):
        assert 400 <= bench.page(next=token).status < 500


@info("version-bytes", "4.3.1, 5.3.1")
def _(bench: Bench) -> None:
    """A version is the text of `modified`, byte for byte"""
    for text in (LATER, "2024-06-01T08:00:00Z", "2024-06-01T08:00:00.9370Z", "2024-06-01T08:00:00.937001Z"):
        made = indicator(modified=text)
        assert bench.add(made).json["successes"][0]["version"] == text
        assert bench.manifest(id=made["id"]).objects[0]["version"] == text
        assert bench.one.ask(f"{bench.inbox}objects/{made['id']}/versions/").json["versions"] == [text]


@info("gzip", "RFC 9110, 8.4")
def _(bench: Bench) -> None:
    """A long answer comes in gzip when it is asked for, and a body in gzip is taken"""
    plain = bench.page()
    packed = bench.filled.ask(bench.shelf + "objects/", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    body = gzip.compress(envelope([indicator()]))
    answer = bench.one.ask(bench.inbox + "objects/", "POST", body, {"Content-Encoding": "gzip"})
    assert answer.json["success_count"] == 1


@info("bad-one-of-500", "4.3.1")
def _(bench: Bench) -> None:
    """One bad object in 500: 499 are stored, and the failure says why"""
    made = [campaign(name=f"c {n}") for n in range(500)]
    del made[250]["name"]
    found = bench.add(*made).json
    assert (found["success_count"], found["failure_count"]) == (499, 1)
    assert "name" in found["failures"][0]["message"]


@info("bytes-kept", "7.1.1")
def _(bench: Bench) -> None:
    """Foreign types and properties come back as the very bytes that were sent"""
    name, kind = new_id(), new_id("x-acme-thing")
    times = f'"created":"{OLD}","modified" : "{OLD}"'
    rest = '"pattern":"[a:b=1]","pattern_type":"stix","valid_from":"2024-01-01T00:00:00Z"'
    odd = '"x_acme":{"n":1.50,"t":"é\\u00e9\\/"} '
    raw = [
        f'{{ "type":"indicator", "spec_version":"2.1","id":"{name}",{times}, {rest},{odd}}}',
        f'{{"x_acme":[1e3,-0.0],"type":"x-acme-thing","spec_version":"2.1","id":"{kind}",{times}}}',
    ]
    assert _post(bench, ('{"objects":[' + " , ".join(raw) + "]}").encode()).json["success_count"] == 2
    for one, text in zip((name, kind), raw, strict=True):
        assert text.encode() in bench.objects(id=one).body
