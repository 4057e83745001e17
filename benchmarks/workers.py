"""
Two workers behind one port beside one, and beside two servers that share nothing, with all of them busy all the time.

On two cores the client, the model and Redis take theirs from the workers, so they are as light as can be: the model is
nginx with one answer, the client a protocol of uvloop that sends one question, counts answers and reads nothing of
them. Each server has a Redis of its own, and as many questions under way as it has workers, times :data:`AT_ONCE`.

What is called two cores may be two threads of one, on which two programs do no more than 1.2 times what one does. What
two servers that know nothing of each other reach is what the machine gives; what two workers lose to them is the price
of sharing.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.breakable import RedisServer, until_open
from benchmarks.processes import Process, fixed_answers, free_port, run_server
from benchmarks.rows import Bench, Row, median

LIMITS: Final = {"GROQ_CORE_LIMITS": "10000000/minute, 100000 usd/day"}
AT_ONCE: Final = 16
REACH: Final = 1.7

SHARING: Final = REACH / 2
"""The same of two servers that share nothing, which on two whole cores reach twice what one does."""

IDLE: Final = 0.05
"""Of a core, that a server takes at most which has nothing to do."""

ANSWER: Final = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1759844697,
    "model": "openai/gpt-oss-20b",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Words. " * 20}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 60, "completion_tokens": 30, "total_tokens": 90, "total_time": 0.03},
}
QUESTION: Final = json.dumps({"model": "speed", "messages": [{"role": "user", "content": "Say it again, please."}]})
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.I)


@asynccontextmanager
async def shared_redis() -> AsyncIterator[dict[str, str]]:
    """The settings that share a state in a Redis of their own."""
    with tempfile.TemporaryDirectory() as folder:
        redis = RedisServer(Path(folder))
        redis.start()
        try:
            await until_open(redis.port)
            yield {
                "GROQ_CORE_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
                "GROQ_CORE_SECRET": "bench-secret-12345",
            }
        finally:
            redis.kill()


@asynccontextmanager
async def server(model: str, workers: int, /, **settings: str) -> AsyncIterator[Process]:
    """Ours, on a model; nothing is cached."""
    port = free_port()
    env = {"GRADIO_SERVER_PORT": str(port), "GROQ_API_KEY": "gsk_bench", "GROQ_BASE_URL": model, **settings}
    env |= {"GROQ_CORE_LOG_LEVEL": "warning", "GROQ_CORE_WORKERS": str(workers), "GROQ_CORE_CACHE_SIZE": "0"}
    async with run_server([sys.executable, "-m", "groq_core", "serve"], "/health", port=port, **env) as process:
        yield process


async def settled(process: Process) -> None:
    """
    Wait until a server has made its page, which it does after it has begun to answer, and Redis counts as filled.

    Raises:
        TimeoutError: It is still busy after a minute.
    """
    await asyncio.sleep(3.5)
    async with asyncio.timeout(60):
        while True:
            before = family_cpu_s(process)
            await asyncio.sleep(1)
            if family_cpu_s(process) - before < IDLE:
                return


def family_cpu_s(process: Process) -> float:
    """CPU seconds of a process and its children so far."""
    pid = process.popen.pid
    family = [pid, *(int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    tasks = (task for one in family for task in Path(f"/proc/{one}/task").glob("*/schedstat"))
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


@dataclass(frozen=True, slots=True)
class Flood:
    """What was answered while questions came as fast as they were answered, and what CPU the processes took for it."""

    answers: int
    seconds: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Floods:
    """Several of one server, between those of the others; what is told is in the middle of them."""

    each: list[Flood] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        return median([one.answers / one.seconds for one in self.each])

    @property
    def cpu_ms(self) -> float:
        """CPU of the serving processes, for each answer."""
        return median([1000 * one.cpu_s / one.answers for one in self.each])


async def workers(bench: Bench) -> list[Row]:
    """Requests a second of two processes behind one port, beside those of one and of two that share nothing."""
    without, one, two, apart = Floods(), Floods(), Floods(), Floods()
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(fixed_answers(json.dumps(ANSWER)))

        async def start(count: int) -> Process:
            address = await stack.enter_async_context(shared_redis())
            return await stack.enter_async_context(server(model, count, **LIMITS, **address))

        lonely = await stack.enter_async_context(server(model, 1, **LIMITS))
        first, second, pair = await start(1), await start(1), await start(2)
        for process in (lonely, first, second, pair):
            await settled(process)
        began = time.process_time()
        for turn in range(bench.times(9, 4)):
            for floods, asked in (
                (without, {lonely: 1}),
                (one, {first: 1}),
                (two, {pair: 2}),
                (apart, {first: 1, second: 1}),
            ):
                flood = await _flood(asked, bench.times(2, 1))
                # In the first, connections to the model are made and code is specialised.
                if turn:
                    floods.each.append(flood)
        answers = sum(one.answers for floods in (without, one, two, apart) for one in floods.each)
        client_ms = 1000 * (time.process_time() - began) / answers
    detail = (
        f"{two.per_s:.0f} requests a second; one {one.per_s:.0f}, and {without.per_s:.0f} without Redis; the client "
        f"takes {client_ms:.3f} ms a request of the {os.cpu_count()} cores"
    )
    cpu = f"CPU of the processes {two.cpu_ms:.3f} ms a request; {apart.cpu_ms:.3f} where they share nothing"
    most = f"{apart.per_s / one.per_s:.2f} × is what two that share nothing reach here"
    return [
        Row("two workers: requests", two.per_s / apart.per_s, "×", "two that share nothing", SHARING, False, detail),
        Row(
            "the same, by the CPU of a request",
            apart.cpu_ms / two.cpu_ms,
            "×",
            "two that share nothing",
            SHARING,
            False,
            cpu,
        ),
        Row("two workers: requests beside one's", two.per_s / one.per_s, "×", "one worker", REACH, False, most),
    ]


async def _flood(asked: Mapping[Process, int], seconds: float) -> Flood:
    """Ask servers, with so many workers each, on their connections, on each again as soon as it is answered."""
    loop = asyncio.get_running_loop()
    began, before = time.monotonic(), sum(map(family_cpu_s, asked))
    clients = [
        (await loop.create_connection(Asker, "127.0.0.1", int(process.url.rpartition(":")[2])))[1]
        for process, workers in asked.items()
        for _ in range(AT_ONCE * workers)
    ]
    await asyncio.sleep(seconds)
    answers = sum(client.answers for client in clients)
    flood = Flood(answers, time.monotonic() - began, sum(map(family_cpu_s, asked)) - before)
    for client in clients:
        client.leave()
        assert not client.broken, client.broken
    return flood


class Asker(asyncio.Protocol):
    """
    One connection of a client that does as little as it can.

    Attributes:
        broken: What it was told instead of an answer.
    """

    def __init__(self) -> None:
        self.answers = 0
        self.broken = b""
        self._heard = b""
        self._transport: Any = None
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        self._question = f"{head}content-length: {len(QUESTION)}\r\n\r\n{QUESTION}".encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.write(self._question)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, whole, body = self._heard.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not whole or length is None or len(body) < int(length[1]):
            return
        self._heard = b""
        if not head.startswith(b"HTTP/1.1 200"):
            self.broken = head + body
        elif self._transport is not None:
            self.answers += 1
            self._transport.write(self._question)

    def leave(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
