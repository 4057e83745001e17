"""The official SDKs as clients of the simulator: every 200 parses, every refusal is the class it should be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import groq
import openai
import pytest

from groq_core.simulator import Fault, Simulator

ASK: Any = [{"role": "user", "content": "What is 17 * 23?"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
OSS = "openai/gpt-oss-20b"


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[groq.AsyncGroq]:
    async with groq.AsyncGroq(api_key="gsk_test", base_url=simulator.groq_url, max_retries=0) as client:
        yield client


@pytest.fixture
async def backup(simulator: Simulator) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key="sk-test", base_url=simulator.openai_url, max_retries=0) as client:
        yield client


async def test_groq_sdk_lists_models(client: groq.AsyncGroq) -> None:
    models = await client.models.list()

    assert OSS in [model.id for model in models.data]


async def test_groq_sdk_reads_a_whole_answer(client: groq.AsyncGroq) -> None:
    answer = await client.chat.completions.create(model=OSS, messages=ASK)

    assert answer.choices[0].message.content == "17 * 23 = **391**"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_groq_sdk_reads_a_stream(client: groq.AsyncGroq) -> None:
    stream = await client.chat.completions.create(model=OSS, messages=ASK, stream=True)
    chunks = [chunk async for chunk in stream]

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "17 * 23 = **391**"
    assert "".join(chunk.choices[0].delta.reasoning or "" for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_openai_sdk_reads_a_stream_with_usage(backup: openai.AsyncOpenAI) -> None:
    stream = await backup.chat.completions.create(
        model="gpt-4o-mini",
        messages=ASK,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]

    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "17 * 23 = **391**"
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]


async def test_openai_sdk_puts_tool_calls_together(backup: openai.AsyncOpenAI) -> None:
    async with backup.chat.completions.stream(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "What is the weather in Paris?"}],
        tools=[WEATHER],
    ) as stream:
        answer = await stream.get_final_completion()

    calls = answer.choices[0].message.tool_calls
    assert calls is not None
    assert [(call.function.name, call.function.arguments) for call in calls] == [("get_weather", '{"city":"Paris"}')]


async def test_groq_sdk_hears_and_speaks(client: groq.AsyncGroq) -> None:
    spoken = await client.audio.speech.create(
        model="canopylabs/orpheus-v1-english", voice="troy", input="Good morning.", response_format="wav"
    )
    heard = await client.audio.transcriptions.create(
        model="whisper-large-v3-turbo", file=("said.wav", await spoken.read()), response_format="verbose_json"
    )

    assert heard.text.startswith(" This is a simulated transcript of said.wav")
    assert heard.duration > 0.5  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("400_terms", groq.BadRequestError),
        ("401", groq.AuthenticationError),
        ("403_edge", groq.PermissionDeniedError),
        ("404_model", groq.NotFoundError),
        ("413_tpm", groq.APIStatusError),
        ("422", groq.UnprocessableEntityError),
        ("429_tpm", groq.RateLimitError),
        ("498_flex", groq.APIStatusError),
        ("502_html", groq.InternalServerError),
        ("503_over_capacity", groq.InternalServerError),
    ],
)
async def test_groq_sdk_raises_the_class_of_the_status(
    simulator: Simulator, client: groq.AsyncGroq, preset: str, expected: type[Exception]
) -> None:
    simulator.faults.add(Fault(kind="status", preset=preset))

    with pytest.raises(expected) as caught:
        await client.chat.completions.create(model=OSS, messages=ASK)

    assert type(caught.value) is expected


async def test_groq_sdk_raises_an_error_event(simulator: Simulator, client: groq.AsyncGroq) -> None:
    simulator.faults.add(Fault(kind="error_event", preset="tool_use_failed", after=2))

    stream = await client.chat.completions.create(model=OSS, messages=ASK, stream=True)
    with pytest.raises(groq.APIError, match="Failed to call a function"):
        [chunk async for chunk in stream]


async def test_openai_sdk_raises_with_code_and_param(backup: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await backup.chat.completions.create(model="gpt-99", messages=ASK)

    assert (caught.value.code, caught.value.param) == ("model_not_found", None)
