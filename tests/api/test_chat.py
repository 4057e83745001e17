"""`POST /v1/chat/completions`, as a client sees it."""

from __future__ import annotations

from typing import Any

import pytest

from groq_core.errors import BrokenAnswerError, ChainError, Kind, ProviderError, RequestError
from groq_core.events import (
    AttemptFailed,
    CacheChecked,
    Continued,
    Degraded,
    Finished,
    Note,
    ReasoningDelta,
    Restarted,
    TextDelta,
    ToolCallDelta,
)
from tests.api.stage import Script, Stage, ask, begun, done, events_of, plays, says

URL = "/v1/chat/completions"

EVERYBODY_FAILED = ChainError(
    "no target answered",
    failures=[ProviderError(Kind.RATE_LIMITED, "limit reached", provider="groq", model="quick")],
    retry_after=6.2,
    hint="Try again in 7 s.",
)

FAILED = AttemptFailed(
    number=1, provider="groq", model="quick", kind=Kind.RATE_LIMITED, message="limit reached", status=429
)


async def stream_of(script: Script, **fields: object) -> list[Any]:
    """What goes over the wire for a streamed answer."""
    async with Stage(script).served() as client:
        response = await client.post(URL, json=ask(stream=True, **fields))
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    return events_of(response.text)


def text_of(chunks: list[Any]) -> str:
    deltas = [choice["delta"] for chunk in chunks if chunk != "[DONE]" for choice in chunk.get("choices", [])]
    return "".join(delta.get("content") or "" for delta in deltas)


async def test_an_answer_has_openais_shape_and_our_receipt() -> None:
    stage = Stage(says("Hel", "lo"))
    async with stage.served() as client:
        response = await client.post(URL, json=ask())

    body = response.json()
    assert response.status_code == 200
    assert body["object"] == "chat.completion"
    assert body["id"].startswith("chatcmpl-")
    assert body["model"] == "quick"
    assert body["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello"},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]
    assert body["usage"] == {
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "total_tokens": 10,
        "completion_time": 0.01,
    }
    receipt = body["x_groq_core"]
    assert list(receipt) == [
        "request_id",
        "tier",
        "reason",
        "cache",
        "served_by",
        "degraded",
        "attempts",
        "usage",
        "cost_usd",
    ]
    assert receipt["served_by"] == {"provider": "groq", "model": "quick"}
    assert receipt["attempts"][0]["outcome"] == "answered"
    assert response.headers["x-request-id"] == receipt["request_id"] == stage.chat.request_id


async def test_a_streamed_answer_is_chunks_a_receipt_and_an_end_mark() -> None:
    first, second, third, finish, end = await stream_of(says("Hel", "lo"))

    assert first["object"] == "chat.completion.chunk"
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert [chunk["choices"][0]["delta"] for chunk in (second, third)] == [{"content": "Hel"}, {"content": "lo"}]
    assert {chunk["id"] for chunk in (first, second, third, finish)} == {first["id"]}
    assert {chunk["model"] for chunk in (first, second, third, finish)} == {"quick"}
    assert finish["choices"] == [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]
    assert finish["x_groq_core"]["served_by"] == {"provider": "groq", "model": "quick"}
    assert "x_groq_core" not in third
    assert end == "[DONE]"


async def test_the_usage_comes_in_a_chunk_of_its_own_when_asked_for() -> None:
    *content, finish, usage, end = await stream_of(says("Hi"), stream_options={"include_usage": True})

    assert [chunk["usage"] for chunk in (*content, finish)] == [None] * 3
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] == 10
    assert "x_groq_core" in usage
    assert "x_groq_core" not in finish
    assert end == "[DONE]"


@pytest.mark.parametrize(
    "text", ["", "a\nb", 'quote " and \\', "naïve – 日本語 🎈", "\u2028\x00\x7f", "</script>&amp;"]
)
async def test_text_arrives_as_it_was_said(text: str) -> None:
    assert text_of(await stream_of(says("<", text, ">"))) == f"<{text}>"


async def test_half_a_surrogate_pair_spoils_one_character_only() -> None:
    async with Stage(says("a\ud83d", "b")).served() as client:
        whole = (await client.post(URL, json=ask())).json()

    assert whole["choices"][0]["message"]["content"] == "a\ufffdb"
    assert text_of(await stream_of(says("a\ud83d", "b"))) == "a\ufffdb"


async def test_reasoning_and_tool_calls_travel_in_fields_of_their_own() -> None:
    script = plays(
        begun(),
        ReasoningDelta("think"),
        ToolCallDelta(index=0, id="call_1", name="add", arguments='{"a":'),
        ToolCallDelta(index=0, arguments="1}"),
        Finished(provider="groq", model="quick", number=1, finish_reason="tool_calls"),
    )
    _, reasoning, call, rest, finish, _ = await stream_of(script)
    async with Stage(script).served() as client:
        whole = (await client.post(URL, json=ask())).json()

    assert reasoning["choices"][0]["delta"] == {"reasoning": "think"}
    assert call["choices"][0]["delta"]["tool_calls"] == [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a":'}}
    ]
    assert rest["choices"][0]["delta"]["tool_calls"] == [{"index": 0, "function": {"arguments": "1}"}}]
    assert finish["choices"][0]["finish_reason"] == "tool_calls"
    assert whole["choices"][0]["message"] == {
        "role": "assistant",
        "content": None,
        "reasoning": "think",
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a":1}'}}],
    }


async def test_an_answer_without_words_still_has_a_role_and_an_end() -> None:
    first, finish, end = await stream_of(plays(begun(), done()))

    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert end == "[DONE]"


async def test_chunks_name_the_model_that_answers_from_then_on() -> None:
    script = plays(
        begun(1, "quick"),
        TextDelta("Hel"),
        FAILED,
        begun(2, "other"),
        Continued(provider="groq", model="other", at=3),
        TextDelta("lo"),
        done("other", 2),
    )

    chunks = await stream_of(script)

    assert [chunk["model"] for chunk in chunks[:-1]] == ["quick", "quick", "other", "other"]
    outcomes = [attempt["outcome"] for attempt in chunks[-2]["x_groq_core"]["attempts"]]
    assert outcomes == ["failed", "answered"]


async def test_a_lost_race_names_nobody() -> None:
    lost = AttemptFailed(
        number=2, provider="groq", model="other", kind=Kind.CONNECTION, message="lost the race", cancelled=True
    )
    chunks = await stream_of(plays(begun(1, "quick"), begun(2, "other"), lost, TextDelta("Hi"), done()))

    assert {chunk["model"] for chunk in chunks[:-1]} == {"quick"}


@pytest.mark.parametrize("stream", [True, False])
async def test_a_kept_answer_is_marked_and_names_its_author(stream: bool) -> None:
    kept = plays(CacheChecked(result="hit", age_s=3.0), TextDelta("kept"), done("author", number=0))
    async with Stage(kept).served() as client:
        response = await client.post(URL, json=ask(stream=stream, temperature=0))

    assert response.headers["x-groq-core-cache"] == "hit"
    if stream:
        chunks = events_of(response.text)
        assert text_of(chunks) == "kept"
        assert {chunk["model"] for chunk in chunks if isinstance(chunk, dict)} == {"author"}
    else:
        assert response.json()["model"] == "author"
        assert response.json()["x_groq_core"]["cache"] == "hit"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_degraded_answer_is_of_model_fallback_and_says_so(stream: bool) -> None:
    script = plays(
        begun(), FAILED, Degraded(message="Everybody is busy."), TextDelta("Everybody is busy."), Finished(number=0)
    )
    async with Stage(script).served() as client:
        response = await client.post(URL, json=ask(stream=stream))

    body: Any = events_of(response.text)[-2] if stream else response.json()
    assert body["model"] == "fallback"
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["x_groq_core"]["degraded"] is True
    assert body["x_groq_core"]["served_by"] is None
    assert "Everybody is busy." in response.text


@pytest.mark.parametrize("stream", [True, False])
async def test_when_nobody_answers_the_status_is_503_with_a_time(stream: bool) -> None:
    async with Stage(plays(begun(), FAILED, EVERYBODY_FAILED)).served() as client:
        response = await client.post(URL, json=ask(stream=stream))

    body = response.json()
    assert response.status_code == 503
    assert response.headers["retry-after"] == "7"
    assert body["error"] == {
        "message": "no target answered",
        "type": "service_unavailable",
        "code": "rate_limited",
        "param": None,
        "hint": "Try again in 7 s.",
    }
    assert body["x_groq_core"]["attempts"][0]["error"] == "rate_limited"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_fault_every_target_agrees_on_is_the_callers(stream: bool) -> None:
    async with Stage(plays(ChainError("the prompt is too long", status=400))).served() as client:
        response = await client.post(URL, json=ask(stream=stream))

    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_a_limit_of_ours_is_429_with_a_time() -> None:
    refusal = RequestError("too many requests", status=429, retry_after=0.2)
    async with Stage(plays(refusal)).served() as client:
        response = await client.post(URL, json=ask())

    assert response.status_code == 429
    assert response.headers["retry-after"] == "1"
    assert response.json()["error"]["type"] == "rate_limit_error"


async def test_a_stream_that_breaks_ends_with_an_error_and_no_end_mark() -> None:
    broken = BrokenAnswerError("the answer broke off", hint="Ask again.")
    *chunks, error = await stream_of(plays(begun(), TextDelta("Hel"), FAILED, broken))

    assert text_of(chunks) == "Hel"
    assert error["error"]["message"] == "the answer broke off"
    assert error["error"]["code"] == "answer_broken"
    assert error["x_groq_core"]["attempts"][0]["outcome"] == "failed"
    assert all(choice["finish_reason"] is None for chunk in chunks for choice in chunk["choices"])


async def test_a_broken_answer_is_an_error_when_not_streamed() -> None:
    broken = BrokenAnswerError("the answer broke off")
    async with Stage(plays(begun(), TextDelta("Hel"), broken)).served() as client:
        response = await client.post(URL, json=ask())

    assert response.status_code == 503
    assert "Hel" not in response.text


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_just_stops_is_not_passed_off_as_whole(stream: bool) -> None:
    async with Stage(plays(begun(), TextDelta("Hel"))).served() as client:
        response = await client.post(URL, json=ask(stream=stream))

    assert "[DONE]" not in response.text
    assert '"finish_reason":"stop"' not in response.text
    assert "answer_broken" in response.text


async def test_a_bug_is_a_500_that_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with Stage(plays(ValueError("my secret prompt"))).served() as client:
        response = await client.post(URL, json=ask())

    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal_error"
    assert "secret" not in response.text + caplog.text
    assert response.headers["x-request-id"] in caplog.text


async def test_a_bug_in_the_middle_ends_the_stream_like_any_break() -> None:
    *_, last = await stream_of(plays(begun(), TextDelta("Hel"), ValueError("my secret prompt")))

    assert last["error"]["code"] == "internal_error"


async def test_a_restarted_answer_holds_only_the_clean_text() -> None:
    script = plays(
        begun(),
        TextDelta("old"),
        FAILED,
        Restarted(provider="groq", model="other", kept="old"),
        begun(2, "other"),
        TextDelta("new"),
        done("other", 2),
    )
    async with Stage(script).served() as client:
        body = (await client.post(URL, json=ask())).json()

    assert body["choices"][0]["message"]["content"] == "new"
    assert body["model"] == "other"


async def test_our_own_fields_are_taken_out_and_the_rest_goes_on() -> None:
    stage = Stage()
    sent = ask(
        model="groq:quick",
        cost_sensitive=True,
        max_latency_ms=80,
        stream=False,
        n=1,
        temperature=0.5,
        user="u",
        metadata={"a": "b"},
        seed=None,
        tools=[],
        tool_choice="auto",
    )
    async with stage.served() as client:
        await client.post(URL, json=sent)

    assert stage.chat.cost_sensitive
    assert stage.chat.max_latency_ms == 80
    assert stage.chat.model == "groq:quick"
    assert stage.chat.params == {"temperature": 0.5, "user": "u", "metadata": {"a": "b"}}


@pytest.mark.parametrize("stream", [True, False])
async def test_only_a_reader_who_has_seen_nothing_lets_text_be_taken_back(stream: bool) -> None:
    stage = Stage()
    async with stage.served() as client:
        await client.post(URL, json=ask(stream=stream))

    assert stage.chat.stream is stream
    assert stage.chat.revisable is not stream


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("end", [done(), BrokenAnswerError("no")])
async def test_what_was_done_to_the_request_is_told_in_a_header_and_in_words(
    stream: bool, end: Finished | BrokenAnswerError
) -> None:
    told = [
        Note(code="conversation_trimmed", text="2 old turns were left out"),
        Note(code="parameter_left_out", text="Groq does not take `logit_bias`: it was left out"),
        Note(code="parameter_left_out", text="Groq does not take `prediction`: it was left out"),
    ]
    async with Stage(plays(begun(), *told, TextDelta("Hi"), end)).served() as client:
        response = await client.post(URL, json=ask(stream=stream))

    if response.status_code != 200:
        assert not stream  # nothing came of it
        return
    assert response.headers["x-groq-core-notes"] == "conversation_trimmed,parameter_left_out"
    last = [event for event in events_of(response.text) if isinstance(event, dict)][-1] if stream else response.json()
    assert last["notes"] == [{"code": note.code, "text": note.text} for note in told]


async def test_no_store_keeps_the_cache_out_of_it() -> None:
    stage = Stage()
    async with stage.served() as client:
        await client.post(URL, json=ask(), headers={"cache-control": "no-store"})
        await client.post(URL, json=ask())

    assert [request.no_store for request in stage.asked] == [True, False]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/openai/v1/chat/completions"])
async def test_an_answer_does_not_look_at_the_whole_board(path: str) -> None:
    stage = Stage(says("Hi"))
    async with stage.served() as client:
        for stream in (True, False):
            assert (await client.post(path, json=ask(stream=stream))).status_code == 200

    assert stage.board.looks == 0
