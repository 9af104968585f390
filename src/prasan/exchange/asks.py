"""What the reader asks a partner's node for, and the reading of its answers. A bad answer is a `PageCut`."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeVar
from urllib.parse import urlencode

import msgspec

from prasan.exchange.http import MEDIA_TYPE, Response, time_us
from prasan.exchange.lanes import INBOX, PAGE, ROOT, Lane
from prasan.exchange.line import Part

_T = TypeVar("_T")

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

SMALL: Final = 2 * 1024 * 1024
LARGE: Final = 40 * 1024 * 1024
"""Bytes of a page of objects: 500 of 64 KB, and the envelope around them."""
IDS_AT_ONCE: Final = 100


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
    """The pull cannot go on. `code`: unreachable, refused, page_cut or ledger."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ObjectPage(msgspec.Struct, frozen=True):
    """A page of objects as received; `last` is the date_added of the last one, "" for an empty page."""

    objects: tuple[bytes, ...]
    more: bool
    last: str


class _Envelope(msgspec.Struct, frozen=True):
    objects: list[msgspec.Raw] = []
    more: bool = False


class _Collection(msgspec.Struct, frozen=True):
    id: str
    alias: str = ""


class _Collections(msgspec.Struct, frozen=True):
    collections: list[_Collection] = []


class _Detail(msgspec.Struct, frozen=True):
    id: str


class _Status(msgspec.Struct, frozen=True):
    success_count: int
    successes: list[_Detail] = []


NOTHING: Final = 204
"""The status of an answer that has nothing new."""
SEAL, EPOCH = "prasan-seal", "prasan-epoch"

COLLECTIONS: Final = Ask("GET", f"{ROOT}collections/")


def objects(collection: str, added_after: str, limit: int) -> Ask:
    """One page of a collection."""
    query = {"limit": str(limit)} | ({"added_after": added_after} if added_after else {})
    return Ask("GET", f"{ROOT}collections/{collection}/objects/?{urlencode(query)}", max_bytes=LARGE)


def objects_by_id(collection: str, ids: Sequence[str]) -> Ask:
    """Some objects once more."""
    query = urlencode({"match[id]": ",".join(ids), "limit": str(PAGE)})
    return Ask("GET", f"{ROOT}collections/{collection}/objects/?{query}", max_bytes=LARGE)


def statements(lane: str, after: int) -> Ask:
    """One page of statements."""
    return Ask("GET", f"/peer/v1/statements/{lane}?after={after}&limit={PAGE}", max_bytes=LARGE)


def following(after: Mapping[Lane, int], limit: int, wait_s: int = 0) -> Ask:
    """The next parcel behind these rows, whatever lane it is of; with `wait_s` the answer may wait for one to come."""
    query = {str(lane): seq for lane, seq in after.items()} | {"limit": limit} | ({"wait": wait_s} if wait_s else {})
    return Ask("GET", f"/peer/v1/next?{urlencode(query)}", max_bytes=LARGE, more=(("accept-encoding", "zstd, gzip"),))


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


def read_collections(response: Response) -> dict[str, str]:
    """Alias to collection id."""
    found = _decode(response, _Collections)
    return {one.alias: one.id for one in found.collections if _UUID.fullmatch(one.id)}


def read_objects(response: Response, added_after: str) -> ObjectPage:
    """A page of objects, which must lead on from `added_after` if more are to follow."""
    envelope = _decode(response, _Envelope)
    if not envelope.objects:
        return ObjectPage((), False, "")
    last = response.headers.get("x-taxii-date-added-last", "")
    at, before = time_us(last), time_us(added_after) if added_after else 0
    if at is None or at <= (before or 0) or len(envelope.objects) > PAGE:
        raise PageCut("the page does not lead on")
    return ObjectPage(tuple(bytes(raw) for raw in envelope.objects), envelope.more, last)


def read_some(response: Response) -> tuple[bytes, ...]:
    """Objects that were asked for by id."""
    return tuple(bytes(raw) for raw in _decode(response, _Envelope).objects)


def read_status(response: Response) -> frozenset[str]:
    """The ids that an inbox took."""
    return frozenset(one.id for one in _decode(response, _Status).successes)


def _decode(response: Response, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(response.body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PageCut(f"the answer cannot be read: {error}") from None
