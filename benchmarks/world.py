"""
Providers in this process: what they send is bytes and headers, what is wrong with them is switched on and off.

Above them stands everything that stands above a provider in the app, on one clock. Nothing is patched: the bytes are
read by our decoder, refusals by our classification.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from cachetools import TTLCache

from groq_core.errors import Kind, ProviderError
from groq_core.events import Event, Events
from groq_core.failures.classify import from_response
from groq_core.fallback.chain import FallbackChain
from groq_core.fallback.health import Health, LocalHealth
from groq_core.fallback.hedge import Hedging
from groq_core.fallback.run import ChainLimits
from groq_core.middleware.allowance import Allowances
from groq_core.middleware.breaker import Breaker
from groq_core.middleware.cache import Cache
from groq_core.middleware.deadline import Deadline
from groq_core.middleware.log import Log
from groq_core.middleware.observe import Observe
from groq_core.middleware.rate_guard import RateGuard
from groq_core.middleware.retry import Retry
from groq_core.middleware.spending import Spending
from groq_core.models.pricing import cost_usd
from groq_core.models.spec import Capability, ModelSpec
from groq_core.pipeline import Attempt, Handler, stack
from groq_core.ratelimit.budgets import LocalBudgets
from groq_core.ratelimit.estimates import Estimates
from groq_core.ratelimit.personal_limits import LocalLedger, People
from groq_core.requests import ChatRequest, Request, TranscriptionRequest
from groq_core.router.candidate import Candidate, Route
from groq_core.settings.limits import PersonLimit
from groq_core.streaming.decoder import StreamDecoder, read_completion
from groq_core.streaming.transcription import read_transcription
from groq_core.telemetry.metrics import Metrics

ABLE = frozenset({Capability.CHAT, Capability.VISION, Capability.TRANSCRIPTION, Capability.TOOLS})


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is wrong with a target.

    Attributes:
        kind: ``status``, ``refused`` (no connection), ``silent``, ``empty``, ``garbage``, ``cut``, ``stall`` or
            ``error`` (an event in the stream).
        status, headers, message, code: Of a refusal; of an ``error``, message and code.
        after: Characters of the answer sent before it happens.
    """

    kind: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    message: str = "no"
    code: str = ""
    after: int = 0


class World:
    """
    Everybody who can be asked, and what is wrong with them now.

    Args:
        names: ``provider:model`` in the order of the route.
        answer: What a healthy target says to a request.
        latency_s: Seconds to the first word of a healthy target.
        piece: Characters in a chunk of a stream.
    """

    def __init__(
        self,
        names: Iterable[str],
        answer: Callable[[Request], str],
        *,
        prefill: bool = False,
        latency_s: float = 0.05,
        piece: int = 9,
    ) -> None:
        can = ABLE | {Capability.PREFILL} if prefill else ABLE
        pairs = [name.split(":", 1) for name in names]
        self.specs = [
            ModelSpec(id=model, provider=provider, capabilities=can, context_window=131_072)
            for provider, model in pairs
        ]
        self.answer = answer
        self.latency_s = latency_s
        self.piece = piece
        self.faults: dict[str, Fault] = {}
        self.asked: list[tuple[str, str]] = []
        self.open = 0

    def healthy_providers(self) -> set[str]:
        """Those with nothing wrong with any of their models."""
        ill = {name.partition(":")[0] for name in self.faults}
        return {spec.provider for spec in self.specs} - ill

    async def __call__(self, attempt: Attempt) -> Events:
        self.asked.append((attempt.request.request_id, attempt.spec.name))
        self.open += 1
        try:
            fault = self.faults.get(attempt.spec.name)
            async for event in self._events(attempt, fault):
                yield event
        finally:
            self.open -= 1

    async def _events(self, attempt: Attempt, fault: Fault | None) -> AsyncIterator[Event]:
        if fault is not None and fault.kind == "refused":
            raise ProviderError(Kind.CONNECTION, "refused", provider_wide=True)
        if fault is not None and fault.kind == "silent":
            await asyncio.sleep(3600)
        await asyncio.sleep(self.latency_s)
        if fault is not None and fault.kind == "status":
            body = _complaint(fault)
            headers = dict(fault.headers)
            if attempt.on_headers is not None:
                attempt.on_headers(headers)
            raise from_response(fault.status, headers, body, now=1_800_000_000.0)
        if attempt.on_headers is not None:
            attempt.on_headers(self.headers_of(attempt.spec))
        text = self._text(attempt)
        match attempt.request:
            case TranscriptionRequest():
                for event in _transcript(text, fault):
                    yield event
            case ChatRequest(stream=False):
                for event in _whole(text, fault, self.usage(attempt.request)):
                    yield event
            case _:
                async for event in _stream_answer(text, fault, self.usage(attempt.request), self.piece):
                    yield event

    def headers_of(self, spec: ModelSpec) -> Mapping[str, str]:
        """What stands above a good answer."""
        return {}

    def usage(self, request: Request) -> dict[str, int]:
        """What a healthy target says it has read and written."""
        return {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}

    def _text(self, attempt: Attempt) -> str:
        """The whole answer, or the rest of one whose beginning was given."""
        text = self.answer(attempt.request)
        if not attempt.prefill or not isinstance(attempt.request, ChatRequest):
            return text
        return text.removeprefix(attempt.request.messages[-1]["content"])


def _complaint(fault: Fault | None) -> bytes:
    error = None if fault is None else {"message": fault.message, "code": fault.code or None}
    return json.dumps({"error": error}).encode()


def _chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + msgspec.json.encode({"id": "c", "model": "m", "choices": [choice], **more}) + b"\n\n"


async def _stream_answer(text: str, fault: Fault | None, usage: dict[str, int], piece: int) -> AsyncIterator[Event]:
    decoder = StreamDecoder()
    kind = "" if fault is None else fault.kind
    if kind == "garbage":
        for event in decoder.feed(b"data: <html>\n\ndata: {{{\n\n"):
            yield event
    elif kind != "empty":
        sent = text if fault is None else text[: fault.after]
        for at in range(0, len(sent), piece):
            for event in decoder.feed(_chunk({"content": sent[at : at + piece]})):
                yield event
        if kind == "stall":
            await asyncio.sleep(3600)
        if kind == "error":
            decoder.feed(b"data: " + _complaint(fault) + b"\n\n")
    if kind in ("", "empty"):
        for event in decoder.feed(_chunk({}, "stop", usage=usage) + b"data: [DONE]\n\n"):
            yield event
    for event in decoder.close():
        yield event


def _whole(text: str, fault: Fault | None, usage: dict[str, int]) -> list[Event]:
    kind = "" if fault is None else fault.kind
    if kind in ("cut", "stall"):
        raise ProviderError(Kind.STREAM_CUT, "the body broke off")
    if kind == "garbage":
        return read_completion(b"<html>")
    if kind == "error":
        return read_completion(_complaint(fault))
    message = {"role": "assistant", "content": "" if kind == "empty" else text}
    choice = {"message": message, "finish_reason": "stop"}
    return read_completion(msgspec.json.encode({"choices": [choice], "usage": usage}))


def _transcript(text: str, fault: Fault | None) -> list[Event]:
    kind = "" if fault is None else fault.kind
    if kind in ("cut", "stall"):
        raise ProviderError(Kind.STREAM_CUT, "the body broke off")
    if kind == "garbage":
        return read_transcription(b"<html>")
    if kind == "error":
        return read_transcription(_complaint(fault))
    return read_transcription(json.dumps({} if kind == "empty" else {"text": text, "duration": 3.0}).encode())


class House:
    """
    Everything that stands above a provider, as the app puts it together, on the running loop's clock.

    Args:
        uniform: Where jitter comes from.
        cache: Entries kept; 0 turns the cache off.
        people: What single people may use; None for no limits.
        hedge: Ask a second target beside one that is slower than it usually is.
        rpm: Our own ceiling for each target, in requests a minute.
        around: Who answers; the world itself by default.
    """

    def __init__(
        self,
        world: World,
        *,
        uniform: Callable[[float, float], float],
        attempts: int = 6,
        deadline_s: float = 60.0,
        cache: int = 0,
        around: Handler[Attempt] | None = None,
        people: Sequence[PersonLimit] | None = None,
        hedge: bool = False,
        rpm: int | None = None,
    ) -> None:
        clock = asyncio.get_running_loop().time
        self.world = world
        self.hedges = hedge
        self.metrics = Metrics()
        self.breakers = LocalHealth()
        self.health = Health(self.breakers, cooldown=15.0, clock=clock)
        self.budgets = LocalBudgets(rpm=rpm, clock=clock)
        self.people = People(people or (), LocalLedger(clock))
        route = Route(
            tier="speed", reason="speed: a plain chat", candidates=tuple(Candidate(spec=spec) for spec in world.specs)
        )
        attempt = stack(
            Breaker(self.health),
            Retry(uniform=uniform),
            RateGuard(self.budgets, Estimates(), retry_after_left=self.health.retry_after_left, clock=clock),
            Spending(self.people) if people is not None else None,
            Observe(self.metrics, price=cost_usd, clock=clock),
            Deadline(first=8.0, idle=10.0),
            around=around or world,
        )
        chain = FallbackChain(
            route=lambda request: route,
            attempt=attempt,
            health=self.health,
            metrics=self.metrics,
            limits=ChainLimits(attempts=attempts, deadline_s=deadline_s),
            hedging=Hedging(self.metrics, price=cost_usd, enabled=True, share=1.0, clock=clock) if hedge else None,
            clock=clock,
        )
        self.cache = Cache(TTLCache(cache, 600, timer=clock) if cache else None, self.metrics, clock=clock)
        self.log = Log(self.metrics, clock=clock)
        limits = [] if people is None else [Allowances(self.people)]
        self.handle = stack(self.log, *limits, self.cache, around=chain)
