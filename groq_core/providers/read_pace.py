"""
How often the sockets of fast streams are read.

A token that comes by itself wakes the process, and most of what it costs is that: a paced token takes fifty times the
CPU of one in bulk. So, when many come, a socket that has been read is left alone for some milliseconds, and all such
sockets are read in one beat. When few come nothing is gathered, and nobody ever waits for the first of an answer.
"""

from __future__ import annotations

import asyncio
import select
import sys
from collections.abc import Iterable
from typing import Protocol

LONGEST_S = 0.013
"""A token waits no longer than this: nobody sees it, since a screen shows a frame every 16 ms."""

QUIET, BUSY = 300.0, 700.0
"""Pieces a second, of all streams, at which gathering begins, and at which it is as long as it gets."""

SHORTEST_S = 0.001
"""Event loops count in milliseconds."""

READ_BYTES = 64 * 1024

WINDOW_S = 0.1
"""How long pieces are counted for one decision, at most."""

ENOUGH, SHORT_WINDOW_S = 2 * BUSY * WINDOW_S, WINDOW_S / 10
"""So many pieces within less of the window are enough to know that many come."""


def interval_for(rate: float) -> float:
    """
    Seconds between two reads of one socket, when so many pieces come in a second.

    >>> [interval_for(rate) for rate in (0, 300, 500, 700, 100_000)]
    [0.0, 0.0, 0.0065, 0.013, 0.013]
    """
    share = (rate - QUIET) / (BUSY - QUIET)
    seconds = LONGEST_S * min(1.0, max(0.0, share))
    return seconds if seconds >= SHORTEST_S else 0.0


class Source(Protocol):
    """
    Something that is read once a beat.

    Attributes:
        descriptor: Of its socket; -1 where whether there is something to read is found out by reading.
    """

    @property
    def descriptor(self) -> int: ...
    def read_again(self) -> None: ...
    def leave_pace(self) -> None: ...


class ReadPace:
    """
    The beat of all streams of a provider.

    Attributes:
        interval_s: Seconds between two reads of one socket; 0 for as soon as there is something.
        pieces: How many have come since the interval was last looked at.
        buffer: What a socket is read into; whoever reads has copied what it keeps before the next one is read.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._sources: dict[Source, int] = {}
        self._by_descriptor: dict[int, Source] = {}
        self._poll: select.epoll | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._beating = False
        self.pieces = 0
        self._since = loop.time()
        self.interval_s = 0.0
        self.buffer = memoryview(bytearray(READ_BYTES))

    def count(self, pieces: int) -> None:
        """Take into account that so many pieces have come; the interval follows ten times a second."""
        self.pieces += pieces
        if self._beating:
            return  # the beat has looked at the clock for all of them
        now = self._loop.time()
        passed = now - self._since
        # To wait for the rest of the window would cost a wake for each piece until then.
        if passed >= WINDOW_S or (self.pieces >= ENOUGH and passed >= SHORT_WINDOW_S and not self.interval_s):
            self.interval_s = interval_for(self.pieces / passed)
            self.pieces, self._since = 0, now

    def join(self, source: Source) -> None:
        """Read it with the others from now on."""
        descriptor = self._register(source)
        self._sources[source] = descriptor
        if self._timer is None:
            self._timer = self._loop.call_later(self.interval_s, self._beat)

    def leave(self, source: Source) -> None:
        descriptor = self._sources.pop(source, -1)
        if descriptor >= 0 and self._poll is not None:
            del self._by_descriptor[descriptor]
            try:
                self._poll.unregister(descriptor)
            except OSError:
                pass  # it has been closed, which is leaving as well
        if not self._sources and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _register(self, source: Source) -> int:
        """The descriptor by which its socket is asked for, with all the others at once; -1 where it is not."""
        descriptor = source.descriptor
        if source in self._sources:
            return self._sources[source]
        if sys.platform != "linux" or descriptor < 0 or descriptor in self._by_descriptor:
            return -1
        if self._poll is None:
            self._poll = select.epoll()
        try:
            self._poll.register(descriptor, select.EPOLLIN)
        except OSError:
            return -1
        self._by_descriptor[descriptor] = source
        return descriptor

    def _readable(self) -> Iterable[Source]:
        """Those that have something to read, as far as one call can tell: to find it out one by one costs one each."""
        if self._poll is None or not self._by_descriptor:
            return list(self._sources)
        found = self._poll.poll(0, len(self._by_descriptor))
        ready = [self._by_descriptor[descriptor] for descriptor, _ in found]
        if len(self._by_descriptor) < len(self._sources):
            ready += [source for source, descriptor in self._sources.items() if descriptor < 0]
        return ready

    def _beat(self) -> None:
        self._timer, began = None, self._loop.time()
        self.count(0)
        if self.interval_s:
            self._beating = True
            try:
                for source in self._readable():
                    source.read_again()
            finally:
                self._beating = False
        else:
            for source in list(self._sources):
                source.leave_pace()
        if self._sources and self._timer is None:
            # What the beat itself takes counts as waited for, or with many streams it would be waited for twice.
            following = max(self._loop.time() + SHORTEST_S, began + self.interval_s)
            self._timer = self._loop.call_at(following, self._beat)
