"""
Which line of a batch comes next: one that was put back and is due, a new one, or one that waits behind all others.

Lines are read as they are needed; those the output holds already, and those that another run asks, are passed over.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Collection, Iterable
from itertools import islice
from typing import Final, Protocol

from groq_core.services.batch.lines import Entry, Line, distinct
from groq_core.services.batch.seen_ids import IdSet
from groq_core.services.batch.sink import Sink

READ_AT_ONCE: Final = 256
"""Lines read from the source in one go, in a thread, so that a slow disk holds up nobody."""


class Shares(Protocol):
    """What one of several runs over the same input has of it."""

    async def __aenter__(self) -> object: ...

    async def __aexit__(self, *error: object) -> None: ...

    async def may_ask(self, number: int) -> bool | None:
        """Whether a line is this run's to ask; None while nobody can say. Lines come in the order of the source."""
        ...

    def settle(self, number: int) -> None:
        """What became of a line is written down."""
        ...

    async def leftovers(self) -> Collection[int] | None:
        """At the end of the source: shards that others left; none while they work; None when all is settled."""
        ...


SHARD: Final = 64
"""Lines of a shard."""


class LineQueue:
    """
    The lines of a source, in the order in which they are to be asked.

    Args:
        entries: See :class:`BatchRun`, as are ``shares`` and ``own``.
        sink: Lines it holds already are passed over.

    Attributes:
        duplicates: Lines whose id came before.
        is_unsure: Nobody can say just now whose the next line is, or another run may leave lines behind.
        is_shared_out: All that is left is with other runs, or done.
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        sink: Sink,
        *,
        shares: Shares | None,
        own: Collection[str],
        clock: Callable[[], float],
    ) -> None:
        self._entries = entries
        self._source = iter(entries)
        self._sink = sink
        self._shares = shares
        self._own = frozenset(own)
        self._clock = clock
        self._read: list[Entry] = []  # newest last: it is taken from the end
        self._exhausted = False
        self._seen = IdSet()
        self._again: list[tuple[float, int, Line]] = []  # a heap by the time each is due
        self._last: deque[Line] = deque()
        self.duplicates = 0
        self.is_unsure = False
        self.is_shared_out = False

    @property
    def is_read_once(self) -> bool:
        """The entries cannot be iterated anew, so that nothing could be held against them beforehand."""
        return iter(self._entries) is self._entries

    @property
    def rows(self) -> int | None:
        """How many lines the source has, once it has been read to its end."""
        return len(self._seen) + self.duplicates if self._exhausted and not self._read else None

    @property
    def is_drained(self) -> bool:
        """No line is left that was not taken or that was put back."""
        return self._exhausted and not (self._read or self._again or self._last)

    @property
    def waiting(self) -> int:
        """Lines that were put back."""
        return len(self._again) + len(self._last)

    @property
    def due_s(self) -> float | None:
        """Seconds until the first of those that were put back for a time is due; None where there are none."""
        return self._again[0][0] - self._clock() if self._again else None

    def put_back(self, line: Line, seconds: float) -> None:
        """Give it out again, that many seconds from now at the earliest."""
        heapq.heappush(self._again, (self._clock() + seconds, line.number, line))

    def put_last(self, line: Line) -> None:
        """Give it out again when all others are done with."""
        self._last.append(line)

    def settle(self, entry: Entry) -> None:
        """What became of it is written down: nobody asks it again."""
        if self._shares is not None:
            self._shares.settle(entry.number)

    async def take(self) -> Entry | None:
        """The next line, or one with a fault; None while there is none to be asked."""
        return self._due() or await self._new() or self._from_last()

    def _due(self) -> Line | None:
        if self._again and self._again[0][0] <= self._clock():
            return heapq.heappop(self._again)[2]
        return None

    def _from_last(self) -> Line | None:
        return self._last.popleft() if self._last and not self._again else None

    async def _new(self) -> Entry | None:
        """The next entry of the source that the sink does not know and that is this run's."""
        while True:
            while self._read:
                entry = self._read.pop()
                if entry.custom_id in self._seen:
                    self.duplicates += 1
                    continue
                if (mine := await self._is_mine(entry)) is None:
                    self._read.append(entry)
                    return None
                self._seen.add(entry.custom_id)
                if mine:
                    return entry
            self._read = await asyncio.to_thread(lambda: list(islice(self._source, READ_AT_ONCE)))
            if not self._read and not await self._read_leftovers():
                return None
            self._read.reverse()

    async def _is_mine(self, entry: Entry) -> bool | None:
        """Whether a line is to be asked, and by this run; None while nobody can say."""
        self.is_unsure = False
        if entry.custom_id in self._sink:
            self.settle(entry)
            return False
        if self._shares is None or entry.custom_id in self._own:
            return True
        mine = await self._shares.may_ask(entry.number)
        self.is_unsure = mine is None
        return mine

    async def _read_leftovers(self) -> bool:
        """At the end of the source: go on with what other runs left; False where there is nothing now."""
        self._exhausted = self._shares is None
        if self._shares is None:
            return False
        left = await self._shares.leftovers()
        self.is_unsure, self.is_shared_out = left is not None, left is None
        if not left:
            return False
        self._read = await asyncio.to_thread(lambda: [e for e in distinct(self._entries) if e.number // SHARD in left])
        self._seen = IdSet()
        return True
