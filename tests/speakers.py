"""Stand-ins for what is below a layer under test: handlers that speak as they are told, and a clock that obeys."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.events import AttemptFailed, AttemptStarted, Event, Events, Finished, TextDelta
from groq_core.models.spec import Capability, ModelSpec
from groq_core.pipeline import Attempt, Budget
from groq_core.requests import ChatRequest

CHAT = frozenset({Capability.CHAT})


class Clock:
    """Time that passes only when somebody sleeps or says so."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def spec(name: str, *capabilities: Capability) -> ModelSpec:
    """A model by ``provider:id`` that chats, and does what else is said."""
    provider, _, model = name.partition(":")
    return ModelSpec(id=model, provider=provider, capabilities=CHAT | set(capabilities), context_window=131072)


def request(text: str = "hi", **fields: object) -> ChatRequest:
    base = ChatRequest(messages=({"role": "user", "content": text},))
    return msgspec.structs.replace(base, **fields)


def attempt(
    of: ChatRequest | None = None, *, name: str = "groq:a", clock: Callable[[], float], **fields: object
) -> Attempt:
    budget = Budget(attempts=6, seconds=60, clock=clock)
    base = Attempt(request=of or request(), spec=spec(name), budget=budget)
    return msgspec.structs.replace(base, **fields)


def says(*texts: str) -> list[Event]:
    """A whole answer."""
    return [*map(TextDelta, texts), Finished()]


def fails(kind: Kind, *before: str, **fields: object) -> list[Event | ProviderError]:
    """An attempt that fails, after some text perhaps."""
    return [*map(TextDelta, before), ProviderError(kind, str(kind), **fields)]  # type: ignore[arg-type]


class Speaker:
    """
    A handler of attempts that follows a script per model and tells the story as `Observe` would.

    Args:
        scripts: For each ``provider:model`` what it does, one entry an attempt; the last one repeats for ever.
    """

    def __init__(self, **scripts: Iterable[Iterable[Event | ProviderError | asyncio.Event]]) -> None:
        self.scripts = defaultdict(deque, {name.replace("__", ":"): deque(map(list, s)) for name, s in scripts.items()})
        self.asked: list[str] = []
        self.attempts: list[Attempt] = []
        self.open = 0

    def script(self, name: str, *does: Iterable[Event | ProviderError]) -> Speaker:
        self.scripts[name] = deque(map(list, does))
        return self

    async def __call__(self, attempt: Attempt) -> Events:
        number = attempt.budget.take()
        name = attempt.spec.name
        self.asked.append(name)
        self.attempts.append(attempt)
        queue = self.scripts[name]
        steps = queue.popleft() if len(queue) > 1 else queue[0]
        yield AttemptStarted(number=number, provider=attempt.spec.provider, model=attempt.spec.id)
        self.open += 1
        try:
            for step in steps:
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, ProviderError):
                    raise self._failure(step, attempt, number)
                elif isinstance(step, Finished):
                    yield msgspec.structs.replace(
                        step, provider=attempt.spec.provider, model=attempt.spec.id, number=number
                    )
                else:
                    yield step
        finally:
            self.open -= 1

    def _failure(self, step: ProviderError, attempt: Attempt, number: int) -> ProviderError:
        error = ProviderError(
            step.kind,
            step.message,
            provider=attempt.spec.provider,
            model=attempt.spec.id,
            status=step.status,
            retry_after=step.retry_after,
            failed_generation=step.failed_generation,
            limit=step.limit,
            provider_wide=step.provider_wide,
        )
        error.attempt = AttemptFailed(
            number=number, provider=error.provider, model=error.model, kind=error.kind, message=error.message
        )
        return error
