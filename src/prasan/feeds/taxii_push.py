"""Adding objects to a collection of any TAXII 2.1 server, without a socket: a generator yields what to send.

A server that refuses a whole envelope for one object in it is sent its halves, so that only that object is left out.
"""

from collections.abc import Generator, Sequence
from typing import Final, TypeAlias

import msgspec

from prasan.feeds.taxii import TRIES, Answer, Wait, patience, title

MOST: Final = 500
"""Objects in one envelope."""
LOOKS: Final = 30
LOOK_S: Final = 1.0
"""How often, and how many seconds apart, the status of a post that is pending is asked for."""
_OK: Final = (200, 201, 202)
_TOO_MUCH: Final = (400, 413, 422, 500)
"""Answers after which less is tried. 500: servers fail on what they should refuse."""


class Post(msgspec.Struct, frozen=True):
    """Send this body."""

    body: bytes


class Look(msgspec.Struct, frozen=True):
    """Ask for this status."""

    status_id: str


class Sent(msgspec.Struct):
    """How it went: objects taken, those refused with what was said, and how many at the end were not sent.

    `problem` is a code: "" if everything was sent.
    """

    taken: int = 0
    refused: list[tuple[str, str]] = []
    unsent: int = 0
    problem: str = ""
    detail: str = ""


Sending: TypeAlias = Generator[Post | Look | Wait, Answer | None, Sent]


class _Failure(msgspec.Struct):
    id: str = ""
    message: str = ""


class _Status(msgspec.Struct):
    id: str = ""
    status: str = "complete"
    success_count: int = 0
    failures: list[_Failure] = []
    failure_count: int = 0


class _Object(msgspec.Struct):
    id: str = ""


_STATUS: Final = msgspec.json.Decoder(_Status, strict=False)


def send(objects: Sequence[bytes], max_bytes: int) -> Sending:
    """Send objects in their order, the very bytes, in envelopes of at most `max_bytes` (the server's limit).

    Send an Answer to each Post and Look, None to the rest. Nothing that a server answers raises.
    """
    sent, queue = Sent(), list(reversed(envelopes(objects, max_bytes)))
    while queue:
        part = queue.pop()
        answer = yield from _post(part)
        if answer is not None and answer.status in _OK:
            yield from _count(sent, answer, part)
        elif answer is not None and answer.status in _TOO_MUCH and len(part) > 1:
            half = len(part) // 2
            queue += [part[half:], part[:half]]
        elif answer is not None and answer.status in _TOO_MUCH:
            sent.refused.append((_id(part[0]), f"status {answer.status}{title(answer.body)}"))
        else:
            sent.problem = "unreached" if answer is None else "refused"
            sent.detail = "" if answer is None else f"status {answer.status}{title(answer.body)}"
            sent.unsent = len(part) + sum(map(len, queue))
            break
    return sent


def envelopes(objects: Sequence[bytes], max_bytes: int) -> list[Sequence[bytes]]:
    """Objects in parts that fit into an envelope; one that is too large alone is a part alone."""
    parts, start, size = list[Sequence[bytes]](), 0, 0
    for at, one in enumerate(objects):
        if at > start and (at - start >= MOST or size + len(one) + 16 > max_bytes):
            parts.append(objects[start:at])
            start, size = at, 0
        size += len(one) + 1
    return [*parts, objects[start:]] if objects[start:] else parts


def _post(part: Sequence[bytes]) -> Generator[Post | Look | Wait, Answer | None, Answer | None]:
    body = b'{"objects":[' + b",".join(part) + b"]}"
    for tries in range(1, TRIES + 1):
        answer = yield Post(body)
        if answer is None or answer.status not in (429, 503):
            return answer
        yield Wait(patience(answer.headers.get("retry-after", ""), tries))
    return answer


def _count(sent: Sent, answer: Answer, part: Sequence[bytes]) -> Generator[Post | Look | Wait, Answer | None, None]:
    """What a status says, once it is complete; where it says nothing, 202 counts for all."""
    status = _status(answer)
    for _ in range(LOOKS):
        if status is None or status.status == "complete" or not status.id:
            break
        yield Wait(LOOK_S)
        status = _status((yield Look(status.id))) or status
    failures = status.failures if status else []
    sent.refused += [(one.id[:300], one.message[:300]) for one in failures]
    failed = max(len(failures), status.failure_count) if status else 0
    sent.taken += max(0, len(part) - failed)


def _status(answer: Answer | None) -> _Status | None:
    if answer is None or answer.status not in _OK:
        return None
    try:
        return _STATUS.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _id(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=_Object).id[:300]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
