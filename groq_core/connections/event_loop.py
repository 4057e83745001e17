"""The event loop that everything runs on, and what belongs to one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's loop, or asyncio's own where uvloop is not installed: it has no wheel for Windows."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def list_no_generators() -> None:
    """
    Keep no list of the asynchronous generators of the running loop from here on.

    The loop remembers each in a weak set, to close at its end what was never closed; that costs two calls of Python
    for every one, and a request has a dozen. All of ours are closed where they are read, and whatever is dropped
    half read is closed when it is collected, as before.
    """
    sys.set_asyncgen_hooks(firstiter=None)


SWITCH_S: Final = 0.0002
"""Seconds after which a thread that computes hands the interpreter over to another that waits for it."""


def hand_over_early() -> None:
    """
    Let the event loop in soon where a thread computes: one that loads the page, reads a document or a picture.

    uvloop asks for the interpreter anew for each socket that has something to tell, and after Python's 5 ms each time:
    sixteen sockets waited 60 ms beside one such thread, and wait 3 ms now. The thread takes no longer for its work.
    """
    sys.setswitchinterval(SWITCH_S)


AGAIN_S: Final = 1.0
"""Seconds after which a task that goes on though it was cancelled is cancelled once more."""


async def end_task(task: asyncio.Task[Any]) -> None:
    """
    Cancel a task that would run for ever, and wait until it has ended, whatever it came to.

    `asyncio.wait_for` of Python 3.11, and libraries that wait with it, forget a cancellation that comes in the very
    moment in which what they wait for is done; whoever waited for the task would wait for ever.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait((task,), timeout=AGAIN_S)
    if not task.cancelled():
        task.exception()  # nobody else may have looked at it


class PerLoop(Generic[T]):
    """
    What belongs to an event loop, such as a core with its connections: made when it is first wanted there.

    A program may have several loops, one after the other (`asyncio.run` twice) or side by side.

    Args:
        make: Makes one; what it enters on the stack is left by :meth:`close`.
    """

    def __init__(self, make: Callable[[AsyncExitStack], Awaitable[T]]) -> None:
        self._make = make
        self._made: dict[asyncio.AbstractEventLoop, tuple[asyncio.Task[T], AsyncExitStack]] = {}

    async def get(self) -> T:
        """The one of the running loop; who stops waiting for it leaves it to those who wait still."""
        loop = asyncio.get_running_loop()
        for ended in [one for one in self._made if one.is_closed()]:
            del self._made[ended]
        making = self._made[loop][0] if loop in self._made else None
        # One that could not be made is made anew: what was missing may be there by now.
        if making is None or (making.done() and (making.cancelled() or making.exception() is not None)):
            stack = AsyncExitStack()
            making = loop.create_task(self._make_on(stack))
            self._made[loop] = making, stack
        return await asyncio.shield(making)

    async def _make_on(self, stack: AsyncExitStack) -> T:
        try:
            return await self._make(stack)
        except BaseException:
            await stack.aclose()
            raise

    async def close(self) -> None:
        """Leave what was made on the running loop, once it is."""
        making, stack = self._made.pop(asyncio.get_running_loop(), (None, None))
        if making is not None and stack is not None:
            await asyncio.gather(making, return_exceptions=True)
            await stack.aclose()
