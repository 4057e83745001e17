"""Time one upstream request, number it, and tell its story."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from groq_core.errors import ProviderError
from groq_core.events import (
    CONTENT_KINDS,
    AttemptFailed,
    AttemptStarted,
    Events,
    Finished,
    TextDelta,
    Usage,
)
from groq_core.models.spec import ModelSpec
from groq_core.pipeline import Attempt, Handler
from groq_core.requests import BYTES_PER_TOKEN, Request, SpeechRequest, TranscriptionRequest
from groq_core.telemetry.metrics import Metrics

Price = Callable[[ModelSpec, Usage], float | None]


class Observe:
    """
    The innermost layer above the deadline: what passes here is exactly one request on the wire.

    It takes the attempt from the budget, fills in what only a watcher knows (`Finished.ttft_s` and its kin),
    and hangs the finished :class:`AttemptFailed` on a failure for those above to tell.
    """

    def __init__(
        self,
        metrics: Metrics,
        *,
        price: Price,
        clock: Callable[[], float] = time.monotonic,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._metrics = metrics
        self._price = price
        self._clock = clock
        self._changed = changed

    async def __call__(self, handle: Handler[Attempt], attempt: Attempt) -> Events:
        spec, clock = attempt.spec, self._clock
        label = self._metrics.label(spec.id)
        number = attempt.budget.take()
        stats = self._metrics.of(spec.name)
        stats.attempts += 1
        stats.inflight += 1
        started = clock()
        ttft: float | None = None
        size = 0
        outcome, kind = "cancelled", ""
        finished: Finished | None = None

        self._changed()
        try:
            yield AttemptStarted(number=number, provider=spec.provider, model=spec.id, hedge=attempt.hedge)
            events = handle(attempt)
            try:
                async for event in events:
                    if ttft is None and type(event) in CONTENT_KINDS:
                        ttft = clock() - started
                        stats.ttfts.append(ttft)
                    if type(event) is TextDelta:
                        size += len(event.text)
                    elif type(event) is Finished:
                        outcome = "answered"
                        stats.answered += 1
                        event = finished = self._complete(event, attempt, number, ttft, clock() - started)
                    yield event
            finally:
                await events.aclose()
        except ProviderError as error:
            outcome, kind = "failed", error.kind
            stats.failed += 1
            error.provider, error.model = spec.provider, spec.id
            if attempt.bypass is not None:
                size += sum(map(len, attempt.bypass.words))
            error.attempt = AttemptFailed(
                number=number,
                provider=spec.provider,
                model=spec.id,
                kind=error.kind,
                message=error.message,
                status=error.status,
                retry_after_s=error.retry_after,
                ttft_s=ttft,
                elapsed_s=clock() - started,
                tokens_out=size // BYTES_PER_TOKEN,
            )
            raise
        finally:
            stats.inflight -= 1
            # Only now: whoever waits for the words waits for none of it.
            self._metrics.attempts.labels(spec.provider, label, outcome, kind).inc()
            if ttft is not None:
                self._metrics.time_to_first_token.labels(spec.provider, label).observe(ttft)
            if finished is not None:
                self._count(finished, spec, label)
            self._changed()

    def _count(self, finished: Finished, spec: ModelSpec, label: str) -> None:
        if finished.unread:
            self._metrics.unread.labels(spec.provider, label).inc(finished.unread)
        if (usage := finished.usage) is not None:
            tokens = self._metrics.token_usage
            tokens.labels(spec.provider, label, "input").inc(usage.prompt_tokens)
            tokens.labels(spec.provider, label, "output").inc(usage.completion_tokens)
            if usage.tokens_per_s is not None:
                self._metrics.of(spec.name).tokens_per_s = usage.tokens_per_s

    def _complete(self, event: Finished, attempt: Attempt, number: int, ttft: float | None, elapsed: float) -> Finished:
        spec, usage = attempt.spec, usage_of(event.usage, attempt.request)
        cost = self._price(spec, usage) if usage else None
        if cost:
            attempt.budget.spent_usd += cost
        return msgspec.structs.replace(
            event,
            usage=usage,
            provider=spec.provider,
            model=event.model or spec.id,
            number=number,
            ttft_s=ttft,
            elapsed_s=elapsed,
            cost_usd=cost,
        )


def usage_of(usage: Usage | None, request: Request) -> Usage | None:
    """Audio and speech come without usage; what they are billed by is known from the request."""
    match request:
        case TranscriptionRequest(duration_s=seconds) if seconds > 0:
            return msgspec.structs.replace(usage or Usage(), audio_s=seconds)
        case SpeechRequest(text=text):
            return msgspec.structs.replace(usage or Usage(), characters=len(text))
        case _:
            return usage
