"""A client that hangs up stops the work for it, wherever that stands; raw sockets, so that a close is a close."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from groq_core.api.asgi import ApiExchange, ClientGoneError, HangUpWatch
from groq_core.events import TextDelta
from tests.api.stage import Script, Stage, ask, begun, done, plays


@asynccontextmanager
async def dial(client_base: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, _, port = client_base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


def request(**fields: object) -> bytes:
    body = orjson.dumps(ask(**fields))
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Waits:
    """Waits for ever, and tells when it has begun to."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("stream", "before"),
    [
        pytest.param(True, [begun()], id="streaming, before the first token"),
        pytest.param(True, [begun(), TextDelta("Hel")], id="streaming, in the middle"),
        pytest.param(False, [begun()], id="not streaming, before the first token"),
        pytest.param(False, [begun(), TextDelta("Hel")], id="not streaming, in the middle"),
    ],
)
async def test_hanging_up_closes_the_answer(stream: bool, before: list[TextDelta]) -> None:
    waits = Waits()
    stage = Stage(plays(*before, waits))
    async with stage.served() as client:
        tasks = asyncio.all_tasks()
        async with dial(str(client.base_url)) as (_, writer):
            writer.write(request(stream=stream))
            await waits.reached.wait()
            assert stage.running == 1
        async with asyncio.timeout(5):
            await stage.left.wait()
        await asyncio.sleep(0.01)
        left_over = asyncio.all_tasks() - tasks

    assert stage.running == 0
    assert not left_over


async def test_hanging_up_in_the_middle_of_the_question_asks_nobody(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    async with stage.served() as client:
        async with dial(str(client.base_url)) as (_, writer):
            writer.write(request()[:-5])
            await writer.drain()
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.02)

    assert stage.asked == []
    assert caplog.text == ""


async def test_a_client_that_leaves_at_the_end_mark_has_been_answered() -> None:
    closed = asyncio.Event()
    completed = asyncio.Event()

    async def books() -> None:
        await closed.wait()
        await asyncio.sleep(0.02)
        completed.set()

    stage = Stage(plays(begun(), TextDelta("Hi"), done(), books))
    async with stage.served() as client:
        async with dial(str(client.base_url)) as (reader, writer):
            writer.write(request(stream=True))
            await reader.readuntil(b"data: [DONE]")
        closed.set()
        async with asyncio.timeout(5):
            await stage.left.wait()

    assert completed.is_set()


async def test_a_stalled_reader_stops_the_stream_and_nothing_piles_up() -> None:
    said = 0

    def endless() -> Script:
        async def script(_: object) -> AsyncIterator[object]:
            nonlocal said
            yield begun()
            while True:
                said += 1
                yield TextDelta("x" * 10_000)

        return script  # type: ignore[return-value]

    stage = Stage(endless())
    async with stage.served() as client:
        async with dial(str(client.base_url)) as (reader, writer):
            writer.write(request(stream=True))
            await reader.readexactly(100)
            before = -1
            while before != said:
                before = said
                await asyncio.sleep(0.1)
            stalled_at = said
        async with asyncio.timeout(5):
            await stage.left.wait()

    # What fits into the buffers of two sockets and of the server: some megabytes, whatever the length of the answer.
    assert stalled_at * 10_000 < 20_000_000


async def test_a_connection_serves_one_request_after_another() -> None:
    async with Stage().served() as client, dial(str(client.base_url)) as (reader, writer):
        for _ in range(3):
            writer.write(request(stream=True))
            answer = await reader.readuntil(b"0\r\n\r\n")
            assert b"data: [DONE]" in answer


# ── a client that neither reads nor leaves ───────────────────────────────────────────────────────────


async def never() -> Any:
    await asyncio.Event().wait()


def exchange_with(send: Any) -> ApiExchange:
    return ApiExchange({"type": "http", "headers": []}, never, send, "/")


async def test_a_client_that_reads_nothing_at_all_is_taken_for_gone() -> None:
    async def stuck(_: object) -> None:
        await asyncio.Event().wait()

    exchange = exchange_with(stuck)
    with pytest.raises(ClientGoneError), HangUpWatch(exchange, never, stalled_s=0.005):
        await exchange.write(b"a piece")


async def test_a_client_that_reads_slowly_is_not() -> None:
    async def slow(_: object) -> None:
        await asyncio.sleep(0.005)

    exchange = exchange_with(slow)
    with HangUpWatch(exchange, never, stalled_s=0.05) as watch:
        for number in range(40):
            await exchange.write(b"piece %d" % number)

    assert not watch.gone


async def test_a_silent_model_is_not_held_against_its_reader() -> None:
    async def quick(_: object) -> None:
        pass

    exchange = exchange_with(quick)
    with HangUpWatch(exchange, never, stalled_s=0.005) as watch:
        await exchange.write(b"a piece")
        await asyncio.sleep(0.03)

    assert not watch.gone
