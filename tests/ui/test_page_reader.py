"""Who reads the page by a connection of ours: written to past the layers, watched without a task, left when gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from groq_core.connections.guard import Bounds, Guard, protocol_for
from groq_core.connections.line import KEY, line_of
from groq_core.events import Event, TextDelta
from groq_core.ui.answer_logs import AnswerStream, LoggedAnswer
from groq_core.ui.stream import BACKLOG_BYTES, EventStream, Pace
from tests.serving import port_of, serving

ASK = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
WORDS = 200


class Played:
    """
    An answer, served.

    Attributes:
        messages: What went through the layers.
        tasks: Those that were there for it while it was given, beside the server's own.
        closed: Its events are.
        ended: Its response is.
        written_through: Something could not be written at once, and went through the layers, where that is waited for.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self.messages: list[str] = []
        self.tasks = 0
        self.said, self.closed, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.written_through = asyncio.Event()
        self.last: asyncio.Event | None = None
        self.size = 1
        self.answering: asyncio.Task[Any] | None = None
        self.cancelled = False

    async def events(self) -> AsyncGenerator[Event, None]:
        try:
            for number in range(WORDS):
                yield TextDelta(f"{number} " * self.size)
                await asyncio.sleep(0)
                if not number:
                    self.tasks = len(asyncio.all_tasks() - self._before)
                    self.said.set()
            if self.last is not None:
                await self.last.wait()
        finally:
            self.closed.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def through_layers(message: Message) -> None:
            self.messages.append(message["type"])
            if message["type"] == "http.response.body":
                self.written_through.set()
            await send(message)

        self.answering = asyncio.current_task()
        self._before = asyncio.all_tasks()
        scope[KEY] = line_of(send)
        if self._kind == "kept":
            response: Any = AnswerStream(LoggedAnswer(self.events(), Pace(), "me", linger_s=0.01))
        else:
            response = EventStream(self.events(), Pace())
        try:
            await response(scope, receive, through_layers)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.ended.set()


@asynccontextmanager
async def asked(played: Played, bounds: Bounds | None = None) -> AsyncIterator[asyncio.StreamReader]:
    """Ask for it; the client hangs up when the block is left."""
    http = protocol_for(Guard(bounds or Bounds()))
    async with serving(played, lifespan="off", ws="none", http=http) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        writer.write(ASK)
        try:
            yield reader
        finally:
            writer.transport.abort()
            await asyncio.wait_for(played.closed.wait(), 30)


def words(body: bytes) -> list[int]:
    """The numbers of the texts, in their order."""
    texts = [part.split(b'"')[3] for part in body.split(b"data: ") if part.startswith(b'{"t"')]
    return [int(word) for word in b"".join(texts).split()]


@pytest.mark.parametrize("kind", ["followed", "kept"])
async def test_words_go_past_the_layers_and_nobody_has_a_task_to_see_the_reader_leave(kind: str) -> None:
    played = Played(kind)
    async with asked(played) as reader:
        body = await asyncio.wait_for(reader.read(), 30)

    assert words(body) == [*range(WORDS)]
    assert body.endswith(b"\r\n0\r\n\r\n")
    assert played.messages == ["http.response.start"]
    # One reads the answer ahead; a kept one is also written by a task of its own, which outlives its readers.
    assert played.tasks == (2 if kind == "kept" else 1)


@pytest.mark.parametrize("kind", ["followed", "kept"])
async def test_a_reader_who_hangs_up_ends_the_response(kind: str) -> None:
    played = Played(kind)
    played.last = asyncio.Event()
    async with asked(played):
        await asyncio.wait_for(played.said.wait(), 30)

    await asyncio.wait_for(played.ended.wait(), 30)
    assert not played.cancelled


async def test_a_server_that_ends_the_response_is_not_taken_for_a_reader_who_left() -> None:
    played = Played("followed")
    played.last = asyncio.Event()
    async with asked(played):
        await asyncio.wait_for(played.said.wait(), 30)
        assert played.answering is not None
        played.answering.cancel()
        await asyncio.wait_for(played.ended.wait(), 30)

    assert played.cancelled


async def test_a_reader_who_rests_is_waited_for_and_gets_the_rest() -> None:
    played = Played("followed")
    played.size = BACKLOG_BYTES // 8
    async with asked(played, Bounds(stalled_s=0.1, head_s=0.1)) as reader:
        await asyncio.wait_for(played.written_through.wait(), 30)
        await asyncio.sleep(0.5)  # five times what tells that somebody reads nothing
        assert not played.ended.is_set()
        body = await asyncio.wait_for(reader.read(), 60)

    found = words(body)
    assert len(found) == WORDS * played.size
    assert found == sorted(found)
