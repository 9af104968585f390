"""Answers that wait: woken by news, by a newer request of the same partner, by the end; nobody else is asked about."""

import asyncio

import pytest

from prasan.web.waiting import Bell


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
