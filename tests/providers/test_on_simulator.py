"""The adapters against the simulator: every living model, every named refusal, every way a stream can break."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.events import AudioDelta, Event, Finished, TextDelta
from groq_core.models.registry import MODELS
from groq_core.models.spec import Capability, ModelSpec
from groq_core.pipeline import Attempt, Budget
from groq_core.providers.common import SdkProvider
from groq_core.providers.groq import GroqProvider
from groq_core.providers.openai_compatible import OpenAICompatibleProvider
from groq_core.redaction import Secret
from groq_core.reply import Reply
from groq_core.requests import ChatRequest, Request, SpeechRequest, TranscriptionRequest
from groq_core.simulator import Fault, Simulator
from groq_core.simulator.presets import PRESETS

MEDIA = Path(__file__).parents[1] / "data" / "media"

LIVING = [spec for spec in MODELS.values() if spec.status in {"active", "announced"}]


def living(capability: Capability) -> list[Any]:
    return [pytest.param(spec, id=spec.name) for spec in LIVING if spec.can(capability)]


@pytest.fixture
async def providers(simulator: Simulator) -> AsyncIterator[dict[str, SdkProvider]]:
    async with AsyncExitStack() as stack:
        both: dict[str, SdkProvider] = {
            "groq": GroqProvider(Secret("gsk_test"), simulator.groq_url),
            "openai": OpenAICompatibleProvider(Secret("sk-test"), simulator.openai_url),
        }
        for provider in both.values():
            stack.push_async_callback(provider.close)
        yield both


def attempt(request: Request, spec: ModelSpec) -> Attempt:
    return Attempt(request=request, spec=spec, budget=Budget(attempts=1, seconds=60))


async def reply_to(providers: dict[str, SdkProvider], request: Request, spec: ModelSpec) -> Reply:
    reply = Reply()
    async with aclosing(providers[spec.provider](attempt(request, spec))) as events:
        async for event in events:
            reply.apply(event)
    return reply


def says(text: str, *, stream: bool = True, **params: Any) -> ChatRequest:
    return ChatRequest(messages=({"role": "user", "content": text},), params=params, stream=stream)


HOSTILE = {
    # What a page, another client or another model's settings leave behind.
    "temperature": 0.3,
    "max_tokens": 10**9,
    "reasoning_effort": "minimal",
    "reasoning_format": "parsed",
    "store": False,
    "logprobs": True,
    "n": 1,
    "top_k": 40,
    "metadata": {"a": "b"},
    "service_tier": "priority",
    "stream_options": {"include_usage": False},
}


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("params", [{}, HOSTILE], ids=["plain", "hostile"])
@pytest.mark.parametrize("spec", living(Capability.CHAT))
async def test_every_living_model_answers(
    providers: dict[str, SdkProvider], spec: ModelSpec, params: dict[str, Any], stream: bool
) -> None:
    reply = await reply_to(providers, says("What is the capital of France?", stream=stream, **params), spec)

    assert reply.text
    assert "<think>" not in reply.text
    assert reply.finished is not None
    assert reply.finished.model == spec.id
    assert reply.finished.request_id
    assert reply.finished.usage is not None
    assert reply.finished.usage.completion_tokens > 0


@pytest.mark.parametrize("spec", living(Capability.CHAT))
async def test_a_picture_breaks_no_model(providers: dict[str, SdkProvider], spec: ModelSpec) -> None:
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png}"}}
    request = ChatRequest(messages=({"role": "user", "content": [{"type": "text", "text": "what is this?"}, image]},))

    assert (await reply_to(providers, request, spec)).text


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("spec", living(Capability.TOOLS))
async def test_a_tool_is_called_and_its_result_is_heard(
    providers: dict[str, SdkProvider], spec: ModelSpec, stream: bool
) -> None:
    question = says("What is the weather in Paris?", stream=stream, tools=[WEATHER], tool_choice="required")
    first = await reply_to(providers, question, spec)

    (call, *_) = first.tool_calls
    assert call.name == "get_weather"
    assert "city" in json.loads(call.arguments)
    calls = [
        {"id": made.id, "type": "function", "function": {"name": made.name, "arguments": made.arguments}}
        for made in first.tool_calls
    ]
    results = [{"role": "tool", "tool_call_id": made.id, "content": "18 degrees"} for made in first.tool_calls]
    request = ChatRequest(
        messages=(*question.messages, {"role": "assistant", "content": None, "tool_calls": calls}, *results),
        params={"tools": [WEATHER]},
        stream=stream,
    )
    assert (await reply_to(providers, request, spec)).text


@pytest.mark.parametrize("spec", living(Capability.TRANSCRIPTION))
async def test_a_recording_is_written_down(providers: dict[str, SdkProvider], spec: ModelSpec) -> None:
    request = TranscriptionRequest(audio=(MEDIA / "jfk.wav").read_bytes(), filename="jfk.wav", duration_s=11.0)

    reply = await reply_to(providers, request, spec)

    assert reply.finished is not None
    assert reply.finished.transcript is not None
    assert reply.finished.transcript.text == reply.text
    assert bool(reply.segments) == spec.can(Capability.TIMESTAMPS)
    assert reply.finished.usage is not None
    assert reply.finished.usage.audio_s == pytest.approx(11.0, abs=0.5)


@pytest.mark.parametrize("spec", living(Capability.SPEECH))
async def test_a_text_is_spoken(providers: dict[str, SdkProvider], spec: ModelSpec) -> None:
    events: list[Event] = []
    async with aclosing(providers[spec.provider](attempt(SpeechRequest(text="Hello there"), spec))) as spoken:
        events += [event async for event in spoken]

    audio = b"".join(event.data for event in events if isinstance(event, AudioDelta))
    assert audio[:4] == b"RIFF"
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("name", ["groq", "openai"])
async def test_models_are_listed(providers: dict[str, SdkProvider], name: str) -> None:
    listed = {entry["id"] for entry in await providers[name].models()}

    assert {spec.id for spec in LIVING if spec.provider == name and spec.can(Capability.CHAT)} <= listed


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────

GPT_OSS = MODELS["groq:openai/gpt-oss-20b"]

PRESET_KINDS = {
    "429_tpm": Kind.RATE_LIMITED,
    "429_rpm": Kind.RATE_LIMITED,
    "429_rpd": Kind.RATE_LIMITED,
    "429_tpd": Kind.RATE_LIMITED,
    "429_otpm": Kind.TOO_LARGE,
    "413_tpm": Kind.TOO_LARGE,
    "413_body": Kind.TOO_LARGE,
    "400_invalid": Kind.INVALID_REQUEST,
    "context_length": Kind.CONTEXT_LENGTH,
    "content_filter": Kind.CONTENT_FILTER,
    "400_decommissioned": Kind.MODEL_GONE,
    "400_terms": Kind.TERMS_REQUIRED,
    "400_spend": Kind.QUOTA_EXHAUSTED,
    "400_restricted": Kind.QUOTA_EXHAUSTED,
    "tool_use_failed": Kind.GENERATION_FAILED,
    "tool_not_in_request": Kind.GENERATION_FAILED,
    "json_validate_failed": Kind.GENERATION_FAILED,
    "output_parse_failed": Kind.GENERATION_FAILED,
    "401": Kind.AUTH,
    "403_edge": Kind.NOT_PERMITTED,
    "403_html": Kind.NOT_PERMITTED,
    "403_network": Kind.NOT_PERMITTED,
    "403_blocked": Kind.NOT_PERMITTED,
    "404_model": Kind.MODEL_GONE,
    "422": Kind.GENERATION_FAILED,
    "424": Kind.INVALID_REQUEST,
    "498_flex": Kind.OVER_CAPACITY,
    "500": Kind.SERVER_ERROR,
    "502_html": Kind.SERVER_ERROR,
    "503_over_capacity": Kind.OVER_CAPACITY,
    "504": Kind.SERVER_ERROR,
}


PROVIDER_WIDE = {"401", "400_spend", "400_restricted", "403_edge", "403_html", "403_network"}


@pytest.mark.parametrize("preset", sorted(PRESETS))
async def test_every_named_refusal_has_its_kind(
    simulator: Simulator, providers: dict[str, SdkProvider], preset: str
) -> None:
    simulator.faults.add(Fault(kind="status", preset=preset))

    with pytest.raises(ProviderError) as caught:
        await reply_to(providers, says("hello"), GPT_OSS)

    error = caught.value
    assert error.kind is PRESET_KINDS[preset]
    assert error.status == (int(preset[:3]) if preset[0].isdigit() else 400)
    assert (error.retry_after is not None) == (error.kind is Kind.RATE_LIMITED)
    assert error.provider_wide == (preset in PROVIDER_WIDE)


@pytest.mark.parametrize(
    ("fault", "heard", "kind"),
    [
        pytest.param(Fault(kind="cut", after=3), True, Kind.STREAM_CUT, id="cut"),
        pytest.param(Fault(kind="cut", after=3, mid="json"), True, Kind.STREAM_CUT, id="cut in JSON"),
        pytest.param(Fault(kind="cut", after=3, mid="utf8"), True, Kind.STREAM_CUT, id="cut in a letter"),
        pytest.param(Fault(kind="clean_end", after=3), True, Kind.STREAM_CUT, id="clean end"),
        pytest.param(Fault(kind="error_event", after=3), True, None, id="error event"),
        pytest.param(
            Fault(kind="error_event", after=3, preset="503_over_capacity"), True, Kind.OVER_CAPACITY, id="over capacity"
        ),
        pytest.param(Fault(kind="x_groq_error", after=3), True, None, id="x_groq.error"),
        pytest.param(Fault(kind="empty"), False, Kind.EMPTY_ANSWER, id="empty"),
        pytest.param(Fault(kind="content_filter", after=3), True, Kind.CONTENT_FILTER, id="content filter"),
        pytest.param(Fault(kind="reset"), False, Kind.CONNECTION, id="reset"),
    ],
)
async def test_a_broken_stream_is_a_failure_and_what_came_before_is_heard(
    simulator: Simulator, providers: dict[str, SdkProvider], fault: Fault, heard: bool, kind: Kind | None
) -> None:
    simulator.faults.add(fault)
    reply = Reply()

    failure = None
    try:
        async with aclosing(providers["groq"](attempt(says("hello"), GPT_OSS))) as events:
            async for event in events:
                reply.apply(event)
    except ProviderError as error:
        failure = error

    assert failure is not None
    assert bool(reply.text or reply.reasoning) == heard
    assert reply.finished is None
    assert kind is None or failure.kind is kind


@pytest.mark.parametrize("kind", ["malformed", "no_done"])
async def test_a_small_fault_is_passed_over(simulator: Simulator, providers: dict[str, SdkProvider], kind: Any) -> None:
    simulator.faults.add(Fault(kind=kind, after=3))

    reply = await reply_to(providers, says("hello"), GPT_OSS)

    assert reply.text
    assert reply.finished is not None


async def wait_until_idle(simulator: Simulator) -> None:
    """Wait until nothing is being answered any more: 250 ms, as the contract has it."""
    for _ in range(50):
        if not simulator.open_streams:
            return
        await asyncio.sleep(0.005)
    pytest.fail("still answering after 250 ms")


@pytest.mark.parametrize("kind", ["never", "stall", "slow_first_token"])
async def test_a_silent_stream_given_up_is_closed_upstream(
    simulator: Simulator, providers: dict[str, SdkProvider], kind: Any
) -> None:
    simulator.faults.add(Fault(kind=kind, after=2, seconds=30))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await reply_to(providers, says("hello"), GPT_OSS)

    await wait_until_idle(simulator)


@pytest.mark.parametrize("name", ["groq", "openai"])
async def test_walking_away_closes_the_stream_upstream(
    simulator: Simulator, providers: dict[str, SdkProvider], name: str
) -> None:
    simulator.faults.add(Fault(kind="stall", after=5))
    spec = next(spec for spec in LIVING if spec.provider == name and spec.can(Capability.CHAT))

    async with aclosing(providers[name](attempt(says("hello"), spec))) as events:
        async for event in events:
            if isinstance(event, TextDelta) or simulator.open_streams:
                break

    await wait_until_idle(simulator)


async def test_a_retired_model_is_gone(providers: dict[str, SdkProvider]) -> None:
    with pytest.raises(ProviderError) as caught:
        await reply_to(providers, says("hello"), MODELS["groq:llama3-70b-8192"])

    assert caught.value.kind is Kind.MODEL_GONE


async def test_a_request_without_words_to_say_is_the_callers_fault(providers: dict[str, SdkProvider]) -> None:
    request = msgspec.structs.replace(says("hello"), params={"temperature": 7})

    with pytest.raises(ProviderError) as caught:
        await reply_to(providers, request, GPT_OSS)

    assert caught.value.kind is Kind.INVALID_REQUEST
