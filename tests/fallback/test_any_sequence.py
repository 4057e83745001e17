"""Whatever happens upstream, in whatever order: one end, no doubled word, no silent cut, no attempt too many."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import msgspec
from hypothesis import event as seen
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.errors import BrokenAnswerError, ChainError, Kind, ProviderError, RequestError
from groq_core.events import AttemptFailed, AttemptStarted, Continued, Event, Events, Finished, Restarted, TextDelta
from groq_core.middleware.retry import Retry
from groq_core.pipeline import Attempt, stack
from groq_core.reply import Reply
from groq_core.requests import ChatRequest
from tests.fallback.bench import A, Bench
from tests.speakers import Clock, request

ANSWERS = (
    "The capital of France is Paris, which lies on the Seine and has been the capital for a thousand years.",
    "Paris. It has been the capital of France since the tenth century, with a few interruptions in between.",
)

BEFORE = [Kind.RATE_LIMITED, Kind.SERVER_ERROR, Kind.CONNECTION, Kind.OVER_CAPACITY, Kind.MODEL_GONE, Kind.AUTH,
          Kind.TIMEOUT_FIRST_TOKEN, Kind.EMPTY_ANSWER, Kind.NOT_PERMITTED, Kind.INVALID_REQUEST, Kind.TOO_LARGE,
          Kind.GENERATION_FAILED, Kind.CONTENT_FILTER, Kind.QUOTA_EXHAUSTED, Kind.UNSUPPORTED]  # fmt: skip
MIDWAY = [Kind.STREAM_CUT, Kind.TIMEOUT_IDLE, Kind.STREAM_ERROR, Kind.SERVER_ERROR, Kind.CONNECTION]

Outcome = tuple[str, Any]

outcomes: st.SearchStrategy[Outcome] = st.one_of(
    st.tuples(st.just("answers"), st.integers(0, 1)),
    st.tuples(st.just("fails"), st.tuples(st.sampled_from(BEFORE), st.none() | st.floats(0, 90))),
    st.tuples(st.just("breaks"), st.tuples(st.sampled_from(MIDWAY), st.integers(0, 1), st.integers(1, 90))),
    st.tuples(st.just("refuses prefill"), st.integers(0, 1)),
)


class World:
    """Targets that do what the list says, one entry an attempt, and answer well when it is used up."""

    def __init__(self, plan: list[Outcome]) -> None:
        self.plan = plan
        self.asked: list[str] = []
        self.open = 0

    async def __call__(self, attempt: Attempt) -> Events:
        number = attempt.budget.take()
        self.asked.append(attempt.spec.name)
        yield AttemptStarted(number=number, provider=attempt.spec.provider, model=attempt.spec.id)
        self.open += 1
        try:
            for step in self.steps(attempt, self.plan.pop(0) if self.plan else ("answers", 0)):
                if isinstance(step, ProviderError):
                    step.attempt = AttemptFailed(
                        number=number, provider=attempt.spec.provider, model=attempt.spec.id, kind=step.kind, message=""
                    )
                    raise step
                if isinstance(step, Finished):
                    step = msgspec.structs.replace(step, number=number, provider="p", model="m")
                await asyncio.sleep(0)
                yield step
        finally:
            self.open -= 1

    def steps(self, attempt: Attempt, outcome: Outcome) -> list[Event | ProviderError]:
        what, how = outcome
        if what == "fails":
            return [ProviderError(how[0], "", status=400, retry_after=how[1])]
        if what == "refuses prefill" and attempt.prefill:
            return [ProviderError(Kind.INVALID_REQUEST, "", status=400)]
        answer = self.text(attempt, how[1] if what == "breaks" else how)
        if what == "breaks":
            return [*map(TextDelta, pieces(answer[: how[2]])), ProviderError(how[0], "")]
        return [*map(TextDelta, pieces(answer)), Finished()]

    def text(self, attempt: Attempt, wanted: int) -> str:
        """A model that is given the beginning of an answer goes on with it."""
        assert isinstance(attempt.request, ChatRequest)
        if not attempt.prefill:
            return ANSWERS[wanted]
        begun = attempt.request.messages[-1]["content"]
        return next(answer for answer in ANSWERS if answer.startswith(begun))[len(begun) :]


def pieces(text: str) -> list[str]:
    return [text[i : i + 7] for i in range(0, len(text), 7)]


class Ended:
    """How one request ended, and what its reader has."""

    def __init__(self) -> None:
        self.reply = Reply()
        self.events: list[Event] = []
        self.error: Exception | None = None


async def ask(bench: Bench, revisable: bool, leave_after: int | None) -> Ended:
    ended = Ended()
    try:
        async with aclosing(bench.chain(request(revisable=revisable))) as events:
            async for event in events:
                ended.events.append(event)
                ended.reply.apply(event)
                if leave_after is not None and len(ended.events) > leave_after:
                    break
    except (RequestError, ChainError) as error:
        ended.error = error
    return ended


def bench_of(world: World, prefill: bool) -> Bench:
    bench = Bench(world, prefill=("groq:b",) if prefill else ())  # type: ignore[arg-type]
    clock: Clock = bench.clock
    retry = Retry(sleep=clock.sleep, uniform=lambda low, high: high)
    # Between the breaker and the targets, as in the app.
    breaker = bench.chain._attempt.func  # type: ignore[attr-defined]
    bench.chain._attempt = stack(breaker, retry, around=world)
    return bench


@settings(max_examples=300)
@given(st.lists(outcomes, max_size=14), st.booleans(), st.booleans(), st.none() | st.integers(0, 12))
def test_every_request_has_one_end(plan: list[Outcome], revisable: bool, prefill: bool, leave: int | None) -> None:
    async def story() -> None:
        world = World(list(plan))
        bench = bench_of(world, prefill)
        for _ in range(3):
            before = len(world.asked)
            ended = await ask(bench, revisable, leave)
            check(ended, revisable, left=leave is not None and len(ended.events) > leave)
            assert len(world.asked) - before <= 6
            assert world.open == 0
            bench.clock.now += 7
        world.plan.clear()
        bench.clock.now += 4000
        bench.health.forgive_gone("server", A)

        recovered = await ask(bench, revisable, None)

        assert recovered.reply.text == ANSWERS[0]
        assert world.asked[-1] == A, "after recovery the primary is used again"

    asyncio.run(story())


def check(ended: Ended, revisable: bool, *, left: bool) -> None:
    finishes = [event for event in ended.events if isinstance(event, Finished)]
    text = ended.reply.text
    if left:
        seen("left")
        assert any(answer.startswith(text) for answer in ANSWERS)
        return
    assert len(finishes) + (ended.error is not None) == 1, "one end, and only one"
    if not revisable:
        assert not any(isinstance(event, Restarted) for event in ended.events)
    if finishes and finishes[0].finish_reason == "stop":
        seen("answered after a seam" if any(isinstance(e, Continued) for e in ended.events) else "answered")
        assert text in ANSWERS, "whole, nothing doubled"
    elif finishes:
        seen("filtered")
        assert any(answer.startswith(text) for answer in ANSWERS)
    else:
        seen(type(ended.error).__name__)
        assert any(answer.startswith(text) for answer in ANSWERS), "what was sent is a part of one answer"
        assert isinstance(ended.error, BrokenAnswerError) == bool(text)
