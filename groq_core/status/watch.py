"""Follow the state: now, after every change, and from time to time when nothing changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence
from typing import Any, Protocol

from groq_core.status.snapshot import Snapshot


class WatchedBoard(Protocol):
    """The newest state, and a way to wait for a newer one."""

    def snapshot(self, credential: str = "server", *, within_s: float = 0.0) -> Snapshot: ...

    async def wait_for_change(self, version: int) -> int: ...


async def watch(
    board: WatchedBoard,
    credential: str = "server",
    *,
    gather_s: float,
    look_s: float,
    stopping: asyncio.Event | None = None,
) -> AsyncGenerator[Snapshot, None]:
    """
    Yield the state again and again; one that is no news is told apart by its version.

    Args:
        gather_s: Least time between two: a fast model changes the state a thousand times a second.
        look_s: Longest time between two, as some changes come with time alone.
        stopping: Ends it once it is set; without it only leaving does.
    """
    while stopping is None or not stopping.is_set():
        # What others were shown a moment ago will do: if it is out of date, its version says so after the pause.
        snapshot = board.snapshot(credential, within_s=gather_s / 2)
        yield snapshot
        await asyncio.sleep(gather_s)
        waits = [board.wait_for_change(snapshot.version), *([stopping.wait()] if stopping is not None else [])]
        await _first_of(waits, look_s)


async def _first_of(waits: Sequence[Awaitable[Any]], seconds: float) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
