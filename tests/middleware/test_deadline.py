"""Giving up on the silent, without hurrying a slow reader."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.events import Event, TextDelta
from groq_core.middleware.deadline import Deadline
from groq_core.pipeline import Budget
from groq_core.requests import TranscriptionRequest
from tests.speakers import Clock, Speaker, attempt, request, says

NEVER = asyncio.Event


def speaker(*steps: object) -> Speaker:
    return Speaker().script("groq:a", list(steps))  # type: ignore[arg-type]


async def read(
    deadline: Deadline, below: Speaker, seconds: float = 60, pause: float = 0, *, last: bool = False
) -> list[Event]:
    of = attempt(clock=time.monotonic, budget=Budget(attempts=6, seconds=seconds), last=last)
    heard = []
    async with aclosing(deadline(below, of)) as events:
        async for event in events:
            heard.append(event)
            await asyncio.sleep(pause)
    return heard


async def test_no_first_content_in_time_is_a_timeout_and_closes_the_stream() -> None:
    below = speaker(NEVER())

    with pytest.raises(ProviderError) as caught:
        await read(Deadline(first=0.02, idle=5), below)

    assert caught.value.kind is Kind.TIMEOUT_FIRST_TOKEN
    assert below.open == 0


async def test_silence_after_content_is_an_idle_timeout() -> None:
    with pytest.raises(ProviderError) as caught:
        await read(Deadline(first=5, idle=0.02), speaker(TextDelta("a"), NEVER()))

    assert caught.value.kind is Kind.TIMEOUT_IDLE


async def test_the_requests_own_deadline_is_told_apart() -> None:
    with pytest.raises(ProviderError) as caught:
        await read(Deadline(first=5, idle=5), speaker(NEVER()), seconds=0.02, last=True)

    assert caught.value.kind is Kind.DEADLINE


async def test_a_slow_reader_is_not_a_slow_model() -> None:
    heard = await read(Deadline(first=0.03, idle=0.03), speaker(*says("a", "b", "c")), pause=0.05)

    assert len(heard) == 5


async def test_a_cancelled_reader_is_cancelled_and_not_timed_out() -> None:
    below = speaker(TextDelta("a"), NEVER())
    reader = asyncio.create_task(read(Deadline(first=5, idle=5), below))
    await asyncio.sleep(0.01)

    reader.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reader
    assert below.open == 0


async def test_the_timer_survives_many_events_and_still_fires() -> None:
    with pytest.raises(ProviderError) as caught:
        await read(Deadline(first=0.05, idle=0.02), speaker(*map(TextDelta, "abcdefgh"), NEVER()), pause=0.005)

    assert caught.value.kind is Kind.TIMEOUT_IDLE


def test_a_recording_and_a_whole_answer_are_allowed_more() -> None:
    deadline = Deadline(first=8, idle=10)
    recording = TranscriptionRequest(audio=b"", filename="a.wav", duration_s=120)
    whole = request(stream=False, params={"max_completion_tokens": 1000})

    assert deadline.allowance(attempt(clock=time.monotonic)) == 8
    assert deadline.allowance(attempt(clock=time.monotonic, request=recording)) == 20
    assert deadline.allowance(attempt(whole, clock=time.monotonic)) == 10


def test_no_attempt_takes_the_time_of_those_who_could_still_be_asked() -> None:
    deadline = Deadline(first=8, idle=10)
    recording = TranscriptionRequest(audio=b"", filename="a.wav", duration_s=3600)
    clock = Clock()

    assert deadline.allowance(attempt(clock=clock, request=recording)) == 30
    assert deadline.allowance(attempt(clock=clock, request=recording, last=True)) == 368


@pytest.mark.parametrize(("seconds", "allowed"), [(60, 30), (16, 8), (10, 8), (9, 7), (8, 6), (4, 2), (2, 1)])
def test_somebody_is_left_time_to_answer_in(seconds: float, allowed: float) -> None:
    """A silent first model took all of a deadline that is no longer than what a first word gets."""
    deadline, clock = Deadline(first=8, idle=10), Clock()
    asked = attempt(request("x" * 1_000_000), clock=clock, budget=Budget(attempts=6, seconds=seconds, clock=clock))

    assert deadline.allowance(asked) == allowed


async def test_a_shorter_allowance_after_the_first_word_counts_at_once() -> None:
    below = speaker(TextDelta("a"), NEVER())

    async with asyncio.timeout(60):
        with pytest.raises(ProviderError) as caught:
            await read(Deadline(first=3000, idle=0.02), below, seconds=4000)

    assert caught.value.kind is Kind.TIMEOUT_IDLE


@pytest.mark.parametrize(("tokens", "extra"), [(100, 0.0), (10_000, 0.0), (110_000, 20.0)])
def test_a_long_prompt_gets_a_first_token_time_that_grows_with_it(tokens: int, extra: float) -> None:
    long = attempt(request("x" * 4 * tokens, stream=True), clock=Clock(), last=True)

    assert Deadline(first=8, idle=10).allowance(long) == pytest.approx(8 + extra, abs=0.1)
