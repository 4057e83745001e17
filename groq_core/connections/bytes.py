"""
One budget for the bytes that requests hold in memory: taken before they are read, given back when all is said.

A newcomer that finds it used up is asked to come again; whoever is inside already is not disturbed.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
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
        self._turn = threading.Lock()  # pictures are decoded in threads

    def take(self, size: int) -> None:
        """
        Raises:
            RequestError: 503 with ``retry_after``, or 413 for what could never be held; nothing has been taken then.
        """
        if size > self.limit:
            raise RequestError(
                f"that takes more than the {self.limit // 2**20} MiB that this server may hold",
                status=413,
                code="request_too_large",
                hint="Send less at a time. Whoever runs the server can raise GROQ_CORE_MAX_BYTES_IN_FLIGHT.",
            )
        with self._turn:
            if self.held + size <= self.limit:
                self.held += size
                return
        raise RequestError(
            "the server holds as many bytes as it may",
            status=503,
            code="too_many_bytes",
            hint="Try again in a moment, or send less at a time.",
            retry_after=RETRY_AFTER_S,
        )

    def give(self, size: int) -> None:
        with self._turn:
            self.held -= size


BUDGET: ContextVar[BytesInFlight | None] = ContextVar("BUDGET", default=None)
"""That of the server whose request is being answered; it goes along into threads and tasks."""

PROCESS_BYTES = 58 * 2**20
"""What a process that reads a document takes at its least (measured: Python 3.11, DOCX of one line)."""


@contextmanager
def hold_bytes(size: int) -> Iterator[None]:
    """
    Hold so many bytes for the time of the block, such as the pixels of a picture; counts nothing outside a server.

    Raises:
        RequestError: As for :meth:`BytesInFlight.take`.
    """
    budget = BUDGET.get()
    if budget is None:
        yield
        return
    budget.take(size)
    try:
        yield
    finally:
        budget.give(size)


@contextmanager
def hold_process(sent: int) -> Iterator[None]:
    """
    The same for a process of its own that is sent so many bytes, which then are there three times: here, on the way
    and there. A small budget counts an eighth of itself for the process at most, so that it has room for any.
    """
    budget = BUDGET.get()
    least = min(PROCESS_BYTES, budget.limit // 8) if budget is not None else 0
    with hold_bytes(least + 2 * sent):
        yield


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
