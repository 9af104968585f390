"""The address of a foreign TAXII collection, and the socket to it: TLS, sign-in, limits on size and time."""

import os
import ssl
import time
import zlib
from collections.abc import Iterator, Mapping
from typing import Final, Self
from urllib.parse import SplitResult, quote, unquote, urlsplit

import httpx2
import msgspec

from prasan.errors import Unreachable, UsageError
from prasan.feeds.taxii import MOST_BYTES, Answer, Get

SCHEMES: Final = ("taxii+https", "taxii+http")
PASSWORD: Final = "PRASAN_TAXII_PASSWORD"  # noqa: S105 - the name of a variable
"""The environment variable that holds a password which is not to be written into an address."""
MEDIA: Final = "application/taxii+json;version=2.1"

CONNECT_S: Final = 10.0
READ_S: Final = 60.0
WHOLE_S: Final = 600.0
"""Seconds to connect, to wait for the next bytes, and for a whole answer."""
_CHUNK: Final = 1 << 16
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_EXAMPLE: Final = "taxii+https://user@host/root/collections/ID/"


class Collection(msgspec.Struct, frozen=True):
    """A foreign collection. `url` ends with a slash and has no credentials in it; `extra` are filters of the caller.

    `user` "" with a `secret` is a bearer token, without one nobody signs in.
    """

    url: str
    user: str = ""
    secret: str = ""
    extra: str = ""


def is_taxii(source: str) -> bool:
    """True for the address of a TAXII collection."""
    return source.startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def parse_collection(address: str) -> Collection:
    """`taxii+https://user:password@host/root/collections/ID/?match[type]=…`; `:TOKEN@` is a bearer token.

    UsageError if it is none. Without TLS only on this machine.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise UsageError(f"'{_shown(address)}' is not a URL: {error}", f"Write it as {_EXAMPLE}.") from None
    if parts.scheme not in SCHEMES or not host or "/collections/" not in parts.path:
        raise UsageError(f"'{_shown(address)}' is no address of a TAXII collection.", f"Write it as {_EXAMPLE}.")
    if parts.scheme == SCHEMES[1] and host not in _LOOPBACK:
        raise UsageError(f"'{_shown(address)}' is without TLS.", "Use taxii+https, as TAXII asks.")
    path = parts.path.removesuffix("/").removesuffix("/objects") + "/"
    user, secret = unquote(parts.username or ""), unquote(parts.password or "")
    if user and not secret:
        secret = os.environ.get(PASSWORD, "")
    return Collection(f"{parts.scheme.removeprefix('taxii+')}://{_netloc(parts)}{path}", user, secret, parts.query)


def _netloc(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _shown(address: str) -> str:
    """An address without what may be secret in it."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"[:200]


class Link:
    """The connection to one collection. Redirects are not followed: they would lead the password elsewhere."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._http = httpx2.Client(
            verify=ssl.create_default_context(),  # the system's authorities, or those of SSL_CERT_FILE
            timeout=httpx2.Timeout(READ_S, connect=CONNECT_S),
            follow_redirects=False,
            auth=_auth(collection),
            headers={"user-agent": "prasan"} | _bearer(collection),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, ask: Get) -> Answer:
        """Ask for objects. Unreachable if nobody answers, the answer breaks off, or it takes too long."""
        return self._send("GET", f"{self._collection.url}objects/?{ask.query}", ask.headers, b"")

    def post(self, body: bytes) -> Answer:
        """Add objects."""
        headers = {"accept": MEDIA, "content-type": MEDIA}
        return self._send("POST", f"{self._collection.url}objects/", headers, body)

    def resource(self) -> Answer:
        """What the server says of the collection."""
        return self._send("GET", self._collection.url, {"accept": MEDIA}, b"")

    def of_root(self, path: str) -> Answer:
        """Something else of the same API root."""
        root = self._collection.url.partition("/collections/")[0]
        return self._send("GET", f"{root}/{quote(path)}", {"accept": MEDIA}, b"")

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        end = time.monotonic() + WHOLE_S
        try:
            with self._http.stream(method, url, headers=headers, content=body or None) as answer:
                whole = b"".join(_limited(answer, end))
                return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, whole)
        except (httpx2.HTTPError, httpx2.InvalidURL, zlib.error) as error:
            why = f"{self._collection.url} cannot be read: {error or type(error).__name__}"
            raise Unreachable(why, "Look at the address, the certificate (SSL_CERT_FILE) and the network.") from None


def _limited(answer: httpx2.Response, end: float) -> Iterator[bytes]:
    """The unpacked body, one piece beyond the limit at most."""
    size = 0
    for piece in answer.iter_bytes(_CHUNK):
        size += len(piece)
        yield piece
        if size > MOST_BYTES:
            return
        if time.monotonic() > end:
            raise httpx2.ReadTimeout(f"the answer took longer than {WHOLE_S:.0f} s")


def _auth(collection: Collection) -> httpx2.BasicAuth | None:
    return httpx2.BasicAuth(collection.user, collection.secret) if collection.user else None


def _bearer(collection: Collection) -> dict[str, str]:
    token = collection.secret and not collection.user
    return {"authorization": f"Bearer {collection.secret}"} if token else {}
