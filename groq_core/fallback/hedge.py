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
from typing import TypeAlias

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.events import CONTENT, AttemptFailed, AttemptStarted, Event, Events, Finished, Usage
from groq_core.models.spec import ModelSpec
from groq_core.pipeline import Attempt, Handler
from groq_core.requests import ChatRequest
from groq_core.telemetry.metrics import Metrics

Price = Callable[[ModelSpec, Usage], float | None]
Lost = Callable[[ModelSpec, ProviderError], None]

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

    def events(self, handle: Handler[Attempt], attempt: Attempt, second: ModelSpec | None, lost: Lost) -> Events:
        """
        The attempt's events, or those of whichever of two attempts speaks first.

        Args:
            lost: Told of a failure that the other of the two outlives; the last one is raised.
        """
        delay = self._delay(attempt, second)
        if delay is None or second is None:
            return handle(attempt)
        return self._race(handle, attempt, second, delay, lost)

    def _delay(self, attempt: Attempt, second: ModelSpec | None) -> float | None:
        request = attempt.request
        wanted = self._enabled if request.hedge is None else request.hedge
        if not wanted or second is None or not isinstance(request, ChatRequest):
            return None
        if not request.stream or request.params.get("tools"):
            return None
        stats = self._metrics.of(attempt.spec.name)
        return stats.ttft_quantile(0.95) if len(stats.ttfts) >= LEAST_SEEN else None

    async def _race(
        self, handle: Handler[Attempt], attempt: Attempt, second: ModelSpec, delay: float, lost: Lost
    ) -> Events:
        self.chances += 1
        started = self._clock()
        told: asyncio.Queue[_Told] = asyncio.Queue()
        runners = [_Runner(handle(attempt), attempt.spec, told, self._clock)]
        try:
            winner: _Runner | None = None
            while winner is None:
                may = len(runners) == 1 and self.made + 1 <= self._share * self.chances + 1
                timeout = max(0.0, delay - (self._clock() - started)) if may else None
                try:
                    runner, what = await asyncio.wait_for(told.get(), timeout)
                except TimeoutError:
                    self.made += 1
                    beside = msgspec.structs.replace(attempt, spec=second, hedge=True, last=False)
                    runners.append(_Runner(handle(beside), second, told, self._clock))
                    continue
                if isinstance(what, Event):
                    yield what
                elif what is None:
                    winner = runner
                else:
                    runner.over = True
                    if all(one.over for one in runners) or not isinstance(what, ProviderError):
                        raise what
                    # The other may answer yet.
                    if what.attempt is not None:
                        yield what.attempt
                    lost(runner.spec, what)
            for loser in runners:
                if loser is not winner and not loser.over:
                    await loser.stop()
                    # What it told until now, its end among it, is part of the story too.
                    for event in loser.left_over(told):
                        yield event
                    if loser.open is not None:
                        yield self._losing_record(loser, loser.open, attempt)
            async with aclosing(winner.rest()) as events:
                async for event in events:
                    yield event
        finally:
            for runner in runners:
                await runner.stop()

    def _losing_record(self, loser: _Runner, begun: AttemptStarted, attempt: Attempt) -> AttemptFailed:
        """The loser's line in the receipt, with what its prompt will be billed at."""
        usage = Usage(prompt_tokens=attempt.request.needs.prompt_tokens)
        return AttemptFailed(
            number=begun.number,
            provider=begun.provider,
            model=begun.model,
            kind=Kind.TIMEOUT_FIRST_TOKEN,
            message="another target answered first",
            elapsed_s=self._clock() - loser.began,
            cancelled=True,
            cost_usd=self._price(loser.spec, usage),
        )


class _Runner:
    """
    One attempt of a race: runs in a task until its first content, then stands still until it is read on.

    Attributes:
        open: The upstream request that has begun and not ended, since ``began``.
        over: It failed.
    """

    def __init__(self, events: Events, spec: ModelSpec, told: asyncio.Queue[_Told], clock: Callable[[], float]) -> None:
        self.spec = spec
        self._events = events
        self._told = told
        self._clock = clock
        self._head: Event | None = None
        self.open: AttemptStarted | None = None
        self.over = False
        self.began = clock()
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            async for event in self._events:
                if isinstance(event, (*CONTENT, Finished)):
                    self._head = event
                    self._told.put_nowait((self, None))
                    return
                if isinstance(event, AttemptStarted):
                    self.open, self.began = event, self._clock()
                elif isinstance(event, AttemptFailed):
                    self.open = None
                self._told.put_nowait((self, event))
        except Exception as error:  # whatever it is, it is raised where the race is read
            self.open = None
            self._told.put_nowait((self, error))
        else:
            self._told.put_nowait((self, ProviderError(Kind.EMPTY_ANSWER, "the model sent nothing")))

    def left_over(self, told: asyncio.Queue[_Told]) -> list[Event]:
        """What it told that nobody has read."""
        found = [told.get_nowait() for _ in range(told.qsize())]
        events: list[Event] = []
        for runner, what in found:
            if runner is self and isinstance(what, Event):
                events.append(what)
            elif runner is self and isinstance(what, ProviderError) and what.attempt is not None:
                events.append(what.attempt)
        return events

    async def rest(self) -> Events:
        """The first content and all that follows."""
        if self._head is not None:
            yield self._head
        async with aclosing(self._events) as events:
            async for event in events:
                yield event

    async def stop(self) -> None:
        if not self._task.done():
            self._task.cancel()
            # `wait` and not `await`: the task's own cancellation is not ours.
            await asyncio.wait([self._task])
        await self._events.aclose()


_Told: TypeAlias = tuple[_Runner, Event | Exception | None]
"""An event of the story, how it failed, or nothing where the answer itself begins."""
