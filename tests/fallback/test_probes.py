"""Several wait for what one finds out about a target: what it found counts for those who were there when it began."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from benchmarks.virtual import run
from benchmarks.world import Fault, House, World
from groq_core.errors import ChainError
from groq_core.reply import Reply
from groq_core.requests import ChatRequest

DOWN = Fault(kind="status", status=500, code="internal_server_error")
SILENT = Fault(kind="silent")


async def _ask(house: House) -> str:
    reply = Reply()
    request = ChatRequest(messages=({"role": "user", "content": "Hi"},), stream=True)
    try:
        async for event in house.handle(request):
            reply.apply(event)
    except ChainError:
        return "no"
    return reply.text


def _live(story: Callable[[House], Awaitable[None]]) -> None:
    async def begin() -> None:
        world = World(["groq:a", "openai:b"], lambda _: "yes")
        await story(House(world, uniform=lambda low, high: low))

    run(begin())


async def _break(house: House, backup: Fault = DOWN) -> None:
    """Both are down, and one request has found out."""
    house.world.faults = {"groq:a": DOWN, "openai:b": backup}
    assert await _ask(house) == "no"
    await asyncio.sleep(2)
    house.world.asked.clear()


def test_what_a_probe_that_began_before_them_found_tells_no_one_no() -> None:
    async def story(house: House) -> None:
        await _break(house, SILENT)
        probing = asyncio.create_task(_ask(house))
        await asyncio.sleep(3)
        house.world.faults.pop("openai:b")

        answers = await asyncio.gather(*(_ask(house) for _ in range(10)))

        assert await probing == "no"
        assert answers == ["yes"] * 10

    _live(story)


@pytest.mark.parametrize("backup", [DOWN, SILENT], ids=["refuses", "silent"])
def test_those_who_wait_for_one_target_are_told_by_one_that_it_is_down(backup: Fault) -> None:
    async def story(house: House) -> None:
        await _break(house, backup)
        first = asyncio.create_task(_ask(house))
        await asyncio.sleep(0.01)

        answers = await asyncio.gather(*(_ask(house) for _ in range(40)))

        assert [await first, *answers] == ["no"] * 41
        assert len({request_id for request_id, _ in house.world.asked}) <= 3

    _live(story)


def test_a_probe_whose_reader_leaves_has_found_nothing_out() -> None:
    async def story(house: House) -> None:
        await _break(house, SILENT)
        probing = asyncio.create_task(_ask(house))
        await asyncio.sleep(3)
        waiting = asyncio.create_task(_ask(house))
        await asyncio.sleep(0.1)
        house.world.faults.clear()
        probing.cancel()

        assert await waiting == "yes"

    _live(story)
