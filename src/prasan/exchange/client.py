"""The reader's socket: TLS that trusts exactly the certificate in the partner's card, and signed requests."""

import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

import httpx2
from cryptography.hazmat.primitives.serialization import Encoding

from prasan.exchange.acks import Ours
from prasan.exchange.asks import Ask
from prasan.exchange.cards import Card
from prasan.exchange.certs import certificates, validity
from prasan.exchange.http import Response, time_text
from prasan.exchange.peer import Claims, authorization, body_hash
from prasan.exchange.resuming import Resuming
from prasan.exchange.steps import Cut, Heard, Unreached

CONNECT_S: Final = 20.0
READ_S: Final = 30.0
WHOLE_S: Final = 300.0
"""Seconds to connect, to wait for the next bytes, and for a whole answer, however slowly it drips."""
PULL_S: Final = 1800.0
"""Seconds for a whole pull; what is left is pulled the next time."""
_CHUNK: Final = 1 << 20


class Client:
    """One partner's node, for one pull or for many: its connection and its TLS session are used again.

    `now_us` is the clock; `nonce` gives a random text for each request; `stopped` ends the pull before the next one.
    """

    def __init__(
        self,
        card: Card,
        ours: Ours,
        now_us: Callable[[], int],
        nonce: Callable[[], str],
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._card, self._ours, self._now_us, self._nonce, self._stopped = card, ours, now_us, nonce, stopped
        self.begin()
        self._tls = pinned(card.peer_certificate)
        self._http = httpx2.Client(
            verify=self._tls,
            timeout=httpx2.Timeout(READ_S, connect=CONNECT_S),
            limits=httpx2.Limits(max_connections=2, max_keepalive_connections=2),
            trust_env=False,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self.close()

    def begin(self) -> None:
        """A pull begins: its time is counted from now."""
        self._end = time.monotonic() + PULL_S

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def abort(self) -> None:
        """Break off what is under way in another thread."""
        self._tls.abort()

    def fetch(self, ask: Ask) -> Response | Cut | Unreached:
        """Send one request. It never raises for what a partner or the network does."""
        reason = self._out_of_date() or self._over()
        if reason:
            return Unreached(reason)
        try:
            with self._http.stream(ask.method, self._url(ask), content=ask.body, headers=self._headers(ask)) as answer:
                return _packed(answer, ask.max_bytes) if ask.packed else _unpacked(answer, ask.max_bytes)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            broke = _broke_in_handshake(error)
            return Cut("the line broke in the handshake") if broke else Unreached(self._why(str(error)))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return Cut(f"{type(error).__name__}: {error}")
        except (_TooLong, zlib.error) as error:
            return Cut(str(error))

    def _url(self, ask: Ask) -> str:
        return self._card.peer_url.rstrip("/") + ask.target

    def _headers(self, ask: Ask) -> dict[str, str]:
        # What is signed is the target as it goes over the wire, so it is taken from the built address.
        target = httpx2.URL(self._url(ask)).raw_path.decode()
        claims = Claims(
            iss=self._ours.id,
            aud=self._card.id,
            htm=ask.method,
            htu=target,
            bh=body_hash(ask.body),
            iat=self._now_us() // 1_000_000,
            jti=self._nonce(),
        )
        return {"accept-encoding": "gzip", **ask.headers, "authorization": authorization(claims, self._ours.key)}

    def _out_of_date(self) -> str:
        """Why the certificate in the card cannot be used now, or ""."""
        begin, end = validity(self._card.peer_certificate.encode())
        now = self._now_us() / 1e6
        if begin <= now <= end:
            return ""
        when = time_text(int((end if now > end else begin) * 1e6))[:10]
        how = f"expired on {when}" if now > end else f"is not valid before {when}"
        return f"The certificate in the card of {self._card.name} {how}; ask {self._card.name} for a new card."

    def _over(self) -> str:
        """Why nothing more is asked in this pull, or ""."""
        if self._stopped():
            return "This node is being stopped; the pull goes on when it runs again."
        if time.monotonic() > self._end:
            return f"The pull lasted {PULL_S / 60:.0f} minutes; the next goes on from there."
        return ""

    def _why(self, text: str) -> str:
        """A sentence for what OpenSSL or the system said."""
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return f"The node at {self._card.peer_url} does not show the certificate in the card of {self._card.name}."
        return f"The node of {self._card.name} at {self._card.peer_url} cannot be reached: {text}."


def pinned(certificate: str) -> Resuming:
    """A TLS context that trusts the certificates of a card and nothing else. Names are not looked at: keys count."""
    context = Resuming(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for one in certificates(certificate.encode()):
        context.load_verify_locations(cadata=one.public_bytes(Encoding.DER))
    return context


def _broke_in_handshake(error: Exception) -> bool:
    """Somebody answered, and the line broke before it was safe: on a bad line that is as common as any other break."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLEOFError | ConnectionResetError | BrokenPipeError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None


def _unpacked(answer: httpx2.Response, limit: int) -> Response:
    body = b"".join(_limited(answer, limit))
    return Response(answer.status_code, body, _named(answer))


def _packed(answer: httpx2.Response, limit: int) -> Heard | Cut:
    """The body as it came, with the time it took; if the line broke, what there was of it."""
    body, begun, reason = bytearray(), time.monotonic(), ""
    try:
        for piece in answer.iter_raw():
            body += piece
            if len(body) > limit or time.monotonic() > begun + WHOLE_S:
                reason = f"the answer has more than {limit} bytes, or takes more than {WHOLE_S:.0f} s"
                break
    except httpx2.HTTPError as error:
        reason = f"{type(error).__name__}: {error}"
    heard = Heard(answer.status_code, bytes(body), _named(answer), took_s=time.monotonic() - begun)
    return Cut(reason, heard) if reason else heard


def _named(answer: httpx2.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


class _TooLong(Exception):  # noqa: N818 - it becomes a Cut
    pass


def _limited(answer: httpx2.Response, limit: int) -> Iterator[bytes]:
    """The decoded body in pieces; never more than `limit` bytes, however well they were packed."""
    total, end = 0, time.monotonic() + WHOLE_S
    for piece in _decoded(answer):
        total += len(piece)
        if total > limit:
            raise _TooLong(f"the answer has more than {limit} bytes")
        if time.monotonic() > end:
            raise _TooLong(f"the answer was not whole after {WHOLE_S:.0f} s")
        yield piece


def _decoded(answer: httpx2.Response) -> Iterator[bytes]:
    if answer.headers.get("content-encoding", "identity") == "identity":
        yield from answer.iter_raw()
        return
    gzip = zlib.decompressobj(31)
    for chunk in answer.iter_raw():
        rest = chunk
        while rest:
            yield gzip.decompress(rest, _CHUNK)
            rest = gzip.unconsumed_tail
    yield gzip.flush()
    if not gzip.eof:
        raise _TooLong("the packed answer broke off")
