"""Every door by which objects come, and all that one may not say there: kept apart with its reason, and shown."""

import json
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from node.node_kit import START_US, Kit, Partner, their_object
from node.test_inbox import campaign, post
from node.test_transitions import RELEASE, policy
from partner import CREATED, Desk
from prasan.exchange.acks import checkpoint_answer
from prasan.exchange.asks import Ask
from prasan.exchange.bundle import Manifest, Span, body_bytes, seal_bundle
from prasan.exchange.http import Request, time_text
from prasan.exchange.parcels import write_parcel
from prasan.exchange.peer import Claims, authorization, body_hash
from prasan.exchange.steps import Reply
from prasan.formats.stix import format_time
from prasan.formats.stix_ids import EVENT
from prasan.node.acts.apart import listed
from prasan.node.lines.foreign import take_all
from prasan.node.lines.sync import pull_by
from prasan.node.lines.unbundling import import_
from prasan.node.releasing.publish import work_due
from prasan.picture.marking import PUBLIC, Marking, Tlp
from prasan.picture.source import Source

GREEN = Marking(tlp=Tlp.GREEN)
CERT = Source("cert", "file", GREEN)


def by_pull(kit: Kit, us: Partner, raw: bytes) -> None:
    us.publish(kit.id, raw)

    def fetch(ask: Ask) -> Reply:
        claims = Claims(
            iss=kit.id, aud=us.id, htm=ask.method, htu=ask.target, bh=body_hash(ask.body),
            iat=kit.node.clock.now(), jti=kit.node.clock.uuid("nonce"),
        )  # fmt: skip
        parts = urlsplit(ask.target)
        headers = ask.headers | {"authorization": authorization(claims, kit.node.key)}
        return us.serve(Request(ask.method, parts.path, parts.query, headers, ask.body))

    row = kit.node.store.partner(us.id)
    assert row is not None
    assert not pull_by(kit.node, row, fetch).failure


def by_bundle(kit: Kit, us: Partner, raw: bytes) -> None:
    us.publish(kit.id, raw)
    epoch, rows = us.store.epoch(), us.store.parcel_rows(kit.id, "objects", 0, 100, us.now_us)
    shown = checkpoint_answer(Desk(us).checkpoint(kit.id), ())
    body = body_bytes([write_parcel(epoch, "objects", 0, rows)], proofs=[(0, shown)])
    spans = (Span("objects", 0, rows[-1].seq, len(rows)),)
    manifest = Manifest(1, us.id, kit.id, epoch, time_text(us.now_us), spans, 0, "", {})
    import_(kit.node, seal_bundle(manifest, body, us.ours))


def by_post(kit: Kit, us: Partner, raw: bytes) -> None:
    assert post(kit, us.id, raw).status == 202


def by_source(kit: Kit, us: Partner, raw: bytes) -> None:
    take_all(kit.node, [raw], CERT)


DOORS = {"pull": by_pull, "bundle": by_bundle, "post": by_post, "source": by_source}


def ours(kit: Kit, us: Partner, other: Partner, door: str) -> bytes:
    return their_object(us.id, "a", EVENT, GREEN, id=kit.event("a"), revoked=True, modified=later(1))


def of_another(kit: Kit, us: Partner, other: Partner, door: str) -> bytes:
    name = kit.receive(other.id, their_object(other.id, "b", EVENT, PUBLIC))
    return their_object(us.id, "b", EVENT, GREEN, id=name, revoked=True, modified=later(1))


def our_view(kit: Kit, us: Partner, other: Partner, door: str) -> bytes:
    kit.event("a")
    policy(kit, RELEASE.replace('then = "release"', 'then = "sanitise"\nplace_deg = 0.5\ntime_min = 360'))
    work_due(kit.node)
    (view,) = kit.now_read(us, "alerts")
    return json.dumps(view | {"modified": later(1), "revoked": True}).encode()


def view_of_another(kit: Kit, us: Partner, other: Partner, door: str) -> bytes:
    """What another partner knows an object of ours by, come round."""
    kit.event("a")
    built = RELEASE.replace('then = "release"', 'then = "sanitise"\nplace_deg = 0.5\ntime_min = 360')
    policy(kit, built.replace("us-mo", "other"))
    work_due(kit.node)
    (view,) = kit.now_read(other, "alerts")
    return json.dumps(view).encode()


def our_identity(kit: Kit, us: Partner, other: Partner, door: str) -> bytes:
    return identity(kit.id)


def identity_of_another(kit: Kit, us: Partner, other: Partner, door: str) -> bytes:
    return identity(other.id)


def of_the_future(kit: Kit, us: Partner, other: Partner, door: str) -> bytes:
    return json.dumps(campaign(1, modified=later(301))).encode()


def other_bytes(kit: Kit, us: Partner, other: Partner, door: str) -> bytes:
    first = json.dumps(campaign(1)).encode()
    if door == "source":
        take_all(kit.node, [first], CERT)
    else:
        kit.receive(us.id, first, GREEN)
    return json.dumps(campaign(1, name="something else")).encode()


def later(seconds: int) -> str:
    return format_time(START_US / 1e6 + seconds)


def identity(name: str) -> bytes:
    head = {"type": "identity", "spec_version": "2.1", "id": name, "created": CREATED, "modified": later(1)}
    return json.dumps(head | {"name": "somebody", "identity_class": "organization"}).encode()


Attack = Callable[[Kit, Partner, Partner, str], bytes]
ATTACKS: dict[Attack, str] = {
    ours: "may_not_speak",
    of_another: "may_not_speak",
    our_view: "may_not_speak",
    view_of_another: "may_not_speak",
    our_identity: "may_not_speak",
    identity_of_another: "may_not_speak",
    of_the_future: "future_version",
    other_bytes: "conflict",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
@pytest.mark.parametrize("door", DOORS)
def test_it_is_kept_apart_and_shown(kit: Kit, us: Partner, other: Partner, door: str, attack: Attack) -> None:
    raw = attack(kit, us, other, door)
    name = json.loads(raw)["id"]
    before = kit.node.store.object(name)
    DOORS[door](kit, us, raw)
    assert kit.node.store.object(name) == before
    found = [(one.sender, one.object_id, one.reason) for one in listed(kit.node)]
    sender = "source/cert" if door == "source" else "us-mo"
    assert found == [(sender, name, ATTACKS[attack])]
