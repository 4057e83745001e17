"""
Ask a second target beside a first that stays silent for longer than it usually does; the first word wins.

Off by default. It costs some requests twice, so there is a bound on how many; it never happens with tools, which
might act twice, and never after a fast error, which would only be repeated.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.events import CONTENT, AttemptFailed, AttemptStarted, Event, Events, Finished, Note, Usage
from groq_core.models.spec import ModelSpec
from groq_core.pipeline import Attempt, Handler
from groq_core.requests import ChatRequest
from groq_core.telemetry.metrics import Metrics

Price = Callable[[ModelSpec, Usage], float | None]

LEAST_SEEN = 20
"""Answers of a model before its 95th percentile means anything."""


class Hedging:
    """
    Decide about, run and account for second requests.

    Args:
        share: Second requests allowed, as a part of all that could have had one.
        enabled: For requests that do not say themselves (`ChatRequest.hedge`).
    """

    def __init__(
        self,
        metrics: Metrics,
        *,
        price: Price,
        enabled: bool = False,
        share: float = 0.05,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._metrics = metrics
        self._price = price
        self._enabled = enabled
        self._share = share
        self._clock = clock
        self.chances = 0
        self.made = 0

    def events(self, handle: Handler[Attempt], attempt: Attempt, second: ModelSpec | None) -> Events:
        """The attempt's events, or those of whichever of two attempts speaks first."""
        delay = self._delay(attempt, second)
        if delay is None or second is None:
            return handle(attempt)
        return self._race(handle, attempt, second, delay)

    def _delay(self, attempt: Attempt, second: ModelSpec | None) -> float | None:
        request = attempt.request
        wanted = self._enabled if request.hedge is None else request.hedge
        if not wanted or second is None or not isinstance(request, ChatRequest):
            return None
        if not request.stream or request.params.get("tools"):
            return None
        stats = self._metrics.of(attempt.spec.name)
        return stats.ttft_quantile(0.95) if len(stats.ttfts) >= LEAST_SEEN else None

    async def _race(self, handle: Handler[Attempt], attempt: Attempt, second: ModelSpec, delay: float) -> Events:
        self.chances += 1
        started = self._clock()
        first = _Runner(handle(attempt))
        runners = [first]
        try:
            hedged = False
            while True:
                for runner in runners:
                    while runner.story:
                        yield runner.story.pop(0)
                winner = next((runner for runner in runners if runner.ready), None)
                if winner is not None:
                    break
                alive = [runner for runner in runners if not runner.task.done()]
                if not alive:
                    raise runners[-1].failure or ProviderError(Kind.EMPTY_ANSWER, "the model sent nothing")
                waited = self._clock() - started
                may = not hedged and len(alive) == 1 and self.made + 1 <= self._share * self.chances + 1
                timeout = max(0.0, delay - waited) if may else None
                done = await first_change([*alive], timeout)
                if not done and may:
                    hedged = True
                    self.made += 1
                    beside = msgspec.structs.replace(attempt, spec=second, hedge=True, last=False)
                    runners.append(_Runner(handle(beside)))
                for runner in runners:
                    if runner.task.done() and runner.failure is not None and not runner.told and len(runners) > 1:
                        runner.told = True
                        if runner.failure.attempt is not None:
                            yield runner.failure.attempt
            for loser in runners:
                if loser is not winner and not loser.told:
                    await loser.stop()
                    if loser.started is not None:
                        yield self._losing_record(loser, attempt)
            for note in winner.notes:
                yield note
            async with aclosing(winner.rest()) as events:
                async for event in events:
                    yield event
        finally:
            for runner in runners:
                await runner.stop()

    def _losing_record(self, loser: _Runner, attempt: Attempt) -> AttemptFailed:
        """The loser's line in the receipt, with what its prompt will be billed at."""
        assert loser.started is not None
        spec = attempt.spec
        usage = Usage(prompt_tokens=attempt.request.needs.prompt_tokens)
        return AttemptFailed(
            number=loser.started.number,
            provider=loser.started.provider,
            model=loser.started.model,
            kind=Kind.TIMEOUT_FIRST_TOKEN,
            message="another target answered first",
            elapsed_s=self._clock() - loser.began,
            cancelled=True,
            cost_usd=self._price(spec, usage),
        )


class _Runner:
    """One attempt of a race: runs in a task until its first content, then stands still until it is read on."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self.story: list[Event] = []
        self.notes: list[Note] = []
        self.head: Event | None = None
        self.started: AttemptStarted | None = None
        self.failure: ProviderError | None = None
        self.told = False
        self.began = time.monotonic()
        self.task = asyncio.create_task(self._run())
        self.changed = asyncio.Event()

    @property
    def ready(self) -> bool:
        return self.head is not None

    async def _run(self) -> None:
        try:
            async for event in self._events:
                if isinstance(event, (*CONTENT, Finished)):
                    self.head = event
                    return
                if isinstance(event, AttemptStarted):
                    self.started = event
                if isinstance(event, Note):
                    self.notes.append(event)  # what was changed for it is told of its answer alone
                else:
                    self.story.append(event)
        except ProviderError as error:
            self.failure = error

    async def rest(self) -> Events:
        """The first content and all that follows."""
        if self.head is not None:
            yield self.head
        async with aclosing(self._events) as events:
            async for event in events:
                yield event

    async def stop(self) -> None:
        if not self.task.done():
            self.task.cancel()
            # `wait` and not `await`: the task's own cancellation is not ours.
            await asyncio.wait([self.task])
        await self._events.aclose()


async def first_change(runners: list[_Runner], timeout: float | None) -> bool:
    """Wait until one of them is done; False when ``timeout`` seconds passed first."""
    done, _ = await asyncio.wait(
        [runner.task for runner in runners], timeout=timeout, return_when=asyncio.FIRST_COMPLETED
    )
    return bool(done)
