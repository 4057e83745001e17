"""
One budget for the bytes that requests hold in memory: taken before they are read, given back when all is said.

A newcomer that finds it used up is asked to come again; whoever is inside already is not disturbed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from starlette.types import Scope

from groq_core.errors import RequestError

KEY = "groq_core.bytes"

SHARE = 4
"""One part of so many of the memory."""

UNKNOWN_MEMORY = 2 * 2**30

RETRY_AFTER_S = 2.0


class BytesInFlight:
    """
    Args:
        limit: Bytes that all requests together may hold.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0

    def take(self, size: int) -> None:
        """
        Raises:
            RequestError: 503 with ``retry_after``; nothing has been taken then.
        """
        if self.held + size > self.limit:
            raise RequestError(
                "the server holds as many bytes as it may",
                status=503,
                code="too_many_bytes",
                hint="Try again in a moment, or send less at a time.",
                retry_after=RETRY_AFTER_S,
            )
        self.held += size

    def give(self, size: int) -> None:
        self.held -= size


class Holding:
    """
    What one request holds of the budget.

    Args:
        budget: None for a request that came through no door, as in a test.
    """

    __slots__ = ("_budget", "size")

    def __init__(self, budget: BytesInFlight | None) -> None:
        self._budget = budget
        self.size = 0

    def reach(self, size: int) -> None:
        """
        Hold at least so many bytes.

        Raises:
            RequestError: As for :meth:`BytesInFlight.take`.
        """
        if self._budget is not None and size > self.size:
            self._budget.take(size - self.size)
            self.size = size

    def add(self, size: int) -> None:
        """Hold so many bytes more, such as a picture that has been decoded; errors as for :meth:`reach`."""
        self.reach(self.size + size)

    def release(self) -> None:
        if self._budget is not None and self.size:
            self._budget.give(self.size)
            self.size = 0


def holding_of(scope: Scope) -> Holding:
    """What a request holds; counts nothing where it came through no door."""
    found: Holding | None = scope.get(KEY)
    return found if found is not None else Holding(None)


def size_by_header(scope: Scope) -> int:
    """The body's size as the client says it; 0 where it does not."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(length) if length.isdigit() and len(length) < 16 else 0


def default_limit() -> int:
    """A quarter of the memory that this process may use."""
    return memory() // SHARE


def memory() -> int:
    """Bytes of memory: the machine's, or the container's where that is less."""
    found = [UNKNOWN_MEMORY]
    if sys.platform != "win32":
        try:
            found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
        except (ValueError, OSError):
            pass
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(name).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if text.isdigit():
            found.append(int(text))
    return min(found)
