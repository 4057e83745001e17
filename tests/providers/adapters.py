"""Both adapters, each over our wire and through its own SDK, and what they are asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeAlias

import openai
import pytest

from groq_core.errors import ProviderError
from groq_core.events import (
    Event,
    Finished,
    TextDelta,
)
from groq_core.models.spec import Capability, ModelSpec
from groq_core.pipeline import Attempt, Budget
from groq_core.providers.common import SdkProvider
from groq_core.providers.groq import GroqProvider
from groq_core.providers.openai_compatible import OpenAICompatibleProvider
from groq_core.providers.transport import CookielessClient
from groq_core.redaction import Secret
from groq_core.requests import ChatRequest, Request, TranscriptionRequest

C = Capability
SPEC = ModelSpec(id="m", capabilities=frozenset({C.CHAT, C.TOOLS}), max_output=1000)
SEEING = ModelSpec(id="eye", capabilities=frozenset({C.CHAT, C.VISION}), max_output=1000)
THINKING = ModelSpec(id="qwen/q", capabilities=frozenset({C.CHAT, C.REASONING}), efforts=("low", "medium", "high"))
SPEAKING = ModelSpec(id="voice", capabilities=frozenset({C.SPEECH}), voices=("autumn", "troy"))
HELLO = ChatRequest(messages=({"role": "user", "content": "hello"},))
AUDIO = TranscriptionRequest(audio=b"RIFF" + bytes(200_000), filename="speech.wav", duration_s=2.5)

LIMITED = {
    "error": {
        "message": "Rate limit reached for model `m` in organization `org_01k0cr3hcdehfb2mcy22cp8p3y` on tokens per "
        "minute (TPM): Limit 6000, Used 5914, Requested 709. Please try again in 6.23s.",
        "type": "tokens",
        "code": "rate_limit_exceeded",
    }
}

Connect: TypeAlias = Callable[..., Any]


@asynccontextmanager
async def groq_at(url: str, **options: Any) -> AsyncIterator[GroqProvider]:
    provider = GroqProvider(options.pop("api_key", Secret("gsk_server_key")), url, **options)
    try:
        yield provider
    finally:
        await provider.close()


@asynccontextmanager
async def openai_at(url: str, **options: Any) -> AsyncIterator[OpenAICompatibleProvider]:
    provider = OpenAICompatibleProvider(options.pop("api_key", Secret("sk-server-key")), url + "/v1", **options)
    try:
        yield provider
    finally:
        await provider.close()


def groq_by_sdk(url: str, **options: Any) -> Any:
    """As behind a proxy: everything through the SDK's client."""
    return groq_at(url, http_client=CookielessClient(), **options)


def openai_by_sdk(url: str, **options: Any) -> Any:
    return openai_at(url, http_client=openai.DefaultAioHttpClient(), **options)


def attempt(request: Request = HELLO, spec: ModelSpec = SPEC) -> Attempt:
    return Attempt(request=request, spec=spec, budget=Budget(attempts=1, seconds=60))


async def events_of(provider: SdkProvider, request: Request = HELLO, spec: ModelSpec = SPEC) -> list[Event]:
    async with aclosing(provider(attempt(request, spec))) as events:
        return [event async for event in events]


async def failure_of(
    provider: SdkProvider, request: Request = HELLO, spec: ModelSpec = SPEC
) -> tuple[str, ProviderError]:
    """What was heard before it broke, and how it broke."""
    heard: list[Event] = []
    try:
        async with aclosing(provider(attempt(request, spec))) as events:
            async for event in events:
                heard.append(event)  # noqa: PERF401 - a comprehension would lose what came before the failure
    except ProviderError as error:
        assert not any(isinstance(event, Finished) for event in heard)
        return text_of(heard), error
    pytest.fail(f"nothing broke: {heard}")


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))
