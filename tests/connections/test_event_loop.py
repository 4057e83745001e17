"""The app and the command line where there is no uvloop, and as on Windows, as far as that can be played on Linux."""

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
from tests.requires import only_where

ROOT = Path(__file__).parents[2]

AS_ON_WINDOWS = """
import asyncio, os, runpy, signal, socket, sys
for absent in ("uvloop", "fcntl", "pwd", "grp", "readline"):
    sys.modules[absent] = None
for module, names in (
    (os, "chown fchmod fork getpgid geteuid getuid killpg mkfifo setsid statvfs"),
    (signal, "SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGUSR1 alarm setitimer"),
    (socket, "SO_REUSEPORT"),
):
    for name in names.split():
        delattr(module, name)
def add_signal_handler(*_):
    raise NotImplementedError
asyncio.SelectorEventLoop.add_signal_handler = add_signal_handler
sys.argv = sys.argv[1:]
"""
"""An import of what is None there fails as if nothing were installed."""

READY_WITHIN_S = 120


@asynccontextmanager
async def running(start: str, *args: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of this Python that finds what Windows has; it is gone when the block is left."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", AS_ON_WINDOWS + start, *args),
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "GROQ_CORE_OFFLINE": "1",
            "GRADIO_SERVER_PORT": "0",
            "PYTHONIOENCODING": "cp1252",
        },
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


async def test_the_app_serves_and_ends_cleanly() -> None:
    async with running("runpy.run_path('app.py', run_name='__main__')", "app.py") as process:
        url = await read_address(process)
        async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
            health = await http.get("/health")
            page = await http.get("/")
            body = {"messages": [{"role": "user", "content": "Grüße, 漢字"}]}
            answer = await http.post("/v1/chat/completions", json=body)
        process.send_signal(signal.SIGINT)
        _, errors = await asyncio.wait_for(process.communicate(), 60)

    assert (health.status_code, page.status_code, answer.status_code, process.returncode) == (200, 200, 200, 0), errors
    assert b"Traceback" not in errors


@pytest.mark.parametrize(
    ("words", "told"),
    [(("doctor",), b"simulator"), (("chat", "Say \N{WAVING HAND SIGN} and 漢字 and Grüße"), b"")],
    ids=["doctor", "chat"],
)
async def test_the_command_line_works(words: tuple[str, ...], told: bytes) -> None:
    async with running("runpy.run_module('groq_core', run_name='__main__')", "groq_core", *words) as process:
        out, errors = await asyncio.wait_for(process.communicate(), READY_WITHIN_S)

    assert process.returncode == 0, errors.decode()
    assert told in out
    assert b"Traceback" not in errors


@pytest.mark.parametrize(
    "installed",
    [pytest.param(True, marks=only_where(sys.platform != "win32", "uvloop has no wheel for Windows")), False],
)
def test_uvloop_is_taken_where_it_is_installed(monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    if not installed:
        monkeypatch.setitem(sys.modules, "uvloop", None)

    loop = new_event_loop()
    loop.close()

    assert type(loop).__module__.startswith("uvloop" if installed else "asyncio")


async def test_a_thread_that_computes_gives_way_before_a_token_is_late_because_of_it() -> None:
    program = "import atexit; atexit.register(lambda: print(sys.getswitchinterval())); "
    async with running(program + "runpy.run_path('app.py', run_name='__main__')", "app.py") as process:
        await read_address(process)
        process.send_signal(signal.SIGINT)
        out, errors = await asyncio.wait_for(process.communicate(), 60)

    sockets, latest_s = 32, 0.015
    # uvloop asks for the interpreter once for each socket that has something to tell.
    assert sockets * float(out.split()[-1]) < latest_s, errors
