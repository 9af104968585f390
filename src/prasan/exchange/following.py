"""`/peer/v1/next`, the server's side: the next rows for a partner, alerts first, and the rest of what broke off.

The bytes of a parcel follow from its rows alone and its seal is a header, made anew with every answer. So a reader that
was cut goes on at a byte (RFC 9110, sections 13.1.5 and 14): nothing is kept for it here, and a row that was narrowed
meanwhile changes the bytes, and none of the old ones are sent.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Final, Protocol

import msgspec

from prasan.exchange.acks import Ours
from prasan.exchange.asks import EPOCH, NOTHING, SEAL
from prasan.exchange.http import Problem, Request, Response
from prasan.exchange.lanes import LANES, PAGE, Lane
from prasan.exchange.packing import PLAIN, choose, pack
from prasan.exchange.parcels import Row, seal_of, whole, write_parcel, write_seal

WAIT_S: Final = 30
"""How long an answer waits for news, at most."""
_RANGE: Final = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")
_UPTO: Final = re.compile(r"(alerts|control|objects)-(\d{1,15})")

After = Mapping[Lane, int]
Number = Callable[[str, int], int]


class Source(Protocol):
    """Where the rows are."""

    def epoch(self) -> str:
        """The UUID that collection ids are made of."""

    def parcel_rows(self, recipient: str, lane: str, after: int, limit: int, now_us: int) -> Sequence[Row]:
        """What a recipient can read now of a lane, after a seq, in order."""


class Reader(msgspec.Struct, frozen=True):
    """Who asks, where the rows are, who signs, and when."""

    partner: str
    source: Source
    ours: Ours
    now_us: int

    def rows(self, lane: Lane, after: int, limit: int) -> Sequence[Row]:
        """Rows of one lane."""
        return self.source.parcel_rows(self.partner, lane, after, limit, self.now_us)


def asked_after(number: Number) -> After:
    """How far the reader is in each lane."""
    return {lane: number(lane, 0) for lane in LANES}


def asked_wait(number: Number) -> int:
    """How many seconds the answer may wait."""
    return min(number("wait", 0), WAIT_S)


def news(reader: Reader, after: After) -> bool:
    """Whether there is anything behind these rows."""
    return any(reader.rows(lane, after[lane], 1) for lane in LANES)


def next_parcel(request: Request, reader: Reader, number: Number, upto: str = "") -> Response:
    """The next parcel, or a slice of it; 204 if there is none."""
    after, limit = asked_after(number), max(1, min(number("limit", PAGE), PAGE))
    headers = {EPOCH: reader.source.epoch(), "cache-control": "no-store"}
    for lane in LANES:
        found = reader.rows(lane, after[lane], limit + 1)
        if found:
            rows = _chosen(found[:limit], lane, upto)
            more = len(rows) < len(found) or news(reader, {**after, lane: found[-1].seq})
            seal = msgspec.structs.replace(
                seal_of(lane, after[lane], rows, more=more),
                iss=reader.ours.id,
                aud=reader.partner,
                iat=reader.now_us // 1_000_000,
            )
            raw = write_parcel(reader.source.epoch(), lane, after[lane], rows)
            return _slice(request, raw, {SEAL: write_seal(seal, reader.ours.key)})
    return Response(NOTHING, headers=headers)


def _chosen(rows: Sequence[Row], lane: Lane, upto: str) -> Sequence[Row]:
    """As many as fit; of a parcel that broke off no more than it held."""
    match = _UPTO.fullmatch(upto)
    if upto and match is None:
        raise Problem(400, "Malformed parameter", "'upto' must be a lane, a hyphen and a whole number.")
    if match and match[1] == lane:
        rows = [row for row in rows if row.seq <= int(match[2])] or rows
    return whole(rows)


def _slice(request: Request, raw: bytes, headers: Mapping[str, str]) -> Response:
    """The packed bytes, or those asked for if the reader's beginning is still that of the same bytes."""
    coding = choose(request.headers.get("accept-encoding", ""), len(raw))
    body = pack(raw, coding)
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    given = {"content-type": "application/json", "etag": tag, "vary": "accept-encoding", **headers}
    if coding != PLAIN:
        given["content-encoding"] = coding
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    same = request.headers.get("if-range", tag) == tag
    first, last = (int(match[1]), min(int(match[2] or len(body)), len(body) - 1)) if match and same else (0, len(body))
    if not match or not same or not first <= last or (first, last) == (0, len(body) - 1):
        return Response(200, body, given)
    given["content-range"] = f"bytes {first}-{last}/{len(body)}"
    return Response(206, body[first : last + 1], given)
