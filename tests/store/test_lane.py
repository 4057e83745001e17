"""One connection for all commands: each gets its own answer, whoever gives up, and whatever becomes of Redis."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest
from redis.exceptions import ResponseError

from groq_core.connections.event_loop import end_task
from groq_core.redaction import Secret
from groq_core.store.shared.link import Away, Link
from tests.requires import needs
from tests.store.replicas import Redis

pytestmark = needs("redis-server")

WRONG = "return redis.call('LPUSH', 'text', 'x')"


@pytest.fixture
async def link(redis: Redis) -> AsyncIterator[Link]:
    found = Link(Secret(redis.url))
    await found.recheck(lambda client: client.set("text", "a"))
    yield found
    await found.close()


async def echo(link: Link, word: str) -> str:
    found: bytes = await link.call(lambda client: client.eval("return ARGV[1]", 0, word))
    return found.decode()


async def test_what_is_asked_at_once_is_answered_each_to_its_own(link: Link) -> None:
    words = [f"{n}" * (1 + 997 * n % 5000) for n in range(200)]
    assert await asyncio.gather(*(echo(link, word) for word in words)) == words
    clients = await link.call(lambda client: client.info("clients"))
    assert clients["connected_clients"] == 1


async def test_an_error_is_told_to_the_one_who_made_it(link: Link) -> None:
    async def wrong() -> object:
        async def ask(client: object) -> object:
            try:
                return await client.eval(WRONG, 0)  # type: ignore[attr-defined]
            except ResponseError as error:
                return error

        return await link.call(ask)

    found = await asyncio.gather(echo(link, "a"), wrong(), echo(link, "b"), wrong(), echo(link, "c"))
    assert [found[n] for n in (0, 2, 4)] == ["a", "b", "c"]
    assert all(isinstance(found[n], ResponseError) for n in (1, 3))
    assert not link.away


@pytest.mark.parametrize("steps", range(12))
async def test_who_gives_up_leaves_their_answer_to_nobody(link: Link, steps: int) -> None:
    asked = [asyncio.create_task(echo(link, f"{n}")) for n in range(9)]
    for _ in range(steps):
        await asyncio.sleep(0)
    for task in asked[::2]:
        task.cancel()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert found[1::2] == ["1", "3", "5", "7"]
    assert await echo(link, "later") == "later"


async def test_after_a_pause_no_answer_is_taken_for_another(redis: Redis, link: Link) -> None:
    redis.signal(signal.SIGSTOP)
    found = await asyncio.gather(*(echo(link, f"{n}") for n in range(20)), return_exceptions=True)
    assert all(isinstance(one, Away) for one in found)
    redis.signal(signal.SIGCONT)
    assert await link.recheck(lambda client: client.eval("return 'again'", 0)) == b"again"
    assert await asyncio.gather(*(echo(link, f"{n}") for n in range(20))) == [f"{n}" for n in range(20)]


async def test_a_redis_that_was_started_anew_between_two_questions_is_not_taken_for_one_that_is_away(
    redis: Redis, link: Link
) -> None:
    assert await echo(link, "before") == "before"
    redis.kill()
    redis.start()
    await asyncio.sleep(0.05)  # the loop hears that the old one has hung up
    assert await echo(link, "after") == "after"


async def test_whoever_waits_when_it_is_closed_is_told(redis: Redis, link: Link) -> None:
    redis.signal(signal.SIGSTOP)
    asking = asyncio.create_task(echo(link, "x"))
    await asyncio.sleep(0.05)
    await link.close()
    with pytest.raises(Away):
        await asking
    redis.signal(signal.SIGCONT)


@pytest.mark.parametrize("way", ["lane", "pipeline"])
async def test_who_asks_over_and_over_ends_at_once_when_cancelled_at_whatever_moment(link: Link, way: str) -> None:
    """redis-py's own timeouts forget a cancellation in Python 3.11, and whoever waited for the task waited for ever."""

    async def for_ever() -> None:
        while True:
            if way == "lane":
                await link.call(lambda client: client.ping())
            else:
                await link.call(lambda client: client.pipeline(transaction=False).get("text").execute())

    for steps in range(120):
        task = asyncio.create_task(for_ever())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait((task,), timeout=2)
        assert done, f"a cancellation after {steps} steps was forgotten"


async def test_a_task_that_forgets_a_cancellation_is_cancelled_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groq_core.connections.event_loop.AGAIN_S", 0.01)
    forgotten = 0

    async def forgetful() -> None:
        nonlocal forgotten
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                forgotten += 1
                if forgotten > 2:
                    raise

    task = asyncio.create_task(forgetful())
    await asyncio.sleep(0)
    await end_task(task)
    assert forgotten == 3
