"""A provider with limits and faults, in a process of its own, that counts what it answers."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any
from urllib.request import Request, urlopen

import uvicorn

from groq_core.ratelimit.plans import LIMITS, TierLimits
from groq_core.simulator import Fault, Simulator

MODEL = "openai/gpt-oss-20b"
FAULTS = (("503_over_capacity", 0.4), ("500", 0.3), (None, 0.3))
"""What a fault is, and its share of them all; None is an empty answer."""


@dataclass
class Counts:
    """
    What the simulator saw since it was last asked.

    Attributes:
        elsewhere: Answers of other models than the one asked for.
        refused_by: 429s, by the limit they name.
        first, last: When the first and the last request came.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    elsewhere: int = 0
    refused_by: Counter[str] = field(default_factory=Counter)
    first: float = 0.0
    last: float = 0.0

    @property
    def answers(self) -> int:
        return self.statuses.get("200", 0) - self.elsewhere

    @property
    def refusals(self) -> int:
        return self.statuses.get("429", 0)

    @property
    def a_minute(self) -> float:
        return 60 * self.answers / max(1e-9, self.last - self.first)

    def share_used(self, scale: float) -> float:
        """Share of what the limit that binds allowed: a full bucket at the start, and its refill since."""
        limits = limits_of(scale)
        minutes = 1 + (self.last - self.first) / 60
        shares = [
            amount / (limit * minutes)
            for amount, limit in ((self.tokens, limits.tpm), (self.answers, limits.rpm))
            if limit
        ]
        return max(shares)


def limits_of(scale: float) -> TierLimits:
    """The free plan's limits of a minute, times ``scale``."""
    free = LIMITS[MODEL][0]
    return TierLimits(rpm=int((free.rpm or 0) * scale), tpm=int((free.tpm or 0) * scale))


class Counting:
    """The simulator as an application that counts; ``/_count`` tells and starts anew."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.counts = Counts()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/_count":
            told, self.counts = self.counts, Counts()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": json.dumps(vars(told)).encode()})
        elif scope["path"].endswith("/chat/completions"):
            await self._count_answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _count_answer(self, scope: Any, receive: Any, send: Any) -> None:
        parts: list[bytes] = []
        status = 0

        async def counting(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            parts.append(message.get("body", b""))
            await send(message)

        self.counts.first = self.counts.first or time.time()
        self.counts.last = time.time()
        await self.app(scope, receive, counting)
        self._count(status, b"".join(parts))

    def _count(self, status: int, body: bytes) -> None:
        self.counts.statuses[str(status)] += 1
        if status == 429:
            self.counts.refused_by[body.decode().partition("(")[2].partition(")")[0]] += 1
        if status == 200 and body.strip():
            answer = json.loads(body)
            if answer["model"] == MODEL:
                self.counts.tokens += answer["usage"]["total_tokens"]
            else:
                self.counts.elsewhere += 1


def serve(scale: float, pace: float, faulty: float, told: Connection) -> None:
    """The simulator's process; tells its port."""

    async def run() -> None:
        simulator = Simulator(limits="free", limits_scale=scale, pace=pace, seed=7)
        for preset, share in FAULTS:
            kind: Any = "status" if preset else "empty"
            simulator.faults.add(Fault(kind=kind, preset=preset, operation="chat", probability=share * faulty))
        app = Counting(simulator.app)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False, lifespan="off"))
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.05)
        told.send(server.servers[0].sockets[0].getsockname()[1])
        await serving

    asyncio.run(run())


@dataclass(frozen=True)
class Upstream:
    """
    The provider as those who ask it see it.

    Attributes:
        scale: Of the free plan's limits.
    """

    url: str
    scale: float

    def reset(self) -> None:
        """Full buckets, and counters at zero."""
        urlopen(Request(f"{self.url}/_simulator/limits", method="DELETE")).read()
        self.counts()

    def counts(self) -> Counts:
        with urlopen(f"{self.url}/_count") as answer:
            found = json.load(answer)
            return Counts(**found | {name: Counter(found[name]) for name in ("statuses", "refused_by")})


@contextmanager
def run_upstream(scale: float, *, pace: float = 4.0, faulty: float = 0.1) -> Iterator[Upstream]:
    """
    Run it until the block is left.

    Args:
        pace: Of the simulated models, times their real one.
        faulty: Share of requests that meet a fault.
    """
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(scale, pace, faulty, there))
    process.start()
    try:
        yield Upstream(f"http://127.0.0.1:{here.recv()}", scale)
    finally:
        process.terminate()
        process.join()
