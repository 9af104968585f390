"""Every door by which objects come, and all that one may not say there: kept apart with its reason, and shown."""

import json
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from msgspec.json import encode
from msgspec.structs import replace

from node.node_kit import START_US, Kit, Partner, their_object
from node.test_inbox import campaign, post
from node.test_transitions import RELEASE, policy
from partner import CREATED, Desk
from prasan.exchange.acks import checkpoint_answer
from prasan.exchange.asks import Ask
from prasan.exchange.bundle import Manifest, Span, body_bytes, seal_bundle
from prasan.exchange.http import Request, time_text
from prasan.exchange.inquiry import TYP
from prasan.exchange.jws import sign
from prasan.exchange.lanes import Lane
from prasan.exchange.parcels import write_parcel
from prasan.exchange.peer import Claims, authorization, body_hash
from prasan.exchange.steps import Reply
from prasan.formats.stix import format_time
from prasan.formats.stix_accord import AccordNews, accord_object
from prasan.formats.stix_build import Stamp
from prasan.formats.stix_consent import Consent, Terms, answer_id, ask_id, consent_object, onto
from prasan.formats.stix_control import Recall, Receipt, recall_object, receipt_object
from prasan.formats.stix_ids import EVENT
from prasan.formats.stix_request import Change, Question, request_id, request_object, write_change
from prasan.node.acts.apart import listed
from prasan.node.lines.foreign import take_all
from prasan.node.lines.sync import pull_by
from prasan.node.lines.unbundling import import_
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.recall import recall
from prasan.picture.marking import PUBLIC, Marking, Tlp
from prasan.picture.source import Source
from prasan.stores.traffic import ConsentRow

GREEN = Marking(tlp=Tlp.GREEN)
CERT = Source("cert", "file", GREEN)


def by_pull(kit: Kit, us: Partner, raw: bytes, lane: Lane = "objects") -> None:
    us.publish(kit.id, raw, lane=lane)

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


def by_bundle(kit: Kit, us: Partner, raw: bytes, lane: Lane = "objects") -> None:
    us.publish(kit.id, raw, lane=lane)
    epoch, rows = us.store.epoch(), us.store.parcel_rows(kit.id, lane, 0, 100, us.now_us)
    shown = checkpoint_answer(Desk(us).checkpoint(kit.id), ())
    body = body_bytes([write_parcel(epoch, lane, 0, rows)], proofs=[(0, shown)])
    spans = (Span(lane, 0, rows[-1].seq, len(rows)),)
    manifest = Manifest(1, us.id, kit.id, epoch, time_text(us.now_us), spans, 0, "", {})
    import_(kit.node, seal_bundle(manifest, body, us.ours))


def by_post(kit: Kit, us: Partner, raw: bytes, lane: Lane = "objects") -> None:
    assert post(kit, us.id, raw).status == 202


def by_source(kit: Kit, us: Partner, raw: bytes, lane: Lane = "objects") -> None:
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


# What is said beside objects: each is about what is between us and another partner


def stamp(us: Partner) -> Stamp:
    return Stamp(us.id, us.now_us / 1e6, us.now_us / 1e6)


def recall_of_anothers(kit: Kit, us: Partner, other: Partner) -> bytes:
    raw = their_object(other.id, "b", EVENT, PUBLIC)
    asked = Recall(kit.id, kit.receive(other.id, raw), (json.loads(raw)["modified"],), "officer", us.now_us / 1e6 + 9)
    return recall_object(asked, stamp(us), PUBLIC)


def receipt_for_another(kit: Kit, us: Partner, other: Partner) -> bytes:
    """It answers for the one that the recall was sent to."""
    name = kit.event("a")
    policy(kit, RELEASE.replace("us-mo", "other"))
    (issued,) = recall(kit.node, name, "other", "wrong")
    return receipt_object(Receipt(issued.recall, (name,)), stamp(us), PUBLIC)


def terms_of(kit: Kit, us: Partner, other: Partner, name: str) -> Terms:
    (accord,) = [row.hash for row in kit.node.store.accords() if other.name in row.name]
    nonce = "44444444-4444-4444-8444-444444444444"
    return Terms(
        nonce=nonce, accord=accord, target_id=name, requester=other.id, recipients=onto([(us.id, us.name)]),
        purpose="maritime_security",
    )  # fmt: skip


def ask_of_another(kit: Kit, us: Partner, other: Partner) -> bytes:
    name = kit.event("a")
    policy(kit, RELEASE.replace('["us-mo"]', '["partners"]'))
    terms = terms_of(kit, us, other, name)
    return consent_object(Consent(terms=terms, state="asked", expires=us.now_us / 1e6 + 3600), stamp(us), PUBLIC)


def answer_of_another(kit: Kit, us: Partner, other: Partner) -> bytes:
    """We asked the other one whether this may be passed on to us-mo, and us-mo says yes."""
    name = kit.receive(other.id, their_object(other.id, "b", EVENT, PUBLIC), onward="ask")
    terms = terms_of(kit, us, other, name)
    asked = Consent(terms=terms, state="asked", expires=us.now_us / 1e6 + 3600)
    row = ConsentRow("ours", ask_id(terms), other.id, name, "asked", encode(asked), us.now_us, us.now_us)
    with kit.node.store.write() as tx:
        tx.put_consent(row)
    raw = consent_object(replace(asked, state="given", answers=row.id), stamp(us), PUBLIC)
    assert json.loads(raw)["id"] == answer_id(us.id, row.id)
    return raw


def request_of_another(kit: Kit, us: Partner, other: Partner) -> bytes:
    question = Question(
        asker=other.id, asked=kit.id, nonce="44444444-4444-4444-8444-444444444444", purpose="maritime_security",
        priority="routine", needed_by="2027-01-01T00:00:00Z",
    )  # fmt: skip
    first = Change(
        request=request_id(question), n=0, prev="", state="sent", at=later(0), question=question, text="Who?"
    )
    return request_object(first.request, [sign(write_change(first), TYP, us.key)], stamp(us), PUBLIC)


def end_of_anothers_accord(kit: Kit, us: Partner, other: Partner) -> bytes:
    (accord,) = [row.hash for row in kit.node.store.accords() if other.name in row.name]
    said = {"accord": accord, "party": other.id, "at_us": us.now_us, "terms": {"valid_until": 0}}
    change = sign(json.dumps(said).encode(), "prasan-accord-change", us.key)
    return accord_object(AccordNews(accord, change=change), stamp(us), PUBLIC, "end")


Word = Callable[[Kit, Partner, Partner], bytes]
WORDS: dict[Word, tuple[str, str]] = {
    recall_of_anothers: ("", ""),
    receipt_for_another: ("bad_object", ""),
    ask_of_another: ("not_asked", "other_terms"),
    answer_of_another: ("not_asked", "other_terms"),
    request_of_another: ("other_terms", "other_terms"),
    end_of_anothers_accord: ("bad_object", "accord_refused"),
}
"""Why it is kept apart if it comes by the control lane, and if it is posted; "": it has no effect and is no offence."""


def standing(kit: Kit, other: Partner) -> list[object]:
    """All that is between us and another partner."""
    store = kit.node.store
    return [
        [(row.id, row.version, row.status) for row in store.each_object()],
        [(one.id, one.answered_us) for one in store.recalls_out(other.id)],
        store.consents(), store.requests(), store.accord_changes(), store.accords(),
        [(row.seq, row.status) for row in store.views_of(kit.id) if row.recipient == other.id],
    ]  # fmt: skip


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.__name__)
@pytest.mark.parametrize("door", DOORS)
def test_nobody_speaks_for_another_in_control(kit: Kit, us: Partner, other: Partner, door: str, word: Word) -> None:
    raw = word(kit, us, other)
    before = standing(kit, other)
    DOORS[door](kit, us, raw, "control")
    assert standing(kit, other) == before
    pulled, posted = WORDS[word]
    reason = {"post": posted, "source": "bad_object"}.get(door, pulled)
    assert [one.reason for one in listed(kit.node)] == ([reason] if reason else [])


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.__name__)
def test_control_is_no_object_in_any_other_lane(kit: Kit, us: Partner, other: Partner, word: Word) -> None:
    raw = word(kit, us, other)
    before = standing(kit, other)
    by_pull(kit, us, raw, "alerts")
    assert standing(kit, other) == before
    assert [one.reason for one in listed(kit.node)] == ["bad_object"]
