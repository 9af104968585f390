"""The reader's side of `/peer/v1/next`: answers that come whole, in slices or broken off, put together to parcels."""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from prasan.errors import FormatError, IntegrityError
from prasan.exchange import asks
from prasan.exchange.acks import Ours, Theirs
from prasan.exchange.asks import LARGE, NOTHING, Ask, PageCut
from prasan.exchange.http import Response
from prasan.exchange.lanes import Lane
from prasan.exchange.line import Line, Part
from prasan.exchange.packing import PLAIN, unpack
from prasan.exchange.parcels import MAX_BODY, Parcel, fresh, read_parcel, read_seal
from prasan.exchange.statements import Seal
from prasan.exchange.steps import Heard

_RANGE: Final = re.compile(r"bytes (\d{1,12})-\d{1,12}/(\d{1,12})")
_LENGTH: Final = re.compile(r"\d{1,12}")


class Assembly:
    """Of one pull. What it holds of broken parcels is the line's, so the next pull goes on with it."""

    def __init__(self, line: Line, theirs: Theirs, ours: Ours, now_us: Callable[[], int]) -> None:
        self._line, self._theirs, self._ours, self._now_us = line, theirs, ours, now_us
        self._limit = 0

    def asking(self, after: Mapping[Lane, int], limit: int, wait_s: int) -> Ask:
        """What to ask next: the rest of what broke off, or the next rows."""
        line = self._line
        part = line.parts[-1] if line.parts else None
        while part is not None and part.seal.after != after[part.seal.lane]:
            line.drop(part)
            part = line.parts[-1] if line.parts else None
        self._limit = part.limit if part else line.rows(limit)
        ask = asks.following(after, self._limit, 0 if part else wait_s)
        return asks.going_on(ask, part, line.slice(len(part.body) if part else 0))

    def take(self, response: Response) -> Parcel | None:
        """A parcel that this answer made whole; None if bytes of it are still missing, or there is nothing new."""
        if response.status == NOTHING:
            return None
        part = self._add(response)
        if part.missing:
            return None
        self._line.arrived(part)
        if sha256(part.body).hexdigest()[: len(part.tag)] != part.tag:
            raise PageCut("the parcel is not the one that was promised")
        try:
            return read_parcel(unpack(bytes(part.body), part.coding, MAX_BODY), part.seal)
        except (FormatError, IntegrityError) as error:
            raise PageCut(str(error)) from None

    def broke(self, came: Response) -> None:
        """An answer broke off: what came of it is kept, if it can be told what it is the beginning of."""
        if came.status in (200, 206) and came.body and ("content-length" in came.headers):
            self._add(came)

    def _add(self, response: Response) -> Part:
        line = self._line
        part, first = self._part(response, self._seal(response))
        if first != len(part.body) or len(response.body) > part.missing:
            line.drop(part)
            raise PageCut("the piece does not follow on what is here")
        part.body += response.body
        line.keep(part)
        line.carried(len(response.body), response.took_s if isinstance(response, Heard) else 0.0)
        return part

    def _seal(self, response: Response) -> Seal:
        try:
            seal = read_seal(response.headers.get(asks.SEAL, ""), self._theirs.key, self._theirs.id, self._ours.id)
        except IntegrityError as error:
            raise PageCut(str(error)) from None
        if not fresh(seal, self._now_us() // 1_000_000):
            raise PageCut("the seal is old")
        return seal

    def _part(self, response: Response, seal: Seal) -> tuple[Part, int]:
        """The part that an answer belongs to, and at which of its bytes."""
        tag = response.headers.get("etag", "").strip('"')
        coding = response.headers.get("content-encoding", PLAIN)
        first, total = _place(response)
        if total > LARGE or len(tag) < 32:
            raise PageCut(f"the answer has more than {LARGE} bytes, or no tag")
        held = next((one for one in self._line.parts if one.tag == tag and one.total == total), None)
        if held is None or first == 0:
            return Part(tag, coding, total, self._limit, seal, bytearray()), first
        held.seal = seal
        return held, first


def _place(response: Response) -> tuple[int, int]:
    """The first byte of an answer within the whole, and the whole's length."""
    if response.status == 206:
        match = _RANGE.fullmatch(response.headers.get("content-range", ""))
        if match is None:
            raise PageCut("the piece does not say where it belongs")
        return int(match[1]), int(match[2])
    length = response.headers.get("content-length", str(len(response.body)))
    return 0, int(length) if _LENGTH.fullmatch(length) else len(response.body)
