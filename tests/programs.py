"""Programs that tests run beside themselves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.breakable import until_open


class Ended(NamedTuple):
    """How a program ended: its exit status, and what it wrote to its two outputs."""

    status: int
    said: str
    problems: str


async def _start(
    command: Sequence[str], output: int, folder: Path | None, environ: Mapping[str, str] | None
) -> asyncio.subprocess.Process:
    env = os.environ if environ is None else environ
    return await asyncio.create_subprocess_exec(*command, cwd=folder, env=env, stdout=output, stderr=output)


async def run_program(
    *command: str, seconds: float, folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> Ended:
    """
    Run a program to its end; one that is not done in time is killed.

    Args:
        environ: Its environment; None gives it this one's.

    Raises:
        TimeoutError: It took longer.
    """
    process = await _start(command, asyncio.subprocess.PIPE, folder, environ)
    try:
        said, problems = await asyncio.wait_for(process.communicate(), seconds)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode or 0, said.decode("utf-8", "replace"), problems.decode("utf-8", "replace"))


@asynccontextmanager
async def program_at(
    port: int, *command: str, seconds: float, folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> AsyncIterator[None]:
    """
    Run a program, once it listens on this port, until the block is left.

    Args:
        seconds: It has to listen after these at the latest.
        environ: Its environment; None gives it this one's.
    """
    process = await _start(command, asyncio.subprocess.DEVNULL, folder, environ)
    try:
        opening = asyncio.create_task(until_open(port, seconds))
        while not opening.done():
            await asyncio.wait({opening}, timeout=0.2)
            if process.returncode is not None:
                opening.cancel()
                raise AssertionError(f"{command[0]} ended by itself")
        await opening
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
