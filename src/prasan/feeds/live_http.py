"""A table or document fetched again and again, with the validators of RFC 9110: ETag and Last-Modified.

Each answer is a stream of its own. An answer that is unchanged, by 304 or by its bytes, gives nothing.
"""

import time
import zlib
from collections import deque
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

import httpx2

from prasan.feeds.live import Address

CONNECT_S: Final = 5.0
READ_S: Final = 30.0
MOST: Final = 64 << 20
"""Bytes of one answer, at most."""
CHUNK: Final = 1 << 16
_OK, _UNCHANGED = 200, 304


class Memory:
    """What outlives a failed poll: what we have already, and when the server may be asked again."""

    def __init__(self) -> None:
        self.validators: dict[str, str] = {}
        self.digest = b""
        self.next = time.monotonic()
        self.polls = 0


class HttpLink:
    """Polls at most every `every_s` seconds, the first time at once. OSError for an answer that is not 200 or 304."""

    def __init__(self, address: Address, every_s: float, memory: Memory) -> None:
        self._url, self._every, self._memory = address.url, every_s, memory
        self._http = httpx2.Client(timeout=httpx2.Timeout(READ_S, connect=CONNECT_S), follow_redirects=False)
        self._ready = deque[tuple[str, bytes]]()

    def read(self, wait_s: float) -> tuple[str, bytes] | None:
        """The next bytes of an answer, or its end."""
        if not self._ready:
            left = self._memory.next - time.monotonic()
            if left > 0:
                time.sleep(min(wait_s, left))
                return None
            self._poll()
        return self._ready.popleft() if self._ready else None

    def dropped(self) -> int | None:
        """HTTP loses nothing."""
        return 0

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _poll(self) -> None:
        self._memory.next = time.monotonic() + self._every
        body = self._fetch()
        digest = sha256(body or b"").digest()
        if body and digest != self._memory.digest:
            self._memory.digest = digest
            self._memory.polls += 1
            name = str(self._memory.polls)
            self._ready.extend((name, body[at : at + CHUNK]) for at in range(0, len(body), CHUNK))
            self._ready.append((name, b""))

    def _fetch(self) -> bytes | None:
        """The body, or None if it is the one we have."""
        try:
            with self._http.stream("GET", self._url, headers=self._memory.validators) as answer:
                if answer.status_code == _UNCHANGED:
                    return None
                if answer.status_code != _OK:
                    raise ConnectionError(f"the server answers with status {answer.status_code}")
                body = b"".join(_limited(answer))
        except (httpx2.HTTPError, httpx2.InvalidURL, zlib.error) as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from None
        asked = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))
        self._memory.validators = {ask: answer.headers[given] for given, ask in asked if given in answer.headers}
        return body


def _limited(answer: httpx2.Response) -> Iterator[bytes]:
    size = 0
    for piece in answer.iter_bytes(CHUNK):
        size += len(piece)
        if size > MOST:
            raise ConnectionError(f"the answer is larger than {MOST >> 20} MB")
        yield piece
