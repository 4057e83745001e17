"""How often somebody may guess: five times for nothing, then after waits that double."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from cachetools import TTLCache

FREE = 5
"""Wrong guesses before the first wait."""

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 900.0
FORGOTTEN_S = 3600.0
"""Seconds without a guess after which nothing is held against anybody."""

KNOWN = 50_000
"""Guessers remembered; one more makes the longest unseen forgotten."""


class Throttle(Protocol):
    """Counts wrong guesses by key. This process's own is :class:`LocalThrottle`; replicas can share another."""

    async def wait_s(self, key: str) -> float:
        """Seconds until the next guess is looked at; 0 for at once."""
        ...

    async def fail(self, key: str, *, free: int = FREE) -> None:
        """Count a wrong guess."""
        ...

    async def forgive(self, key: str) -> None:
        """A right one: nothing is held against this key any more."""
        ...


def wait_after(failures: int, free: int = FREE) -> float:
    """
    Seconds to wait after so many wrong guesses.

    >>> [wait_after(n) for n in (1, 4, 5, 6, 7, 40)]
    [0.0, 0.0, 5.0, 10.0, 20.0, 900.0]
    """
    if failures < free:
        return 0.0
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(failures - free, 20)))


class LocalThrottle:
    """
    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: TTLCache[str, tuple[int, float]] = TTLCache(KNOWN, FORGOTTEN_S, timer=clock)

    async def wait_s(self, key: str) -> float:
        _, until = self._failures.get(key, (0, 0.0))
        return max(0.0, until - self._clock())

    async def fail(self, key: str, *, free: int = FREE) -> None:
        count = self._failures.get(key, (0, 0.0))[0] + 1
        self._failures[key] = count, self._clock() + wait_after(count, free)

    async def forgive(self, key: str) -> None:
        self._failures.pop(key, None)
