"""
An event loop whose clock jumps: when nothing is left to do but wait, the wait is over.

A request that waits eight seconds for a first token takes no longer than one that does not, and the order of what
happens depends on the times alone, so that the same seed gives the same trace.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    """A selector that moves the clock on instead of waiting."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # While there is something to do nobody looks outside: there is nothing but a thread's word to wait for.
        found = super().select(0) if timeout != 0 else []
        if not found and timeout is None:
            raise RuntimeError("everybody waits for something that will never happen")
        if not found and timeout:
            self.loop.now += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """
    Attributes:
        now: Seconds on its clock; moves only while everybody waits.
    """

    def __init__(self, now: float = 1000.0) -> None:
        selector = _Jumping()
        selector.loop = self
        self.now = now
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a clock of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
