"""`/api/v1/relay`: the live relay as Server-Sent Events, for users of role `partner` (docs/wire.md, section 14)."""

from asyncio import sleep
from collections.abc import AsyncIterator
from typing import Final, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as Incoming
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from prasan.exchange.http import Problem, Request
from prasan.web.credentials import Credentials
from prasan.web.guessing import TooSoon
from prasan.web.screen import refuse
from prasan.web.taxii import PARTNER, sign_in

TICK_S: Final = 0.25
SILENCE_TICKS: Final = 60
"""After so many ticks without a sentence a comment is sent, so that nobody between the two ends closes the line."""
AGAIN_TICKS: Final = 2
"""How often it is asked again who reads: a token that was revoked ends the stream."""


class Reader(Protocol):
    """One stream's sentences."""

    @property
    def ended(self) -> str:
        """Why nothing more comes, or ""."""

    def take(self, most: int = 500) -> list[bytes]:
        """The next sentences; does not wait."""

    def close(self) -> None:
        """The stream ends."""


class Relay(Protocol):
    """Where streams come from."""

    def subscribe(self, partner: str) -> Reader | None:
        """A stream for a partner, by its identity id; None if it may not be told anything."""


def relay_routes(credentials: Credentials, relay: Relay) -> list[Route]:
    """The route of the ordinary port."""

    async def stream(incoming: Incoming) -> Response:
        try:
            partner = await run_in_threadpool(_partner, incoming, credentials)
        except TooSoon as error:
            return refuse(429, "too_many", str(error), error.remedy)
        except Problem as problem:
            return refuse(problem.status, "not_signed_in", problem.title, "Send a bearer token of a partner's user.")
        reader = await run_in_threadpool(relay.subscribe, partner) if partner else None
        if reader is None:
            return refuse(403, "relay", "No accord in force relays positions to this account.", "Ask the other side.")
        events = _events(incoming, credentials, reader)
        return StreamingResponse(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    return [Route("/api/v1/relay", stream, methods=["GET"])]


async def _events(incoming: Incoming, credentials: Credentials, reader: Reader) -> AsyncIterator[bytes]:
    """`nmea` {sentence}, one an event, until the reader goes, the accord ends or the token is revoked."""
    quiet = tick = 0
    try:
        yield b"retry: 2000\n\n"
        while not reader.ended:
            tick += 1
            if tick % AGAIN_TICKS == 0 and not await run_in_threadpool(_still, incoming, credentials):
                return
            lines = reader.take()
            quiet = 0 if lines else quiet + 1
            if lines:
                yield b"".join(b"event: nmea\ndata: " + line.strip() + b"\n\n" for line in lines)
            elif quiet >= SILENCE_TICKS:
                quiet = 0
                yield b": nothing new\n\n"
            await sleep(TICK_S)
        yield b"event: end\ndata: " + reader.ended.encode() + b"\n\n"
    finally:
        reader.close()


def _partner(incoming: Incoming, credentials: Credentials) -> str:
    """The partner whom the account acts for, "" for none. `Problem` 401 if nobody can be made out."""
    headers = {name.lower(): value for name, value in incoming.headers.items()}
    client = incoming.client.host if incoming.client else ""
    user = sign_in(Request("GET", "/api/v1/relay", headers=headers, client=client), credentials)
    return (user.partner or "") if user.role == PARTNER else ""


def _still(incoming: Incoming, credentials: Credentials) -> bool:
    try:
        return bool(_partner(incoming, credentials))
    except (Problem, TooSoon):
        return False
