"""Replicas of the whole server on one Redis, which can be killed, paused, demoted and emptied."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from benchmarks.breakable import RedisServer
from groq_core.api.app import create_api
from groq_core.compose import Core, assemble
from groq_core.serve import create_app
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from tests.api.stage import serving


class Redis(RedisServer):
    """The same, waited for, told things and looked into."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        super().start()
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("redis-server does not start")

    def say(self, *words: str) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(" ".join(words).encode() + b"\r\n")
            assert connection.recv(100)[:1] in (b"+", b":")

    def ask(self, *words: str) -> int:
        """The answer to a command that is answered with a number."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(" ".join(words).encode() + b"\r\n")
            return int(connection.recv(100)[1:])

    def text(self, name: str) -> str:
        """What stands under a name."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"GET {name}\r\n".encode())
            with connection.makefile("rb") as answer:
                return answer.read(int(answer.readline()[1:])).decode()

    def keys(self) -> list[str]:
        """All names of keys."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b"EVAL \"return table.concat(redis.call('KEYS', '*'), ' ')\" 0\r\n")
            return connection.recv(1 << 20).decode().split("\r\n", 1)[1].split()


class Replicas:
    """Several whole servers on one simulator."""

    def __init__(self, cores: list[Core], urls: list[str]) -> None:
        self.cores, self.urls = cores, urls

    async def status(self) -> list[dict[str, Any]]:
        async with httpx.AsyncClient(timeout=30) as http:
            return [(await http.get(f"{url}/ready")).json() for url in self.urls]

    async def in_step(self) -> bool:
        found = await self.status()
        return all(one.get("shared") == "in step" and one.get("replicas") == len(self.cores) for one in found)

    async def away(self) -> bool:
        return all(str(one.get("shared")).startswith("away") for one in await self.status())


@asynccontextmanager
async def replicas(
    count: int, redis: Redis, simulator: Simulator, ports: Sequence[int] = (), /, *, pages: bool = True, **settings: str
) -> AsyncIterator[Replicas]:
    """
    Start them.

    Args:
        ports: Where each finds Redis, where there is something in between.
        pages: Whether the page is wanted too; it takes longer to make than all the rest.
    """
    async with AsyncExitStack() as stack:
        cores = []
        for port in ports or [redis.port] * count:
            address = f"redis://127.0.0.1:{port}/0"
            made = Settings.from_env({"GROQ_CORE_OFFLINE": "1", "GROQ_CORE_REDIS_URL": address, **settings})
            cores.append(await stack.enter_async_context(assemble(made, simulator=simulator)))
        served = [await stack.enter_async_context(serving(create_app(core) if pages else _api(core))) for core in cores]
        yield Replicas(cores, [f"http://127.0.0.1:{port}" for port in served])


def _api(core: Core) -> FastAPI:
    return create_api(core, shelf=core.shared.shelf if core.shared is not None else None)
