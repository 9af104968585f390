"""Every reason for the quarantine, each made by a partner that breaks one rule."""

import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from partner import AMBER, Partner, incident, uid
from prasan.exchange.asks import SEAL, Ask
from prasan.exchange.http import Response
from prasan.exchange.packing import PLAIN, unpack
from prasan.exchange.parcels import MAX_BODY, read_parcel, read_seal, write_parcel, write_seal
from prasan.exchange.statements import digest
from prasan.exchange.steps import Reply
from prasan.formats.stix_ids import PRODUCT, TLP2
from prasan.picture.marking import Tlp
from prasan.stores.rows import ObjectRow, Vouched


def pulled(us: Partner, th: Partner, **how: Any) -> dict[str, int]:
    summary = us.pull(th, **how)
    assert summary.failure == "", summary.message
    return summary.quarantined


def altered(th: Partner, us: Partner, **changes: Any) -> Any:
    """An answer whose statements say something else, signed again by their own sender."""

    def spoil(ask: Ask, response: Response) -> Reply:
        if not ask.target.startswith("/peer/v1/next") or response.status != 200:
            return response
        seal = read_seal(response.headers[SEAL], th.key.public_key(), th.id, us.id)
        coding = response.headers.get("content-encoding", PLAIN)
        parcel = read_parcel(unpack(response.body, coding, MAX_BODY), seal)
        rows = [
            Vouched(one.seq, th.now_us, msgspec.json.encode(msgspec.structs.replace(one, **changes)), raw)
            for (one, _), raw in zip(parcel.stated, parcel.objects, strict=True)
        ]
        raw = write_parcel(parcel.epoch, parcel.lane, parcel.after, rows)
        stated = digest([row.statement for row in rows])
        sealed = write_seal(msgspec.structs.replace(seal, sha256=stated), th.key)
        return Response(200, raw, {SEAL: sealed, "etag": f'"{sha256(raw).hexdigest()[:32]}"'})

    return spoil


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sha256": "0" * 64}, "wrong_hash"),
        ({"version": "2026-01-01T00:00:01.000Z"}, "no_statement"),
        ({"view": uid(99)}, "no_statement"),
        ({"recipient": "identity--other"}, "wrong_recipient"),
        ({"accords": ()}, "unknown_accord"),
        ({"accords": ("0" * 64,)}, "unknown_accord"),
        ({"issued_at": "2020-01-01T00:00:00.000000Z"}, "unknown_accord"),
        ({"issued_at": "whenever"}, "unknown_accord"),
        ({"lane": "alerts"}, "no_statement"),
    ],
)
def test_a_statement_that_is_wrong(th: Partner, us: Partner, changes: dict[str, Any], reason: str) -> None:
    th.publish(us, incident(1))
    assert pulled(us, th, spoil=altered(th, us, **changes)) == {reason: 1}
    (row,) = us.store.quarantined()
    assert (row.object_id, row.raw) == (uid(1), incident(1))
    assert us.store.object(uid(1)) is None


def test_an_accord_that_has_ended_covers_nothing_but_recalls(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1))
    recall = th.recall(us, uid(5), ["2026-01-01T00:00:00.000Z"])
    th.now_us = us.now_us = 1_800_000_000_000_000
    assert pulled(us, th) == {"unknown_accord": 1}
    assert us.store.object(recall) is not None


def test_who_first_sent_an_id_speaks_for_it(th: Partner, us: Partner) -> None:
    with us.store.write() as tx:
        for number, origin in ((1, "identity--third"), (2, "own"), (3, th.id)):
            tx.put_object(ObjectRow(uid(number), "2025-01-01T00:00:00.000Z", "incident", "", origin, "h", b"{}", AMBER))
    th.publish(us, incident(1), incident(2), incident(3))
    assert pulled(us, th) == {"may_not_speak": 2}
    assert us.store.object(uid(3), "2026-01-01T00:00:00.000Z") is not None


def test_a_node_s_identity_is_its_own_to_speak_for(th: Partner, us: Partner) -> None:
    def identity(of: str) -> bytes:
        return incident(1, type="identity", id=of)

    third = "identity--00000000-0000-4000-8000-00000000000c"
    th.publish(us, identity(th.id), identity(us.id), identity(third))
    assert pulled(us, th) == {"may_not_speak": 1}
    assert us.store.object(th.id) is not None
    assert us.store.object(third) is not None, "nobody's node: first come, first served"


def test_constants_are_ignored(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1, type="identity", id=PRODUCT), incident(1, type="marking-definition", id=TLP2[Tlp.RED]))
    summary = us.pull(th)
    assert (summary.ignored, summary.quarantined, us.store.object_count()) == (2, {}, 0)


def test_a_version_from_the_future(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1, "2026-05-28T20:31:40.000Z"), incident(2, "2026-05-28T20:31:41.000Z"))
    assert pulled(us, th) == {"future_version": 1}
    assert us.store.object(uid(1)) is not None, "five minutes are allowed"


def test_the_same_version_with_other_bytes(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1))
    us.pull(th)
    with th.store.write() as tx:
        tx._do("DELETE FROM objects")
        tx.narrow(us.id, uid(1))
    th.publish(us, incident(1, name="other"))
    assert pulled(us, th) == {"conflict": 1}
    kept = us.store.object(uid(1))
    assert kept is not None
    assert kept.raw == incident(1)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (incident(1, description="x" * 66_000), "too_large"),
        (incident(1, x=[[[[[[[[[[1]]]]]]]]]]), "too_large"),
        (incident(1, name=None).replace(b'"name": null', b'"nothing": 1'), "bad_object"),
        (incident(1).replace(b'"type"', b'"type": "incident", "type"'), "bad_object"),
        (incident(1, spec_version="2.0"), "bad_object"),
        (incident(1, created="today"), "bad_object"),
        (incident(1).replace(b"n 1", b"\xff"), "bad_object"),
        (incident(1, type="prasan-recall", id=uid(1, "prasan-recall")), "bad_object"),
    ],
)
def test_an_object_that_is_none(th: Partner, us: Partner, raw: bytes, reason: str) -> None:
    th.publish(us, raw, incident(7))
    assert pulled(us, th) == {reason: 1}
    assert us.store.object(uid(7)) is not None, "the others are taken"


def test_what_a_statement_adds_is_joined_with_what_the_object_says(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1, object_marking_refs=[TLP2[Tlp.RED]], labels=["exercise"]))
    us.pull(th)
    row = us.store.object(uid(1))
    assert row is not None
    assert (row.marking.tlp, row.marking.exercise) == (Tlp.RED, True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"objects":5}',
        b'{"objects":[5,"x",null]}',
        b'{"objects":[{}]}',
        b'{"objects":[NaN]}',
        b'{"epoch":"x","lane":"objects","after":0,"last":1,"last_added":"","objects":[{}],"statements":[{}]}',
        json.dumps([[]] * 9).encode(),
    ],
)
def test_odd_pages_never_raise(th: Partner, us: Partner, body: bytes) -> None:
    th.publish(us, incident(1))

    def spoil(ask: Ask, response: Response) -> Reply:
        if "/peer/v1/next" not in ask.target:
            return response
        tag = {"etag": f'"{sha256(body).hexdigest()[:32]}"'}
        return Response(200, body, {**response.headers, **tag, "content-encoding": "identity"})

    summary = us.pull(th, spoil=spoil)
    assert summary.failure == "page_cut"
    assert us.store.object_count() == 0
