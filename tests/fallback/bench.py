"""A chain of three targets over a scripted speaker, and how its stories are read."""

from __future__ import annotations

from contextlib import aclosing

from groq_core.errors import Kind
from groq_core.events import (
    AttemptFailed,
    Event,
)
from groq_core.fallback.chain import FallbackChain
from groq_core.fallback.health import Health, LocalHealth
from groq_core.fallback.run import ChainLimits
from groq_core.middleware.breaker import Breaker
from groq_core.models.spec import Capability
from groq_core.pipeline import stack
from groq_core.reply import Reply
from groq_core.requests import ChatRequest
from groq_core.router.candidate import Candidate, Route
from groq_core.telemetry.metrics import Metrics
from tests.speakers import Clock, Speaker, request, spec

A, B, C = "groq:a", "groq:b", "openai:c"


class Bench:
    """A chain of three targets (two of Groq's, one backup) over a scripted speaker."""

    def __init__(
        self, speaker: Speaker, *, prefill: tuple[str, ...] = (), degrade: str = "error", **limits: float
    ) -> None:
        self.speaker = speaker
        self.clock = Clock()
        self.health = Health(LocalHealth(), cooldown=15, clock=self.clock)
        self.metrics = Metrics()
        specs = [spec(name, *([Capability.PREFILL] if name in prefill else [])) for name in (A, B, C)]
        route = Route(tier="speed", reason="speed: a plain chat", candidates=tuple(Candidate(spec=s) for s in specs))
        self.chain = FallbackChain(
            route=lambda request: route,
            attempt=stack(Breaker(self.health), around=speaker),
            health=self.health,
            metrics=self.metrics,
            limits=ChainLimits(**limits),  # type: ignore[arg-type]
            degrade=degrade,  # type: ignore[arg-type]
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    async def ask(self, of: ChatRequest | None = None) -> list[Event]:
        async with aclosing(self.chain(of or request())) as events:
            return [event async for event in events]


def text(events: list[Event]) -> str:
    reply = Reply()
    for event in events:
        reply.apply(event)
    return reply.text


def kinds(events: list[Event]) -> list[Kind]:
    return [event.kind for event in events if isinstance(event, AttemptFailed)]
