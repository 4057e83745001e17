"""
Run a batch: ask line after line at the highest rate the limits allow, and write down what each came to.

A line is settled once: it has an answer, or it has failed for good. A line that nobody could answer *now*,
since the limits are spent or every model rests, is put back and asked again when they are not.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from itertools import islice
from typing import Final

from groq_core.errors import ChainError, ExtractionError, GroqCoreError, Kind, RequestError
from groq_core.services.batch.answers import Answer, Answerer
from groq_core.services.batch.ids import IdSet
from groq_core.services.batch.lines import Entry, Fault, Line, Operation
from groq_core.services.batch.progress import Meter, Progress
from groq_core.services.batch.sink import SYNC_S, Failure, Sink
from groq_core.services.batch.window import Turn, Window

READ_AT_ONCE: Final = 256
"""Lines read from the source in one go, in a thread, so that a slow disk holds up nobody."""

WAITED_OUT: Final = frozenset({Kind.RATE_LIMITED, Kind.BUDGET, Kind.RESTING, Kind.OVER_CAPACITY})
"""Failures that say "not now": however often they come, the line is asked again."""

HOPELESS: Final = frozenset({Kind.AUTH, Kind.QUOTA_EXHAUSTED, Kind.TERMS_REQUIRED, Kind.NOT_PERMITTED})
"""Failures that will meet every line alike until a person mends them."""

LONGEST_PAUSE_S: Final = 300.0
"""Seconds after which it is tried again, however long the limits are said to be spent."""


class BatchStoppedError(GroqCoreError):
    """The batch stopped early because every further line would fail alike; what is done is kept."""


class Batch:
    """
    One run over a source.

    Args:
        entries: The lines, read as they are needed; of a million only a few hundred are in memory.
        sink: Open; lines it holds already are passed over.
        answerers: Who answers which operation.
        total: Lines in the source, where somebody has counted.
        most: Lines under way at most.
        tries: Times a line is put through the chain before it counts as failed, not counting those that
            ended because limits were spent.

    Attributes:
        window: How many lines are under way.
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        sink: Sink,
        answerers: Mapping[Operation, Answerer],
        *,
        total: int | None = None,
        most: int = 96,
        tries: int = 5,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.window = Window(most, clock=clock, sleep=sleep)
        self._source = iter(entries)
        self._sink = sink
        self._answerers = answerers
        self._total = total
        self._tries = tries
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._read: list[Entry] = []  # newest last: it is taken from the end
        self._seen = IdSet()
        self._again: list[tuple[float, int, Line]] = []  # a heap by the time each is due
        self._tried: dict[str, int] = {}
        self._moved = asyncio.Event()
        self._stopping = False
        self._hopeless: ChainError | None = None
        self._meter = Meter(clock)
        self._started = clock()
        self._resumed = len(sink)
        self._duplicates = self._truncated = self._tokens_in = self._tokens_out = 0
        self._usd: float | None = 0.0

    # ── from outside ─────────────────────────────────────────────────────────────────────────────────

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        settled = self._sink.answered + self._sink.failed
        rate = self._meter.per_min()
        left = None if self._total is None else max(0, self._total - settled - self._duplicates)
        paused = self.window.paused_s
        return Progress(
            done=self._sink.answered,
            failed=self._sink.failed,
            resumed=self._resumed,
            duplicates=self._duplicates,
            truncated=self._truncated,
            total=self._total,
            in_flight=self.window.in_flight,
            again=len(self._again),
            tokens_in=self._tokens_in,
            tokens_out=self._tokens_out,
            usd=self._usd,
            rate_per_min=rate,
            eta_s=60 * left / rate if left is not None and rate > 0 else None,
            elapsed_s=self._clock() - self._started,
            paused_s=paused,
            paused_why=self.window.paused_why if paused else "",
        )

    def stop(self) -> None:
        """Start no further line; those under way are still written down."""
        self._stopping = True
        self._moved.set()

    async def run(self) -> Progress:
        """
        Ask every line that the sink does not hold.

        Returns:
            How it ended.

        Raises:
            RequestError: The source cannot be read on.
            BatchStoppedError: The key is not accepted, or the account may not spend more.
        """
        syncing = asyncio.create_task(self._sync())
        try:
            async with asyncio.TaskGroup() as group:
                while (started := await self._next()) is not None:
                    group.create_task(self._settle(*started))
        except* GroqCoreError as errors:
            raise errors.exceptions[0] from None
        finally:
            syncing.cancel()
            with suppress(asyncio.CancelledError):
                await syncing
        await self._sink.sync()
        if self._hopeless is not None:
            raise BatchStoppedError(
                f"stopped: {self._hopeless.message}",
                hint="What is done is kept; mend it and run the same command again.",
            )
        return self.progress

    async def _sync(self) -> None:
        while True:
            await asyncio.sleep(SYNC_S)
            await self._sink.sync()

    # ── which line next ──────────────────────────────────────────────────────────────────────────────

    async def _next(self) -> tuple[Line, Turn] | None:
        """The next line and its turn, as soon as there is room for it; None at the end."""
        while not self._stopping:
            turn = await self.window.enter()
            line = None if self._stopping else self._due() or await self._new()
            if line is not None:
                return line, turn
            self.window.leave(turn, answered=False)
            if not self._again and not self.window.in_flight:
                return None
            await self._moves()
        return None

    def _due(self) -> Line | None:
        """A line that was put back and whose time has come."""
        if self._again and self._again[0][0] <= self._clock():
            return heapq.heappop(self._again)[2]
        return None

    async def _new(self) -> Line | None:
        """The next line of the source that the sink does not know; faults are settled on the way."""
        while True:
            while self._read:
                entry = self._read.pop()
                if not self._seen.add(entry.custom_id):
                    self._duplicates += 1
                elif entry.custom_id in self._sink:
                    continue
                elif isinstance(entry, Fault):
                    self._failed(entry.custom_id, entry.error)
                else:
                    return entry
            self._read = await asyncio.to_thread(lambda: list(islice(self._source, READ_AT_ONCE)))
            if not self._read:
                return None
            self._read.reverse()

    async def _moves(self) -> None:
        """Wait until a line ends, or one that was put back is due."""
        self._moved.clear()
        waiting = asyncio.ensure_future(self._moved.wait())
        due = [asyncio.ensure_future(self._sleep(self._again[0][0] - self._clock()))] if self._again else []
        try:
            await asyncio.wait([waiting, *due], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waiting, *due):
                task.cancel()

    # ── what a line comes to ─────────────────────────────────────────────────────────────────────────

    async def _settle(self, line: Line, turn: Turn) -> None:
        answered = False
        try:
            answer = await self._answerers[line.operation](line, turn.wait)
            answered = True
            self._answered(line, answer)
        except RequestError as error:
            if error.status == 429:
                self._put_back(line, error.retry_after, error.message)
            else:
                self._failed(line.custom_id, error)
        except ChainError as error:
            self._unanswered(line, error)
        except ExtractionError as error:
            self._spent(error.cost_usd)
            self._failed(line.custom_id, error)
        finally:
            self.window.leave(turn, answered=answered)
            self._moved.set()

    def _answered(self, line: Line, answer: Answer) -> None:
        self._sink.answer(line.custom_id, answer.body, request_id=answer.request_id)
        self._tried.pop(line.custom_id, None)
        self._tokens_in += answer.tokens_in
        self._tokens_out += answer.tokens_out
        self._spent(answer.usd)
        self._truncated += answer.truncated
        self._meter.count()

    def _spent(self, usd: float | None) -> None:
        self._usd = None if self._usd is None or usd is None else self._usd + usd

    def _failed(self, custom_id: str, error: GroqCoreError) -> None:
        self._sink.fail(custom_id, failure(error))
        self._tried.pop(custom_id, None)
        self._meter.count()

    def _unanswered(self, line: Line, error: ChainError) -> None:
        """Nobody answered: stop, wait and ask again, or give the line up."""
        kinds = {failed.kind for failed in error.failures}
        if kinds and kinds <= HOPELESS:
            self._hopeless = error
            self.stop()
        elif kinds <= WAITED_OUT:
            self._put_back(line, error.retry_after, error.message)
        elif (tried := self._tried.get(line.custom_id, 0) + 1) < self._tries:
            self._tried[line.custom_id] = tried
            self._due_in(line, self._uniform(0.5, 2.0) * 2.0**tried)
        else:
            self._failed(line.custom_id, error)

    def _put_back(self, line: Line, retry_after: float | None, why: str) -> None:
        seconds = min(LONGEST_PAUSE_S, max(0.5, 5.0 if retry_after is None else retry_after))
        self.window.pause(seconds, why)
        self._due_in(line, seconds)

    def _due_in(self, line: Line, seconds: float) -> None:
        heapq.heappush(self._again, (self._clock() + seconds, line.number, line))


def failure(error: GroqCoreError) -> Failure:
    """
    Put an error into the words of the sink.

    >>> failure(RequestError("messages is empty", param="messages"))
    Failure(code='invalid_request', message='messages is empty')
    """
    message = f"{error.message} {error.hint}".strip()
    if isinstance(error, RequestError):
        return Failure(code=error.code or "invalid_request", message=message)
    if isinstance(error, ExtractionError):
        return Failure(code="does_not_fit", message=message)
    kind = error.kind if isinstance(error, ChainError) else None
    return Failure(code=str(kind or "failed"), message=message)


async def run_batch(batch: Batch, *, every_s: float = 1.0) -> AsyncGenerator[Progress, None]:
    """
    Run a batch and tell how far it is, every so often and once at the end.

    Leaving the generator early stops the run: what is under way is dropped, what is written stays.

    Raises (from the stream):
        RequestError, BatchStoppedError: See :meth:`Batch.run`.
    """
    running = asyncio.create_task(batch.run())
    try:
        while not running.done():
            yield batch.progress
            await asyncio.wait({running}, timeout=every_s)
        yield running.result()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await running
