"""Bound what many threads decode at once, whoever calls from however many."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """
    Room for so many pixels; who finds none waits.

    >>> room = Room(100)
    >>> with room.hold(60):
    ...     room.used
    60
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        """Take room for the time of the block; what is larger than all of it waits to be alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self.used or self.used + pixels <= self.limit)
            self.used += pixels
        try:
            yield
        finally:
            with self._changed:
                self.used -= pixels
                self._changed.notify_all()
