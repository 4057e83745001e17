"""
OpenTelemetry spans under the names of its GenAI conventions: one for a request, below it one for each upstream request.

Only where its SDK is configured (:mod:`groq_core.telemetry.span_export`); else no layer is added and nothing is spent.
Neither prompts nor answers nor keys become attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any, Final

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags

from groq_core.errors import ChainError, GroqCoreError, ProviderError, RequestError
from groq_core.events import AudioDelta, Events, Finished, ReasoningDelta, TextDelta, ToolCallDelta
from groq_core.pipeline import Attempt, Handler
from groq_core.redaction import redact
from groq_core.reply import Receipt
from groq_core.requests import ChatRequest, Request
from groq_core.telemetry.trace_context import CLIENT, TraceParent

CONTENT: Final = (TextDelta, ReasoningDelta, ToolCallDelta, AudioDelta)
PARAMETERS: Final[Mapping[str, str]] = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "max_tokens": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
}


class Tracing:
    """
    Two layers that share what they know: :meth:`request` outermost, :meth:`attempt` around each upstream request.

    Args:
        tracer: Makes the spans.
    """

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        self._open: dict[str, Span] = {}

    async def request(self, handle: Handler[Request], request: Request) -> Events:
        """Span of a whole request: its route, who answered, what it took."""
        client = CLIENT.get()
        span = self._tracer.start_span(
            f"{request.needs.operation} {_named(request.model)}",
            context=_within(client.parent) if client.parent else context.get_current(),
            kind=SpanKind.SERVER if client.parent else SpanKind.INTERNAL,
            attributes={**_asked(request, _named(request.model)), "groq_core.request_id": request.request_id},
        )
        self._open[request.request_id] = span
        receipt = Receipt()
        try:
            async with aclosing(handle(request)) as events:
                async for event in events:
                    if not isinstance(event, CONTENT):
                        receipt.note(event)
                    yield event
        except GroqCoreError as error:
            _fail(span, _kind_of(error))
            raise
        finally:
            if self._open.get(request.request_id) is span:  # the parts of one recording share their request's id
                del self._open[request.request_id]
            span.set_attributes(_story(receipt))
            span.end()

    async def attempt(self, handle: Handler[Attempt], attempt: Attempt) -> Events:
        """Span of one upstream request."""
        spec, parent = attempt.spec, self._open.get(attempt.request.request_id)
        span = self._tracer.start_span(
            f"{attempt.request.needs.operation} {spec.id}",
            context=trace.set_span_in_context(parent) if parent is not None else context.get_current(),
            kind=SpanKind.CLIENT,
            attributes={**_asked(attempt.request, spec.id), "gen_ai.provider.name": spec.provider},
        )
        try:
            async with aclosing(handle(attempt)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        span.set_attributes(_ended(event))
                    yield event
        except ProviderError as error:
            if error.status is not None:
                span.set_attribute("http.response.status_code", error.status)
            _fail(span, str(error.kind))
            raise
        finally:
            span.end()


def _named(model: str) -> str:
    """A model as its caller names it, who may have put anything there."""
    return redact(model)[:128]


def _within(parent: TraceParent) -> context.Context:
    """The client's span as the one to stand below."""
    flags = TraceFlags(TraceFlags.SAMPLED if parent.sampled else TraceFlags.DEFAULT)
    above = SpanContext(int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(above))


def _asked(request: Request, model: str) -> dict[str, Any]:
    asked: dict[str, Any] = {"gen_ai.operation.name": request.needs.operation, "gen_ai.request.model": model}
    if isinstance(request, ChatRequest):
        for name, attribute in PARAMETERS.items():
            if isinstance(value := request.params.get(name), int | float) and not isinstance(value, bool):
                asked[attribute] = value
    return asked


def _ended(event: Finished) -> dict[str, Any]:
    told: dict[str, Any] = {
        "gen_ai.response.model": event.model,
        "gen_ai.response.finish_reasons": (event.finish_reason,),
    }
    if event.usage is not None:
        told["gen_ai.usage.input_tokens"] = event.usage.prompt_tokens
        told["gen_ai.usage.output_tokens"] = event.usage.completion_tokens
    if event.ttft_s is not None:
        told["gen_ai.response.time_to_first_chunk"] = event.ttft_s
    return told


def _story(receipt: Receipt) -> dict[str, Any]:
    told: dict[str, Any] = {
        "groq_core.tier": receipt.tier,
        "groq_core.cache": receipt.cache,
        "groq_core.attempts": sum(one.outcome != "skipped" for one in receipt.attempts),
        "groq_core.degraded": receipt.degraded,
    }
    if receipt.finished is not None:
        told |= _ended(receipt.finished)
    if receipt.served_by is not None:
        told["gen_ai.provider.name"] = receipt.served_by["provider"]
    if receipt.cost_usd is not None:
        told["groq_core.cost_usd"] = receipt.cost_usd
    return told


def _fail(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)


def _kind_of(error: GroqCoreError) -> str:
    """One word; messages may quote what was asked."""
    if isinstance(error, RequestError):
        return error.code or str(error.status)
    if isinstance(error, ChainError) and error.kind:
        return str(error.kind)
    return type(error).__name__
