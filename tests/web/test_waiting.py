"""Answers that wait: woken by news, by a newer request of the same partner, by the end; nobody else is asked about."""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest

from prasan.errors import Unreachable
from prasan.exchange.asks import NEXT
from prasan.exchange.http import Problem, Request, Response
from prasan.web.waiting import Bell, PeerDoor


async def wait(bell: Bell, who: str, news: list[bool], seconds: float = 30) -> str:
    await bell.wait(who, lambda: bool(news), seconds)
    return who


def test_news_wakes_whom_it_is_for() -> None:
    async def run() -> tuple[bool, bool]:
        bell, mine, other = Bell(0.01), list[bool](), list[bool]()
        one, two = (asyncio.create_task(wait(bell, who, news)) for who, news in (("us", mine), ("jp", other)))
        await asyncio.sleep(0.05)
        mine.append(True)
        await one
        still = two.done()
        bell.close()
        await two
        return one.done(), still

    assert asyncio.run(run()) == (True, False)


def test_a_newer_request_of_the_same_partner_ends_the_older() -> None:
    async def run() -> bool:
        bell = Bell(0.01)
        older = asyncio.create_task(wait(bell, "us", []))
        await asyncio.sleep(0)
        newer = asyncio.create_task(wait(bell, "us", []))
        await older
        waits = not newer.done()
        bell.close()
        await newer
        return waits

    assert asyncio.run(run())


@pytest.mark.parametrize("closed", [True, False])
def test_it_ends_by_itself(closed: bool) -> None:
    async def run() -> str:
        bell = Bell(0.01)
        if closed:
            bell.close()
        return await wait(bell, "us", [], 30 if closed else 0.02)

    assert asyncio.run(run()) == "us"


def test_what_cannot_be_asked_is_for_the_answer_to_say() -> None:
    def broken() -> bool:
        raise RuntimeError("the store is closed")

    async def run() -> None:
        await Bell(0.01).wait("us", broken, 30)

    asyncio.run(run())


def test_two_hundred_who_wait_are_one_look() -> None:
    inside, most, looks = 0, 0, 0

    def news() -> bool:
        nonlocal inside, most, looks
        inside, looks = inside + 1, looks + 1
        most = max(most, inside)
        inside -= 1
        return looks > 1000

    async def run() -> None:
        bell = Bell(0.01)
        await asyncio.gather(*(bell.wait(f"partner {n}", news, 30) for n in range(200)))

    asyncio.run(run())
    assert most == 1, "nobody's thread waits, and no two look at once"


def asked(admit: Callable[[Request], str], answers: list[int], news: list[bool]) -> int:
    """The status of an answer to a request that waits."""
    statuses = list[int]()

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    door = PeerDoor(admit, lambda *_: Response(answers.pop(0)), lambda *_: bool(news), Bell(0.01))
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": NEXT, "raw_path": NEXT.encode()}
    scope |= {"headers": [], "query_string": b"wait=20", "client": None}
    asyncio.run(door(scope, receive, send))
    return statuses[0]


def test_who_waits_is_let_in_once_and_answered_anew() -> None:
    let_in = list[str]()

    def admit(_: Request) -> str:
        let_in.append("us")
        return "us"

    assert asked(admit, [204, 200], [True]) == 200
    assert asked(admit, [200], []) == 200
    assert len(let_in) == 2


@pytest.mark.parametrize(("error", "status"), [(Problem(401, "Refused"), 401), (Unreachable("the disk is full"), 503)])
def test_who_cannot_be_let_in_is_told_why_at_once(error: Exception, status: int) -> None:
    def admit(_: Request) -> str:
        raise error

    assert asked(admit, [], []) == status
