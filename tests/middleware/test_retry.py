"""The same model again, while nobody has read anything."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.events import AttemptFailed, Event, Waiting
from groq_core.middleware.retry import Retry
from groq_core.pipeline import Attempt
from groq_core.requests import ChatRequest
from tests.speakers import Clock, Speaker, attempt, fails, request, says

A = "groq:a"


async def read(below: Speaker, clock: Clock, of: Attempt | None = None) -> list[Event]:
    retry = Retry(sleep=clock.sleep, uniform=lambda low, high: high)
    async with aclosing(retry(below, of or attempt(clock=clock))) as events:
        return [event async for event in events]


async def test_an_internal_error_is_asked_again_once_after_a_pause() -> None:
    clock, below = Clock(), Speaker().script(A, fails(Kind.SERVER_ERROR), says("fine"))

    events = await read(below, clock)

    assert below.asked == [A, A]
    assert clock.slept == [0.5]
    assert [type(event) for event in events[1:3]] == [AttemptFailed, Waiting]


async def test_a_second_internal_error_is_passed_on() -> None:
    clock, below = Clock(), Speaker().script(A, fails(Kind.SERVER_ERROR))

    with pytest.raises(ProviderError):
        await read(below, clock)

    assert below.asked == [A, A]


async def test_what_was_read_is_never_asked_for_again_here() -> None:
    clock, below = Clock(), Speaker().script(A, fails(Kind.STREAM_CUT, "Hel"), says("Hello"))

    with pytest.raises(ProviderError):
        await read(below, clock)

    assert below.asked == [A]


async def test_a_short_retry_after_is_kept_to_the_letter() -> None:
    clock, below = Clock(), Speaker().script(A, fails(Kind.RATE_LIMITED, retry_after=2.0), says("fine"))

    await read(below, clock)

    assert 2.0 <= clock.slept[0] <= 2.25


async def test_the_budget_bounds_retries() -> None:
    clock = Clock()
    below = Speaker().script(A, fails(Kind.RATE_LIMITED))

    with pytest.raises(ProviderError):
        await read(below, clock, attempt(clock=clock, last=True))

    assert len(below.asked) == 5


async def test_a_model_is_told_what_was_wrong_with_its_tool_call() -> None:
    clock = Clock()
    below = Speaker().script(A, fails(Kind.GENERATION_FAILED, failed_generation="<function=f>"), says("fine"))

    await read(below, clock, attempt(request(params={"tools": [{}]}), clock=clock))

    sent = below.attempts[-1].request
    assert isinstance(sent, ChatRequest)
    assert [message["role"] for message in sent.messages] == ["user", "assistant", "user"]
    assert "valid tool call" in sent.messages[-1]["content"]
    assert clock.slept == []
