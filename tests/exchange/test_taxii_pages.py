"""Paging is complete and in order, by either way, while others write."""

import gzip
import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.taxii_node import START, US, Node, incident, uid
from prasan.exchange.pages import MAX_BYTES
from prasan.stores.rows import NewView

quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(
    limit=st.integers(1, 7), how=st.sampled_from(["next", "added_after"]), more=st.lists(st.integers(0, 3), max_size=5)
)
def test_pages_are_complete_and_in_order_while_others_write(node: Node, limit: int, how: str, more: list[int]) -> None:
    start = node.store.last_place(US).seq
    numbers = list(range(start, start + 9))
    node.publish(*numbers)
    seen = list[str]()
    writes = iter(more)
    for page in node.pages("objects", how, limit=str(limit)):
        assert len(page) <= limit
        seen += [found["id"] for found in page]
        new = [node.store.last_place(US).seq + n for n in range(next(writes, 0))]
        node.publish(*new)
        numbers += new
    assert len(seen) == len(set(seen))
    assert seen == [uid(n) for n in range(start + len(numbers))][: len(seen)]
    assert set(seen) >= {uid(n) for n in range(start + 9)}, "what was there at the start is all read"


def test_the_same_next_gives_the_same_page_again(node: Node) -> None:
    node.publish(*range(6))
    first = node.read("objects", limit="2")
    again = [node.read("objects", limit="2", next=first["next"])]
    node.publish(*range(6, 9))
    again.append(node.read("objects", limit="2", next=first["next"]))
    assert again[0] == again[1]
    assert [found["id"] for found in again[0]["objects"]] == [uid(2), uid(3)]


def test_one_post_gives_every_object_a_time_of_its_own(node: Node) -> None:
    node.post(*(incident(n) for n in range(12)))
    seen = [found["id"] for page in node.pages("inbox", "added_after", limit="5") for found in page]
    assert seen == [uid(n) for n in range(12)]
    times = [found["date_added"] for found in node.read("inbox", "manifest/")["objects"]]
    assert all(a < b for a, b in pairwise(times))


def test_bytes_on_a_page_are_the_bytes_received(node: Node) -> None:
    odd = json.dumps(incident(1)).replace('"name"', ' "name" \n\t').replace("n 1", "\\u0e01 1").encode()
    node.ask(node.url("inbox"), method="POST", body=b'{"objects": [' + odd + b"]}")
    assert odd in node.ask(node.url("inbox")).body


def test_headers_name_the_first_and_the_last(node: Node) -> None:
    node.publish(1, 2, 3)
    headers = node.ask(node.url("objects", limit="2")).headers
    manifest = node.read("objects", "manifest/")["objects"]
    assert headers["x-taxii-date-added-first"] == manifest[0]["date_added"] == "2026-05-28T20:26:40.000000Z"
    assert headers["x-taxii-date-added-last"] == manifest[1]["date_added"]


def test_a_page_is_capped_whatever_is_asked(node: Node) -> None:
    node.publish(*range(510))
    for query in ({}, {"limit": "100000"}):
        found = node.read("objects", **query)
        assert len(found["objects"]) == 500
        assert found["more"] is True


def test_a_page_of_large_objects_holds_fewer(node: Node) -> None:
    raw = b'{"id":"x","pad":"' + b"x" * 60_000 + b'"}'
    with node.store.write() as tx:
        for n in range(200):
            tx.put_view(US, NewView(uid(n), "v", uid(n), "v", "objects", "sanitised", "h", raw), START, lambda _: b"{}")
    sizes = [len(page) for page in node.pages("objects", "next")]
    assert sum(sizes) == 200
    assert sizes[0] == MAX_BYTES // len(raw)


@pytest.mark.parametrize("rest", ["objects/", "manifest/"])
def test_an_empty_page_is_an_empty_object(node: Node, rest: str) -> None:
    assert node.read("alerts", rest) == {}
    node.publish(1, lane="alerts")
    after = node.ask(node.url("alerts")).headers["x-taxii-date-added-last"]
    assert node.read("alerts", rest, added_after=after) == {}


def test_a_superseded_version_is_on_no_page(node: Node) -> None:
    node.publish(1, 2)
    node.publish(1, version="2026-01-02T00:00:00.000Z")
    found = node.read("objects", **{"match[version]": "all"})["objects"]
    assert [(o["id"], o["modified"][:10]) for o in found] == [(uid(2), "2026-01-01"), (uid(1), "2026-01-02")]
    assert node.read("objects", f"objects/{uid(1)}/versions/") == {"versions": ["2026-01-02T00:00:00.000Z"]}


def test_pages_come_in_gzip_when_asked(node: Node) -> None:
    node.publish(*range(20))
    plain = node.ask(node.url("objects"))
    zipped = node.ask(node.url("objects"), accept_encoding="br, gzip;q=0.5")
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == plain.body
    assert "content-encoding" not in node.ask(node.url("objects"), accept_encoding="gzip;q=0").headers
