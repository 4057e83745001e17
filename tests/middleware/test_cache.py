"""What is kept, for whom, and what is never kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from groq_core.errors import ChainError, Kind, ProviderError, RequestError
from groq_core.events import AttemptStarted, CacheChecked, Continued, Event, Events, Finished, Routed, TextDelta
from groq_core.middleware.cache import Cache, CacheEntry, key_of, reproducible
from groq_core.reply import Receipt
from groq_core.requests import Caller, ChatRequest, Request
from groq_core.telemetry.metrics import Metrics
from tests.speakers import Clock, request

ZERO = {"temperature": 0}


class Answers:
    """A handler that gives the same answer each time and counts how often it was asked."""

    def __init__(self, *events: Event, gate: asyncio.Event | None = None, error: Exception | None = None) -> None:
        self.events = events or (TextDelta("4"), Finished(provider="groq", model="a", number=1, cost_usd=0.5))
        self.gate = gate
        self.error = error
        self.asked = 0
        self.open = 0

    async def __call__(self, request: Request) -> Events:
        self.asked += 1
        self.open += 1
        try:
            yield Routed(
                request_id=request.request_id, tier="speed", reason="speed: a plain chat", candidates=("groq:a",)
            )
            if self.gate is not None:
                await self.gate.wait()
            if self.error is not None:
                raise self.error
            for event in self.events:
                yield event
        finally:
            self.open -= 1


async def read(cache: Cache, below: Callable[[Request], Events], of: ChatRequest) -> list[Event]:
    async with aclosing(cache(below, of)) as events:
        return [event async for event in events]


def cache_results(events: list[Event]) -> list[str]:
    return [event.result for event in events if isinstance(event, CacheChecked)]


async def test_the_same_question_at_temperature_zero_is_asked_once() -> None:
    clock, below = Clock(), Answers()
    cache = Cache({}, Metrics(), clock=clock)
    await read(cache, below, request("2+2?", params=ZERO))
    clock.now += 30

    events = await read(cache, below, request("2+2?", params=ZERO))

    assert below.asked == 1
    hit = next(event for event in events if isinstance(event, CacheChecked))
    assert (hit.result, hit.age_s, hit.saved_usd) == ("hit", 30, 0.5)
    receipt = Receipt()
    for event in events:
        receipt.note(event)
    assert receipt.cost_usd == 0
    assert receipt.served_by == {"provider": "groq", "model": "a"}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"params": {}}, id="no temperature is not zero"),
        pytest.param({"params": {"temperature": 0.2}}, id="a temperature"),
        pytest.param({"params": {"temperature": False}}, id="a boolean is not zero"),
        pytest.param({"params": {**ZERO, "tools": [{}]}}, id="tools"),
        pytest.param({"params": ZERO, "no_store": True}, id="asked not to"),
    ],
)
async def test_what_may_come_out_differently_is_not_kept(fields: dict[str, Any]) -> None:
    below = Answers()
    cache = Cache({}, Metrics())

    first = await read(cache, below, request(**fields))
    await read(cache, below, request(**fields))

    assert below.asked == 2
    assert cache_results(first) == []


@pytest.mark.parametrize(
    "events",
    [
        pytest.param((TextDelta("4"), Finished(finish_reason="length")), id="cut at the maximum"),
        pytest.param((TextDelta("4"),), id="no end"),
        pytest.param((TextDelta("4"), Continued(provider="x", model="y", at=1), Finished()), id="two authors"),
    ],
)
async def test_only_whole_answers_of_one_author_are_kept(events: tuple[Event, ...]) -> None:
    store: dict[str, CacheEntry] = {}
    cache = Cache(store, Metrics())
    below = Answers(*events)
    reader = asyncio.create_task(read(cache, below, request(params=ZERO)))
    await asyncio.gather(reader, return_exceptions=True)

    assert store == {}


async def test_an_error_is_not_kept_and_reaches_the_reader() -> None:
    store: dict[str, CacheEntry] = {}

    with pytest.raises(ChainError):
        await read(Cache(store, Metrics()), Answers(error=ChainError("none")), request(params=ZERO))

    assert store == {}


def test_every_parameter_is_part_of_the_key() -> None:
    base = request("hi", params=ZERO)
    others = [
        request("hi", params={**ZERO, "top_k": 1}),
        request("hi", params={**ZERO, "reasoning_effort": "low"}),
        request("hi", params={**ZERO, "never_heard_of": 1}),
        request("hi", params=ZERO, model="quality"),
        request("ho", params=ZERO),
        request("hi", params=ZERO, caller=Caller(credential="visitor:x")),
    ]

    assert len({key_of(one) for one in [base, *others]}) == 7


def test_how_it_travels_is_not() -> None:
    base = request("hi", params=ZERO)
    same = request("hi", params={**ZERO, "user": "ann", "stream": True}, stream=False)

    assert key_of(base) == key_of(same)
    assert reproducible(base)


def test_who_asks_is_unless_the_whole_server_shares() -> None:
    ann = request("hi", params=ZERO, caller=Caller(user="token:1"))
    bob = request("hi", params=ZERO, caller=Caller(user="token:2"))

    assert key_of(ann) != key_of(bob)
    assert key_of(ann, "server") == key_of(bob, "server")


async def test_the_same_question_twice_at_once_is_asked_once() -> None:
    gate = asyncio.Event()
    below = Answers(gate=gate)
    cache = Cache({}, Metrics())
    readers = [asyncio.create_task(read(cache, below, request(params=ZERO))) for _ in range(5)]
    await asyncio.sleep(0.01)
    gate.set()

    heard = await asyncio.gather(*readers)

    assert below.asked == 1
    assert sorted(cache_results(events)[0] for events in heard) == ["hit"] * 4 + ["miss"]
    assert all(isinstance(events[-1], Finished) for events in heard)


async def test_the_first_reader_may_leave_without_spoiling_it_for_the_others() -> None:
    gate = asyncio.Event()
    below = Answers(gate=gate)
    cache = Cache({}, Metrics())
    first = asyncio.create_task(read(cache, below, request(params=ZERO)))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(read(cache, below, request(params=ZERO)))
    await asyncio.sleep(0.01)

    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    gate.set()

    assert isinstance((await second)[-1], Finished)
    assert below.asked == 1


async def test_when_the_last_reader_leaves_the_answer_is_closed() -> None:
    below = Answers(gate=asyncio.Event())
    reader = asyncio.create_task(read(Cache({}, Metrics()), below, request(params=ZERO)))
    await asyncio.sleep(0.01)
    assert below.open == 1

    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)

    assert below.open == 0


# ── who shares, and what that tells ──────────────────────────────────────────────────────────────────


def story() -> Answers:
    gate = asyncio.Event()
    started = AttemptStarted(number=1, provider="groq", model="a")
    return Answers(started, TextDelta("4"), Finished(provider="groq", model="a", number=1, cost_usd=0.5), gate=gate)


async def test_both_of_two_equal_questions_are_shown_the_attempt_that_answered_them() -> None:
    below = story()
    cache = Cache({}, Metrics(), clock=Clock())
    asked = [asyncio.create_task(read(cache, below, request(params=ZERO))) for _ in range(2)]
    await asyncio.sleep(0.01)
    assert below.gate is not None
    below.gate.set()

    receipts = []
    for one in asked:
        receipt = Receipt()
        for event in await one:
            receipt.note(event)
        receipts.append(receipt.as_dict())

    assert [[record["outcome"] for record in one["attempts"]] for one in receipts] == [["answered"], ["answered"]]
    assert [one["cost_usd"] for one in receipts] == [0.5, 0.0]
    assert below.asked == 1


async def test_another_replica_s_answer_is_no_younger_for_having_come_here() -> None:
    clock, metrics = Clock(), Metrics()
    cache = Cache({}, metrics, ttl_s=600, clock=clock)
    kept = CacheChecked(result="hit", age_s=500, saved_usd=0.5)
    below = Answers(kept, TextDelta("4"), Finished(provider="groq", model="a", number=0, cost_usd=0.0))
    await read(cache, below, request("2+2?", params=ZERO))
    assert (metrics.cache_hits, metrics.cache_misses) == (1, 0)

    clock.now += 99
    events = await read(cache, below, request("2+2?", params=ZERO))
    hit = next(event for event in events if isinstance(event, CacheChecked))
    assert (below.asked, hit.age_s, hit.saved_usd) == (1, 599, 0.5)

    clock.now += 1
    await read(cache, below, request("2+2?", params=ZERO))
    assert below.asked == 2, "kept for as long as an answer is, and not for as long again"


async def test_who_leaves_before_anybody_was_asked_leaves_nothing_to_share() -> None:
    below = Answers()
    cache = Cache({}, Metrics(), clock=Clock())
    async with aclosing(cache(below, request(params=ZERO))) as events:
        async for event in events:
            assert isinstance(event, CacheChecked)
            break

    following = await read(cache, below, request(params=ZERO))

    assert cache_results(following) == ["miss"]
    assert [event.cost_usd for event in following if isinstance(event, Finished)] == [0.5]


async def test_nobody_joins_an_answer_that_is_being_given_up() -> None:
    below = story()
    cache = Cache({}, Metrics(), clock=Clock())
    first = asyncio.create_task(read(cache, below, request(params=ZERO)))
    await asyncio.sleep(0.01)
    first.cancel()
    second = asyncio.create_task(read(cache, below, request(params=ZERO)))
    await asyncio.sleep(0.01)
    assert below.gate is not None
    below.gate.set()

    assert cache_results(await second) == ["miss"]


def test_what_is_under_way_when_a_receipt_is_written_has_been_cancelled() -> None:
    receipt = Receipt()
    receipt.note(AttemptStarted(number=1, provider="groq", model="a"))

    assert [record["outcome"] for record in receipt.as_dict()["attempts"]] == ["cancelled"]


async def test_who_shares_an_answer_does_not_share_the_limit_of_whoever_asked_first() -> None:
    """The server's answers are everybody's; what the first may spend is not."""
    gate = asyncio.Event()
    poor = Answers(gate=gate, error=RequestError("your 2 USD are used up", status=429, code="limit_reached"))
    below = Answers()
    cache = Cache({}, Metrics(), scope="server", clock=Clock())
    first = asyncio.create_task(read(cache, poor, request(params=ZERO, caller=Caller(user="token:1"))))
    others = []
    for user in ("token:2", "token:3"):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        others.append(asyncio.create_task(read(cache, below, request(params=ZERO, caller=Caller(user=user)))))
    await asyncio.sleep(0.01)
    gate.set()

    found = await asyncio.gather(first, *others, return_exceptions=True)

    assert isinstance(found[0], RequestError)
    for events in found[1:]:
        assert isinstance(events, list)
        assert isinstance(events[-1], Finished)
    assert (poor.asked, below.asked) == (1, 1), "the others share again"


class Failing(Answers):
    """Gives up when it is told to."""

    def __init__(self, error: Exception) -> None:
        super().__init__(gate=asyncio.Event(), error=error)


BUSY = ProviderError(Kind.RATE_LIMITED, "busy", provider="groq", model="a")
LATE = ProviderError(Kind.DEADLINE, "the time is used up", provider="groq", model="a")


@pytest.mark.parametrize(
    ("after_s", "fails_at_s", "failure", "again"),
    [
        (40.0, 60.0, BUSY, True),  # the first one's time is up
        (40.0, 50.0, LATE, True),  # waiting would take longer than it has
        (40.0, 41.0, BUSY, False),  # everybody was asked in vain, a moment ago
        (0.0, 60.0, BUSY, False),  # nobody has time left
    ],
)
async def test_who_shares_an_answer_does_not_share_the_time_of_whoever_asked_first(
    after_s: float, fails_at_s: float, failure: ProviderError, again: bool
) -> None:
    clock = Clock()
    first, below = Failing(ChainError("nobody answered", failures=[failure])), Answers()
    cache = Cache({}, Metrics(), deadline_s=60.0, clock=clock)
    leader = asyncio.create_task(read(cache, first, request(params=ZERO)))
    await asyncio.sleep(0.01)
    clock.now += after_s
    asked: list[Request] = []

    def note(what: Request) -> Events:
        asked.append(what)
        return below(what)

    follower = asyncio.create_task(read(cache, note, request(params=ZERO)))
    await asyncio.sleep(0.01)
    clock.now += fails_at_s - after_s
    assert first.gate is not None
    first.gate.set()

    failed, answer = await asyncio.gather(leader, follower, return_exceptions=True)

    assert isinstance(failed, ChainError)
    assert isinstance(answer, ChainError) != again
    assert [what.waited_s for what in asked] == ([fails_at_s - after_s] if again else [])


async def test_what_nobody_thought_of_reaches_every_reader() -> None:
    broken = Answers(error=ZeroDivisionError("a fault of ours"))
    cache = Cache({}, Metrics(), clock=Clock())

    found = await asyncio.gather(*(read(cache, broken, request(params=ZERO)) for _ in range(2)), return_exceptions=True)

    assert [type(error) for error in found] == [ZeroDivisionError] * 2
