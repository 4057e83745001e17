"""A second target beside a silent first."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from groq_core.errors import Kind
from groq_core.events import AttemptFailed, Event, Finished, Note, TextDelta
from groq_core.fallback.hedge import LEAST_SEEN, Hedging
from groq_core.requests import ChatRequest
from groq_core.telemetry.metrics import Metrics
from tests.speakers import Clock, Speaker, attempt, fails, request, says, spec

A, B = "groq:a", "groq:b"


def hedging(metrics: Metrics) -> Hedging:
    for _ in range(LEAST_SEEN):
        metrics.of(A).ttfts.append(0.01)
    return Hedging(metrics, price=lambda spec, usage: 0.001)


async def race(it: Hedging, below: Speaker, of: ChatRequest) -> list[Event]:
    async with aclosing(it.events(below, attempt(of, name=A, clock=Clock()), spec(B))) as events:
        return [event async for event in events]


def silent() -> Speaker:
    return Speaker().script(A, [asyncio.Event(), *says("late")]).script(B, says("b"))  # type: ignore[list-item]


async def test_a_silent_first_is_joined_by_a_second_and_the_first_word_wins() -> None:
    below = silent()

    events = await race(hedging(Metrics()), below, request(hedge=True))

    assert [event.text for event in events if isinstance(event, TextDelta)] == ["b"]
    lost = [event for event in events if isinstance(event, AttemptFailed)]
    assert [(one.model, one.cancelled, one.cost_usd) for one in lost] == [("a", True, 0.001)]
    assert below.open == 0


async def test_what_was_changed_for_the_one_that_lost_is_not_told() -> None:
    first, second = Note(code="parameter_left_out", text="a"), Note(code="parameter_left_out", text="b")
    below = Speaker().script(A, [first, asyncio.Event(), *says("late")])  # type: ignore[list-item]
    below.script(B, [second, *says("b")])

    events = await race(hedging(Metrics()), below, request(hedge=True))

    assert [event.text for event in events if isinstance(event, Note | TextDelta)] == ["b", "b"]


async def test_a_first_that_speaks_in_time_is_alone() -> None:
    below = Speaker().script(A, says("a")).script(B, says("b"))

    events = await race(hedging(Metrics()), below, request(hedge=True))

    assert below.asked == [A]
    assert isinstance(events[-1], Finished)


async def test_it_is_off_by_default_and_never_with_tools() -> None:
    it = hedging(Metrics())
    plain = attempt(request(), name=A, clock=Clock())
    tools = attempt(request(hedge=True, params={"tools": [{}]}), name=A, clock=Clock())

    assert it._delay(plain, spec(B)) is None
    assert it._delay(tools, spec(B)) is None


async def test_a_fast_error_is_not_hedged() -> None:
    below = Speaker().script(A, fails(Kind.SERVER_ERROR)).script(B, says("b"))
    reader = asyncio.create_task(race(hedging(Metrics()), below, request(hedge=True)))
    await asyncio.gather(reader, return_exceptions=True)

    assert below.asked == [A]


async def test_second_requests_are_bounded() -> None:
    it = hedging(Metrics())
    it.chances, it.made = 100, 6
    below = Speaker().script(A, [asyncio.Event(), *says("late")]).script(B, says("b"))  # type: ignore[list-item]
    reader = asyncio.create_task(race(it, below, request(hedge=True)))
    await asyncio.sleep(0.05)

    assert below.asked == [A]
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    assert below.open == 0


async def test_leaving_a_race_closes_both() -> None:
    below = Speaker().script(A, [asyncio.Event(), *says("a")]).script(B, [asyncio.Event(), *says("b")])  # type: ignore[list-item]
    reader = asyncio.create_task(race(hedging(Metrics()), below, request(hedge=True)))
    await asyncio.sleep(0.05)
    assert below.open == 2

    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)

    assert below.open == 0
