"""One contract for every adapter, kept on the wire: a real server, the real SDKs, real bytes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, TypeAlias

import msgspec
import openai
import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.events import (
    AudioDelta,
    Event,
    Finished,
    Note,
    ReasoningDelta,
    Segment,
    SegmentsFound,
    TextDelta,
    ToolCallDelta,
    Transcript,
    Usage,
)
from groq_core.models.spec import Capability, ModelSpec
from groq_core.pipeline import Attempt, Budget
from groq_core.providers.bodies import IMAGE_LEFT_OUT
from groq_core.providers.common import SdkProvider
from groq_core.providers.groq import GroqProvider
from groq_core.providers.openai_compatible import OpenAICompatibleProvider
from groq_core.providers.transport import CookielessClient
from groq_core.redaction import Secret
from groq_core.reply import collect
from groq_core.requests import Caller, ChatRequest, Request, SpeechRequest, TranscriptionRequest
from tests.wire_server import (
    DONE,
    END,
    STREAM,
    Close,
    Reset,
    Script,
    Stall,
    WireServer,
    answers,
    event,
    fails,
    head,
    piece,
    says,
    serving,
)

C = Capability
SPEC = ModelSpec(id="m", capabilities=frozenset({C.CHAT, C.TOOLS}), max_output=1000)
SEEING = ModelSpec(id="eye", capabilities=frozenset({C.CHAT, C.VISION}), max_output=1000)
THINKING = ModelSpec(id="qwen/q", capabilities=frozenset({C.CHAT, C.REASONING}), efforts=("low", "medium", "high"))
SPEAKING = ModelSpec(id="voice", capabilities=frozenset({C.SPEECH}), voices=("autumn", "troy"))
HELLO = ChatRequest(messages=({"role": "user", "content": "hello"},))
AUDIO = TranscriptionRequest(audio=b"RIFF" + bytes(200_000), filename="speech.wav", duration_s=2.5)

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


@pytest.fixture(
    params=[
        pytest.param(groq_at, id="groq"),
        pytest.param(openai_at, id="openai"),
        pytest.param(groq_by_sdk, id="groq by SDK"),
        pytest.param(openai_by_sdk, id="openai by SDK"),
    ]
)
def connect(request: pytest.FixtureRequest) -> Connect:
    """Both adapters, each over our wire and through its own SDK."""
    return request.param  # type: ignore[no-any-return]


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


# ── an answer ────────────────────────────────────────────────────────────────────────────────────────


async def test_an_answer_is_content_and_one_finish(connect: Connect) -> None:
    async with serving(says("Hel", "lo")) as wire, connect(wire.url) as provider:
        events = await events_of(provider)

    assert text_of(events) == "Hello"
    match events:
        case [*content, Finished(model="m", finish_reason="stop", request_id="req_wire") as finished]:
            assert all(isinstance(event, TextDelta) for event in content)
            assert finished.provider == SPEC.provider
            assert finished.usage == Usage(prompt_tokens=3, completion_tokens=2, total_tokens=5)
            assert finished.ttft_s is not None
            assert finished.elapsed_s is not None
            assert 0 <= finished.ttft_s <= finished.elapsed_s
        case _:
            pytest.fail(f"unexpected events: {events}")


async def test_an_answer_that_is_not_streamed_has_the_same_events(connect: Connect) -> None:
    message = {"role": "assistant", "content": "Hello", "reasoning": "greet"}
    body = {"model": "m", "choices": [{"message": message, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}}
    request = msgspec.structs.replace(HELLO, stream=False)

    async with serving(answers(body)) as wire, connect(wire.url) as provider:
        events = await events_of(provider, request)

    assert wire.heard[0].json["stream"] is False
    assert "stream_options" not in wire.heard[0].json
    match events:
        case [ReasoningDelta("greet"), TextDelta("Hello"), Finished(model="m")]:
            pass
        case _:
            pytest.fail(f"unexpected events: {events}")


@pytest.mark.parametrize("stream", [True, False])
async def test_what_comes_counts_more_than_what_was_asked(connect: Connect, stream: bool) -> None:
    whole = answers({"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]})
    request = msgspec.structs.replace(HELLO, stream=stream)

    async with serving(whole if stream else says("Hello")) as wire, connect(wire.url) as provider:
        events = await events_of(provider, request)

    assert text_of(events) == "Hello"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(says("x", model=None, ends=[event({}, "stop"), END]), id="no usage, model, role or done"),
        pytest.param(says("x", ends=[event({}, "stop"), DONE, Stall()]), id="lingers after done"),
        pytest.param(says("x", ends=[event({}, "stop"), DONE, Reset()]), id="resets after done"),
        pytest.param(says("x", ends=[event({}, "stop"), Reset()]), id="resets after the finish reason"),
        pytest.param(says("x", ends=[event({}, "stop"), Close()]), id="body without end"),
        pytest.param([STREAM, event({"content": "x"}, "stop") + DONE + END], id="all in one read"),
    ],
)
async def test_an_answer_with_a_finish_reason_is_whole_however_the_connection_ends(
    connect: Connect, script: Script
) -> None:
    async with serving(script) as wire, connect(wire.url) as provider:
        events = await events_of(provider)

    match events:
        case [TextDelta("x"), Finished(model="m", finish_reason="stop")]:
            pass
        case _:
            pytest.fail(f"unexpected events: {events}")


async def test_a_server_that_lingers_after_the_finish_reason_is_not_waited_for(connect: Connect) -> None:
    async with serving(says("x", ends=[event({}, "stop"), Stall()])) as wire, connect(wire.url) as provider:
        async with asyncio.timeout(10):
            events = await events_of(provider)

    assert isinstance(events[-1], Finished)


async def test_a_connection_is_used_again(connect: Connect) -> None:
    async with serving(says("a"), says("b"), answers({"data": []})) as wire, connect(wire.url) as provider:
        await events_of(provider)
        await events_of(provider)
        await provider.models()

    assert wire.connections == 1


async def test_tool_calls_and_thoughts_come_through(connect: Connect) -> None:
    call = {"id": "a", "index": 0, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    script = [STREAM, event({"reasoning": "hm"}), event({"tool_calls": [call]}), event({}, "tool_calls"), DONE + END]

    async with serving(script) as wire, connect(wire.url) as provider:
        events = await events_of(provider)

    match events:
        case [ReasoningDelta("hm"), ToolCallDelta(0, "a", "f", "{}"), Finished(finish_reason="tool_calls")]:
            pass
        case _:
            pytest.fail(f"unexpected events: {events}")


# ── failures ─────────────────────────────────────────────────────────────────────────────────────────

LIMITED = {
    "error": {
        "message": "Rate limit reached for model `m` in organization `org_01k0cr3hcdehfb2mcy22cp8p3y` on tokens per "
        "minute (TPM): Limit 6000, Used 5914, Requested 709. Please try again in 6.23s.",
        "type": "tokens",
        "code": "rate_limit_exceeded",
    }
}


OVER_CAPACITY = piece(b'event: error\ndata: {"error":{"message":"x is over capacity"}}\n\n')


@pytest.mark.parametrize(
    ("script", "heard", "kind", "status"),
    [
        pytest.param(fails(429, LIMITED, "retry-after: 7"), "", Kind.RATE_LIMITED, 429, id="429"),
        pytest.param(fails(401, {"error": {"code": "invalid_api_key"}}), "", Kind.AUTH, 401, id="401"),
        pytest.param(fails(403, "error code: 1010", content_type="text/plain"), "", Kind.NOT_PERMITTED, 403, id="403"),
        pytest.param(fails(404, {"error": {"code": "model_not_found"}}), "", Kind.MODEL_GONE, 404, id="404"),
        pytest.param(fails(413, "<html>"), "", Kind.TOO_LARGE, 413, id="413"),
        pytest.param(fails(498, ""), "", Kind.OVER_CAPACITY, 498, id="498"),
        pytest.param(fails(500, ""), "", Kind.SERVER_ERROR, 500, id="500"),
        pytest.param(fails(502, "<html>", content_type="text/html"), "", Kind.SERVER_ERROR, 502, id="502"),
        pytest.param([Close()], "", Kind.CONNECTION, None, id="closed without a word"),
        pytest.param([Reset()], "", Kind.CONNECTION, None, id="reset without a word"),
        pytest.param([b"HTTP/1.1 200 O"], "", Kind.CONNECTION, None, id="half a head"),
        pytest.param([b"SSH-2.0-OpenSSH\r\n\r\n", Close()], "", Kind.CONNECTION, None, id="no HTTP"),
        pytest.param([STREAM, END], "", Kind.EMPTY_ANSWER, None, id="empty stream"),
        pytest.param([STREAM, DONE + END], "", Kind.EMPTY_ANSWER, None, id="only done"),
        pytest.param(
            says(ends=[event({"content": ""}), event({}, "stop"), DONE + END]),
            "",
            Kind.EMPTY_ANSWER,
            None,
            id="no words",
        ),
        pytest.param(says("Hel", ends=[END]), "Hel", Kind.STREAM_CUT, None, id="clean end without finish"),
        pytest.param(says("Hel", ends=[DONE + END]), "Hel", Kind.STREAM_CUT, None, id="done without finish"),
        pytest.param(says("Hel", ends=[Close()]), "Hel", Kind.STREAM_CUT, None, id="cut"),
        pytest.param(says("Hel", ends=[Reset()]), "Hel", Kind.STREAM_CUT, None, id="reset"),
        pytest.param(says("Hel", ends=[OVER_CAPACITY, END]), "Hel", Kind.OVER_CAPACITY, None, id="error event"),
        pytest.param(
            says("Hel", ends=[event({}, x_groq={"error": "boom"}), END]),
            "Hel",
            Kind.STREAM_ERROR,
            None,
            id="x_groq.error",
        ),
        pytest.param(
            says("Hel", ends=[event({}, "content_filter"), END]), "Hel", Kind.CONTENT_FILTER, None, id="filtered"
        ),
        pytest.param(
            [head(200, "text/html", "content-length: 6") + b"<html>"], "", Kind.MALFORMED, None, id="a web page"
        ),
        pytest.param(
            [head(200, "text/event-stream", "content-encoding: gzip", "content-length: 5"), b"plain"],
            "",
            Kind.MALFORMED,
            None,
            id="no gzip",
        ),
        pytest.param(answers(b"{"), "", Kind.MALFORMED, None, id="half a body"),
    ],
)
async def test_every_failure_is_a_classified_one(
    connect: Connect, script: Script, heard: str, kind: Kind, status: int | None
) -> None:
    ended = [*script, Close()] if not isinstance(script[-1], Close | Reset) else script

    async with serving(ended) as wire, connect(wire.url) as provider:
        before, error = await failure_of(provider)

    assert (before, error.kind, error.status) == (heard, kind, status)
    assert (error.provider, error.model) == (SPEC.provider, SPEC.id)
    assert len(wire.heard) == 1  # the SDK's own retries are off
    assert error.__context__ is None
    assert error.__cause__ is None


async def test_a_refusal_tells_when_to_come_back(connect: Connect) -> None:
    async with serving(fails(429, LIMITED, "retry-after: 7")) as wire, connect(wire.url) as provider:
        _, error = await failure_of(provider)

    assert (error.retry_after, error.code, error.request_id) == (6.23, "rate_limit_exceeded", "req_wire")
    assert "org_01" not in error.message


async def test_nobody_listening_is_a_lost_connection(connect: Connect) -> None:
    async with serving() as wire:
        url = wire.url

    async with connect(url) as provider:
        _, error = await failure_of(provider)

    assert error.kind is Kind.CONNECTION
    assert error.provider_wide


async def test_a_failure_shows_no_key(connect: Connect) -> None:
    echo = {"error": {"message": "Incorrect API key provided: gsk_server_key sk-server-key", "code": "invalid_api_key"}}

    async with serving(fails(401, echo)) as wire, connect(wire.url) as provider:
        _, error = await failure_of(provider)

    assert "server" not in str(error)


# ── hanging up ───────────────────────────────────────────────────────────────────────────────────────


async def hangs_up(wire: WireServer) -> None:
    async with asyncio.timeout(0.25):
        await wire.quiet.wait()


async def test_walking_away_hangs_up_at_once(connect: Connect) -> None:
    async with serving(says("Hel", ends=[Stall()])) as wire, connect(wire.url) as provider:
        async with aclosing(provider(attempt())) as events:
            assert await anext(events) == TextDelta("Hel")
            assert wire.open == 1

        await hangs_up(wire)


SILENCE = pytest.mark.parametrize(
    "script",
    [
        pytest.param([Stall()], id="before the head"),
        pytest.param([STREAM, Stall()], id="after the head"),
        pytest.param(says("Hel", ends=[Stall()]), id="in the middle"),
    ],
)


async def given_up(provider: SdkProvider, wire: WireServer, request: Request = HELLO) -> None:
    """Cancel a reader as a deadline does, once the request has arrived and what there is has been read."""
    reader = asyncio.create_task(events_of(provider, request))
    await wire.asked.wait()
    await asyncio.sleep(0.05)
    reader.cancel()
    await hangs_up(wire)
    with pytest.raises(asyncio.CancelledError):
        await reader


@SILENCE
async def test_giving_up_on_a_silent_server_hangs_up_at_once(connect: Connect, script: Script) -> None:
    async with serving(script) as wire, connect(wire.url) as provider:
        await given_up(provider, wire)


async def test_giving_up_a_transcription_hangs_up_at_once(connect: Connect) -> None:
    async with serving([Stall()]) as wire, connect(wire.url) as provider:
        await given_up(provider, wire, AUDIO)


async def test_a_closed_provider_hangs_up_everything(connect: Connect) -> None:
    async with serving(says("Hel", ends=[Stall()])) as wire, connect(wire.url) as provider:
        events = provider(attempt())
        await anext(events)
        await provider.close()

        await hangs_up(wire)
        with suppress(ProviderError):
            await events.aclose()


async def test_many_answers_stream_at_once(connect: Connect) -> None:
    async with serving(*[says("a", "b") for _ in range(150)]) as wire, connect(wire.url) as provider:
        answered = await asyncio.gather(*(events_of(provider) for _ in range(150)))

    assert {text_of(events) for events in answered} == {"ab"}


# ── what is asked ────────────────────────────────────────────────────────────────────────────────────


async def asked(
    connect: Connect, request: ChatRequest, spec: ModelSpec = SPEC, **options: Any
) -> tuple[dict[str, Any], list[str]]:
    """The body that went out, and the codes of the notes that came back."""
    async with serving(says("x")) as wire, connect(wire.url, **options) as provider:
        events = await events_of(provider, request, spec)
    body: dict[str, Any] = wire.heard[0].json
    return body, [event.code for event in events if isinstance(event, Note)]


async def test_a_chat_goes_to_its_path_with_its_key(connect: Connect) -> None:
    async with serving(says("x")) as wire, connect(wire.url) as provider:
        await events_of(provider)

    (heard,) = wire.heard
    groq = provider.name == "groq"
    assert (heard.method, heard.path) == ("POST", "/openai/v1/chat/completions" if groq else "/v1/chat/completions")
    assert heard.headers["authorization"] == "Bearer " + ("gsk_server_key" if groq else "sk-server-key")
    assert heard.headers["content-type"] == "application/json"
    assert heard.json == {
        "model": "m",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_messages_are_reduced_to_what_the_wire_knows(connect: Connect) -> None:
    request = ChatRequest(
        messages=(
            {
                "role": "user",
                "content": [{"type": "text", "text": "a", "id": 1}, {"type": "text", "text": "b"}],
                "id": 7,
            },
            {
                "role": "assistant",
                "content": None,
                "metadata": {"title": "x"},
                "reasoning_content": "hm",
                "tool_calls": [
                    {"id": "c", "type": "function", "index": 0, "function": {"name": "f", "arguments": "{}", "x": 1}}
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": "1", "options": []},
            {"role": "assistant"},
        )
    )

    body, notes = await asked(connect, request)

    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert body["messages"] == [
        {"role": "user", "content": "a\nb"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "content": "1", "tool_call_id": "c"},
        {"role": "assistant", "content": ""},
    ]
    assert notes == []


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low", "name": "x.png"}}
LOOK = ChatRequest(messages=({"role": "user", "content": [{"type": "text", "text": "what is this?"}, PICTURE]},))


async def test_a_picture_goes_to_a_model_that_sees(connect: Connect) -> None:
    body, notes = await asked(connect, LOOK, SEEING)

    image = {"url": "data:image/png;base64,AA==", "detail": "low"}
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": image},
    ]
    assert notes == []


async def test_a_model_that_reads_text_only_gets_a_note_instead_of_a_picture(connect: Connect) -> None:
    body, notes = await asked(connect, LOOK, SPEC)

    assert body["messages"][0]["content"] == f"what is this?\n{IMAGE_LEFT_OUT}"
    assert notes == ["images_left_out"]


def params(**params: Any) -> ChatRequest:
    return msgspec.structs.replace(HELLO, params=params)


@pytest.mark.parametrize(
    ("given", "sent", "notes"),
    [
        ({"max_tokens": 5}, {"max_completion_tokens": 5}, []),
        ({"max_tokens": 5, "max_completion_tokens": 7}, {"max_completion_tokens": 7}, []),
        ({"max_completion_tokens": 5000}, {"max_completion_tokens": 1000}, ["max_tokens_lowered"]),
        ({"max_tokens": None, "temperature": None}, {}, []),
        (
            {"temperature": 0, "top_p": 0.5, "stop": ["."], "seed": 0},
            {"temperature": 0, "top_p": 0.5, "stop": ["."], "seed": 0},
            [],
        ),
        ({"store": False, "metadata": {}, "logit_bias": {}, "logprobs": False, "n": 1}, {}, []),
        ({"presence_penalty": 0}, {}, []),
        ({"store": True, "n": 2, "logprobs": True}, {}, ["parameter_left_out"] * 3),
        ({"top_k": 5}, {}, ["parameter_left_out"]),
        ({"reasoning_effort": "high", "reasoning_format": "parsed"}, {}, []),
        ({"service_tier": "flex"}, {"service_tier": "flex"}, []),
        ({"service_tier": "priority"}, {}, []),
        ({"stream_options": {"include_usage": False}}, {}, []),
        (
            {"tools": [{"type": "function"}], "tool_choice": "auto"},
            {"tools": [{"type": "function"}], "tool_choice": "auto"},
            [],
        ),
    ],
)
async def test_groq_is_asked_only_what_it_takes(given: dict[str, Any], sent: dict[str, Any], notes: list[str]) -> None:
    body, told = await asked(groq_at, params(**given))

    usual = {"model", "messages", "stream", "stream_options"}
    assert {name: value for name, value in body.items() if name not in usual} == sent
    assert told == notes
    assert body["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("given", "sent", "notes"),
    [
        ({}, {"reasoning_format": "parsed"}, []),
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low", "reasoning_format": "parsed"}, []),
        ({"reasoning_effort": "none"}, {"reasoning_effort": "low", "reasoning_format": "parsed"}, ["effort_changed"]),
        ({"reasoning_effort": "max"}, {"reasoning_effort": "high", "reasoning_format": "parsed"}, ["effort_changed"]),
        ({"reasoning_effort": "default"}, {"reasoning_format": "parsed"}, []),
        ({"reasoning_format": "hidden"}, {"reasoning_format": "hidden"}, []),
        ({"reasoning_format": "raw"}, {"reasoning_format": "raw"}, []),
        (
            {"reasoning_format": "raw", "response_format": {"type": "json_object"}},
            {"reasoning_format": "parsed", "response_format": {"type": "json_object"}},
            [],
        ),
        ({"include_reasoning": False, "reasoning_format": "parsed"}, {"include_reasoning": False}, []),
    ],
)
async def test_a_thinking_model_is_asked_to_think_as_it_can(
    given: dict[str, Any], sent: dict[str, Any], notes: list[str]
) -> None:
    body, told = await asked(groq_at, params(**given), THINKING)

    usual = {"model", "messages", "stream", "stream_options"}
    assert {name: value for name, value in body.items() if name not in usual} == sent
    assert told == notes


async def test_another_server_is_not_asked_what_only_groq_knows() -> None:
    given = {
        "reasoning_format": "parsed",
        "include_reasoning": True,
        "citation_options": "disabled",
        "service_tier": "on_demand",
        "max_completion_tokens": 5,
        "top_k": 3,
        "n": 1,
    }

    body, notes = await asked(openai_at, params(**given))

    usual = {"model", "messages", "stream", "stream_options"}
    assert {name: value for name, value in body.items() if name not in usual} == {"max_tokens": 5, "top_k": 3, "n": 1}
    assert notes == []


LUNA = ModelSpec(
    id="gpt-6-luna",
    capabilities=frozenset({C.CHAT, C.REASONING, C.TOOLS}),
    efforts=("none", "low"),
    effort_with_tools="none",
)


@pytest.mark.parametrize(
    ("given", "sent", "notes"),
    [
        ({"max_tokens": 5}, {"max_completion_tokens": 5}, []),
        ({"temperature": 1, "top_p": 1, "logprobs": False, "logit_bias": {}}, {}, []),
        ({"temperature": 0}, {}, ["parameter_left_out"]),
        ({"top_k": 3, "store": True}, {"store": True}, ["parameter_left_out"]),
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low"}, []),
        (
            {"reasoning_effort": "low", "tools": [{"type": "function"}]},
            {"reasoning_effort": "none", "tools": [{"type": "function"}]},
            ["effort_changed"],
        ),
        ({"tools": [{"type": "function"}]}, {"reasoning_effort": "none", "tools": [{"type": "function"}]}, []),
    ],
)
async def test_openais_own_models_are_asked_as_they_want_it(
    given: dict[str, Any], sent: dict[str, Any], notes: list[str]
) -> None:
    body, told = await asked(openai_at, params(**given), LUNA)

    usual = {"model", "messages", "stream", "stream_options"}
    assert {name: value for name, value in body.items() if name not in usual} == sent
    assert told == notes


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_visitors_own_key_is_used_for_his_request_alone() -> None:
    visitor = Caller(credential="visitor:blue", groq_key=Secret("gsk_visitor"))
    async with serving(says("x"), says("x")) as wire, groq_at(wire.url) as provider:
        await events_of(provider, msgspec.structs.replace(HELLO, caller=visitor))
        await events_of(provider)

    assert [heard.headers["authorization"] for heard in wire.heard] == ["Bearer gsk_visitor", "Bearer gsk_server_key"]


async def test_without_a_key_nobody_is_asked() -> None:
    async with serving() as wire, groq_at(wire.url, api_key=None) as provider:
        _, error = await failure_of(provider)

    assert (error.kind, error.provider_wide) == (Kind.AUTH, True)
    assert wire.heard == []


async def test_a_server_without_keys_is_asked_all_the_same() -> None:
    async with serving(says("x")) as wire, openai_at(wire.url, api_key=None) as provider:
        assert text_of(await events_of(provider)) == "x"


async def test_a_base_url_with_its_path_is_mended(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(says("x")) as wire, groq_at(wire.url + "/openai/v1/") as provider:
        await events_of(provider)

    assert wire.heard[0].path == "/openai/v1/chat/completions"
    assert "host alone" in caplog.text


async def test_an_sdk_writes_no_prompt_to_the_log(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = msgspec.structs.replace(HELLO, messages=({"role": "user", "content": "my diary"},))

    async with serving(says("x")) as wire, connect(wire.url) as provider:
        await events_of(provider, secret)

    assert "my diary" not in caplog.text
    assert "server_key" not in caplog.text


async def test_headers_are_told_of_answers_and_refusals(connect: Connect) -> None:
    seen: list[str | None] = []
    told = msgspec.structs.replace(
        attempt(), on_headers=lambda headers: seen.append(headers.get("x-ratelimit-limit-tokens"))
    )

    async with (
        serving(says("x"), fails(429, LIMITED, "x-ratelimit-limit-tokens: 6000")) as wire,
        connect(wire.url) as provider,
    ):
        async with aclosing(provider(told)) as events:
            await collect(events)
        with pytest.raises(ProviderError):
            async with aclosing(provider(told)) as events:
                await collect(events)

    assert seen == ["8000", "6000"]


# ── models ───────────────────────────────────────────────────────────────────────────────────────────


async def test_models_are_handed_over_as_they_came(connect: Connect) -> None:
    entries = [{"id": "m", "context_window": 8192}, {"id": "n", "unheard_of": [1]}]

    listed = answers({"object": "list", "data": [*entries, {"noid": 1}, 7]})
    async with serving(listed) as wire, connect(wire.url) as provider:
        assert await provider.models() == entries

    assert wire.heard[0].method == "GET"
    assert wire.heard[0].path.endswith("/v1/models")


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (answers({"object": "list"}), Kind.MALFORMED),
        (answers(b"<html>"), Kind.MALFORMED),
        (fails(401, {"error": {"code": "invalid_api_key"}}), Kind.AUTH),
        ([Reset()], Kind.CONNECTION),
    ],
)
async def test_a_list_of_models_that_is_none_is_a_failure(connect: Connect, script: Script, kind: Kind) -> None:
    # aiohttp asks once more for what is safe to ask twice.
    async with serving(script, script) as wire, connect(wire.url) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.models()

    assert caught.value.kind is kind


# ── speech in and out ────────────────────────────────────────────────────────────────────────────────

VERBOSE = {
    "task": "transcribe",
    "language": "English",
    "duration": 2.5,
    "text": " And so, my fellow Americans",
    "segments": [{"id": 0, "start": 0.0, "end": 2.5, "text": " And so, my fellow Americans", "avg_logprob": -0.1}],
    "x_groq": {"id": "req_body"},
}


async def test_a_recording_becomes_text_phrases_and_a_transcript(connect: Connect) -> None:
    spec = ModelSpec(id="whisper-large-v3-turbo", capabilities=frozenset({C.TRANSCRIPTION, C.TIMESTAMPS}))
    async with serving(answers(VERBOSE)) as wire, connect(wire.url) as provider:
        events = await events_of(provider, msgspec.structs.replace(AUDIO, language="en", prompt="Kennedy"), spec)

    text = "And so, my fellow Americans"
    segment = Segment(id=0, start=0.0, end=2.5, text=text, avg_logprob=-0.1)
    match events:
        case [TextDelta(said), SegmentsFound(phrases), Finished(model="whisper-large-v3-turbo") as finished]:
            assert (said, phrases) == (text, (segment,))
            assert finished.transcript == Transcript(text=text, language="English", duration=2.5, segments=(segment,))
            assert finished.usage == Usage(audio_s=2.5)
            assert finished.request_id == "req_body"
        case _:
            pytest.fail(f"unexpected events: {events}")
    (heard,) = wire.heard
    assert heard.path.endswith("/v1/audio/transcriptions")
    assert AUDIO.audio in heard.body
    assert b'filename="speech.wav"' in heard.body
    for name, value in {
        "model": spec.id,
        "response_format": "verbose_json",
        "language": "en",
        "prompt": "Kennedy",
        "temperature": "0.0",
        "timestamp_granularities[]": "segment",
    }.items():
        assert f'name="{name}"\r\n\r\n{value}\r\n'.encode() in heard.body


async def test_a_translation_goes_to_its_own_path(connect: Connect) -> None:
    request = msgspec.structs.replace(AUDIO, operation="translation")

    async with serving(answers({"text": " Hello"})) as wire, connect(wire.url) as provider:
        events = await events_of(provider, request)

    assert wire.heard[0].path.endswith("/v1/audio/translations")
    match events:
        case [TextDelta("Hello"), Finished(usage=Usage(audio_s=2.5))]:
            pass
        case _:
            pytest.fail(f"unexpected events: {events}")


async def test_silence_is_an_answer_without_words(connect: Connect) -> None:
    async with serving(answers({"text": " "})) as wire, connect(wire.url) as provider:
        events = await events_of(provider, AUDIO)

    assert [type(event) for event in events] == [Finished]


async def test_a_transcriber_without_phrases_is_not_asked_for_them() -> None:
    spec = ModelSpec(id="gpt-4o-transcribe", capabilities=frozenset({C.TRANSCRIPTION}))

    async with serving(answers({"text": "Hello"})) as wire, openai_at(wire.url) as provider:
        await events_of(provider, AUDIO, spec)

    assert b"verbose_json" not in wire.heard[0].body
    assert b"granularities" not in wire.heard[0].body


async def test_a_voice_comes_in_pieces_as_they_arrive(connect: Connect) -> None:
    script: Script = [head(200, "audio/wav", "transfer-encoding: chunked"), piece(b"RIFF"), piece(b"data"), END]

    async with serving(script) as wire, connect(wire.url) as provider:
        events = await events_of(provider, SpeechRequest(text="Hello"), SPEAKING)

    assert b"".join(event.data for event in events if isinstance(event, AudioDelta)) == b"RIFFdata"
    match events[-1]:
        case Finished(usage=Usage(characters=5), model="voice"):
            pass
        case _:
            pytest.fail(f"unexpected finish: {events[-1]}")
    assert wire.heard[0].json == {"model": "voice", "input": "Hello", "voice": "autumn", "response_format": "wav"}


async def test_a_voice_the_model_lacks_is_replaced_with_a_note(connect: Connect) -> None:
    async with serving(answers(b"RIFF", "audio/wav")) as wire, connect(wire.url) as provider:
        events = await events_of(provider, SpeechRequest(text="Hello", voice="alloy"), SPEAKING)

    assert isinstance(events[0], Note)
    assert wire.heard[0].json["voice"] == "autumn"


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(answers(b"", "audio/wav"), Kind.EMPTY_ANSWER, id="nothing"),
        pytest.param(answers(b"<!doctype html><p>Sign in", "text/html"), Kind.MALFORMED, id="a page instead"),
        pytest.param(answers(b"busy, try later", "audio/wav"), Kind.MALFORMED, id="words named as sound"),
        pytest.param(answers({"error": {"message": "boom"}}), Kind.STREAM_ERROR, id="JSON instead"),
        pytest.param([head(200, "audio/wav", "content-length: 9") + b"RIFF", Close()], Kind.STREAM_CUT, id="cut"),
        pytest.param(fails(400, {"error": {"code": "model_terms_required"}}), Kind.TERMS_REQUIRED, id="terms"),
    ],
)
async def test_a_voice_that_breaks_off_is_a_failure(connect: Connect, script: Script, kind: Kind) -> None:
    async with serving(script) as wire, connect(wire.url) as provider:
        with pytest.raises(ProviderError) as caught:
            await events_of(provider, SpeechRequest(text="Hello"), SPEAKING)

    assert caught.value.kind is kind


async def test_what_groq_sets_with_one_answer_does_not_go_along_with_another_question() -> None:
    told = b'{"object": "list", "data": [], "text": "Hello"}'
    cookie, length = "set-cookie: __cf_bm=of-the-first; path=/", f"content-length: {len(told)}"
    whole = (head(200, "application/json", cookie, length) + told,)
    async with serving(*[whole] * 8) as wire:
        for host in ("127.0.0.1", "localhost"):  # the libraries below treat the two differently
            async with groq_at(wire.url.replace("127.0.0.1", host)) as provider:
                for _ in range(2):
                    await provider.models()
                    await events_of(provider, AUDIO)

    assert len(wire.heard) == 8
    assert not [heard for heard in wire.heard if "cookie" in heard.headers]


# ── past the SDK ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("connect", [groq_at, openai_at])
async def test_an_sdk_is_announced_where_it_is_passed_by(connect: Connect) -> None:
    async with serving(says("x")) as wire, connect(wire.url) as provider:
        await events_of(provider)

    sent = wire.heard[0].headers
    assert sent["user-agent"].startswith(f"Async{provider.name}".replace("groq", "Groq").replace("openai", "OpenAI"))
    assert sent["accept"] == "application/json"
    assert "x-stainless-raw-response" not in sent


async def test_a_key_that_no_header_can_carry_is_refused_and_not_shown() -> None:
    key = Secret("gsk_visitor\r\nx-evil: 1")
    async with serving() as wire, groq_at(wire.url) as provider:
        _, error = await failure_of(provider, msgspec.structs.replace(HELLO, caller=Caller(groq_key=key)))

    assert (error.kind, wire.heard) == (Kind.AUTH, [])
    assert "visitor" not in str(error)


@pytest.mark.parametrize("connect", [groq_at, openai_at])
async def test_a_server_that_has_moved_is_named(connect: Connect) -> None:
    moved = fails(308, "", "location: https://new.example/v1/chat/completions?token=secret")
    async with serving(moved) as wire, connect(wire.url) as provider:
        _, error = await failure_of(provider)

    assert (error.kind, error.provider_wide) == (Kind.CONNECTION, True)
    assert "https://new.example" in error.message
    assert "secret" not in error.message


async def test_behind_a_proxy_the_sdk_finds_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(says("x")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        async with groq_at("http://groq.invalid") as provider:
            assert text_of(await events_of(provider)) == "x"

    assert proxy.heard[0].path == "http://groq.invalid/openai/v1/chat/completions"
