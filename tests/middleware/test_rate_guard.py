"""Asking for no more than the provider allows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest

from groq_core.errors import Kind, LimitText, ProviderError
from groq_core.events import Event, Events, Finished, TextDelta, Usage, Waiting
from groq_core.middleware.rate_guard import RateGuard
from groq_core.pipeline import Attempt
from groq_core.ratelimit.budgets import LocalBudgets, limit_status
from groq_core.ratelimit.cost import Cost
from groq_core.ratelimit.estimates import Estimates
from tests.speakers import Clock, Speaker, attempt, fails, request, says

NAME = "groq:openai/gpt-oss-20b"


class Provider:
    """Answers with rate-limit headers that count down as Groq's do."""

    def __init__(self, tokens: int = 8000, requests: int = 1000) -> None:
        self.remaining_tokens, self.remaining_requests = tokens, requests
        self.tokens, self.requests = tokens, requests
        self.asked = 0

    async def __call__(self, attempt: Attempt) -> Events:
        self.asked += 1
        self.remaining_requests -= 1
        self.remaining_tokens -= 100
        assert attempt.on_headers is not None
        attempt.on_headers(
            {
                "x-ratelimit-limit-requests": str(self.requests),
                "x-ratelimit-remaining-requests": str(self.remaining_requests),
                "x-ratelimit-reset-requests": "1m26.4s",
                "x-ratelimit-limit-tokens": str(self.tokens),
                "x-ratelimit-remaining-tokens": str(self.remaining_tokens),
                "x-ratelimit-reset-tokens": "1s",
            }
        )
        yield TextDelta("hi")
        yield Finished(usage=Usage(prompt_tokens=100, completion_tokens=20, total_tokens=120))


def guard(clock: Clock, **ceilings: int) -> tuple[RateGuard, LocalBudgets]:
    budgets = LocalBudgets(clock=clock, **ceilings)
    return RateGuard(budgets, Estimates(), clock=clock), budgets


async def read(layer: RateGuard, below: object, of: Attempt) -> list[Event]:
    async with aclosing(layer(below, of)) as events:  # type: ignore[arg-type]
        return [event async for event in events]


def shown_limits(budgets: LocalBudgets, clock: Clock) -> dict[tuple[str, int], float]:
    buckets = budgets.find("server", NAME)
    assert buckets is not None
    return {(limit.kind, limit.window_s): limit.limit for limit in limit_status(buckets, clock())}


async def test_limits_are_learnt_from_headers_and_the_hidden_ones_from_the_plan() -> None:
    clock = Clock()
    layer, budgets = guard(clock)

    await read(layer, Provider(), attempt(clock=clock, name=NAME))

    shown = shown_limits(budgets, clock)
    assert shown[("tokens", 60)] == 8000
    assert shown[("requests", 86400)] == 1000
    assert shown[("requests", 60)] == 30, "a day of 1000 requests is the free plan, which has 30 a minute"


async def test_a_request_that_must_be_refused_is_not_sent() -> None:
    clock = Clock()
    layer, _ = guard(clock)
    below = Provider(tokens=8000)
    below.remaining_tokens = 300
    await read(layer, below, attempt(clock=clock, name=NAME))

    with pytest.raises(ProviderError) as caught:
        await read(layer, below, attempt(request(params={"max_tokens": 4000}), clock=clock, name=NAME))

    assert caught.value.kind is Kind.BUDGET
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 2.5
    assert below.asked == 1


async def test_what_can_never_fit_is_said_to_be_too_large_with_the_limit() -> None:
    clock = Clock()
    layer, _ = guard(clock, tpm=1000)

    with pytest.raises(ProviderError) as caught:
        await read(layer, Provider(), attempt(request(params={"max_tokens": 4000}), clock=clock, name=NAME))

    assert caught.value.kind is Kind.TOO_LARGE
    assert isinstance(caught.value.limit, LimitText)
    assert caught.value.limit.limit == 1000


@pytest.mark.parametrize(("ceiling", "asked"), [({"rpm": 5}, 5), ({"tpm": 3000}, 17), ({"rpm": 50, "tpm": 2000}, 9)])
async def test_our_own_ceiling_holds_whatever_the_provider_tells(ceiling: dict[str, int], asked: int) -> None:
    clock = Clock()
    layer, _ = guard(clock, **ceiling)
    below = Provider()

    async def ask_a_hundred() -> None:
        for _ in range(100):
            await read(layer, below, attempt(clock=clock, name=NAME))

    with pytest.raises(ProviderError) as caught:
        await ask_a_hundred()

    assert caught.value.kind is Kind.BUDGET
    assert below.asked <= asked, "120 tokens each, and about 1,000 that are held for what one may take"


async def test_a_ceiling_higher_than_the_providers_limit_changes_nothing() -> None:
    clock = Clock()
    layer, budgets = guard(clock, rpm=1000, tpm=100_000)
    await read(layer, Provider(), attempt(clock=clock, name=NAME))

    shown = shown_limits(budgets, clock)
    assert shown[("tokens", 60)] == 8000
    assert shown[("requests", 60)] == 30


async def test_who_is_asked_although_it_never_fits_does_not_wait_in_vain_for_that_limit() -> None:
    clock = Clock()
    layer, budgets = guard(clock)
    budgets.of("server", NAME).learn("tokens", 60, 10, 10)
    below = Speaker().script(NAME, says("hi"))

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(read(layer, below, attempt(clock=clock, name=NAME, insistent=True, last=True)))

    assert below.asked == [NAME] * 3


@pytest.mark.parametrize("ceiling", [{"rpm": 1}, {"tpm": 10}])
async def test_not_even_they_pass_our_own_ceiling(ceiling: dict[str, int]) -> None:
    clock = Clock()
    layer, budgets = guard(clock, **ceiling)
    budgets.of("server", NAME).learn("tokens", 60, 10, 10)
    below = Speaker().script(NAME, says("hi"))
    await read(layer, below, attempt(clock=clock, name=NAME, insistent=True, last=True))

    with pytest.raises(ProviderError) as caught:
        await read(layer, below, attempt(clock=clock, name=NAME, insistent=True, last=True))

    assert caught.value.kind is Kind.BUDGET
    assert below.asked == [NAME]


def minutely(remaining: int, reset: str) -> Callable[[Attempt], Events]:
    """A backup that says as OpenAI does how many of sixty requests a minute are left."""

    async def answer(attempt: Attempt) -> Events:
        assert attempt.on_headers is not None
        attempt.on_headers(
            {
                "x-ratelimit-limit-requests": "60",
                "x-ratelimit-remaining-requests": str(remaining),
                "x-ratelimit-reset-requests": reset,
            }
        )
        yield Finished()

    return answer


async def test_another_provider_s_minute_is_no_day() -> None:
    clock, name = Clock(), "openai:openai/gpt-oss-20b"
    layer, budgets = guard(clock)
    await read(layer, minutely(0, "1m0s"), attempt(clock=clock, name=name))

    assert budgets.of("server", name).wait(Cost()) == pytest.approx(1.0)
    found = [(bucket.kind, bucket.window_s) for bucket in budgets.of("server", name)]
    assert found == [("requests", 60)], "nor Groq's plans its own, though the model has the same name"


async def test_what_was_first_thought_of_its_window_is_forgotten() -> None:
    clock, name = Clock(), "openai:gpt"
    layer, budgets = guard(clock, rpm=1000)
    await read(layer, minutely(59, "24m"), attempt(clock=clock, name=name))  # a day's, by these numbers
    await read(layer, minutely(58, "2s"), attempt(clock=clock, name=name))

    found = [(bucket.window_s, bucket.own, bucket.limit) for bucket in budgets.of("server", name)]
    assert found == [(60, True, 1000), (60, False, 60)]


async def test_a_short_wait_is_told_and_waited_for() -> None:
    budgets = LocalBudgets()
    buckets = budgets.of("server", NAME)
    buckets.learn("requests", 60, 120, 0)
    buckets.release_learners()

    events = await read(RateGuard(budgets, Estimates()), Provider(), attempt(clock=Clock(), name=NAME))

    assert [type(event) for event in events] == [Waiting, TextDelta, Finished]


async def test_a_refusals_text_teaches_the_limit_the_headers_hide() -> None:
    clock = Clock()
    layer, budgets = guard(clock)
    text = LimitText(
        dimension="RPM", kind="requests", window_s=60, limit=30, used=30, requested=1, wait_s=2.0, too_large=False
    )
    below = Speaker().script(NAME, fails(Kind.RATE_LIMITED, limit=text))

    with pytest.raises(ProviderError):
        await read(layer, below, attempt(clock=clock, name=NAME))

    assert budgets.of("server", NAME).wait(layer.cost(attempt(clock=clock, name=NAME))) == pytest.approx(2.0)


async def test_a_cancelled_request_holds_nothing() -> None:
    clock = Clock()
    layer, budgets = guard(clock, tpm=8000)
    below = Speaker().script(NAME, [TextDelta("a"), asyncio.Event(), *says("b")])  # type: ignore[list-item]
    reader = asyncio.create_task(read(layer, below, attempt(clock=clock, name=NAME)))
    await asyncio.sleep(0.01)
    assert [bucket.held > 0 for bucket in budgets.of("server", NAME)] == [True]

    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)

    assert [bucket.held for bucket in budgets.of("server", NAME)] == [0]


async def test_one_credentials_limits_are_not_anothers() -> None:
    clock = Clock()
    layer, budgets = guard(clock)
    await read(layer, Provider(), attempt(clock=clock, name=NAME))

    assert budgets.find("visitor:x", NAME) is None


def test_the_estimate_learns_from_what_was_counted() -> None:
    estimates = Estimates()
    needs = request("word " * 400).needs
    before = estimates.prompt_tokens("m", needs)
    for _ in range(12):
        estimates.learn("m", needs, 1000)

    assert before == needs.prompt_tokens
    assert estimates.prompt_tokens("m", needs) == pytest.approx(1000, rel=0.01)


async def test_what_was_taken_is_settled_before_the_end_is_told() -> None:
    clock = Clock()
    layer, budgets = guard(clock, tpm=10_000)

    async with aclosing(layer(Provider(), attempt(clock=clock))) as events:
        async for event in events:
            held = sum(bucket.held for bucket in budgets.of("server", "groq:a"))
            # The headers of an answer that goes out whole are made when its end is told, and say what is left.
            assert (held == 0) == isinstance(event, Finished)
