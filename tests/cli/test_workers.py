"""Several processes behind one port: all answer, a dead one is started again, SIGTERM ends them all with status 0."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processes import free_port
from groq_core.simulator import Simulator
from tests.requires import only_where

pytestmark = only_where(hasattr(socket, "SO_REUSEPORT"), "one port, one process here")


@asynccontextmanager
async def workers(folder: Path, simulator: Simulator, **settings: str) -> AsyncIterator[tuple[Any, str]]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        # Started from another folder, in which nobody finds the package.
        str(Path(__file__).parents[2] / "app.py"),
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "GROQ_API_KEY": "gsk_test",
            "GROQ_BASE_URL": simulator.groq_url,
            "GRADIO_SERVER_PORT": str(port),
            "GROQ_CORE_WORKERS": "2",
            **settings,
        },
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 30)


def children(parent: int) -> set[int]:
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.add(int(entry.parent.name))
    return found


def running() -> set[int]:
    return {int(entry.name) for entry in Path("/proc").glob("[0-9]*")}


async def ready(url: str) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                async with httpx.AsyncClient() as http:
                    if (await http.get(f"{url}/health")).status_code == 200:
                        return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def ask(url: str) -> int:
    async with httpx.AsyncClient(timeout=30) as http:
        body = {"messages": [{"role": "user", "content": "Hi"}], "model": "speed", "max_completion_tokens": 5}
        return (await http.post(f"{url}/v1/chat/completions", json=body)).status_code


@only_where(sys.platform == "linux", "reads /proc")
async def test_two_answer_and_a_killed_one_comes_back(tmp_path: Path, simulator: Simulator) -> None:
    async with workers(tmp_path, simulator) as (process, url):
        async with asyncio.timeout(60):
            while b"groq-core is at" not in await process.stderr.readline():
                pass
        assert await ask(url) == 200, "who follows the address as soon as it is told is answered"
        async with asyncio.timeout(60):
            while len(before := children(process.pid)) < 2:  # noqa: ASYNC110 - the kernel tells no event
                await asyncio.sleep(0.1)
        assert [await ask(url) for _ in range(6)] == [200] * 6
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        async with asyncio.timeout(60):
            while len(after := children(process.pid) - {victim}) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert after != before
        await ready(url)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
        assert not after & running()


async def test_what_stops_the_start_of_one_stops_all_with_its_status(tmp_path: Path, simulator: Simulator) -> None:
    async with workers(tmp_path, simulator, GROQ_CORE_DATABASE="sqlite:////nowhere/at/all.db") as (process, _):
        _, told = await asyncio.wait_for(process.communicate(), 90)
        assert process.returncode == 2
        assert "GROQ_CORE_DATABASE" in told.decode()
        assert "Traceback" not in told.decode()
