"""`/api/v1/stream`: Server-Sent Events. The picture changed; an alert came. The rows themselves are read where always.

A stream ends by itself after some minutes: the reader comes back with its credentials, which are then checked anew.
"""

from asyncio import sleep
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from prasan.picture.finding import ALERTING
from prasan.web.answers import row_answer
from prasan.web.desk import Filters, Row
from prasan.web.screen import House, Screen, api

TICK_S: Final = 1.0
"""How often the picture is looked at for news."""
SILENCE_TICKS: Final = 15
"""After so many ticks without news a comment is sent, so that nobody between the two ends closes the line."""
LIFE_TICKS: Final = 600
RETRY_MS: Final = 2000


@api("picture")
def stream(_request: Request, house: House, screen: Screen) -> Response:
    """Events `picture` {version} and `alert` {row}, until the reader leaves or the stream's time is up."""
    return StreamingResponse(
        _events(house, screen), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
    )


async def _events(house: House, screen: Screen) -> AsyncIterator[bytes]:
    version, known = await run_in_threadpool(_look, house, screen)
    yield f"retry: {RETRY_MS}\n\n".encode() + _event("picture", {"version": version})
    quiet, begun = 0, int(house.clock())
    for _ in range(LIFE_TICKS):
        await sleep(TICK_S)
        if not await run_in_threadpool(_still_in, house, screen, begun):
            return
        quiet += 1
        if await run_in_threadpool(house.desk.version, screen.audience) != version:
            version, alerts = await run_in_threadpool(_look, house, screen)
            for key, row in alerts.items():
                if known.get(key) != row and not row.past:
                    yield _event("alert", row_answer(row, screen.lang))
            known, quiet = alerts, 0
            yield _event("picture", {"version": version})
        elif quiet >= SILENCE_TICKS:
            quiet = 0
            yield b": nothing new\n\n"


def _still_in(house: House, screen: Screen, begun: int) -> bool:
    """Whether the reader is still a user who may read this, and was not changed since the stream began."""
    return screen.session is not None and house.desk.session(screen.session.user, begun) is not None


def _look(house: House, screen: Screen) -> tuple[str, dict[str, Row]]:
    """The picture's version, and its alerts by id."""
    picture = house.desk.watch(screen.audience, Filters())
    return picture.version, {row.id: row for row in picture.rows if row.layer == "event" and row.kind in ALERTING}


def _event(name: str, value: Any) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(value) + b"\n\n"
