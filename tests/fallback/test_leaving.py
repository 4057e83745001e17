"""Whoever leaves takes the upstream connection along, wherever the answer was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx
import pytest

from groq_core.events import TextDelta
from groq_core.reply import collect
from groq_core.requests import ChatRequest
from tests.stage import Stage, staged

PATIENT = {"GROQ_CORE_FIRST_TOKEN_TIMEOUT": "30", "GROQ_CORE_IDLE_TIMEOUT": "30", "GROQ_CORE_DEADLINE": "60"}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(PATIENT) as it:
        yield it


async def nothing_left(stage: Stage) -> None:
    """Wait for upstream to be closed; a contract of 250 ms, watched here for far longer than a busy machine needs."""
    for _ in range(200):
        if not stage.simulator.open_streams and not stage.core.log.under_way:
            break
        await asyncio.sleep(0.01)
    assert stage.simulator.open_streams == 0
    assert stage.core.log.under_way == 0
    buckets = stage.core.budgets.find("server", "groq:openai/gpt-oss-20b")
    assert buckets is None or all(bucket.held == 0 for bucket in buckets)
    assert all(stats.inflight == 0 for stats in stage.core.metrics.targets.values())


async def wait_for_stream(stage: Stage) -> None:
    while not stage.simulator.open_streams:  # noqa: ASYNC110 - the simulator has no event for it
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("streams", [True, False], ids=["streaming", "not streaming"])
@pytest.mark.parametrize("fault", ["never", "stall"])
async def test_a_closed_client_closes_upstream(stage: Stage, streams: bool, fault: str) -> None:
    stage.fault(fault, operation="chat", **({"after": 5} if fault == "stall" else {}))
    body = {"messages": [{"role": "user", "content": "Count to 100."}], "stream": streams}

    async with httpx.AsyncClient(base_url=stage.url, trust_env=False) as client:
        asking = asyncio.create_task(client.post("/v1/chat/completions", json=body, timeout=30))
        await wait_for_stream(stage)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    await nothing_left(stage)


async def test_leaving_the_python_stream_closes_upstream(stage: Stage) -> None:
    stage.fault("stall", after=60, operation="chat")

    async with aclosing(stage.core.chat.stream("Count to 100.")) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break

    await nothing_left(stage)


async def test_a_lost_race_is_hung_up_on(stage: Stage) -> None:
    for _ in range(20):
        stage.core.metrics.of("groq:openai/gpt-oss-20b").ttfts.append(0.05)
    stage.fault("never", model="openai/gpt-oss-20b")

    request = ChatRequest(messages=({"role": "user", "content": "hi"},), hedge=True)
    async with aclosing(stage.core.handle(request)) as events:
        reply = await collect(events)

    assert [record.outcome for record in reply.receipt.attempts] == ["cancelled", "answered"]
    await nothing_left(stage)


async def test_no_task_is_left_behind(stage: Stage) -> None:
    before = {task.get_name() for task in asyncio.all_tasks()}
    await test_leaving_the_python_stream_closes_upstream(stage)
    await asyncio.sleep(0.05)

    left = [task for task in asyncio.all_tasks() if task.get_name() not in before and "uvicorn" not in repr(task)]

    assert not [task for task in left if "groq_core" in repr(task.get_coro())]
