"""One contract for every adapter, kept on the wire: answers, failures, hanging up, and past the SDK."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress

import msgspec
import pytest

from groq_core import __version__
from groq_core.errors import Kind, ProviderError
from groq_core.events import (
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from groq_core.providers.common import SdkProvider
from groq_core.redaction import Secret
from groq_core.requests import Caller, Request
from tests.providers.adapters import (
    AUDIO,
    HELLO,
    LIMITED,
    SPEC,
    Connect,
    attempt,
    events_of,
    failure_of,
    groq_at,
    openai_at,
    text_of,
)
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
    whole = b'{"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}'
    events = b'data: {"choices": [{"delta": {"content": "Hello"}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
    labels = ("application/json", "text/event-stream", "text/plain")
    bodies = [answers(body, label) for body in (whole, events) for label in labels]
    request = msgspec.structs.replace(HELLO, stream=stream)

    async with serving(*bodies) as wire, connect(wire.url) as provider:
        said = [text_of(await events_of(provider, request)) for _ in bodies]

    assert said == ["Hello"] * len(bodies)


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


async def give_up(provider: SdkProvider, wire: WireServer, request: Request = HELLO) -> None:
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
        await give_up(provider, wire)


async def test_giving_up_a_transcription_hangs_up_at_once(connect: Connect) -> None:
    async with serving([Stall()]) as wire, connect(wire.url) as provider:
        await give_up(provider, wire, AUDIO)


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


# ── past the SDK ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("connect", [groq_at, openai_at])
async def test_a_request_says_who_asks(connect: Connect) -> None:
    async with serving(says("x")) as wire, connect(wire.url) as provider:
        await events_of(provider)

    sent = wire.heard[0].headers
    assert sent["user-agent"] == f"groq-core/{__version__}"
    assert sent["accept"] == sent["content-type"] == "application/json"


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
