"""The event loop that everything runs on, and what belongs to one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
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
        self._made: dict[asyncio.AbstractEventLoop, _Made[T]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def get(self) -> T:
        """The one of the running loop; who stops waiting for it leaves it to those who wait still."""
        loop = asyncio.get_running_loop()
        for ended in [one for one in self._made if one.is_closed()]:
            del self._made[ended]
        making = self._made[loop].making if loop in self._made else None
        # One that could not be made is made anew: what was missing may be there by now.
        if making is None or (making.done() and (making.cancelled() or making.exception() is not None)):
            stack = AsyncExitStack()
            making = loop.create_task(self._make_on(stack))
            self._made[loop] = _Made(making, stack, _at_the_end_of_the_loop(self._leave))
        return await asyncio.shield(making)

    async def _make_on(self, stack: AsyncExitStack) -> T:
        try:
            return await self._make(stack)
        except BaseException:
            await stack.aclose()
            raise

    async def close(self) -> None:
        """Leave what was made on the running loop, once it is."""
        if (made := await self._leave()) is not None:
            await made.end.aclose()

    async def _leave(self) -> _Made[T] | None:
        made = self._made.pop(asyncio.get_running_loop(), None)
        if made is not None:
            await asyncio.gather(made.making, return_exceptions=True)
            await made.stack.aclose()
        return made

    def close_soon(self) -> None:
        """The same on every loop that runs, where nobody is there any more to wait for it."""
        for loop in list(self._made):
            with suppress(RuntimeError):  # it has been closed
                loop.call_soon_threadsafe(self._close_in_passing)

    def _close_in_passing(self) -> None:
        closing = asyncio.get_running_loop().create_task(self.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


@dataclass(frozen=True, slots=True)
class _Made(Generic[T]):
    """What is made on one loop; ``end`` leaves it when the loop ends before anybody did."""

    making: asyncio.Task[T]
    stack: AsyncExitStack
    end: AsyncGenerator[None, None]


async def let_go() -> None:
    """Wait until what has hung up has let go of its socket too, which takes it some turns of the loop."""
    for _ in range(3):
        await asyncio.sleep(0)


OURS: Final = str(Path(__file__).parents[1])
"""Where the code of this package lies."""


def _at_the_end_of_the_loop(work: Callable[[], Awaitable[object]]) -> AsyncGenerator[None, None]:
    """
    Do something when the running loop is ended, as `asyncio.run` does it, by whoever never closed what is open.

    A loop that ends closes all asynchronous generators at once, those inside others too, which tell of it with long
    tracebacks. All of this package's are closed where they are read; so the loop is told of none but this one.
    """
    hooks = sys.get_asyncgen_hooks()
    if hooks.firstiter is not None and not isinstance(hooks.firstiter, _NotOurs):
        sys.set_asyncgen_hooks(firstiter=_NotOurs(hooks.firstiter))

    async def wait() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await work()
            await let_go()

    end = wait()
    with suppress(StopIteration):
        end.asend(None).send(None)  # begins it, which awaits nothing
    if isinstance(first := sys.get_asyncgen_hooks().firstiter, _NotOurs):
        first.tell(end)
    return end


class _NotOurs:
    """A loop's list of asynchronous generators, without those of this package."""

    def __init__(self, tell: Callable[[AsyncGenerator[Any, Any]], None]) -> None:
        self.tell = tell

    def __call__(self, generator: AsyncGenerator[Any, Any]) -> None:
        code: CodeType | None = getattr(generator, "ag_code", None)  # compiled ones have none
        if code is None or not code.co_filename.startswith(OURS):
            self.tell(generator)
