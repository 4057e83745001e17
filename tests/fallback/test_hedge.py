"""A second target beside a silent first."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from groq_core.errors import Kind, ProviderError, RequestError
from groq_core.events import AttemptFailed, AttemptStarted, Event, Events, Finished, TextDelta
from groq_core.fallback.hedge import LEAST_SEEN, Hedging
from groq_core.models.spec import ModelSpec
from groq_core.pipeline import Attempt, Handler
from groq_core.requests import ChatRequest
from groq_core.telemetry.metrics import Metrics
from tests.speakers import Clock, Speaker, attempt, fails, request, says, spec

A, B = "groq:a", "groq:b"


def hedging(metrics: Metrics) -> Hedging:
    for _ in range(LEAST_SEEN):
        metrics.of(A).ttfts.append(0.01)
    return Hedging(metrics, price=lambda spec, usage: {A: 0.001, B: 0.002}[spec.name])


Lost = list[tuple[str, ProviderError]]


async def race(
    it: Hedging, below: Handler[Attempt], of: ChatRequest, lost: Lost | None = None, told: list[Event] | None = None
) -> list[Event]:
    told = [] if told is None else told

    def fell(spec: ModelSpec, error: ProviderError) -> None:
        if lost is not None:
            lost.append((spec.name, error))

    async with aclosing(it.events(below, attempt(of, name=A, clock=Clock()), spec(B), fell)) as events:
        async for event in events:
            told.append(event)
    return told


def silent() -> Speaker:
    return Speaker().script(A, [asyncio.Event(), *says("late")]).script(B, says("b"))  # type: ignore[list-item]


async def test_a_silent_first_is_joined_by_a_second_and_the_first_word_wins() -> None:
    below = silent()

    events = await race(hedging(Metrics()), below, request(hedge=True))

    assert [event.text for event in events if isinstance(event, TextDelta)] == ["b"]
    lost = [event for event in events if isinstance(event, AttemptFailed)]
    assert [(one.model, one.cancelled, one.cost_usd) for one in lost] == [("a", True, 0.001)]
    assert below.open == 0


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


async def test_what_happens_is_told_as_it_happens() -> None:
    """A page that waits shows who is asked, and the receipt's times are those at which each was."""
    below = silent()
    events = hedging(Metrics()).events(below, attempt(request(hedge=True), clock=Clock()), spec(B), lambda *_: None)

    async with aclosing(events), asyncio.timeout(10):
        first = await anext(events)
        assert isinstance(first, AttemptStarted)
        assert below.asked == [A], "told before a second was asked"
        second = await anext(events)
        assert isinstance(second, AttemptStarted)
        assert (second.provider, second.model) == ("groq", "b")


async def test_where_both_fail_each_is_told_once_and_the_chain_hears_of_both() -> None:
    pause = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, pause.set)
    late = [pause, *fails(Kind.OVER_CAPACITY)]
    below = Speaker().script(A, late).script(B, fails(Kind.AUTH))  # type: ignore[arg-type]
    lost, told = Lost(), list[Event]()

    with pytest.raises(ProviderError) as caught:
        await race(hedging(Metrics()), below, request(hedge=True), lost, told)

    assert caught.value.model == "a", "the last one is raised"
    assert [(name, error.kind) for name, error in lost] == [(B, Kind.AUTH)]
    assert [event.model for event in told if isinstance(event, AttemptFailed)] == ["b"]


async def test_the_losers_price_is_its_own() -> None:
    pause = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, pause.set)
    below = Speaker().script(A, [pause, *says("a")]).script(B, [asyncio.Event(), *says("b")])  # type: ignore[list-item]

    events = await race(hedging(Metrics()), below, request(hedge=True))

    lost = [event for event in events if isinstance(event, AttemptFailed)]
    assert [(one.model, one.cancelled, one.cost_usd) for one in lost] == [("b", True, 0.002)]


@pytest.mark.parametrize("error", [RequestError("your limit", code="limit_reached"), RuntimeError("a bug")])
async def test_whatever_else_goes_wrong_is_not_taken_for_an_empty_answer(error: Exception) -> None:
    async def refuses(attempt: Attempt) -> Events:
        raise error
        yield

    with pytest.raises(type(error)):
        await race(hedging(Metrics()), refuses, request(hedge=True))
