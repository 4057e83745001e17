"""The app and the command line start where there is no uvloop, as on Windows."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from groq_core.connections.event_loop import new_event_loop

ROOT = Path(__file__).parents[2]

WITHOUT_UVLOOP = "import runpy, sys; sys.modules['uvloop'] = None; sys.argv = sys.argv[1:]; "
"""An import of what is None there fails as if nothing were installed."""

READY_WITHIN_S = 120


@asynccontextmanager
async def running(start: str, *args: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of this Python that finds no uvloop; it is gone when the block is left."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WITHOUT_UVLOOP + start, *args),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "GROQ_CORE_OFFLINE": "1", "GRADIO_SERVER_PORT": "0"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def read_address(process: asyncio.subprocess.Process) -> str:
    """The address a server says it is at."""
    said = b""
    assert process.stderr is not None
    async with asyncio.timeout(READY_WITHIN_S):
        async for line in process.stderr:
            said += line
            if found := re.search(rb"groq-core is at http://[^:]+:(\d+)", line):
                return f"http://127.0.0.1:{found[1].decode()}"
    raise AssertionError(said.decode())


async def test_the_app_serves_and_ends_cleanly_without_uvloop() -> None:
    async with running("runpy.run_path('app.py', run_name='__main__')", "app.py") as process:
        url = await read_address(process)
        async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
            health = await http.get("/health")
            page = await http.get("/")
        process.send_signal(signal.SIGTERM)
        status = await asyncio.wait_for(process.wait(), 60)

    assert (health.status_code, page.status_code, status) == (200, 200, 0)


async def test_the_command_line_works_without_uvloop() -> None:
    async with running("runpy.run_module('groq_core', run_name='__main__')", "groq_core", "doctor") as process:
        out, errors = await asyncio.wait_for(process.communicate(), READY_WITHIN_S)

    assert process.returncode == 0, errors.decode()
    assert b"simulator" in out


@pytest.mark.parametrize("installed", [True, False])
def test_uvloop_is_taken_where_it_is_installed(monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    if installed:
        pytest.importorskip("uvloop", reason="uvloop is not installed, as on Windows")
    else:
        monkeypatch.setitem(sys.modules, "uvloop", None)

    loop = new_event_loop()
    loop.close()

    assert type(loop).__module__.startswith("uvloop" if installed else "asyncio")
