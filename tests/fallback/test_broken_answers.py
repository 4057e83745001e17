"""An answer that breaks in the middle: continued, begun anew or told, and never shown as whole."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from groq_core.errors import BrokenAnswerError, Kind
from groq_core.events import (
    Continued,
    Event,
    Finished,
    ReasoningDelta,
    Restarted,
    TextDelta,
    ToolCallDelta,
)
from groq_core.reply import Reply
from groq_core.requests import ChatRequest
from tests.fallback.bench import A, B, Bench, C, text
from tests.speakers import Speaker, fails, request, says

# ── broken in the middle ─────────────────────────────────────────────────────────────────────────────

ANSWER = "The capital of France is Paris, which lies on the Seine."


async def test_an_answer_that_broke_is_continued_where_the_next_takes_its_beginning() -> None:
    speaker = Speaker().script(A, fails(Kind.STREAM_CUT, ANSWER[:20])).script(B, says(ANSWER[20:]))

    events = await Bench(speaker, prefill=(B,)).ask()

    assert text(events) == ANSWER
    assert [(e.model, e.at) for e in events if isinstance(e, Continued)] == [("b", 20)]
    sent = speaker.attempts[-1].request
    assert isinstance(sent, ChatRequest)
    assert sent.messages[-1] == {"role": "assistant", "content": ANSWER[:20]}


async def test_an_answer_repeated_by_the_next_target_is_not_doubled() -> None:
    speaker = Speaker().script(A, fails(Kind.TIMEOUT_IDLE, ANSWER[:25])).script(B, says(ANSWER[:7], ANSWER[7:]))

    events = await Bench(speaker).ask()

    assert text(events) == ANSWER
    assert [event.text for event in events if isinstance(event, TextDelta)] == [ANSWER[:25], ANSWER[25:]]


async def test_a_refused_beginning_is_asked_again_without_it_and_is_never_the_final_error() -> None:
    speaker = Speaker().script(A, fails(Kind.STREAM_CUT, ANSWER[:20]))
    speaker.script(B, fails(Kind.INVALID_REQUEST, status=400), says(ANSWER))

    events = await Bench(speaker, prefill=(B,)).ask()

    assert text(events) == ANSWER
    assert speaker.asked == [A, B, B]


async def test_a_different_answer_replaces_the_old_where_the_reader_can_take_it_back() -> None:
    speaker = Speaker().script(A, fails(Kind.STREAM_CUT, "It is Lyon, ")).script(B, says("It is Par", "is."))

    events = await Bench(speaker).ask(request(revisable=True))

    assert text(events) == "It is Paris."
    assert [event.kept for event in events if isinstance(event, Restarted)] == ["It is Lyon, "]


async def test_a_different_answer_is_an_error_where_the_reader_cannot_take_it_back() -> None:
    speaker = Speaker().script(A, fails(Kind.STREAM_CUT, "It is Lyon, "))
    speaker.script(B, says("It is Paris.")).script(C, says("Paris, of course."))
    seen: list[Event] = []
    bench = Bench(speaker)

    async def read() -> None:
        async with aclosing(bench.chain(request())) as events:
            async for event in events:
                seen.append(event)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(BrokenAnswerError):
        await read()

    assert text(seen) == "It is Lyon, "
    assert not any(isinstance(event, Finished) for event in seen)


async def test_an_answer_may_break_twice_in_a_row() -> None:
    speaker = Speaker().script(A, fails(Kind.STREAM_CUT, ANSWER[:10])).script(B, fails(Kind.STREAM_CUT, ANSWER[:40]))
    speaker.script(C, says(ANSWER))

    events = await Bench(speaker).ask()

    assert text(events) == ANSWER


async def test_a_lone_target_that_broke_off_is_asked_once_more() -> None:
    speaker = Speaker().script(A, fails(Kind.STREAM_CUT, ANSWER[:10]), says(ANSWER))
    speaker.script(B, fails(Kind.OVER_CAPACITY)).script(C, fails(Kind.CONNECTION))

    events = await Bench(speaker).ask()

    assert text(events) == ANSWER


async def test_a_turn_with_tools_is_never_continued() -> None:
    tools = {"tools": [{"type": "function", "function": {"name": "f"}}]}
    speaker = Speaker().script(A, fails(Kind.STREAM_CUT, "Let me look")).script(B, says("Let me look it up."))

    await Bench(speaker, prefill=(B,)).ask(request(params=tools))

    sent = speaker.attempts[-1].request
    assert isinstance(sent, ChatRequest)
    assert sent.messages[-1]["role"] == "user"


async def test_a_broken_tool_call_is_restarted_where_it_can_be_taken_back() -> None:
    call = ToolCallDelta(index=0, id="1", name="f", arguments="{}")
    speaker = (
        Speaker().script(A, [call, *fails(Kind.STREAM_CUT)]).script(B, [call, Finished(finish_reason="tool_calls")])
    )

    events = await Bench(speaker).ask(request(revisable=True))

    reply = Reply()
    for event in events:
        reply.apply(event)
    assert [one.arguments for one in reply.tool_calls] == ["{}"]


async def test_a_broken_tool_call_is_an_error_where_it_cannot() -> None:
    call = ToolCallDelta(index=0, id="1", name="f", arguments="{}")
    speaker = Speaker().script(A, [call, *fails(Kind.STREAM_CUT)]).script(B, says("text"))

    with pytest.raises(BrokenAnswerError):
        await Bench(speaker).ask()

    assert speaker.asked == [A]


async def test_thoughts_are_not_sent_twice() -> None:
    speaker = Speaker().script(A, [ReasoningDelta("hm"), *fails(Kind.STREAM_CUT, ANSWER[:9])])
    speaker.script(B, [ReasoningDelta("hm"), *says(ANSWER)])

    events = await Bench(speaker).ask()

    assert len([event for event in events if isinstance(event, ReasoningDelta)]) == 1
