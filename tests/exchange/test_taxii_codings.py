"""Packed bodies, in and out."""

import contextlib
import gzip
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.taxii_node import TAXII, Node, incident
from prasan.errors import FormatError
from prasan.exchange import codings, posts
from prasan.exchange.lanes import INBOX


@given(st.binary(max_size=20_000), st.sampled_from(codings.CODINGS))
def test_what_is_packed_is_unpacked(body: bytes, coding: str) -> None:
    packed = codings.packed(body, coding)
    assert codings.unpacked(packed, coding, len(body)) == body
    assert codings.packed(body, coding) == packed


@given(st.binary(min_size=1, max_size=2000), st.sampled_from(codings.CODINGS), st.integers(0, 400))
def test_a_body_cut_or_changed_is_damaged_or_cut_at_the_limit(body: bytes, coding: str, place: int) -> None:
    packed = codings.packed(body, coding)
    for bad in (packed[: place % len(packed)], packed[:-1]):
        try:
            found = codings.unpacked(bad, coding, len(body) + 10)
        except FormatError:
            continue
        assert found == b""
        assert bad == b""


@given(st.binary(max_size=300), st.sampled_from(codings.CODINGS))
def test_anything_at_all_raises_no_other_error(body: bytes, coding: str) -> None:
    with contextlib.suppress(FormatError):
        assert len(codings.unpacked(body, coding, 100)) <= 101


@pytest.mark.parametrize("coding", codings.CODINGS)
def test_a_small_body_that_unpacks_to_much_stops_at_the_limit(coding: str) -> None:
    bomb = codings.packed(bytes(50_000_000), coding)
    assert len(bomb) < 300_000
    assert len(codings.unpacked(bomb, coding, 1000)) == 1001


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("zstd, gzip", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("zstd;q=0, gzip", "gzip"),
        ("*", "gzip"),
        ("*;q=0", ""),
        ("gzip;q=0, *", ""),
        ("br", ""),
        ("identity", ""),
        ("GZIP ; q=0.3", "gzip"),
    ],
)
def test_the_reader_chooses(accept: str, coding: str) -> None:
    assert codings.chosen(accept) == coding


def test_pages_come_in_zstd_when_asked(node: Node) -> None:
    node.publish(*range(1, 40))
    plain = node.ask(node.url("objects"))
    packed = node.ask(node.url("objects"), accept_encoding="zstd, gzip")
    assert packed.headers["content-encoding"] == "zstd"
    assert packed.headers["vary"] == "accept-encoding"
    assert len(packed.body) < len(plain.body) / 4
    stream = pa.CompressedInputStream(pa.BufferReader(packed.body), "zstd")
    assert stream.read() == plain.body


@pytest.mark.parametrize("coding", codings.CODINGS)
def test_a_post_may_be_packed(node: Node, coding: str) -> None:
    body = codings.packed(json.dumps({"objects": [incident(1)]}).encode(), coding)
    answer = node.ask(node.url(INBOX), method="POST", body=body, content_encoding=coding)
    assert (answer.status, json.loads(answer.body)["success_count"]) == (202, 1)


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        ("br", b"x", 415),
        ("gzip, gzip", b"x", 415),
        ("gzip", b"x", 400),
        ("zstd", b"x", 400),
        ("gzip", gzip.compress(b" " * (posts.MAX_CONTENT + 1)), 413),
        ("zstd", codings.packed(b" " * (posts.MAX_CONTENT + 1), "zstd"), 413),
    ],
)
def test_a_packed_post_that_cannot_be_taken(node: Node, coding: str, body: bytes, status: int) -> None:
    answer = node.ask(node.url(INBOX), method="POST", body=body, content_encoding=coding, content_type=TAXII)
    assert answer.status == status
    assert (status == 415) == ("accept-encoding" in answer.headers)
    assert json.loads(answer.body)["title"]


def test_more_objects_than_a_page_are_refused_in_their_own_words(node: Node) -> None:
    body = json.dumps({"objects": [{}] * 501}).encode()
    answer = node.ask(node.url(INBOX), method="POST", body=body)
    assert answer.status == 422
    assert "500" in json.loads(answer.body)["description"]
