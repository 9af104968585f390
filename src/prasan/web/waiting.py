"""Answers that wait for news (`/peer/v1/next?wait=…`), and answers that a line may break in the middle of.

Nobody's thread waits: one look for all who wait, a moment apart, asks for each what only its own rows can answer.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response as Outgoing
from starlette.types import Receive, Scope, Send

from prasan.exchange import door
from prasan.exchange.asks import NOTHING, SEAL
from prasan.exchange.http import Request, Response
from prasan.web.taxii import At, Door, no_point, reply

TICK_S: Final = 0.5
"""How often it is looked for news while somebody waits."""
PIECE: Final = 1024
"""Bytes in a TLS record of a small answer: of a record that is not whole when the line breaks, nothing arrives."""
SMALL: Final = 64 * 1024

News = Callable[[], bool]


class _Waiter:
    def __init__(self, news: News) -> None:
        self.news, self.ring = news, asyncio.Event()

    def rings(self) -> bool:
        """Whether there is news; what cannot be asked is for the answer to say."""
        try:
            return self.news()
        except Exception:
            return True


class Bell:
    """Who waits, by partner: the newest request of each; an older one is answered at once."""

    def __init__(self, tick_s: float = TICK_S) -> None:
        self._tick_s, self._waiting, self._closed = tick_s, dict[str, _Waiter](), False
        self._watching: asyncio.Task[None] | None = None

    async def wait(self, who: str, news: News, seconds: float) -> None:
        """Until there is news, somebody else waits as the same partner, the time is over, or the node stops."""
        if self._closed:
            return
        older, waiter = self._waiting.get(who), _Waiter(news)
        if older is not None:
            older.ring.set()
        self._waiting[who] = waiter
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(seconds):
                await waiter.ring.wait()
        except TimeoutError:
            return
        finally:
            if self._waiting.get(who) is waiter:
                del self._waiting[who]

    def close(self) -> None:
        """Answer everybody: the node stops."""
        self._closed = True
        for waiter in self._waiting.values():
            waiter.ring.set()

    async def _watch(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._tick_s)
            waiting = [*self._waiting.values()]
            for waiter, rings in zip(waiting, await run_in_threadpool(_look, waiting), strict=True):
                if rings:
                    waiter.ring.set()


def _look(waiting: list[_Waiter]) -> list[bool]:
    return [waiter.rings() for waiter in waiting]


class PeerDoor(Door):
    """`/peer/v1/…`: `admit` says who asks, `answer` answers, `news` says whether there is something for who waits."""

    def __init__(
        self,
        admit: Callable[[Request], str],
        answer: Callable[[Request, str], Response],
        news: Callable[[Request, str], bool],
        bell: Bell,
        at: At = no_point,
    ) -> None:
        super().__init__(lambda request: answer(request, admit(request)), at, door.MAX_BODY)
        self._admit, self._answer_to, self._news, self._bell = admit, answer, news, bell

    async def _respond(self, request: Request) -> Response:
        """The answer; if there is nothing yet and the request waits, a later one."""
        admitted = list[str]()

        def first(asked: Request) -> Response:
            admitted.append(self._admit(asked))
            return again(asked)

        def again(asked: Request) -> Response:
            return self._answer_to(asked, admitted[0])

        response, seconds = await run_in_threadpool(reply, first, request, self._max), door.waits(request)
        if seconds and response.status == NOTHING:
            await self._bell.wait(admitted[0], lambda: self._news(request, admitted[0]), seconds)
            response = await run_in_threadpool(reply, again, request, self._max)
        return response

    def _passed(self, _request: Request, response: Response) -> None:
        if SEAL in response.headers:
            self._at("page")

    async def _send(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        if SEAL not in response.headers or not PIECE < len(response.body) <= SMALL:
            await Outgoing(response.body, response.status, dict(response.headers))(scope, receive, send)
            return
        headers = {**response.headers, "content-length": str(len(response.body))}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": raw})
        for start in range(0, len(response.body), PIECE):
            piece = response.body[start : start + PIECE]
            await send(
                {"type": "http.response.body", "body": piece, "more_body": start + PIECE < len(response.body)}
            )  # fmt: skip
