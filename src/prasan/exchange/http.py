"""A request and a response as values, and the times that TAXII writes. Nothing here opens a socket."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from prasan.exchange import codings

MEDIA_TYPE: Final = "application/taxii+json;version=2.1"

_PACKED_FROM: Final = 1024
"""Bytes below which compressing costs more than it saves."""
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Request(msgspec.Struct, frozen=True):
    """What came in. `path` is as sent (still percent-encoded) and begins with /; header names are in lower case.

    `client` is the address it came from, "" if nobody knows.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""
    client: str = ""

    @property
    def target(self) -> str:
        """The path with its query, as it stands in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path


class Response(msgspec.Struct, frozen=True):
    """What goes out."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Problem(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """A request that gets an error for an answer."""

    def __init__(
        self, status: int, title: str, description: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(title)
        self.status, self.title, self.description = status, title, description
        self.headers = headers or {}

    def response(self) -> Response:
        """The error message of TAXII 2.1 section 3.6.1."""
        body = {"title": self.title, "http_status": str(self.status)}
        if self.description:
            body["description"] = self.description
        return answer(self.status, body, self.headers)


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """A response of one JSON value in TAXII's media type."""
    return raw_answer(status, msgspec.json.encode(body), headers)


def raw_answer(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """A response of JSON bytes that are sent as they are."""
    return Response(status, body, {"content-type": MEDIA_TYPE, **(headers or {})})


def compressed(response: Response, accept_encoding: str) -> Response:
    """The response in zstd or gzip, if the reader takes it and it pays."""
    vary = {**response.headers, "vary": "accept-encoding"}
    coding = codings.chosen(accept_encoding) if len(response.body) >= _PACKED_FROM else ""
    if not coding:
        return Response(response.status, response.body, vary)
    return Response(response.status, codings.packed(response.body, coding), {**vary, "content-encoding": coding})


def time_text(us: int) -> str:
    """Microseconds UTC as a TAXII timestamp (section 2: always six digits)."""
    at = _EPOCH + timedelta(microseconds=us)
    return at.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def time_us(text: str) -> int | None:
    """A timestamp as microseconds UTC; None if it is none. More than six digits are cut."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(match[1] + "+00:00").timestamp()
    except ValueError:
        return None
    return int(whole) * 1_000_000 + int((match[2] or "0")[:6].ljust(6, "0"))
