"""One target after another: who is asked when, what a mend is for, and what is said when nobody answers."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from benchmarks.world import Fault, House, World
from groq_core.errors import ChainError, Kind, ProviderError, RequestError
from groq_core.events import (
    AttemptFailed,
    AttemptSkipped,
    Degraded,
    Events,
    Finished,
    Note,
    TextDelta,
    Waiting,
)
from groq_core.middleware.breaker import Breaker
from groq_core.middleware.retry import Retry
from groq_core.pipeline import Attempt, Handler, stack
from groq_core.reply import collect
from groq_core.requests import ChatRequest
from tests.fallback.bench import A, B, Bench, C, kinds, text
from tests.speakers import Speaker, fails, request, says

# ── going on ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        pytest.param(Kind.RATE_LIMITED, [A, B], id="one model's limit: the next model"),
        pytest.param(Kind.MODEL_GONE, [A, B], id="a gone model: the next model"),
        pytest.param(Kind.CONNECTION, [A, C], id="no connection: the next provider"),
        pytest.param(Kind.SERVER_ERROR, [A, C], id="an internal error: the next provider"),
        pytest.param(Kind.AUTH, [A, C], id="a wrong key: the next provider"),
        pytest.param(Kind.TIMEOUT_FIRST_TOKEN, [A, B], id="silence: the next model"),
    ],
)
async def test_a_failure_goes_on_where_its_rule_says(kind: Kind, asked: list[str]) -> None:
    speaker = Speaker().script(A, fails(kind)).script(B, says("from b")).script(C, says("from c"))

    events = await Bench(speaker).ask()

    assert speaker.asked == asked
    assert kinds(events) == [kind]
    assert isinstance(events[-1], Finished)


async def test_two_silent_models_of_one_provider_are_enough() -> None:
    speaker = Speaker().script(A, fails(Kind.TIMEOUT_FIRST_TOKEN)).script(B, fails(Kind.STREAM_CUT))
    speaker.script(C, says("c"))

    await Bench(speaker).ask()

    assert speaker.asked == [A, B, C]


async def test_a_failed_model_is_passed_over_until_it_has_rested() -> None:
    speaker = Speaker().script(A, fails(Kind.RATE_LIMITED, retry_after=120.0), says("back")).script(B, says("b"))
    bench = Bench(speaker)
    await bench.ask()
    events = await bench.ask()
    assert [e.kind for e in events if isinstance(e, AttemptSkipped)] == [Kind.RESTING]
    bench.clock.now += 121

    events = await bench.ask()

    assert text(events) == "back"
    assert speaker.asked == [A, B, B, A]


async def test_a_content_filter_stops_the_chain() -> None:
    speaker = Speaker().script(A, fails(Kind.CONTENT_FILTER)).script(B, says("something else"))

    with pytest.raises(RequestError) as caught:
        await Bench(speaker).ask()

    assert caught.value.code == "content_filter"
    assert speaker.asked == [A]


async def test_a_content_filter_after_text_ends_the_answer_as_filtered() -> None:
    speaker = Speaker().script(A, fails(Kind.CONTENT_FILTER, "Once upon")).script(B, says("something else"))

    events = await Bench(speaker).ask()

    assert text(events) == "Once upon"
    assert isinstance(events[-1], Finished)
    assert events[-1].finish_reason == "content_filter"


async def test_what_every_target_refuses_is_the_callers_to_mend() -> None:
    speaker = Speaker()
    for name in (A, B, C):
        speaker.script(name, fails(Kind.INVALID_REQUEST, status=400))

    with pytest.raises(RequestError) as caught:
        await Bench(speaker).ask()

    assert caught.value.status == 400


async def test_a_bug_of_ours_is_not_a_reason_to_ask_another_model() -> None:
    class Bug:
        async def __call__(self, attempt: object) -> object:
            raise ZeroDivisionError
            yield

    bench = Bench(Bug())  # type: ignore[arg-type]

    with pytest.raises(ZeroDivisionError):
        await bench.ask()


# ── nobody answers ───────────────────────────────────────────────────────────────────────────────────


def all_down(kind: Kind = Kind.OVER_CAPACITY, **fields: object) -> Speaker:
    speaker = Speaker()
    for name in (A, B, C):
        speaker.script(name, fails(kind, **fields))
    return speaker


async def test_when_nobody_answers_the_error_says_who_and_when_to_come_back() -> None:
    with pytest.raises(ChainError) as caught:
        await Bench(all_down(retry_after=20.0)).ask()

    assert caught.value.status == 503
    assert caught.value.retry_after == 20.0
    assert [failure.model for failure in caught.value.failures] == ["a", "b", "c"]
    assert "groq:a" in caught.value.message


async def test_degrading_to_a_message_answers_with_a_friendly_sentence() -> None:
    events = await Bench(all_down(), degrade="message").ask()

    assert any(isinstance(event, Degraded) for event in events)
    assert "please try again" in text(events)
    assert isinstance(events[-1], Finished)
    assert events[-1].model == "fallback"


async def test_attempts_are_bounded_by_the_budget() -> None:
    bench = Bench(all_down(), attempts=2)

    with pytest.raises(ChainError):
        await bench.ask()

    assert len(bench.speaker.asked) == 2


async def test_when_all_rest_by_our_own_guess_one_is_asked_all_the_same() -> None:
    speaker = all_down()
    bench = Bench(speaker)
    with pytest.raises(ChainError):
        await bench.ask()
    bench.clock.now += 2
    speaker.script(A, says("recovered"))

    events = await bench.ask()

    assert text(events) == "recovered"


async def test_when_all_said_when_to_come_back_the_first_is_waited_for() -> None:
    speaker = Speaker().script(A, fails(Kind.RATE_LIMITED, retry_after=30.0))
    speaker.script(B, fails(Kind.RATE_LIMITED, retry_after=20.0), says("b again"))
    speaker.script(C, fails(Kind.RATE_LIMITED, retry_after=300.0))
    bench = Bench(speaker)
    with pytest.raises(ChainError):
        await bench.ask()

    events = await bench.ask()

    assert [event.target for event in events if isinstance(event, Waiting)] == [B]
    assert bench.clock.slept == [pytest.approx(20.0)]
    assert text(events) == "b again"


# ── the promise, failure by failure ──────────────────────────────────────────────────────────────────


def with_retry(bench: Bench) -> Bench:
    """As in the app, where an attempt may be repeated before the chain hears of its failure."""
    breaker = bench.chain._attempt.func  # type: ignore[attr-defined]
    retry = Retry(sleep=bench.clock.sleep, uniform=lambda low, high: high)
    bench.chain._attempt = stack(breaker, retry, around=bench.speaker)
    return bench


async def test_short_waits_are_not_waited_for_at_the_backups_cost() -> None:
    speaker = Speaker().script(C, says("from c"))
    for name in (A, B):
        speaker.script(name, fails(Kind.RATE_LIMITED, status=429, retry_after=2.0))

    events = await with_retry(Bench(speaker)).ask()

    assert text(events) == "from c"
    assert speaker.asked[-1] == C
    assert len(speaker.asked) <= 6


@pytest.mark.parametrize("kind", [Kind.EMPTY_ANSWER, Kind.MALFORMED])
async def test_two_answers_with_nothing_in_them_leave_the_provider(kind: Kind) -> None:
    speaker = Speaker().script(C, says("from c"))
    for name in (A, B):
        speaker.script(name, fails(kind))

    events = await with_retry(Bench(speaker)).ask()

    assert text(events) == "from c"


async def test_a_refusal_without_numbers_asks_for_no_more_than_was_asked() -> None:
    speaker = Speaker().script(A, fails(Kind.TOO_LARGE, status=413)).script(B, says("from b"))

    events = await Bench(speaker).ask(request("word " * 20))

    assert text(events) == "from b"
    assert [attempt.request.needs.max_tokens for attempt in speaker.attempts] == [None, None]
    assert not any(isinstance(event, Note) for event in events)


async def test_a_mend_belongs_to_the_target_that_wanted_it() -> None:
    speaker = Speaker().script(A, fails(Kind.TOO_LARGE, status=413)).script(B, says("from b"))

    await Bench(speaker).ask(request(params={"max_tokens": 2000}))

    assert [(attempt.spec.name, attempt.request.needs.max_tokens) for attempt in speaker.attempts] == [
        (A, 2000),
        (A, 1000),
        (B, 2000),
    ]


async def test_a_guess_of_ours_stops_nobody_when_nobody_else_is_left() -> None:
    class Guard:
        """Refuses by its own count, as the rate guard does, unless told that it does not matter."""

        async def __call__(self, handle: Handler[Attempt], attempt: Attempt) -> Events:
            if attempt.spec.name == C and not attempt.insistent:
                raise ProviderError(Kind.TOO_LARGE, "about 900 tokens wanted", provider="openai", model="c")
            async with aclosing(handle(attempt)) as events:
                async for event in events:
                    yield event

    speaker = Speaker().script(C, says("from c"))
    for name in (A, B):
        speaker.script(name, fails(Kind.RATE_LIMITED, retry_after=50.0))
    bench = Bench(speaker)
    bench.chain._attempt = stack(Breaker(bench.health), Guard(), around=speaker)

    assert text(await bench.ask()) == "from c"
    assert speaker.asked == [A, B, C]


async def test_a_backup_that_is_back_is_asked_though_others_were_asked_before_it() -> None:
    speaker = all_down(Kind.CONNECTION, provider_wide=True)
    bench = Bench(speaker)
    with pytest.raises(ChainError):
        await bench.ask()
    bench.clock.now += 16
    speaker.script(C, fails(Kind.CONNECTION, provider_wide=True))
    with pytest.raises(ChainError):
        await bench.ask()
    bench.clock.now += 16  # C rests for thirty seconds now, and is back
    speaker.script(A, fails(Kind.MODEL_GONE, status=404)).script(B, fails(Kind.AUTH, status=401))
    speaker.script(C, says("from c"))

    assert text(await bench.ask()) == "from c"


async def test_a_probe_under_way_is_waited_for_and_its_outcome_counts_for_all() -> None:
    speaker = all_down(Kind.CONNECTION, provider_wide=True)
    bench = Bench(speaker)
    with pytest.raises(ChainError):
        await bench.ask()
    bench.clock.now += 2
    going = asyncio.Event()
    speaker.script(A, [going, *says("back")], says("back"))  # type: ignore[list-item]
    asked = [asyncio.create_task(bench.ask()) for _ in range(3)]
    for _ in range(50):
        await asyncio.sleep(0)
    going.set()

    assert [text(await one) for one in asked] == ["back"] * 3


@pytest.mark.parametrize(
    ("kind", "fields", "status", "told"),
    [
        pytest.param(Kind.RATE_LIMITED, {"retry_after": 90.0}, 429, Kind.RATE_LIMITED, id="all limited"),
        pytest.param(Kind.AUTH, {"provider_wide": True}, 503, Kind.AUTH, id="no key is accepted"),
        pytest.param(Kind.SERVER_ERROR, {}, 503, Kind.SERVER_ERROR, id="all broken"),
        pytest.param(Kind.MODEL_GONE, {}, 503, Kind.MODEL_GONE, id="all gone"),
    ],
)
async def test_the_error_names_the_cause_that_counts_now_and_afterwards(
    kind: Kind, fields: dict[str, object], status: int, told: Kind
) -> None:
    bench = with_retry(Bench(all_down(kind, **fields)))

    for _ in range(3):
        with pytest.raises(ChainError) as caught:
            await bench.ask()
        assert (caught.value.status, caught.value.kind) == (status, told)
        bench.clock.now += 0.1
    if kind is Kind.RATE_LIMITED:
        assert caught.value.retry_after == pytest.approx(89.8, abs=0.5)


async def test_one_limited_and_one_broken_is_no_rate_limit() -> None:
    speaker = Speaker().script(A, fails(Kind.RATE_LIMITED, retry_after=90.0)).script(B, fails(Kind.MODEL_GONE))
    speaker.script(C, fails(Kind.SERVER_ERROR))

    with pytest.raises(ChainError) as caught:
        await Bench(speaker).ask()

    assert (caught.value.status, caught.value.kind) == (503, Kind.SERVER_ERROR)


async def test_too_long_for_everybody_is_the_callers_to_shorten() -> None:
    speaker = Speaker().script(A, fails(Kind.TOO_LARGE, status=413)).script(B, fails(Kind.CONTEXT_LENGTH, status=400))
    speaker.script(C, fails(Kind.CONTEXT_LENGTH, status=400))

    with pytest.raises(RequestError) as caught:
        await Bench(speaker).ask()

    assert (caught.value.status, caught.value.code) == (400, "context_length_exceeded")


# ── too large ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_conversation_that_is_too_long_is_trimmed_once_and_says_so() -> None:
    old = [{"role": role, "content": "word " * 2000} for role in ("user", "assistant") * 3]
    long = request(messages=(*old, {"role": "user", "content": "and now?"}))
    speaker = Speaker().script(A, fails(Kind.CONTEXT_LENGTH, status=400), says("fine"))

    events = await Bench(speaker).ask(long)

    assert [event.code for event in events if isinstance(event, Note)] == ["conversation_trimmed"]
    sent = speaker.attempts[-1].request
    assert isinstance(sent, ChatRequest)
    assert sent.messages[-1]["content"] == "and now?"
    assert len(sent.messages) < len(long.messages)
    assert speaker.asked == [A, A]


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────────


async def test_walking_away_closes_what_was_asked() -> None:
    speaker = Speaker().script(A, [TextDelta("Hel"), asyncio.Event(), *says("lo")])  # type: ignore[list-item]
    bench = Bench(speaker)

    async with aclosing(bench.chain(request())) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break

    assert speaker.open == 0
    assert bench.health.admission("server", "groq", A) == "closed"


@pytest.mark.parametrize("waits", [{A: 30.0, B: 10.0, C: 20.0}, {A: 10.0, B: 10.0, C: 10.0}], ids=["one first", "all"])
async def test_targets_that_are_all_full_are_not_put_back_for_each_other_without_end(waits: dict[str, float]) -> None:
    asked: list[str] = []

    async def guard(attempt: Attempt) -> Events:
        """As the rate guard does: who is not the last hope is refused at once, the others wait."""
        name = attempt.spec.name
        asked.append(name)
        left = attempt.budget.remaining_s
        if waits[name] > (left - 0.5 if attempt.last or attempt.patient else 2.0):
            raise ProviderError(Kind.BUDGET, "full", provider="groq", model=name, retry_after=waits[name])
        await bench.clock.sleep(waits[name])
        yield TextDelta("answered")
        yield Finished()

    bench = Bench(guard)  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        events = await bench.ask()

    assert text(events) == "answered"
    assert asked[:3] == [A, B, C]
    assert len(asked) == 4
    assert bench.clock.slept == [10.0]


async def test_targets_that_are_all_full_for_longer_than_there_is_time_end_the_request() -> None:
    async def guard(attempt: Attempt) -> Events:
        raise ProviderError(Kind.BUDGET, "full", provider="groq", model=attempt.spec.name, retry_after=59.7)
        yield TextDelta("")

    with pytest.raises(ChainError):
        async with asyncio.timeout(20):
            await Bench(guard).ask()  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.RESTING])  # that is no failure
async def test_who_was_well_and_full_for_a_moment_is_waited_for_whatever_befell_the_others(kind: Kind) -> None:
    """Also where its own provider was left on account of another model; only what all its models share rules it out."""
    asked: list[str] = []

    async def guard(attempt: Attempt) -> Events:
        asked.append(attempt.spec.name)
        if attempt.spec.name != A:
            error = ProviderError(kind, "")
            error.attempt = AttemptFailed(number=1, provider=attempt.spec.provider, model="m", kind=kind, message="")
            raise error
        if not attempt.patient and not attempt.last:
            raise ProviderError(Kind.BUDGET, "full", retry_after=10.0)
        await bench.clock.sleep(10.0)
        yield TextDelta("answered")
        yield Finished()

    bench = Bench(guard)  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(20):
            told = text(await bench.ask())
    except (ChainError, RequestError) as error:
        told = type(error).__name__

    assert told == {
        Kind.AUTH: "ChainError",
        Kind.QUOTA_EXHAUSTED: "ChainError",
        Kind.INVALID_REQUEST: "ChainError",
        Kind.CONTENT_FILTER: "RequestError",
        Kind.DEADLINE: "ChainError",
    }.get(kind, "answered"), asked


async def test_of_a_provider_whose_models_are_over_capacity_the_rest_is_asked_before_the_reader_is_told_no() -> None:
    world = World(["groq:a", "groq:b", "groq:c", "openai:x"], lambda _: "Hello.")
    busy = Fault(kind="status", status=503, message="over capacity", headers=(("retry-after", "30"),))
    world.faults = {"groq:a": busy, "groq:b": busy, "openai:x": busy}
    house = House(world, uniform=lambda low, high: low)
    async with aclosing(house.handle(request())) as events:
        reply = await collect(events)

    assert reply.text == "Hello."
    assert [name for _, name in world.asked] == ["groq:a", "groq:b", "openai:x", "groq:c"]
