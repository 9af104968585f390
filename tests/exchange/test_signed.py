"""What is signed between partners: requests, cards, accords, pages, checkpoints. One change anywhere is refused."""

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from accord_text import accord_text
from partner import AMBER, Partner, incident
from prasan.errors import AccordError, FormatError, IntegrityError, PrasanError, Refused
from prasan.exchange import asks, jws
from prasan.exchange.accords import countersign, propose, read_signed
from prasan.exchange.acks import Theirs, check_checkpoint, read_ack, write_ack
from prasan.exchange.cards import check_new_card, read_card
from prasan.exchange.statements import Handling, Page, Seal, digest, seal_page
from prasan.picture.marking import Marking, Tlp
from statement_reader import open_page

COLLECTIONS = asks.Ask("GET", "/taxii2/node/collections/")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)


# Signatures


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    assert jws.thumbprint(KEY.public_key()) == OKPKey.import_key(KEY.public_key()).thumbprint()


def test_the_vector_of_rfc_8037() -> None:
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    assert jws.thumbprint(key.public_key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # type: ignore[arg-type]


@given(payload=st.binary(max_size=60), place=st.integers(0, 10**6), by=st.integers(1, 127))
def test_one_changed_character_is_refused(payload: bytes, place: int, by: int) -> None:
    text = jws.sign(payload, "prasan-card", KEY)
    assert jws.verify(text, "prasan-card", KEY.public_key()) == payload
    place %= len(text)
    changed = text[:place] + chr((ord(text[place]) + by) % 128) + text[place + 1 :]
    try:
        assert jws.verify(changed, "prasan-card", KEY.public_key()) == payload, "only unused bits of base64 may differ"
    except IntegrityError:
        return
    assert jws.decode64(changed.rpartition(".")[2]) == jws.decode64(text.rpartition(".")[2])


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS256"}, {"alg": "Ed25519"}, {"typ": "prasan-request"}, {"crit": ["exp"]},
     {"b64": False}, {"kid": "x"}, {"jwk": {}}, {"typ": None}],
)  # fmt: skip
def test_any_other_header_is_refused(header: dict[str, Any]) -> None:
    kid = jws.thumbprint(KEY.public_key())
    protected = jws.encode64(json.dumps({"alg": "EdDSA", "kid": kid, "typ": "prasan-card"} | header).encode())
    text = f"{protected}.{jws.encode64(b'x')}"
    with pytest.raises(IntegrityError):
        jws.verify(f"{text}.{jws.encode64(KEY.sign(text.encode()))}", "prasan-card", KEY.public_key())


def test_another_key_is_refused() -> None:
    with pytest.raises(IntegrityError):
        jws.verify(jws.sign(b"x", "prasan-card", OTHER), "prasan-card", KEY.public_key())


# Requests


def test_a_signed_request_is_let_in_once(th: Partner, us: Partner) -> None:
    request = us.ask(COLLECTIONS, th.id)
    assert th.keeper().admit(request, th.now_us) == us.id
    with pytest.raises(Refused, match="nonce was used"):
        th.keeper().admit(request, th.now_us)


@pytest.mark.parametrize(
    ("claims", "why"),
    [({"aud": "identity--other"}, "another node"), ({"htm": "POST"}, "another method"),
     ({"htu": "/x"}, "another address"), ({"bh": "x"}, "body is another"), ({"iat": 0}, "more than a minute"),
     ({"iss": "identity--other"}, "the key of a partner"),
     ({"jti": ""}, "nonce does not fit"), ({"jti": "x" * 65}, "nonce does not fit"), ({"jti": 5}, "cannot be read")],
)  # fmt: skip
def test_every_claim_is_checked(th: Partner, us: Partner, claims: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        th.keeper().admit(us.ask(COLLECTIONS, th.id, **claims), th.now_us)


def test_a_stranger_cannot_ask_who_our_partners_are(th: Partner, us: Partner) -> None:
    """Whoever signs by another key is told the same of a partner's id and of any other."""
    said = set()
    for sender in (us.id, "identity--00000000-0000-4000-8000-000000000000"):
        us.key = OTHER
        with pytest.raises(Refused) as caught:
            th.keeper().admit(us.ask(COLLECTIONS, th.id, iss=sender), th.now_us)
        said.add(str(caught.value))
    assert len(said) == 1


@pytest.mark.parametrize(("seconds", "fits"), [(60, True), (-60, True), (61, False), (-62, False)])
def test_the_clock_may_differ_by_a_minute(th: Partner, us: Partner, seconds: int, fits: bool) -> None:
    request = us.ask(COLLECTIONS, th.id, iat=th.now_us // 10**6 + seconds)
    if fits:
        assert th.keeper().admit(request, th.now_us) == us.id
    else:
        with pytest.raises(Refused):
            th.keeper().admit(request, th.now_us)


@pytest.mark.parametrize(
    "value", ["", "Bearer x", "Prasan", "Prasan x", "Prasan a.b.c", "Prasan ..", "Prasan " + "x" * 5000]
)
def test_anything_else_is_refused(th: Partner, us: Partner, value: str) -> None:
    request = us.ask(COLLECTIONS, th.id)
    with pytest.raises(Refused):
        th.keeper().admit(msgspec.structs.replace(request, headers={"authorization": value}), th.now_us)


def test_a_body_or_a_query_changed_on_the_way_is_refused(th: Partner, us: Partner) -> None:
    request = us.ask(asks.ack(b"{}"), th.id)
    for changed in ({"body": b"{ }"}, {"query": "x=1"}, {"path": "/peer/v1/card"}, {"method": "GET"}):
        with pytest.raises(Refused):
            th.keeper().admit(msgspec.structs.replace(request, **changed), th.now_us)


# Cards


def test_a_card_says_who_it_is(th: Partner) -> None:
    card = read_card(th.card())
    assert (card.id, card.name, card.fingerprint) == (th.id, "th-mc", th.print)


@settings(max_examples=60)
@given(place=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_changed_card_is_refused(place: int, byte: int) -> None:
    raw = CARD
    place %= len(raw)
    changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
    with suppress(PrasanError):
        assert read_card(changed) == read_card(raw)


@pytest.mark.parametrize(
    "changed",
    [{"id": "identity--x"}, {"id": "incident--00000000-0000-4000-8000-000000000001"}, {"web_url": "http://x"},
     {"peer_url": "https://"}, {"peer_certificate": "-----BEGIN"}, {"issued_at": "today"}],
)  # fmt: skip
def test_a_card_that_does_not_hold_is_not_issued(th: Partner, changed: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        th.card(**changed)


def test_a_new_card_must_be_later_and_by_the_same_key(th: Partner, us: Partner) -> None:
    card = read_card(th.card())
    check_new_card(card, us.id, None)
    check_new_card(read_card(th.card(issued_at="2026-12-01T00:00:00Z")), us.id, card)
    with pytest.raises(Refused, match="own id"):
        check_new_card(card, th.id, None)
    with pytest.raises(Refused, match="not newer"):
        check_new_card(card, us.id, card)
    th.key = OTHER
    with pytest.raises(Refused, match="another key"):
        check_new_card(read_card(th.card(issued_at="2026-12-01T00:00:00Z")), us.id, card)


# Accords


def test_an_accord_needs_both_signatures(th: Partner, us: Partner) -> None:
    text = accord_text(th, us, mode="real")
    keys = {th.print: th.key.public_key(), us.print: us.key.public_key()}
    proposed = propose(text, th.key)
    assert not read_signed(proposed, keys).complete
    assert countersign(proposed, th.key, keys) == proposed
    both = read_signed(countersign(proposed, us.key, keys), keys)
    assert both.complete
    assert both.text == text


def test_a_stranger_s_signature_or_a_changed_text_is_refused(th: Partner, us: Partner) -> None:
    text = accord_text(th, us, mode="real")
    keys = {th.print: th.key.public_key(), us.print: us.key.public_key()}
    proposed = json.loads(propose(text, th.key))
    with pytest.raises(AccordError, match="does not name"):
        propose(text, OTHER)
    with pytest.raises(AccordError, match="does not name"):
        countersign(json.dumps(proposed).encode(), OTHER, keys)
    with pytest.raises(AccordError, match="not a known party"):
        read_signed(json.dumps(proposed).encode(), {us.print: us.key.public_key()})
    nonsense = {**proposed, "payload": jws.encode64(b"a = [[[[")}
    with pytest.raises(AccordError, match="not a known party"):  # what nobody known has signed is not read at all
        read_signed(json.dumps(nonsense).encode(), {us.print: us.key.public_key()})
    changed = text.replace(b'mode = "real"', b'mode = "exercise"')
    with pytest.raises(IntegrityError):
        read_signed(json.dumps({**proposed, "payload": jws.encode64(changed)}).encode(), keys)
    twice = proposed["signatures"] * 2
    broken: dict[str, Any]
    for broken in ({"signatures": []}, {"signatures": twice}, {"extra": 1}, {"payload": "?"}):
        with pytest.raises(PrasanError):
            read_signed(json.dumps({**proposed, **broken}).encode(), keys)


# Pages of statements


def statements_page(th: Partner, us: Partner) -> tuple[bytes, Seal]:
    expected = Seal(th.id, us.id, "objects", 0, 0, False, 0, "", us.now_us // 10**6)
    return th.serve(us.ask(asks.Ask("GET", "/peer/v1/statements/objects?after=0&limit=500"), th.id)).body, expected


def test_a_page_holds_what_was_asked(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1), incident(2))
    raw, expected = statements_page(th, us)
    found, more = open_page(raw, th.key.public_key(), expected)
    assert [one.seq for one, _ in found] == [1, 2]
    assert more is False
    for changed in ({"after": 1}, {"lane": "alerts"}, {"aud": "x"}, {"iss": "x"}, {"iat": expected.iat + 301}):
        with pytest.raises(IntegrityError):
            open_page(raw, th.key.public_key(), msgspec.structs.replace(expected, **changed))
    with pytest.raises(IntegrityError):
        open_page(raw, OTHER.public_key(), expected)


def test_a_page_that_was_cut_or_sorted_anew_is_refused(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1), incident(2))
    raw, expected = statements_page(th, us)
    page = msgspec.json.decode(raw, type=Page)
    for changed in (page.statements[:1], page.statements[::-1], (*page.statements, page.statements[0]), ()):
        with pytest.raises(IntegrityError):
            open_page(
                msgspec.json.encode(msgspec.structs.replace(page, statements=changed)), th.key.public_key(), expected
            )
    with pytest.raises(IntegrityError):
        open_page(msgspec.json.encode(msgspec.structs.replace(page, more=True)), th.key.public_key(), expected)
    swapped = [text.encode() for text in page.statements[::-1]]
    seal = msgspec.structs.replace(expected, last=1, count=2, sha256=digest(swapped))
    with pytest.raises(IntegrityError, match="out of order"):
        open_page(seal_page(seal, swapped, th.key), th.key.public_key(), expected)


markings = st.builds(
    Marking,
    tlp=st.sampled_from(Tlp),
    rel_to=st.none() | st.just(frozenset({"identity--us"})),
    orcon=st.just(frozenset[str]()) | st.just(frozenset({"identity--th"})),
    purposes=st.none() | st.frozensets(st.sampled_from(["maritime_security", "counter_piracy"])),
    personal_data=st.booleans(),
    expires=st.none() | st.integers(0, 4_000_000_000),
    exercise=st.booleans(),
)


@given(markings)
def test_a_marking_arrives_as_it_was_sent(marking: Marking) -> None:
    assert Handling.of(marking, "identity--us", "identity--th").marking() == marking


def test_other_recipients_and_originators_stay_unnamed() -> None:
    wide = Marking(rel_to=frozenset({"identity--us", "identity--secret"}), orcon=frozenset({"identity--secret"}))
    sent = msgspec.json.encode(Handling.of(wide, "identity--us", "identity--th"))
    assert b"secret" not in sent


@pytest.mark.parametrize("changed", [{"tlp": "mauve"}, {"expires": "soon"}])
def test_a_handling_that_cannot_be_read(changed: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"mauve|expires"):
        msgspec.structs.replace(Handling.of(AMBER, "a", "b"), **changed).marking()


# Checkpoints


def test_an_acknowledgement_carries_both_signatures(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1))
    raw = th.serve(us.ask(asks.checkpoint(0), th.id)).body
    checkpoint, note = check_checkpoint(raw, Theirs(th.id, th.key.public_key()), us.ours, None)
    assert checkpoint.size == 1
    ack, again = read_ack(write_ack("objects", 1, note, us.ours), Theirs(us.id, us.key.public_key()), th.ours)
    assert (ack.upto, again) == (1, checkpoint)
    unsigned = json.dumps({"lane": "objects", "upto": 1, "checkpoint": note}).encode()
    for bad in (unsigned, b"{}", write_ack("objects", 1, note, th.ours)):
        with pytest.raises(IntegrityError):
            read_ack(bad, Theirs(us.id, us.key.public_key()), th.ours)


@pytest.mark.parametrize(("upto", "status"), [(1, 204), (2, 400), (0, 400), (-1, 400)])
def test_only_what_was_issued_can_be_acknowledged(th: Partner, us: Partner, upto: int, status: int) -> None:
    th.publish(us, incident(1))
    raw = th.serve(us.ask(asks.checkpoint(0), th.id)).body
    _, note = check_checkpoint(raw, Theirs(th.id, th.key.public_key()), us.ours, None)
    assert th.serve(us.ask(asks.ack(write_ack("objects", upto, note, us.ours)), th.id)).status == status
    assert th.store.acked(us.id, "objects") == (1 if status == 204 else 0)


def test_the_door_knows_its_addresses(th: Partner, us: Partner) -> None:
    def status(target: str, method: Any = "GET") -> int:
        return th.serve(us.ask(asks.Ask(method, target), th.id)).status

    assert read_card(th.serve(us.ask(asks.Ask("GET", "/peer/v1/card"), th.id)).body).id == th.id
    assert status("/peer/v1/statements/secret") == status("/peer/v2/card") == 404
    assert status("/peer/v1/card", "DELETE") == 405
    assert status("/peer/v1/statements/objects?after=x") == status("/peer/v1/checkpoint?from=-1") == 400


CARD = b""


def setup_module() -> None:
    global CARD  # noqa: PLW0603 - made once: a certificate takes a while
    with tempfile.TemporaryDirectory() as folder:
        made = Partner("th-mc", Path(folder))
        CARD = made.card()
        made.close()
