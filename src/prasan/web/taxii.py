"""TAXII on the ordinary port: Starlette on one side, `exchange.taxii` on the other, who is asking in between."""

import base64
import binascii
from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as Incoming
from starlette.responses import Response as Outgoing
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from prasan.errors import Unreachable
from prasan.exchange import taxii
from prasan.exchange.http import Problem, Request, Response
from prasan.exchange.lanes import Caller
from prasan.exchange.posts import MAX_CONTENT
from prasan.exchange.shelf import Shelf
from prasan.web.credentials import Credentials, User
from prasan.web.guessing import TooSoon

At = Callable[[str], None]
Answer = Callable[[Request], Response]

CHALLENGE: Final = {"www-authenticate": 'Basic realm="prasan", charset="UTF-8", Bearer realm="prasan"'}
PARTNER: Final = "partner"


def no_point(_name: str) -> None:
    """The crash point of everyday life: nothing happens."""


class Door:
    """An ASGI endpoint for every method: reads the request whole, has it answered in a thread, and sends the answer."""

    def __init__(self, answer: Answer, at: At = no_point, max_body: int = MAX_CONTENT) -> None:
        self._answer, self._at, self._max = answer, at, max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        incoming = Incoming(scope, receive)
        try:
            request = await self._read(incoming)
        except ClientDisconnect:
            return
        response = await self._respond(request)
        self._passed(request, response)
        await self._send(response, scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        return await run_in_threadpool(reply, self._answer, request, self._max)

    def _passed(self, request: Request, response: Response) -> None:
        """The crash point of a page that was answered and not sent yet."""
        if request.method == "GET" and "x-taxii-date-added-last" in response.headers:
            self._at("page")

    async def _send(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        await Outgoing(response.body, response.status, dict(response.headers))(scope, receive, send)

    async def _read(self, incoming: Incoming) -> Request:
        """The request with its body; one that is too long is cut one byte after the limit, which says so."""
        parts, size = list[bytes](), 0
        async for part in incoming.stream():
            parts.append(part)
            size += len(part)
            if size > self._max:
                break
        path = incoming.scope.get("raw_path") or incoming.url.path.encode()
        return Request(
            method=incoming.method,
            path=path.decode("latin-1"),
            query=incoming.scope["query_string"].decode("latin-1"),
            headers={name.lower(): value for name, value in incoming.headers.items()},
            body=b"".join(parts)[: self._max + 1],
            client=incoming.client.host if incoming.client else "",
        )


def reply(answer: Answer, request: Request, most: int) -> Response:
    """The answer to a request whose body has at most so many bytes, or an error message that says why there is none."""
    try:
        if len(request.body) > most:
            raise Problem(413, "Content too large", f"At most {most} bytes are taken at once.")
        return answer(request)
    except Problem as problem:
        return problem.response()
    except TooSoon as error:
        return Problem(429, "Too many attempts", str(error), {"retry-after": str(error.seconds)}).response()
    except Unreachable as error:
        return Problem(503, "Not now", str(error), {"retry-after": "5"}).response()


def taxii_routes(
    credentials: Credentials, shelf: Shelf, site: taxii.Site, now_us: Callable[[], int], at: At = no_point
) -> list[Route]:
    """The routes of the ordinary port: `/taxii2/…`, for users with a password or a token."""

    def answer(request: Request) -> Response:
        user = sign_in(request, credentials)
        return taxii.handle(request, caller_of(user), shelf, site, now_us())

    return [Route("/taxii2", Door(answer, at)), Route("/taxii2/{rest:path}", Door(answer, at))]


def sign_in(request: Request, credentials: Credentials) -> User:
    """The user who asks. `Problem` 401 with a challenge if nobody can be made out; TooSoon after too many guesses."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    user = None
    if scheme.lower() == "bearer":
        user = credentials.by_token(value.strip())
    elif scheme.lower() == "basic":
        name, password = _basic(value.strip())
        user = credentials.by_password(name, password, request.client)
    if user is None:
        raise Problem(401, "Sign in first", "Use a bearer token, or name and password.", CHALLENGE)
    return user


def caller_of(user: User) -> Caller:
    """What a user sees here: a partner's user that partner's collections, or an empty space; other roles nothing."""
    if user.role != PARTNER:
        return Caller(user.name)
    return Caller(user.name, user.partner or f"user/{user.name}")


def _basic(value: str) -> tuple[str, str]:
    """Name and password (RFC 7617, UTF-8); empty ones for what cannot be read."""
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    return name, password
