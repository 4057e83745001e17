"""What an attempt is written down at, however it ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import msgspec
import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.events import AttemptStarted, Event, Finished, TextDelta, Usage
from groq_core.fallback.hedge import LEAST_SEEN, Hedging
from groq_core.middleware.spending import Spending
from groq_core.models.pricing import cost_usd
from groq_core.models.registry import MODELS
from groq_core.pipeline import Attempt
from groq_core.ratelimit.personal_limits import Taken
from groq_core.requests import Caller, Request, SpeechRequest, TranscriptionRequest
from groq_core.telemetry.metrics import Metrics
from tests.speakers import Speaker, attempt, fails, request, says

A, B = "groq:openai/gpt-oss-20b", "groq:llama-3.1-8b-instant"
PROMPT = "What stands in this letter? " * 40
ASKED: list[Request] = [
    request(PROMPT),
    TranscriptionRequest(audio=b"", filename="a.wav", duration_s=120),
    SpeechRequest(text="Good morning"),
]
USAGE = Usage(prompt_tokens=300, completion_tokens=7, total_tokens=307, audio_s=120.0)


class Account:
    """Allows everything, and keeps what it is told."""

    def __init__(self) -> None:
        self.held = 0
        self.lines: dict[str, Taken] = {}

    async def reserve(self, caller: Caller, tokens: float, usd: float) -> Sequence[Any]:
        self.held += 1
        return [None]

    async def settle(self, caller: Caller, held: Sequence[Any], model: str, line: Any) -> None:
        self.held -= 1
        self.lines[model] = line

    def line(self, caller: Caller, model: str) -> Any:
        return Taken()


def asked_for(what: Request) -> Attempt:
    return msgspec.structs.replace(attempt(clock=time.monotonic), spec=MODELS[A], request=what)


async def run_until(account: Account, below: Speaker, what: Request, last: type[Event]) -> None:
    """Read until an event of that kind came, then leave."""
    async with aclosing(Spending(account)(below, asked_for(what))) as events:
        async for event in events:
            if type(event) is last:
                return


@pytest.mark.parametrize("what", ASKED, ids=lambda what: what.needs.operation)
async def test_what_is_left_before_its_first_word_is_billed_for_what_it_was_asked(what: Request) -> None:
    account = Account()

    await run_until(account, Speaker().script(A, says("never read")), what, AttemptStarted)

    line, needs = account.lines[A], what.needs
    assert (line.requests, line.tokens_in, line.tokens_out) == (1, needs.prompt_tokens, 0)
    assert line.audio_s == needs.audio_s
    assert account.held == 0


async def test_what_is_left_after_some_words_is_billed_for_these_too() -> None:
    account = Account()

    await run_until(account, Speaker().script(A, says("sixteen letters ", "more")), ASKED[0], TextDelta)

    line = account.lines[A]
    assert (line.requests, line.tokens_in, line.tokens_out) == (1, ASKED[0].needs.prompt_tokens, 4)
    bill = Usage(prompt_tokens=line.tokens_in, completion_tokens=4)
    assert line.usd == cost_usd(MODELS[A], bill)


async def test_what_the_provider_says_is_what_is_billed() -> None:
    account = Account()

    await run_until(
        account, Speaker().script(A, [TextDelta("hi"), Finished(usage=USAGE, cost_usd=0.5)]), ASKED[0], Event
    )

    line = account.lines[A]
    assert (line.requests, line.tokens_in, line.tokens_out, line.usd) == (1, 300, 7, 0.5)


async def test_what_a_server_tells_no_usage_of_is_billed_as_it_was_heard() -> None:
    account = Account()

    await run_until(account, Speaker().script(A, [TextDelta("sixteen letters "), Finished()]), ASKED[0], Event)

    line = account.lines[A]
    assert (line.requests, line.tokens_in, line.tokens_out) == (1, ASKED[0].needs.prompt_tokens, 4)
    assert line.usd == cost_usd(MODELS[A], Usage(prompt_tokens=line.tokens_in, completion_tokens=4))


@pytest.mark.parametrize("kind", Kind)
async def test_what_failed_before_its_first_word_is_billed_nothing(kind: Kind) -> None:
    account = Account()

    with pytest.raises(ProviderError):
        await run_until(account, Speaker().script(A, fails(kind)), ASKED[0], Event)

    assert account.lines[A] == Taken()
    assert account.held == 0


async def test_what_broke_after_some_words_is_written_down_as_its_receipt_says() -> None:
    account = Account()

    with pytest.raises(ProviderError) as broken:
        await run_until(account, Speaker().script(A, fails(Kind.STREAM_CUT, "sixteen letters ")), ASKED[0], Finished)

    line = account.lines[A]
    assert (line.requests, line.tokens_out) == (1, 4)
    assert broken.value.attempt is not None
    assert broken.value.attempt.cost_usd == line.usd > 0


async def test_what_loses_a_race_is_written_down_as_its_receipt_says() -> None:
    metrics, account = Metrics(), Account()
    metrics.of(A).ttfts.extend([0.01] * LEAST_SEEN)
    race = Hedging(metrics, price=cost_usd)
    silent: Any = [asyncio.Event(), *says("late")]
    below = Speaker().script(A, silent).script(B, says("first"))

    def layered(one: Attempt) -> Any:
        return Spending(account)(below, one)

    first = asked_for(request(PROMPT, hedge=True))
    told: list[Event] = []
    async with aclosing(race.events(layered, first, MODELS[B], lambda spec, error: None)) as events:
        told.extend([event async for event in events])

    lost = [event for event in told if getattr(event, "cancelled", False)]
    assert [one.cost_usd for one in lost] == [account.lines[A].usd]  # type: ignore[attr-defined]
    assert account.lines[A].usd > 0


async def test_who_waited_for_money_does_not_ask_a_target_that_wants_to_be_left_alone_meanwhile() -> None:
    account, below = Account(), Speaker().script(A, says("hi"))
    waits: list[float] = []

    def retry_after_left(credential: str, provider: str, name: str) -> float:
        assert f"{provider}:{model_of(name)}" == A
        return waits[0] if waits else 0.0

    class Slow(Account):
        async def reserve(self, caller: Caller, tokens: float, usd: float) -> Sequence[Any]:
            held = await super().reserve(caller, tokens, usd)
            waits.append(40.0)  # said to somebody else while this one waited
            return held

    account = Slow()
    with pytest.raises(ProviderError) as caught:
        async with aclosing(Spending(account, retry_after_left=retry_after_left)(below, asked_for(ASKED[0]))) as events:
            [event async for event in events]

    assert (caught.value.kind, caught.value.retry_after) == (Kind.RESTING, 40.0)
    assert below.asked == []
    assert (account.held, account.lines[A]) == (0, Taken())


def model_of(name: str) -> str:
    return name.partition(":")[2]
