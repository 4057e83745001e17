"""Replicas on one Redis: shares that never add up to more than the whole, rests heard of, answers given once."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from groq_core.compose import Core, assemble
from groq_core.serve import create_app
from groq_core.settings.settings import Settings
from groq_core.simulator import Fault, Simulator
from tests.api.stage import serving
from tests.requires import found, needs
from tests.store.stage import ask, eventually

pytestmark = needs("redis-server")


class Redis:
    """A server on a loopback port of its own, which can be killed, paused, demoted and emptied."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        program = found("redis-server")
        assert program is not None
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
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

    def signal(self, number: int) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


class Replicas:
    """Several whole servers on one simulator."""

    def __init__(self, cores: list[Core], urls: list[str]) -> None:
        self.cores, self.urls = cores, urls

    async def status(self) -> list[dict[str, Any]]:
        async with httpx.AsyncClient() as http:
            return [(await http.get(f"{url}/ready")).json() for url in self.urls]

    async def in_step(self) -> bool:
        found = await self.status()
        return all(one.get("shared") == "in step" and one.get("replicas") == len(self.cores) for one in found)

    async def away(self) -> bool:
        return all(str(one.get("shared")).startswith("away") for one in await self.status())


@asynccontextmanager
async def replicas(count: int, redis: Redis, simulator: Simulator, **settings: str) -> AsyncIterator[Replicas]:
    made = Settings.from_env({"GROQ_CORE_OFFLINE": "1", "GROQ_CORE_REDIS_URL": redis.url, **settings})
    async with AsyncExitStack() as stack:
        cores = [await stack.enter_async_context(assemble(made, simulator=simulator)) for _ in range(count)]
        ports = [await stack.enter_async_context(serving(create_app(core))) for core in cores]
        yield Replicas(cores, [f"http://127.0.0.1:{port}" for port in ports])


async def test_replicas_say_that_they_are_in_step(redis: Redis, simulator: Simulator) -> None:
    async with replicas(2, redis, simulator) as running:
        assert await eventually(running.in_step, 5)


def shares_of(running: Replicas) -> dict[str, list[float]]:
    """By target, the share of every replica that has asked it."""
    found: dict[str, list[float]] = {}
    for core in running.cores:
        for name, buckets in core.budgets.under("server"):
            found.setdefault(name, []).append(buckets.share)
    return found


async def test_shares_add_up_to_the_whole_and_follow_who_asks(redis: Redis) -> None:
    limited = Simulator(pace=0, limits="developer", seed=1)
    await limited.start()
    try:
        async with replicas(3, redis, limited) as running:
            assert await eventually(running.in_step, 5)
            for url in running.urls:
                async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                    assert (await ask(http, model="speed")).status_code == 200
            name = next(iter(shares_of(running)))

            async def busy_has_most() -> bool:
                async with httpx.AsyncClient(base_url=running.urls[0], timeout=30) as http:
                    await asyncio.gather(*(ask(http, model="speed") for _ in range(5)))
                shares = shares_of(running)[name]
                assert sum(shares) <= 1 + 1e-9
                return shares[0] > 0.6

            assert await eventually(busy_has_most, 15)
    finally:
        await limited.stop()


async def test_what_rests_on_one_replica_rests_on_the_others_and_wakes_with_it(
    redis: Redis, simulator: Simulator
) -> None:
    async with replicas(2, redis, simulator) as running:
        assert await eventually(running.in_step, 5)
        simulator.faults.add(Fault(kind="status", status=429, provider="groq", times=1, retry_after=30.0))
        async with httpx.AsyncClient(base_url=running.urls[0], timeout=30) as http:
            first = await ask(http, model="speed")
        failed = next(one for one in first.json()["x_groq_core"]["attempts"] if one["outcome"] == "failed")
        name = f"{failed['provider']}:{failed['model']}"

        async def rests() -> bool:
            snapshot = running.cores[1].board.snapshot()
            return any(target.name == name and target.state == "resting" for target in snapshot.targets)

        assert await eventually(rests, 3)
        running.cores[0].health.record_success("server", failed["provider"], name)

        async def awake() -> bool:
            return not await rests()

        assert await eventually(awake, 3)


async def test_an_answer_of_one_replica_is_the_other_s_cache(redis: Redis, simulator: Simulator) -> None:
    async with replicas(2, redis, simulator, GROQ_CORE_CACHE_SCOPE="server") as running:
        assert await eventually(running.in_step, 5)
        answers = []
        for url in running.urls:
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                answers.append(await ask(http, "The same", temperature=0, max_completion_tokens=2000))
        first, second = (answer.json() for answer in answers)
        assert [one["x_groq_core"]["cache"] for one in (first, second)] == ["miss", "hit"]
        assert first["choices"] == second["choices"]
        assert second["x_groq_core"]["cost_usd"] == 0


async def test_the_same_question_at_once_on_two_replicas_is_asked_once(redis: Redis) -> None:
    slow = Simulator(limits="off", seed=1)
    await slow.start()
    try:
        async with replicas(2, redis, slow, GROQ_CORE_CACHE_SCOPE="server") as running:
            assert await eventually(running.in_step, 5)

            async def one(url: str) -> Any:
                async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                    return (await ask(http, "The same", temperature=0, max_completion_tokens=2000)).json()

            answers = await asyncio.gather(*map(one, running.urls))
            assert answers[0]["choices"] == answers[1]["choices"]
            assert len([seen for seen in slow.requests if "chat" in seen.path]) == 1
    finally:
        await slow.stop()


async def test_without_redis_at_the_start_each_goes_on_and_is_in_step_when_it_is_there(
    redis: Redis, simulator: Simulator
) -> None:
    redis.stop()
    async with replicas(2, redis, simulator) as running:
        assert await eventually(running.away, 5)
        async with httpx.AsyncClient(base_url=running.urls[0], timeout=30) as http:
            assert (await ask(http)).status_code == 200
        redis.start()
        began = time.monotonic()
        assert await eventually(running.in_step, 6)
        assert time.monotonic() - began < 5, "the promise is 3 s; two more for a loaded machine"


@pytest.mark.parametrize("fault", ["kill", "pause", "read-only", "flush"])
async def test_redis_may_fail_and_come_back(redis: Redis, simulator: Simulator, fault: str) -> None:
    async with replicas(2, redis, simulator) as running:
        assert await eventually(running.in_step, 5)
        match fault:
            case "kill":
                redis.stop()
            case "pause":
                redis.signal(signal.SIGSTOP)
            case "read-only":
                redis.say("REPLICAOF", "127.0.0.1", "1")
            case "flush":
                redis.say("FLUSHALL")
        if fault != "flush":
            assert await eventually(running.away, 5)
        for url in running.urls:
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                assert (await ask(http, temperature=0)).status_code == 200
        match fault:
            case "kill":
                redis.start()
            case "pause":
                redis.signal(signal.SIGCONT)
            case "read-only":
                redis.say("REPLICAOF", "NO", "ONE")
        assert await eventually(running.in_step, 6)
        shares = [dict(core.budgets.under("server")) for core in running.cores]
        for name in set(shares[0]) & set(shares[1]):
            assert sum(one[name].share for one in shares) <= 1 + 1e-9


async def test_wrong_guesses_and_limits_are_counted_together(redis: Redis, simulator: Simulator) -> None:
    async with replicas(2, redis, simulator, GROQ_CORE_LIMITS="3/minute") as running:
        assert await eventually(running.in_step, 5)
        codes = []
        for url in running.urls * 2:
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                codes.append((await ask(http)).status_code)
        assert codes == [200, 200, 200, 429]
        one, other = (core.shared for core in running.cores)
        assert one is not None
        assert other is not None
        for _ in range(5):
            await one.throttle.fail("ann")
        assert await other.throttle.wait_s("ann") > 0
        await other.throttle.forgive("ann")
        await one.revoked.add("session", 60)
        assert await other.revoked.has("session")
