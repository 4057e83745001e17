"""One line for every request, written when its stream ends, breaks or is left: who, how long, which attempts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import msgspec

from groq_core.errors import ChainError, GroqCoreError, RequestError
from groq_core.events import (
    AttemptSkipped,
    AudioDelta,
    Degraded,
    Event,
    Events,
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from groq_core.pipeline import Handler
from groq_core.reply import Receipt
from groq_core.requests import Request
from groq_core.telemetry.metrics import Metrics
from groq_core.telemetry.trace_context import CLIENT

logger = logging.getLogger("groq_core.request")

_SPOKEN = frozenset({TextDelta, ReasoningDelta, ToolCallDelta, AudioDelta})

_UNUSUAL = frozenset({AttemptSkipped, Degraded})
"""What is counted of a story beside how long it took and who answered."""


def _has_readers() -> bool:
    """Whether anybody wants to read how requests went."""
    return logger.isEnabledFor(logging.INFO)


class Asking(msgspec.Struct, frozen=True):
    """
    Somebody whose request is under way.

    Attributes:
        person: Their name, where it is known.
        user: Names the program or visitor otherwise, see :class:`groq_core.requests.Caller`.
        model: What was asked for.
        since: Unix time in seconds.
    """

    person: str
    user: str
    operation: str
    model: str
    since: float


class Log:
    """
    The outermost layer: counts what is under way, times the whole, and writes the line.

    Neither a prompt nor an answer nor a key goes into it: names of models, kinds of failures, numbers.
    """

    def __init__(
        self,
        metrics: Metrics,
        *,
        clock: Callable[[], float] = time.monotonic,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._metrics = metrics
        self._clock = clock
        self._changed = changed
        self._running: dict[object, tuple[Request, float]] = {}
        metrics.inflight.set_function(lambda: len(self._running))

    @property
    def under_way(self) -> int:
        """How many requests are."""
        return len(self._running)

    def asking(self) -> list[Asking]:
        """Who asks now, longest first."""
        now, clock = time.time(), self._clock()
        return [
            Asking(one.caller.person, one.caller.user, one.needs.operation, one.model, now - (clock - started))
            for one, started in self._running.values()
        ]

    async def __call__(self, handle: Handler[Request], request: Request) -> Events:
        story: list[tuple[Event, float]] = []
        clock = self._clock
        started = clock()
        outcome, error = "cancelled", ""
        finished: Finished | None = None
        self._metrics.requests += 1
        mark = object()
        self._running[mark] = request, started
        try:
            events = handle(request)
            try:
                async for event in events:
                    if type(event) not in _SPOKEN:
                        story.append((event, clock() - started))
                        if type(event) is Finished:
                            outcome, finished = "answered", event
                    yield event
            finally:
                await events.aclose()
        except RequestError as failure:
            outcome, error = "refused", failure.code or str(failure.status)
            raise
        except GroqCoreError as failure:
            outcome = "failed"
            error = str(failure.kind) if isinstance(failure, ChainError) and failure.kind else type(failure).__name__
            raise
        finally:
            del self._running[mark]
            elapsed = clock() - started
            if finished is not None and _UNUSUAL.isdisjoint([type(told) for told, _ in story]) and not _has_readers():
                self._time(request, finished.provider, finished.model, error, elapsed)
            else:
                self._fold(request, story, outcome, error, elapsed)
            self._changed()

    def _time(self, request: Request, provider: str, model: str, error: str, elapsed: float) -> None:
        # A model's id comes from the caller, who may have put anything into it.
        labels = request.needs.operation, provider, self._metrics.label(model if provider else ""), error
        self._metrics.operation_duration.labels(*labels).observe(elapsed)

    def _fold(
        self, request: Request, story: list[tuple[Event, float]], outcome: str, error: str, elapsed: float
    ) -> None:
        """Count what the story tells, and write it down."""
        receipt = Receipt()
        for told, at in story:
            receipt.note(told, at)
        if outcome == "answered" and receipt.degraded:
            outcome = "degraded"
        self._write(request, receipt, outcome, error, elapsed)

    def _write(self, request: Request, receipt: Receipt, outcome: str, error: str, elapsed: float) -> None:
        label = self._metrics.label  # a model id comes from the caller, who may have put anything into it
        served = receipt.served_by or {"provider": "", "model": ""}
        self._time(request, served["provider"], served["model"], error, elapsed)
        for record in receipt.close_attempts():
            if record.outcome == "skipped":
                self._metrics.attempts.labels(record.provider, label(record.model), "skipped", record.error or "").inc()
        if not _has_readers():
            return
        usage = receipt.finished.usage if receipt.finished else None
        client = CLIENT.get()
        logger.info(
            "%s %s in %.3f s",
            request.needs.operation,
            outcome,
            elapsed,
            extra={
                "request_id": request.request_id,
                "client_request_id": client.request_id,
                "trace_id": client.parent.trace_id if client.parent else "",
                "operation": request.needs.operation,
                "outcome": outcome,
                "error": error,
                "elapsed_s": round(elapsed, 4),
                "credential": request.caller.credential.partition(":")[0],
                "tier": receipt.tier,
                "cache": receipt.cache,
                "served_by": f"{served['provider']}:{label(served['model'])}" if served["provider"] else "",
                "tokens_in": usage.prompt_tokens if usage else 0,
                "tokens_out": usage.completion_tokens if usage else 0,
                "cost_usd": receipt.cost_usd,
                "attempts": [
                    f"{one.provider}:{label(one.model)} {one.outcome}"
                    f"{f' {one.error}' if one.error else ''} {one.elapsed_s or 0:g}s"
                    for one in receipt.close_attempts()
                ],
            },
        )
