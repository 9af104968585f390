"""The server's side of the peer port beside TAXII: statements, checkpoint, acknowledgement, card. A plain function."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, cast
from urllib.parse import parse_qsl

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.errors import PrasanError, Refused, Unreachable
from prasan.exchange import following
from prasan.exchange.acks import Ours, Theirs, read_ack
from prasan.exchange.asks import NEXT, SEAL
from prasan.exchange.cards import MAX_CARD, read_card
from prasan.exchange.histories import EpochEntry, write_shown
from prasan.exchange.http import Problem, Request, Response, compressed, raw_answer, time_us
from prasan.exchange.lanes import LANES, PAGE, Lane
from prasan.exchange.statements import Seal, digest, seal_page
from prasan.ledger.checkpoint import parse_checkpoint
from prasan.ledger.tree import Proof

JSON: Final = {"content-type": "application/json"}
HOURS: Final = "hours"
MAX_BODY: Final = 32 * 1024
"""Bytes in the body of an acknowledgement."""


class Sent(Protocol):
    """A statement in its lane's order."""

    @property
    def seq(self) -> int:
        """Its place."""

    @property
    def statement(self) -> bytes:
        """Its bytes."""


class Desk(following.Source, Protocol):
    """What a partner may ask of a node. A store fulfils most of it."""

    def statements(self, recipient: str, lane: str, after: int, limit: int, now_us: int) -> Sequence[Sent]:
        """Statements after a seq, in order."""

    def last_seq(self, recipient: str, lane: str) -> int:
        """The highest seq ever given in a lane."""

    def checkpoint(self, recipient: str) -> str:
        """The signed note of the pair log as it stands."""

    def consistency(self, recipient: str, old: int, new: int) -> Sequence[bytes]:
        """The proof that the first `old` entries of the pair log are the beginning of the first `new`."""

    def acknowledge(self, recipient: str, lane: Lane, upto: int, note: str, now_us: int) -> None:
        """Record, in one transaction, that a lane was read and a checkpoint signed by both."""

    def hours(self, old: int) -> tuple[str, Proof] | None:
        """The note of the hour log and the proof from a size; None before its first hour."""

    def epochs(self, log: str, size: int) -> Sequence[EpochEntry]:
        """The entries of a log that began epochs, with proofs in its first `size` entries."""

    def take_checkpoint(self, recipient: str, raw: bytes) -> None:
        """A checkpoint of ours that the partner has signed too. IntegrityError if it is none."""

    def card_held(self, recipient: str, issued_at: str) -> None:
        """The partner showed that it holds our card of this time."""

    def take_card(self, recipient: str, raw: bytes) -> None:
        """A card that the partner brings: its own, by its key or one that this handed over to; else Refused."""


class Door(msgspec.Struct, frozen=True):
    """Who answers. `signer` gives our keys as they are now, `card` our own signed card; `key_of` a partner's key."""

    signer: Callable[[], Ours]
    key_of: Callable[[str], Ed25519PublicKey | None]
    card: Callable[[], bytes]

    @property
    def ours(self) -> Ours:
        """This node as a signer."""
        return self.signer()


class _Call(msgspec.Struct, frozen=True):
    request: Request
    partner: str
    door: Door
    desk: Desk
    now_us: int

    def number(self, name: str, default: int) -> int:
        """A whole number from the query."""
        return number(self.request, name, default)


def handle(request: Request, partner: str, door: Door, desk: Desk, now_us: int) -> Response:
    """Answer one request that the doorkeeper admitted from `partner`."""
    try:
        response = _route(_Call(request, partner, door, desk, now_us))
    except Problem as problem:
        response = problem.response()
    packed = SEAL in response.headers
    return response if packed else compressed(response, request.headers.get("accept-encoding", ""))


def waits(request: Request) -> int:
    """How many seconds the answer to a request may wait for news."""
    if request.path != NEXT or request.method != "GET":
        return 0
    try:
        return following.asked_wait(lambda name, default: number(request, name, default))
    except Problem:
        return 0


def news(request: Request, partner: str, door: Door, desk: Desk, now_us: int) -> bool:
    """Whether there is something now for a request that waits."""
    after = following.asked_after(lambda name, default: number(request, name, default))
    return following.news(following.Reader(partner, desk, door.ours, now_us), after)


def asked(request: Request, name: str, default: str = "") -> str:
    """A parameter of the query."""
    return dict(parse_qsl(request.query)).get(name, default)


def number(request: Request, name: str, default: int) -> int:
    """A whole number from the query. `Problem` 400 if it is none."""
    text = asked(request, name, str(default))
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise Problem(400, "Malformed parameter", f"'{name}' must be a whole number.")
    return int(text)


def _route(call: _Call) -> Response:
    verbs = _PATHS.get(call.request.path)
    if verbs is None:
        raise Problem(404, "Not found", "There is nothing at this address.")
    if call.request.method not in verbs:
        raise Problem(405, "Method not allowed", headers={"allow": ", ".join(verbs)})
    return verbs[call.request.method](call)


def _statements(call: _Call) -> Response:
    lane = cast("Lane", call.request.path.rpartition("/")[2])
    after, limit = call.number("after", 0), max(1, min(call.number("limit", PAGE), PAGE))
    rows = call.desk.statements(call.partner, lane, after, limit + 1, call.now_us)
    raws = [row.statement for row in rows[:limit]]
    last = rows[len(raws) - 1].seq if raws else after
    seal = Seal(
        iss=call.door.ours.id,
        aud=call.partner,
        lane=lane,
        after=after,
        last=last,
        more=len(rows) > limit,
        count=len(raws),
        sha256=digest(raws),
        iat=call.now_us // 1_000_000,
    )
    return raw_answer(200, seal_page(seal, raws, call.door.ours.key), JSON)


def _next(call: _Call) -> Response:
    reader = following.Reader(call.partner, call.desk, call.door.ours, call.now_us)
    return following.next_parcel(call.request, reader, call.number, asked(call.request, "upto"))


def _checkpoint(call: _Call) -> Response:
    """The pair log, or with `log=hours` the hour log, as last signed; from a size on, with each epoch's entry."""
    old = call.number("from", 0)
    if asked(call.request, "log") == HOURS:
        shown = call.desk.hours(old)
        if shown is None:
            raise Problem(404, "Not found", "The first hour is not over.")
        (note, proof), log = shown, HOURS
        size = _size(note)
    else:
        note, log = call.desk.checkpoint(call.partner), call.partner
        size = _size(note)
        proof = tuple(call.desk.consistency(call.partner, old, size)) if 0 < old < size else ()
    return raw_answer(200, write_shown(note, proof, call.desk.epochs(log, size)), JSON)


def _size(note: str) -> int:
    """How many entries a signed note is about."""
    return parse_checkpoint(note.partition("\n\n")[0] + "\n").size


def _taking(take: Callable[[_Call], None], most: int, what: str) -> Callable[[_Call], Response]:
    """The verb for something that a partner brings: 204 when it is taken, 400 with the reason when it is not right."""

    def verb(call: _Call) -> Response:
        if len(call.request.body) > most:
            raise Problem(413, "Content too large")
        try:
            take(call)
        except Unreachable:
            raise  # it is not the partner's fault: it may bring it again
        except PrasanError as error:
            raise Problem(400, f"{what} refused", str(error)) from None
        return Response(204)

    return verb


def _brought(call: _Call) -> None:
    """A checkpoint of ours that the partner saw, with its signature."""
    call.desk.take_checkpoint(call.partner, call.request.body)


def _ack(call: _Call) -> None:
    key = call.door.key_of(call.partner)
    if key is None:
        raise Refused("It is from nobody who is known here.")
    ack, _ = read_ack(call.request.body, Theirs(call.partner, key), call.door.ours)
    if not 0 < ack.upto <= call.desk.last_seq(call.partner, ack.lane):
        raise Refused("It names a row that was never issued.")
    call.desk.acknowledge(call.partner, ack.lane, ack.upto, ack.checkpoint, call.now_us)


def _card(call: _Call) -> Response:
    """Our card; 204 if the asker's is as late."""
    raw, since = call.door.card(), asked(call.request, "since")
    if since and time_us(since) == time_us(read_card(raw).issued_at):
        call.desk.card_held(call.partner, since)
        return Response(204)
    return raw_answer(200, raw, JSON)


def _take_card(call: _Call) -> None:
    """A partner's own newer card."""
    call.desk.take_card(call.partner, call.request.body)


_PATHS: Final[Mapping[str, Mapping[str, Callable[[_Call], Response]]]] = {
    **{f"/peer/v1/statements/{lane}": {"GET": _statements} for lane in LANES},
    NEXT: {"GET": _next},
    "/peer/v1/checkpoint": {"GET": _checkpoint, "POST": _taking(_brought, MAX_BODY, "Checkpoint")},
    "/peer/v1/ack": {"POST": _taking(_ack, MAX_BODY, "Acknowledgement")},
    "/peer/v1/card": {"GET": _card, "POST": _taking(_take_card, MAX_CARD, "Card")},
}
