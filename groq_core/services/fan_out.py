"""Work whose parts go on side by side, told as one stream of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def run_all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run pieces of work side by side; the first error ends the others and is raised as it is."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def events_of(
    work: Callable[[], Coroutine[Any, Any, None]], queue: asyncio.Queue[T | None]
) -> AsyncGenerator[T, None]:
    """
    Yield what a piece of work puts into its queue until it ends; its error is raised, leaving cancels it.

    A queue, since a generator must not yield from inside a task group (PEP 789).
    """
    task = asyncio.create_task(work())
    # The reader is woken when the work ends, however it ends.
    task.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (event := await queue.get()) is not None:
            yield event
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
