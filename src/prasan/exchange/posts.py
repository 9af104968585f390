"""Adding objects (TAXII 2.1 section 5.5): each object stands or falls alone, and the status says why."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec

from prasan.errors import FormatError
from prasan.exchange import codings
from prasan.exchange.codings import CODINGS
from prasan.exchange.http import Problem, Response, raw_answer, time_text
from prasan.exchange.lanes import PAGE
from prasan.exchange.shelf import Shelf
from prasan.formats import stix
from prasan.picture.posted import Item, Outcome

MAX_CONTENT: Final = 16 * 1024 * 1024
"""Bytes in the body of one post."""
NO_VERSION: Final = "1970-01-01T00:00:00.000Z"
"""The version of an object that has neither `modified` nor `created`; the standard leaves the value to the server."""


class _Envelope(msgspec.Struct):
    objects: list[msgspec.Raw] | None = None


class _Detail(msgspec.Struct, omit_defaults=True):
    id: str
    version: str
    message: str = ""


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)


def unpacked(body: bytes, content_encoding: str | None) -> bytes:
    """The body as it was before it was packed (RFC 9110 section 8.4). `Problem` 400, 413 or 415.

    However well it is packed, it is unpacked no further than the limit.
    """
    coding = (content_encoding or "identity").strip().lower()
    if coding == "identity":
        return body
    if coding not in CODINGS:
        taken = {"accept-encoding": ", ".join(CODINGS)}
        raise Problem(415, "Unsupported content coding", "Send it in gzip or zstd, or as it is.", taken)
    try:
        return codings.unpacked(body, coding, MAX_CONTENT)
    except FormatError as error:
        raise Problem(400, "Damaged body", str(error)) from None


def split(body: bytes) -> list[bytes]:
    """The objects of an envelope, each as the bytes received. `Problem` 400, 413 or 422."""
    if len(body) > MAX_CONTENT:
        raise Problem(413, "Content too large", f"At most {MAX_CONTENT} bytes are taken at once.")
    try:
        found = _ENVELOPE.decode(body).objects
    except msgspec.ValidationError as error:
        raise Problem(422, "Not an envelope", str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "Malformed body", "The body is not JSON.") from None
    if found and len(found) > PAGE:
        # Not 413: that is for bodies longer than `max_content_length` only (section 4.2.1).
        raise Problem(422, "Too many objects", f"At most {PAGE} objects are taken at once.")
    if not found:
        raise Problem(422, "Nothing to add", "The envelope holds no objects.")
    return [bytes(raw) for raw in found]


def add(shelf: Shelf, owner: str, body: bytes, status_id: str, now_us: int) -> Response:
    """Keep the good objects of an envelope in the owner's inbox and answer with the status (202)."""
    items, failures = list[Item](), list[_Detail]()
    for raw in split(body):
        try:
            items.append(_item(raw))
        except FormatError as error:
            failures.append(_Detail(*_named(raw), str(error)))

    def report(outcomes: Sequence[Outcome]) -> bytes:
        return _status(status_id, now_us, items, outcomes, failures)

    return raw_answer(202, shelf.post(owner, status_id, items, now_us, report))


def _item(raw: bytes) -> Item:
    header, document = stix.checked(raw)
    version = header.version or NO_VERSION
    return Item(header.id, version, header.type, header.spec_version or "2.1", sha256(raw).hexdigest(), raw, document)


def _named(raw: bytes) -> tuple[str, str]:
    """What a refused object calls itself, as far as it can be read."""
    try:
        header = stix.peek(raw)
    except FormatError:
        return "unknown", NO_VERSION
    return header.id[:200], header.version[:40] or NO_VERSION


def _status(
    status_id: str, now_us: int, items: Sequence[Item], outcomes: Sequence[Outcome], failures: Sequence[_Detail]
) -> bytes:
    """The status resource of section 4.3.1. An exact duplicate is a success (5.5)."""
    done = [_Detail(item.id, item.version) for item, how in zip(items, outcomes, strict=True) if how != "conflict"]
    message = "This version was posted before with other content; the first is kept."
    clashes = [_Detail(i.id, i.version, message) for i, how in zip(items, outcomes, strict=True) if how == "conflict"]
    failed = [*failures, *clashes]
    body: dict[str, object] = {
        "id": status_id,
        "status": "complete",
        "request_timestamp": time_text(now_us),
        "total_count": len(done) + len(failed),
        "success_count": len(done),
        "failure_count": len(failed),
        "pending_count": 0,
    }
    return msgspec.json.encode(body | ({"successes": done} if done else {}) | ({"failures": failed} if failed else {}))
