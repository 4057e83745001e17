"""Work whose parts go on side by side, told as one stream of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from typing import Any, TypeVar

import msgspec

from groq_core.events import AttemptFailed, AttemptStarted, Event, Finished, Routed

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


class JointStory:
    """
    The story of one request whose parts are asked by requests of their own, side by side: attempts are numbered
    through, and of routes the first is told.

    Args:
        tell: Takes each event.
    """

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self.tell = tell
        self.attempts = 0
        self.routed = False

    def part(self) -> PartStory:
        """For the request of a part; each has its own."""
        return PartStory(self)


class PartStory:
    """What happens to one part, told as something that happens to the whole."""

    def __init__(self, whole: JointStory) -> None:
        self._whole = whole
        self._numbers: dict[int, int] = {}

    def tell(self, event: Event) -> None:
        """Pass an event of the part on."""
        match event:
            case AttemptStarted():
                self._whole.attempts += 1
                self._numbers[event.number] = self._whole.attempts
                event = msgspec.structs.replace(event, number=self._whole.attempts)
            case AttemptFailed():
                event = msgspec.structs.replace(event, number=self._numbers.get(event.number, 0))
            case Routed() if self._whole.routed:
                return
            case Routed():
                self._whole.routed = True
        self._whole.tell(event)

    def finish(self, event: Finished) -> Finished:
        """The end of the part, with the number its attempt has in the whole."""
        return msgspec.structs.replace(event, number=self._numbers.get(event.number, 0))
