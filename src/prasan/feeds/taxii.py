"""Reading a collection of any TAXII 2.1 server, without a socket: a generator yields what to ask and what was read.

Servers are sloppy, so this is not: `next` is followed where it is given, else `added_after` from the header, else the
work stops and says so. The cursor that is given with each page is always safe to go on from, after a crash too: what
has the same date as the last object of a page may not have been read yet, so it is asked for again.
"""

import re
from calendar import timegm
from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, TypeAlias
from urllib.parse import urlencode

import msgspec

ACCEPT: Final = (
    "application/taxii+json;version=2.1",
    "application/taxii+json",
    "application/vnd.oasis.stix+json; version=2.0, application/vnd.oasis.taxii+json; version=2.0",
    "*/*",
)
"""What is asked for, in turn, while a server answers 406."""
LIMIT: Final = 500
MOST_BYTES: Final = 64 << 20
"""Bytes of one answer, unpacked: a server may not know `limit` and send everything."""
MOST_PAGES: Final = 10_000
MOST_WAIT_S: Final = 120.0
TRIES: Final = 5
"""Answers in a row that say "not now" (429, 503), before it is left for the next time."""
LAST: Final = "x-taxii-date-added-last"
FIRST: Final = "x-taxii-date-added-first"

_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Get(msgspec.Struct, frozen=True):
    """Ask for this: a query string to the collection's `objects/`, and headers."""

    query: str
    headers: Mapping[str, str]


class Wait(msgspec.Struct, frozen=True):
    """Wait this long, then go on."""

    seconds: float


class Page(msgspec.Struct, frozen=True):
    """Objects as their bytes, and the cursor to keep with them."""

    objects: tuple[bytes, ...]
    cursor: str


class Answer(msgspec.Struct, frozen=True):
    """What a server answered. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Read(msgspec.Struct):
    """How it went. `problem` is a code ("" if all was read) and `detail` what was seen."""

    pages: int = 0
    objects: int = 0
    problem: str = ""
    detail: str = ""


Step: TypeAlias = Get | Wait | Page
Reading: TypeAlias = Generator[Step, Answer | None, Read]


class _Envelope(msgspec.Struct):
    """An envelope, or TAXII 2.0's bundle: both have `objects`."""

    objects: list[msgspec.Raw] | None = None
    more: bool = False
    next: str | int | None = None


class _Stop(Exception):  # noqa: N818 - it ends the reading, it is no failure of ours
    def __init__(self, problem: str, detail: str) -> None:
        super().__init__(problem)
        self.problem, self.detail = problem, detail


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope, strict=False)


def read(cursor: str, extra: str = "") -> Reading:
    """Read a collection from a cursor ("" from the start). `extra` is added to every query: the caller's own filters.

    Send an Answer to each Get, None to the rest. Nothing that a server sends raises.
    """
    reader = _Reader(cursor, extra)
    try:
        yield from reader.run()
    except _Stop as stop:
        reader.done.problem, reader.done.detail = stop.problem, stop.detail
    return reader.done


class _Reader:
    def __init__(self, cursor: str, extra: str) -> None:
        self.cursor, self.extra, self.done = cursor, extra, Read()
        self._accept = 0
        self._seen: set[bytes] = set()

    def run(self) -> Generator[Step, Answer | None, None]:
        asked = self._begin(self.cursor)
        while self.done.pages < MOST_PAGES:
            answer = yield from self._ask(asked)
            found = _parsed(answer.body)
            objects = tuple(bytes(one) for one in found.objects or ())
            follow = self._follow(found, answer.headers, len(objects))
            if objects:
                self.done.pages += 1
                self.done.objects += len(objects)
                self.cursor = self._safe(answer.headers, last=follow is None)
                yield Page(objects, self.cursor)
            if follow is None:
                return
            self._leads_on(answer.body)
            asked = follow
        raise _Stop("too_many_pages", str(MOST_PAGES))

    def _begin(self, after: str) -> dict[str, str]:
        """The query that `next` goes with until another one is begun."""
        self._base = {"limit": str(LIMIT), **({"added_after": after} if after else {})}
        return self._base

    def _follow(self, found: _Envelope, headers: Mapping[str, str], count: int) -> dict[str, str] | None:
        """What to ask next; None if this was all. `_Stop` if there is more and no way to it."""
        full = count >= LIMIT
        if not found.more and not (full and _us(headers.get(LAST))):
            return None  # a full page without `more` is looked behind, where the server says how
        if found.more and found.next not in (None, ""):
            return self._base | {"next": str(found.next)}
        last, first = _us(headers.get(LAST)), _us(headers.get(FIRST))
        if last is None:
            raise _Stop("no_way_on", "more is promised, with neither next nor the header of the last date")
        # The last date is asked for again, for others may have it too; unless that would give the same page for ever.
        return self._begin(_text(last - 1 if first is not None and first < last else last))

    def _safe(self, headers: Mapping[str, str], *, last: bool) -> str:
        """The cursor after a page: what is later than it has not been read."""
        us = _us(headers.get(LAST))
        if us is None:
            return self.cursor
        before = _us(self.cursor)
        return _text(max(us if last else us - 1, before or 0))

    def _leads_on(self, body: bytes) -> None:
        """`_Stop` at a page that was there before."""
        digest = sha256(body).digest()
        if digest in self._seen:
            raise _Stop("goes_in_circles", "the same page came twice")
        self._seen.add(digest)

    def _ask(self, asked: dict[str, str]) -> Generator[Step, Answer | None, Answer]:
        """The answer, if it is a good one."""
        tries = 0
        while True:
            query = "&".join(part for part in (urlencode(asked), self.extra) if part)
            answer = yield Get(query, {"accept": ACCEPT[self._accept], "accept-encoding": "gzip"})
            if answer is None:
                raise _Stop("unreached", "")
            if answer.status in (200, 206):
                return answer
            if answer.status == 406 and self._accept + 1 < len(ACCEPT):
                self._accept += 1
            elif answer.status in (429, 503) and tries < TRIES:
                tries += 1
                yield Wait(patience(answer.headers.get("retry-after", ""), tries))
            else:
                raise _Stop("refused", f"status {answer.status}{title(answer.body)}")


def _parsed(body: bytes) -> _Envelope:
    if len(body) > MOST_BYTES:
        raise _Stop("too_large", f"more than {MOST_BYTES >> 20} MB in one answer")
    if not body.strip():
        return _Envelope()
    try:
        return _ENVELOPE.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _Stop("not_taxii", str(error)[:200]) from None


def patience(retry_after: str, tries: int) -> float:
    """What the server asks for, within reason; else longer each time."""
    asked = float(retry_after) if re.fullmatch(r"\d{1,6}", retry_after) else 2.0**tries
    return min(asked, MOST_WAIT_S)


def title(body: bytes) -> str:
    """The title of an error message, as far as there is one that people can read."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    said = found.get("title") if isinstance(found, dict) else None
    return f" ({said[:120]})" if isinstance(said, str) and said.isprintable() else ""


def _us(text: str | None) -> int | None:
    """A timestamp as microseconds UTC, None for none. Finer digits are rounded up, never below the object."""
    match = _TIME.fullmatch(text or "")
    if match is None:
        return None
    try:
        whole = timegm(datetime.fromisoformat(match[1]).timetuple())
    except ValueError:
        return None
    digits = match[2] or ""
    return whole * 1_000_000 + int(digits[:6].ljust(6, "0")) + (1 if digits[6:].strip("0") else 0)


def _text(us: int) -> str:
    return (_EPOCH + timedelta(microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
