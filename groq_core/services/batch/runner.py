"""
Run a batch: ask line after line at the highest rate the limits allow, and write down what each came to.

A line is settled once: it has an answer, or it has failed for good. A line that nobody could answer *now*,
since the limits are spent or every model rests, is put back and asked again when they are not. A line that fails
while others are answered is at fault itself: it is asked once more, after all others, and then given up; so is one
that is told to wait over and over while others are not.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import nullcontext, suppress
from typing import Final

import msgspec

from groq_core.errors import ChainError, ExtractionError, GroqCoreError, Kind, RequestError
from groq_core.services.batch.line_answers import Answerer, BatchAnswer
from groq_core.services.batch.line_queue import LineQueue, Shares
from groq_core.services.batch.lines import Entry, Line, LineFault, Operation
from groq_core.services.batch.progress import Progress, ProgressMeter
from groq_core.services.batch.reconcile import Reconciled, reconcile
from groq_core.services.batch.sink import SYNC_S, Sink, failure
from groq_core.services.batch.window import Window, WindowTurn

WAITED_OUT: Final = frozenset({Kind.RATE_LIMITED, Kind.BUDGET, Kind.RESTING, Kind.OVER_CAPACITY})
"""Failures that say "not now": while they come to all lines alike, the line is asked again, however often."""

REFUSED: Final = frozenset({Kind.RATE_LIMITED, Kind.OVER_CAPACITY})
"""Those of them that a provider says of one request, and so perhaps of this line alone."""

OWN_WAITS, LAST_WAITS = 2, 2
"""Times a line is told to wait while others are answered before it is put behind all of them; and times it is told so
there, with nobody beside it, before it is given up."""

BEHIND_S: Final = 0.2
"""Seconds that a line which was put back lets others go first, so that it never is the only one that is asked."""

HOPELESS: Final = frozenset({Kind.AUTH, Kind.QUOTA_EXHAUSTED, Kind.TERMS_REQUIRED, Kind.NOT_PERMITTED})
"""Failures that will meet every line alike until a person mends them."""

LONGEST_PAUSE_S: Final = 300.0
"""Seconds after which it is tried again, however long the limits are said to be spent."""

LOOK_S, LONGEST_LOOK_S = 1.0, 60.0
"""Seconds after which one line finds out whether a resting model is back: at first, and when it often was not. One
broken line can bring a model to rest, and the others need not sit it out."""

UNSURE_S: Final = 0.5

OWN_TRIES: Final = 2
"""Times a line is asked that fails while others are answered."""


class BatchStoppedError(GroqCoreError):
    """The batch stopped early because every further line would fail alike; what is done is kept."""


class _Tried(msgspec.Struct):
    """
    How often a line has failed.

    Attributes:
        own: On its own, while others were answered.
        shared: When nobody was answered.
        waits: Times it was told to wait while others were answered, or with nobody beside it.
        answers: How many others had been answered when it was told so the last time.
    """

    own: int = 0
    shared: int = 0
    waits: int = 0
    answers: int | None = None


class BatchRun:
    """
    One run over a source.

    Args:
        entries: The lines, read as they are needed; of a million only a few hundred are in memory. Where they can
            be iterated anew (a :class:`LineSource`, a list), what the sink holds is first held against them, see
            :func:`reconcile`.
        sink: Open; lines it holds already are passed over.
        answerers: Who answers which operation.
        total: Lines in the source, where somebody has counted.
        most: Lines under way at most.
        shares: Where other runs ask lines of the same source too, and each is to be asked by one of them.
        own: Ids of lines that are asked here whosever they are.
        tries: Times a line is put through the chain while nobody is answered before it counts as failed, not
            counting those that ended because limits were spent.

    Raises:
        RequestError: ``most`` or ``tries`` is less than 1.

    Attributes:
        window: How many lines are under way.
        reconciled: What became of the answers of earlier runs.
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        sink: Sink,
        answerers: Mapping[Operation, Answerer],
        *,
        total: int | None = None,
        most: int = 96,
        shares: Shares | None = None,
        own: Collection[str] = (),
        tries: int = 5,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        if most < 1 or tries < 1:
            raise RequestError(f"{min(most, tries)} lines under way, or tries of one, are none", param="most")
        self.window = Window(most, clock=clock, sleep=sleep)
        self._queue = LineQueue(entries, sink, shares=shares, own=own, clock=clock)
        self._entries = entries
        self._sink = sink
        self._answerers = answerers
        self._total = total
        self._shares = shares
        self._tries = tries
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._tried: dict[str, _Tried] = {}
        self._answers = 0
        self._under_way = 0
        self._silences = 0
        self.reconciled = Reconciled()
        self._moved = asyncio.Event()
        self._stopping = False
        self._hopeless: ChainError | None = None
        self._meter = ProgressMeter(clock)
        self._started = clock()
        self._resumed = len(sink)
        self._truncated = self._tokens_in = self._tokens_out = 0
        self._usd: float | None = 0.0

    # ── from outside ─────────────────────────────────────────────────────────────────────────────────

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        settled = self._sink.answered + self._sink.failed
        duplicates = self._queue.duplicates
        elsewhere = max(0, (self._total or 0) - settled - duplicates) if self._queue.is_shared_out else 0
        rate = self._meter.per_min()
        known = self._queue.rows
        rows = self._total if known is None else known
        left = None if rows is None else max(0, rows - settled - duplicates - elsewhere)
        paused = self.window.pause_s
        return Progress(
            done=self._sink.answered,
            failed=self._sink.failed,
            resumed=self._resumed,
            duplicates=duplicates,
            elsewhere=elsewhere,
            truncated=self._truncated,
            total=rows,
            in_flight=self.window.in_flight,
            again=self._queue.waiting,
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
            RequestError: The source cannot be read on, or the sink cannot be written on.
            BatchStoppedError: The key is not accepted, or the account may not spend more.
        """
        if not self._queue.is_read_once:
            self.reconciled = await asyncio.to_thread(reconcile, self._sink, self._entries)
            self._resumed = len(self._sink)
        syncing = asyncio.create_task(self._sync())
        try:
            async with self._shares or nullcontext(), asyncio.TaskGroup() as group:
                while (started := await self._next()) is not None:
                    group.create_task(self._settle(*started))
        except BaseExceptionGroup as errors:
            # What `except*` raises anew is put into another group by Python 3.11.0 to 3.11.3.
            expected, bugs = errors.split(GroqCoreError)
            if expected is None or bugs is not None:
                raise
            raise _first(expected) from None
        finally:
            syncing.cancel()
            with suppress(asyncio.CancelledError, GroqCoreError):
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

    async def _next(self) -> tuple[Line, WindowTurn] | None:
        """The next line and its turn, as soon as there is room for it; None at the end."""
        while not self._stopping:
            turn = await self.window.enter()
            line = None if self._stopping else await self._take()
            if line is not None:
                return line, turn
            self.window.leave(turn, answered=False)
            if self.window.in_flight or self._queue.due_s is not None:
                await self._moves()
            elif self._queue.is_unsure:
                await self._sleep(UNSURE_S)  # another run may leave lines behind, or nobody can say whose they are
            else:
                return None
        return None

    async def _take(self) -> Line | None:
        """The next line that can be asked; those with a fault are settled on the way."""
        while isinstance(entry := await self._queue.take(), LineFault):
            self._record_failure(entry, entry.error)
        return entry

    async def _moves(self) -> None:
        """Wait until a line ends, or one that was put back is due."""
        self._moved.clear()
        due_s = self._queue.due_s
        waiting = asyncio.ensure_future(self._moved.wait())
        due = [asyncio.ensure_future(self._sleep(due_s))] if due_s is not None else []
        try:
            await asyncio.wait([waiting, *due], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waiting, *due):
                task.cancel()

    # ── what a line comes to ─────────────────────────────────────────────────────────────────────────

    async def _settle(self, line: Line, turn: WindowTurn) -> None:
        answered, before = False, self._answers
        self._under_way += 1
        try:
            answer = await self._answerers[line.operation](line, turn.wait)
            answered = True
            self._answer(line, answer)
        except RequestError as error:
            if error.status == 429:
                self._put_back(line, error.retry_after, error.message)
            else:
                self._record_failure(line, error)
        except ChainError as error:
            self._pause_or_fail(line, error, before)
        except ExtractionError as error:
            self._spend(error.cost_usd)
            self._record_failure(line, error)
        finally:
            self._under_way -= 1
            self.window.leave(turn, answered=answered)
            self._moved.set()

    def _answer(self, line: Line, answer: BatchAnswer) -> None:
        self._answers += 1
        self._silences = 0
        body = {**answer.body, "simulated": True} if line.simulated else answer.body
        self._sink.answer(line.custom_id, body, key=line.key, request_id=answer.request_id)
        self._queue.settle(line)
        self._tried.pop(line.custom_id, None)
        self._tokens_in += answer.tokens_in
        self._tokens_out += answer.tokens_out
        self._spend(answer.usd)
        self._truncated += answer.truncated
        self._meter.count()

    def _spend(self, usd: float | None) -> None:
        self._usd = None if self._usd is None or usd is None else self._usd + usd

    def _record_failure(self, entry: Entry, error: GroqCoreError) -> None:
        self._sink.fail(entry.custom_id, failure(error), key=entry.key)
        self._queue.settle(entry)
        self._tried.pop(entry.custom_id, None)
        self._meter.count()

    def _pause_or_fail(self, line: Line, error: ChainError, before: int) -> None:
        """
        Nobody answered: stop, wait and ask again, or give the line up.

        Args:
            before: How many had been answered when it was asked.
        """
        kinds = {failed.kind for failed in error.failures}
        if kinds and kinds <= HOPELESS:
            self._hopeless = error
            self.stop()
        elif kinds <= WAITED_OUT:
            seconds = self._patience(kinds, error)
            if not (kinds & REFUSED and self._waits_alone(line, error, seconds, before)):
                self._put_back(line, seconds, error.message)
        else:
            self._give_up_or_try(line, error, alone=self._answers > before)

    def _waits_alone(self, line: Line, error: ChainError, seconds: float | None, before: int) -> bool:
        """Whether a line is told to wait again and again though others are answered; then it waits behind them all."""
        if _bounded(seconds) >= LONGEST_PAUSE_S:
            return False  # so long a wait is for what a day allows, which all have spent
        tried = self._tried.setdefault(line.custom_id, _Tried())
        last = before if tried.answers is None else tried.answers
        tried.waits += tried.waits >= OWN_WAITS or self._answers > last or self._is_only()
        tried.answers = self._answers
        if tried.waits < OWN_WAITS:
            return False
        if tried.waits == OWN_WAITS:
            self._queue.put_last(line)
        elif tried.waits < OWN_WAITS + LAST_WAITS:
            self._queue.put_back(line, _bounded(seconds))
        else:
            self._record_failure(line, error)
        return True

    def _patience(self, kinds: set[Kind], error: ChainError) -> float | None:
        """How long to wait: as the limits say; where only a rest is in the way, a moment at first."""
        if kinds != {Kind.RESTING}:
            return error.retry_after
        self._silences += 1
        look = min(LONGEST_LOOK_S, LOOK_S * 2.0 ** (self._silences - 1))
        return look if error.retry_after is None else min(look, error.retry_after)

    def _is_only(self) -> bool:
        """All others are done with, some of them in this run, so that nobody spends what this one is refused."""
        return self._queue.is_drained and self._answers > 0 and self._under_way <= 1

    def _give_up_or_try(self, line: Line, error: ChainError, *, alone: bool) -> None:
        tried = self._tried.setdefault(line.custom_id, _Tried())
        # Once a line has failed beside others that did not, it is the last of all, with nobody beside it.
        if alone or tried.own:
            tried.own += 1
            if tried.own >= OWN_TRIES:
                self._record_failure(line, error)
            else:
                self._queue.put_last(line)
        elif (shared := tried.shared + 1) < self._tries:
            tried.shared = shared
            seconds = self._uniform(0.5, 2.0) * 2.0**shared
            self.window.pause(seconds, error.message)
            self._queue.put_back(line, seconds)
        else:
            self._record_failure(line, error)

    def _put_back(self, line: Line, retry_after: float | None, why: str) -> None:
        seconds = _bounded(retry_after)
        self.window.pause(seconds, why)
        self._queue.put_back(line, seconds + BEHIND_S)


def _bounded(retry_after: float | None) -> float:
    """Seconds to wait, however long the limits are said to be spent."""
    return min(LONGEST_PAUSE_S, max(0.5, 5.0 if retry_after is None else retry_after))


def _first(errors: BaseExceptionGroup[GroqCoreError]) -> GroqCoreError:
    """One error for all the lines that met it; a full disk is met by each that is answered."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, GroqCoreError), "the group holds nothing else"
    return error


async def run_batch(batch: BatchRun, *, every_s: float = 1.0) -> AsyncGenerator[Progress, None]:
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
