"""OpenAI's own client, pointed at our server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import openai
import pytest

from groq_core.api.app import create_api
from groq_core.errors import BrokenAnswerError, ChainError
from groq_core.events import AudioDelta, Finished, TextDelta, ToolCallDelta
from groq_core.redaction import Secret
from groq_core.settings.settings import Settings
from tests.api.stage import Stage, begun, done, plays, says, serving
from tests.api.test_transcribe import HEARS, WAV


@asynccontextmanager
async def client_of(stage: Stage, key: str = "anything") -> AsyncIterator[openai.AsyncOpenAI]:
    async with (
        serving(create_api(stage)) as port,
        openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key, max_retries=0) as client,
    ):
        yield client


HI: list[openai.types.chat.ChatCompletionMessageParam] = [{"role": "user", "content": "Hi"}]


async def test_a_completion() -> None:
    async with client_of(Stage(says("Hel", "lo"))) as client:
        answer = await client.chat.completions.create(model="auto", messages=HI)

    assert answer.choices[0].message.content == "Hello"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 10
    assert answer.model == "quick"
    assert answer.model_extra is not None
    assert answer.model_extra["x_groq_core"]["served_by"]["model"] == "quick"


async def test_a_stream() -> None:
    async with client_of(Stage(says("Hel", "lo"))) as client:
        stream = await client.chat.completions.create(
            model="auto", messages=HI, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 10
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"


async def test_the_sdks_own_stream_helper_puts_tool_calls_together() -> None:
    script = plays(
        begun(),
        ToolCallDelta(index=0, id="call_1", name="add", arguments='{"a":'),
        ToolCallDelta(index=0, arguments="1}"),
        Finished(provider="groq", model="quick", number=1, finish_reason="tool_calls"),
    )
    async with (
        client_of(Stage(script)) as client,
        client.chat.completions.stream(
            model="auto",
            messages=HI,
            tools=[{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}],
        ) as stream,
    ):
        completion = await stream.get_final_completion()

    calls = completion.choices[0].message.tool_calls
    assert calls is not None
    assert (calls[0].id, calls[0].function.name, calls[0].function.arguments) == ("call_1", "add", '{"a":1}')


async def test_a_stream_that_breaks_raises() -> None:
    async with client_of(Stage(plays(begun(), TextDelta("Hel"), BrokenAnswerError("it broke")))) as client:
        stream = await client.chat.completions.create(model="auto", messages=HI, stream=True)
        heard: list[str] = []
        with pytest.raises(openai.APIError, match="it broke"):
            heard.extend([chunk.choices[0].delta.content or "" async for chunk in stream])


async def test_errors_arrive_as_the_sdks_own() -> None:
    async with client_of(Stage(plays(ChainError("nobody", retry_after=9)))) as client:
        with pytest.raises(openai.InternalServerError) as unavailable:
            await client.chat.completions.create(model="auto", messages=HI)
        with pytest.raises(openai.BadRequestError) as bad:
            await client.chat.completions.create(model="auto", messages=HI, temperature=3)
        with pytest.raises(openai.NotFoundError):
            await client.embeddings.create(model="auto", input="Hi")

    assert unavailable.value.status_code == 503
    assert unavailable.value.response.headers["retry-after"] == "9"
    assert bad.value.param == "temperature"
    assert bad.value.request_id is not None
    assert bad.value.request_id.startswith("gc_")


async def test_a_wrong_token_is_an_authentication_error() -> None:
    settings = Settings(api_tokens=(Secret("right"),))
    async with client_of(Stage(settings=settings), key="wrong") as client:
        with pytest.raises(openai.AuthenticationError):
            await client.models.list()
    async with client_of(Stage(settings=settings), key="right") as client:
        assert (await client.models.list()).data


async def test_models() -> None:
    async with client_of(Stage()) as client:
        listed = [model.id async for model in client.models.list()]
        one = await client.models.retrieve("meta-llama/llama-4-scout-17b-16e-instruct")

    assert listed[0] == "auto"
    assert one.id == "meta-llama/llama-4-scout-17b-16e-instruct"


async def test_a_transcript_in_every_form() -> None:
    file = ("jfk.wav", b"RIFF")
    async with client_of(Stage(HEARS)) as client:
        plain = await client.audio.transcriptions.create(model="audio", file=file)
        text = await client.audio.transcriptions.create(model="audio", file=file, response_format="text")
        verbose = await client.audio.transcriptions.create(
            model="audio", file=file, response_format="verbose_json", timestamp_granularities=["segment", "word"]
        )
        streamed = await client.audio.transcriptions.create(model="audio", file=file, stream=True)
        events = [event async for event in streamed]
        with pytest.warns(DeprecationWarning, match="deprecated"):
            translated = await client.audio.translations.create(model="audio", file=file)

    assert plain.text == translated.text == "Ask not."
    assert text == "Ask not."
    assert verbose.segments is not None
    assert verbose.words is not None
    assert verbose.segments[0].end == 2.0
    assert verbose.words[1].word == "not."
    assert [event.type for event in events] == [
        "transcript.text.delta",
        "transcript.text.delta",
        "transcript.text.done",
    ]


async def test_speech() -> None:
    script = plays(begun(), AudioDelta(WAV), done())
    async with client_of(Stage(script)) as client:
        spoken = await client.audio.speech.create(model="speech", voice="troy", input="Hi", response_format="wav")

    assert spoken.content == WAV
