"""What the reader asks a partner's node for, and the reading of its answers. A bad answer is a `PageCut`."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeVar
from urllib.parse import urlencode

import msgspec

from prasan.exchange.http import MEDIA_TYPE, Response
from prasan.exchange.lanes import INBOX, ROOT, Lane
from prasan.exchange.line import Part

_T = TypeVar("_T")

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

SMALL: Final = 2 * 1024 * 1024
LARGE: Final = 40 * 1024 * 1024
"""Bytes of a page of objects: 500 of 64 KB, and the envelope around them."""


class Ask(msgspec.Struct, frozen=True):
    """A request to send, signed by whoever sends it; an answer longer than `max_bytes` is cut off."""

    method: Literal["GET", "POST"]
    target: str
    body: bytes = b""
    max_bytes: int = SMALL
    more: tuple[tuple[str, str], ...] = ()
    """Further headers. One that says `accept-encoding` wants the body as it came, packed; others have it unpacked."""

    @property
    def headers(self) -> dict[str, str]:
        """Media types, and what is asked beside."""
        media = MEDIA_TYPE if self.target.startswith("/taxii2/") else "application/json"
        return {"accept": media} | ({"content-type": media} if self.body else {}) | dict(self.more)

    @property
    def packed(self) -> bool:
        """Whether the body is wanted as it came."""
        return any(name == "accept-encoding" for name, _ in self.more)


class PageCut(Exception):  # noqa: N818 - it is counted and asked again, and fails nothing by itself
    """An answer that broke off or cannot be read."""


class Stop(Exception):  # noqa: N818 - the end of a pull that the partner's node does not let go on
    """The pull cannot go on. `code`: unreachable, refused, no_parcels, page_cut or ledger."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Detail(msgspec.Struct, frozen=True):
    id: str


class _Status(msgspec.Struct, frozen=True):
    success_count: int
    successes: list[_Detail] = []


NOTHING: Final = 204
"""The status of an answer that has nothing new."""
NEXT: Final = "/peer/v1/next"
SEAL, EPOCH = "prasan-seal", "prasan-epoch"
"""Headers of a parcel, and of an answer that has none."""


def following(after: Mapping[Lane, int], limit: int, wait_s: int = 0) -> Ask:
    """The next parcel behind these rows, whatever lane it is of; with `wait_s` the answer may wait for one to come."""
    query = {str(lane): seq for lane, seq in after.items()} | {"limit": limit} | ({"wait": wait_s} if wait_s else {})
    return Ask("GET", f"{NEXT}?{urlencode(query)}", max_bytes=LARGE, more=(("accept-encoding", "zstd, gzip"),))


def waits(ask: Ask) -> bool:
    """Whether the answer to a request may wait for news."""
    return ask.target.startswith(NEXT) and "&wait=" in ask.target


def going_on(ask: Ask, part: Part | None, piece: str) -> Ask:
    """The same, but no more than a slice; and from where a parcel broke off, if it is still the same."""
    more = (*ask.more, ("range", piece)) if piece else ask.more
    if part is None:
        return msgspec.structs.replace(ask, more=more)
    target = f"{ask.target}&upto={part.upto}"
    return msgspec.structs.replace(ask, target=target, more=(*more, ("if-range", f'"{part.tag}"')))


def epoch_of(response: Response) -> str:
    """The epoch that an answer names; "" for none."""
    epoch = response.headers.get(EPOCH, "")
    return epoch if _UUID.fullmatch(epoch) else ""


def post(raws: Sequence[bytes]) -> Ask:
    """Objects for our inbox."""
    return Ask("POST", f"{ROOT}collections/{INBOX}/objects/", b'{"objects":[' + b",".join(raws) + b"]}")


def checkpoint(since: int) -> Ask:
    """The partner's checkpoint, with the proof from a size."""
    return Ask("GET", f"/peer/v1/checkpoint?from={since}")


def ack(body: bytes) -> Ask:
    """An acknowledgement."""
    return Ask("POST", "/peer/v1/ack", body)


def read_status(response: Response) -> frozenset[str]:
    """The ids that an inbox took."""
    return frozenset(one.id for one in _decode(response, _Status).successes)


def _decode(response: Response, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(response.body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PageCut(f"the answer cannot be read: {error}") from None
