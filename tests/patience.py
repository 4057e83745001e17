"""
A coroutine of a test or a fixture that waits for what never comes ends where it waits, and the tests behind it go on.

What limits a test's time raises wherever Python happens to be, and while a coroutine waits that is the loop. anyio's
runner, which all tests and fixtures of a loop share, would wait for the coroutine still, and all others for the runner:
such a run stood until somebody ended it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from anyio._backends._asyncio import TestRunner

PATIENCE_S = 240.0
"""Less than what pyproject.toml gives a test, so that this is what ends it."""


def limit_waiting(patience_s: float = PATIENCE_S) -> None:
    """
    From now on each test, and each step of a fixture, ends after these seconds.

    Raises (from where it waits):
        TimeoutError: It took longer.
    """
    call = TestRunner._call_in_runner_task  # anyio has no hook for it

    async def call_in_time(self: TestRunner, func: Callable[..., Awaitable[Any]], /, *args: Any, **kwargs: Any) -> Any:
        async def in_time() -> Any:
            async with asyncio.timeout(patience_s):
                return await func(*args, **kwargs)

        return await call(self, in_time)

    TestRunner._call_in_runner_task = call_in_time  # type: ignore[method-assign]
