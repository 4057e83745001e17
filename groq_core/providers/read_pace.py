"""
How often the sockets of fast streams are read.

A token that comes by itself wakes the process, and most of what it costs is that: a paced token takes fifty times the
CPU of one in bulk. So, when many come, a socket that has been read is left alone for some milliseconds, and all such
sockets are read in one beat. When few come nothing is gathered, and nobody ever waits for the first of an answer.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

LONGEST_S = 0.010
"""A token waits no longer than this: nobody sees it, since a screen shows a frame every 16 ms."""

QUIET, BUSY = 300.0, 700.0
"""Pieces a second, of all streams, at which gathering begins, and at which it is as long as it gets."""

SHORTEST_S = 0.001
"""Event loops count in milliseconds."""

WINDOW_S = 0.1
"""How long pieces are counted for one decision."""


def interval_for(rate: float) -> float:
    """
    Seconds between two reads of one socket, when so many pieces come in a second.

    >>> [interval_for(rate) for rate in (0, 300, 500, 700, 100_000)]
    [0.0, 0.0, 0.005, 0.01, 0.01]
    """
    share = (rate - QUIET) / (BUSY - QUIET)
    seconds = LONGEST_S * min(1.0, max(0.0, share))
    return seconds if seconds >= SHORTEST_S else 0.0


class Source(Protocol):
    """Something that is read once a beat."""

    def read_again(self) -> None: ...
    def leave_pace(self) -> None: ...


class ReadPace:
    """
    The beat of all streams of a provider.

    Attributes:
        interval_s: Seconds between two reads of one socket; 0 for as soon as there is something.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._sources: dict[Source, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._pieces = 0
        self._since = loop.time()
        self.interval_s = 0.0

    def count(self, pieces: int) -> None:
        """Take into account that so many pieces have come; the interval follows ten times a second."""
        self._pieces += pieces
        now = self._loop.time()
        if now - self._since >= WINDOW_S:
            self.interval_s = interval_for(self._pieces / (now - self._since))
            self._pieces, self._since = 0, now

    def join(self, source: Source) -> None:
        """Read it with the others from now on."""
        self._sources[source] = None
        if self._timer is None:
            self._timer = self._loop.call_later(self.interval_s, self._beat)

    def leave(self, source: Source) -> None:
        self._sources.pop(source, None)
        if not self._sources and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _beat(self) -> None:
        self._timer = None
        self.count(0)
        for source in list(self._sources):
            if self.interval_s:
                source.read_again()
            else:
                source.leave_pace()
        if self._sources and self._timer is None:
            self._timer = self._loop.call_later(self.interval_s, self._beat)
