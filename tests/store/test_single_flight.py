"""One answer for the same question on two replicas, whoever of them leaves or dies meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import pytest

from groq_core.events import Event, Events, Finished, Routed, TextDelta
from groq_core.redaction import Secret
from groq_core.requests import ChatRequest, Request
from groq_core.store.shared import shared_answers
from groq_core.store.shared.link import PREFIX, Link
from groq_core.store.shared.shared_answers import SharedAnswers
from tests.requires import needs
from tests.store.replicas import Redis

pytestmark = needs("redis-server")

QUESTION = ChatRequest(messages=({"role": "user", "content": "The same"},), params={"temperature": 0})


class Model:
    """Answers when it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.may = asyncio.Event()

    async def __call__(self, request: Request) -> Events:
        self.asked += 1
        yield Routed(request_id=request.request_id, tier="speed", reason="speed: a plain chat", candidates=("groq:a",))
        await self.may.wait()
        yield TextDelta("4")
        yield Finished(provider="groq", model="a", number=1, cost_usd=0.5)


async def read(answers: SharedAnswers, model: Model) -> list[Event]:
    async with aclosing(answers(model, QUESTION)) as events:
        return [event async for event in events]


@asynccontextmanager
async def two(redis: Redis) -> AsyncIterator[tuple[list[Link], list[SharedAnswers]]]:
    async with AsyncExitStack() as stack:
        links = [Link(Secret(redis.url)) for _ in range(2)]
        for link in links:
            stack.push_async_callback(link.close)
            await link.recheck(lambda client: client.set(PREFIX + "born", 1))
        yield links, [SharedAnswers(link, ttl_s=600, scope="server") for link in links]


async def test_whoever_waits_for_a_replica_that_died_goes_on_in_its_place(redis: Redis) -> None:
    """Before, nobody had the lock for 70 s: each waited 8 s for it, and what was answered then was not kept."""
    async with two(redis) as (links, (dying, living)):
        first, second = Model(), Model()
        leader = asyncio.create_task(read(dying, first))
        while not first.asked:  # noqa: ASYNC110 - what is asked is no event
            await asyncio.sleep(0.01)
        links[0].away = "it died"  # and tells nobody anything any more
        second.may.set()

        assert isinstance((await read(living, second))[-1], Finished)

        names = redis.keys()
        kept = [name for name in names if "answer:" in name]
        assert len(kept) == 1
        assert not kept[0].endswith(":flight")
        leader.cancel()
        await asyncio.wait([leader])


async def test_who_is_called_off_while_it_looks_leaves_nobody_waiting(redis: Redis) -> None:
    for turns in range(12):
        async with two(redis) as (_, (leaving, living)):
            model = Model()
            looking = asyncio.create_task(read(leaving, model))
            for _ in range(turns):
                await asyncio.sleep(0)
            looking.cancel()
            await asyncio.wait([looking])
            model.may.set()
            assert isinstance((await read(living, model))[-1], Finished)
            names = redis.keys()
            assert [name for name in names if "answer:" in name and not name.endswith(":flight")]
        redis.say("FLUSHALL")


async def test_an_answer_that_takes_longer_than_a_lease_is_given_once(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_answers, "LEASE_S", 0.6)
    monkeypatch.setattr(shared_answers, "RENEW_S", 0.1)
    async with two(redis) as (_, replicas):
        model = Model()
        reading = [asyncio.create_task(read(replica, model)) for replica in replicas]
        await asyncio.sleep(1.5)
        model.may.set()

        answers = await asyncio.gather(*reading)

    assert model.asked == 1
    assert all(isinstance(events[-1], Finished) for events in answers)
