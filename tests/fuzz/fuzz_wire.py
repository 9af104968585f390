"""What partners send: objects, envelopes, control objects, signed things, addresses and queries.

Behind a signature the input is signed first, with keys made for this: a partner may sign anything.
"""

from typing import Any, Final, get_args

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fuzz_kit import NOW, Draw, Target, first_byte, some, told

from prasan.errors import IntegrityError, PrasanError
from prasan.exchange import asks, jws, posts
from prasan.exchange.accords import read_signed
from prasan.exchange.acks import Ours, Theirs, check_checkpoint, read_ack
from prasan.exchange.asked import check_accept, check_content_type, read_query
from prasan.exchange.assembly import Assembly
from prasan.exchange.bundle import MAGIC, Manifest, open_bundle, seal_bundle
from prasan.exchange.cards import read_card
from prasan.exchange.http import Problem, Request, Response, compressed, time_us
from prasan.exchange.intake import Accepted, Peer, judge
from prasan.exchange.lanes import LANES
from prasan.exchange.line import Line
from prasan.exchange.packing import unpack
from prasan.exchange.parcels import parse_parcel, read_seal, write_seal
from prasan.exchange.peer import Doorkeeper
from prasan.exchange.statements import Seal
from prasan.formats import jsonlimits, stix
from prasan.formats.stix_consent import read_consent
from prasan.formats.stix_control import read_recall, read_receipt
from prasan.formats.stix_interest import read_entry, read_list
from prasan.formats.stix_request import read_change, read_request
from prasan.ledger.note import verify_note
from prasan.release.facts import content_of
from prasan.web.fields import told_fields

KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC: Final = KEY.public_key()
US, THEM = "identity--00000000-0000-4000-8000-000000000001", "identity--00000000-0000-4000-8000-000000000002"
EPOCH: Final = "00000000-0000-4000-8000-000000000009"
OURS: Final = Ours(US, KEY)
THEIRS: Final = Theirs(THEM, PUBLIC)


def stix_object(data: bytes) -> None:
    """An object from outside: refused, or every later room can read it."""
    try:
        header = stix.header(data)
    except PrasanError as error:
        told(error)
        return
    assert stix.peek(data) == header
    assert jsonlimits.depth(data) <= jsonlimits.MAX_DEPTH
    assert header.id not in stix.references(data)
    stix.free_text(data)
    content_of(data, header)
    told_fields(data.decode())
    read_list(data)
    read_entry(data)
    for read in (lambda raw: read_recall(raw, US), read_receipt, read_consent, read_request, read_change):
        try:
            read(data)
        except PrasanError as error:
            told(error)


def answered(problem: Problem) -> None:
    """What is wrong is the sender's fault, and said."""
    assert 400 <= problem.status < 500
    assert problem.response().body


def said(error: Exception) -> None:
    """It says something."""
    assert str(error)


class _Nothing:
    def speaker(self, object_id: str) -> str | None:
        return None

    def object_hash(self, object_id: str, version: str) -> str | None:
        return None


def intake(data: bytes) -> None:
    """An object of a partner without a statement is never accepted."""
    peer = Peer(THEM, US, {}, frozenset((US, THEM)), lambda: int(NOW * 1e6))
    for lane in LANES:
        assert not isinstance(judge(data, lane, {}, peer, _Nothing()), Accepted)


def envelope(data: bytes) -> None:
    """A post and an answer: each object stands or falls alone."""
    try:
        objects = posts.split(data)
    except Problem as problem:
        answered(problem)
    else:
        for raw in objects:
            posts._named(raw)
            try:
                posts._item(raw)
            except PrasanError as error:
                told(error)
    try:
        asks.read_status(Response(200, data))
    except asks.PageCut as cut:
        said(cut)


def card(data: bytes) -> None:
    """A card's file, and a card's text that its own key has signed."""
    for raw in (data, _flattened(data, "prasan-card")):
        try:
            read_card(raw)
        except PrasanError as error:
            told(error)


def _flattened(payload: bytes, typ: Any) -> bytes:
    body, signature = jws.parts(jws.sign(payload, typ, KEY))
    return msgspec.json.encode({"payload": body, "protected": signature.protected, "signature": signature.signature})


def signed(data: bytes) -> None:
    """An accord's file, an accord's text that is signed, and tokens of any text."""
    body, signature = jws.parts(jws.sign(data, "prasan-accord", KEY))
    for raw in (data, msgspec.json.encode({"payload": body, "signatures": [signature]})):
        try:
            read_signed(raw, {jws.thumbprint(PUBLIC): PUBLIC})
        except PrasanError as error:
            told(error)
    for typ in get_args(jws.Type):
        try:
            jws.verify(data.decode("utf-8", "replace"), typ, PUBLIC)
        except PrasanError as error:
            told(error)


def request(data: bytes) -> None:
    """A signed request with any claims, a token of any text: let in, or refused."""
    keeper = Doorkeeper(US, lambda name: PUBLIC if name == THEM else None, lambda *_: True)
    text = data[:6000].decode("latin-1")
    for token in (text, jws.sign(data[:2000], "prasan-request", KEY), f"a.{jws.encode64(data[:2000])}.b"):
        call = Request("GET", "/taxii2/", "", {"authorization": f"Prasan {token}"})
        try:
            keeper.admit(call, int(NOW * 1e6))
        except PrasanError as error:
            told(error)


def parcel(data: bytes) -> None:
    """A parcel, its seal, its packing, and pieces of it that claim to belong anywhere."""
    which, rest = first_byte(data)
    for read in (parse_parcel, lambda raw: read_seal(raw.decode("latin-1"), PUBLIC, THEM, US)):
        try:
            read(rest)
        except IntegrityError as error:
            told(error)
    try:
        read_seal(jws.sign(rest, "prasan-statements", KEY), PUBLIC, THEM, US)
    except IntegrityError as error:
        told(error)
    for coding in ("zstd", "gzip", "identity", "br"):
        try:
            assert len(unpack(rest, coding, 5000)) <= 5000
        except PrasanError as error:
            told(error)
    text = rest[:60].decode("latin-1")
    seal = Seal(THEM, US, some(LANES, which), 0, 1, False, 1, "0" * 64, int(NOW))
    headers = {asks.SEAL: write_seal(seal, KEY), "etag": "0" * 32, "content-range": text, "content-length": text}
    building = Assembly(Line(), THEIRS, OURS, lambda: int(NOW * 1e6))
    for status in (200, 206, 204):
        try:
            building.broke(Response(status, rest, headers))
            building.take(Response(status, rest, headers))
        except asks.PageCut as cut:
            said(cut)


def bundle(data: bytes) -> None:
    """A file of another node: as it is, with these bytes signed as its manifest, and with them as its body."""
    manifest = Manifest(1, THEM, US, EPOCH, "2023-11-14T22:13:20.000000Z", (), 0, "")
    signed = MAGIC + jws.sign(data, "prasan-bundle", KEY).encode() + b"\n"
    for raw in (data, MAGIC + data, signed, seal_bundle(manifest, data, OURS)):
        try:
            open_bundle(raw, lambda name: PUBLIC if name == THEM else None, US, int(NOW * 1e6))
        except PrasanError as error:
            told(error)


def checkpoint(data: bytes) -> None:
    """Checkpoints, acknowledgements and notes."""
    text = data.decode("utf-8", "replace")
    answer = msgspec.json.encode({"checkpoint": text, "proof": []})
    acked = msgspec.json.encode({"lane": "alerts", "upto": 1, "checkpoint": text})
    for read, raw in ((check_checkpoint, data), (check_checkpoint, answer)):
        try:
            read(raw, THEIRS, OURS, None)
        except PrasanError as error:
            told(error)
    for raw in (data, acked):
        try:
            read_ack(raw, THEIRS, OURS)
        except PrasanError as error:
            told(error)
    try:
        verify_note(text, {THEM: PUBLIC})
    except PrasanError as error:
        told(error)


def query(data: bytes) -> None:
    """A query string, media types and times: read, or a problem that says what is wrong."""
    text = data.decode("latin-1")
    for ask in (read_query, check_accept, check_content_type):
        try:
            ask(text)
        except Problem as problem:
            answered(problem)
    time_us(text)
    compressed(Response(200, b"x" * 2000), text)
    Draw(data)


_JSON = (b'"id":', b'"type":"incident"', b'"created":"2026-01-01T00:00:00.000Z"', b"[" * 12, b'{"a":' * 12, b"null",
         b'"objects":[', b"\\u0000", b"\\ud800", b"1e999", b"-1", b"9" * 25, b'"labels":["exercise"]', b"true",
         b'"extensions":{', b"--00000000-0000-4000-8000-000000000003", b'"granular_markings":[')  # fmt: skip

TARGETS: Final = (
    Target("stix", stix_object, _JSON),
    Target("intake", intake, _JSON),
    Target("envelope", envelope, _JSON),
    Target("card", card, (*_JSON, b"[" * 2000, b"https://", b"-----BEGIN CERTIFICATE-----")),
    Target("signed", signed, (b"[[", b"= ", b'"', b".", b"2026-01-01T00:00:00Z", b"[" * 2000)),
    Target("request", request, (*_JSON[:6], b'"iat":', b"[" * 1500, b".", b"\xc3\xa9")),
    Target("parcel", parcel, (*_JSON, b'"seq":1', b'"objects":[{}]', b'"statements":[{}]', b"bytes 0-1/2",
                              b"\x28\xb5\x2f\xfd")),
    Target("bundle", bundle, (*_JSON[:8], b'"spans":[', b'"parcels":[', b'"has":["x"]', b'"proofs":[[0,{}]]',
                              b"[" * 1500)),
    Target("checkpoint", checkpoint, (b"\n\n", b"\xe2\x80\x94 ", b"prasan/", b"0\n", b"[" * 1500, b"+", b"\x00")),
    Target("query", query, (b"match[version]=", b"match[id]=", b"added_after=", b"next=", b"&", b"%00", b",", b"limit=",
                            b"\xb2", b"q=0", b";version=2.1", b"application/taxii+json")),
)  # fmt: skip
