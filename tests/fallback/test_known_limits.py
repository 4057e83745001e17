"""Nobody is asked against a limit that is known: a wait that was named, a ceiling of ours, whoever knows of it."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from contextlib import aclosing

import msgspec
import pytest

from benchmarks.virtual import run
from benchmarks.world import Fault, House, World
from groq_core.errors import ChainError, Kind, ProviderError, RequestError
from groq_core.events import Events
from groq_core.failures.policy import SHORT_WAIT_S
from groq_core.fallback.health import Health, LocalHealth
from groq_core.fallback.hedge import LEAST_SEEN
from groq_core.pipeline import Attempt
from groq_core.redaction import Secret
from groq_core.reply import Receipt, Reply, collect
from groq_core.requests import Caller, ChatRequest
from groq_core.settings.limits import PersonLimit
from tests.speakers import Clock

TARGETS = ("groq:a", "groq:b", "openai:x", "third:y")
ANSWER = "The answer is as it was, and so it will be for a long time to come."
RPM = 8

A = ("server", "groq", "groq:a")


def refusing(status: int, wait: str) -> Fault:
    return Fault(kind="status", status=status, headers=(("retry-after", wait),) if wait else ())


ILL = [refusing(status, wait) for status in (429, 503, 500) for wait in ("", "2", "5", "40", "120")]
ILL += [Fault(kind="silent"), Fault(kind="cut"), Fault(kind="empty"), Fault(kind="cut", after=20)]


class Watched(World):
    """Targets that remember when they were asked with which key, and for how long they wanted to be left alone."""

    def __init__(self) -> None:
        super().__init__(TARGETS, lambda _: ANSWER, latency_s=0.2)
        self.times: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self.asked_at: defaultdict[str, list[float]] = defaultdict(list)
        self.wrong: list[str] = []
        self._told: dict[tuple[str, str], tuple[float, float]] = {}

    async def __call__(self, attempt: Attempt) -> Events:
        now = asyncio.get_running_loop().time()
        own = attempt.request.caller.groq_key is not None and attempt.spec.provider == "groq"
        of = attempt.request.caller.credential if own else "server", attempt.spec.name
        self.times[of].append(now)
        self.asked_at[attempt.request.request_id].append(now)
        said, until = self._told.get(of, (0.0, 0.0))
        # Two that stand at the same moment may both go; a wait of a moment each waits for by itself.
        if said < now < until - 0.3:
            self.wrong.append(f"{of} asked {until - now:.2f} s too early")
        try:
            async with aclosing(super().__call__(attempt)) as events:
                async for event in events:
                    yield event
        except ProviderError as error:
            if (wait := error.retry_after or 0.0) > SHORT_WAIT_S:
                said = asyncio.get_running_loop().time()
                self._told[of] = said, max(self._told.get(of, (0.0, 0.0))[1], said + wait)
            raise
        else:
            if said < now:
                self._told.pop(of, None)


async def _live(seed: int) -> Watched:
    """Some ask with the server's key and some with their own, some leave, and every now and then others fall ill."""
    draw, world = random.Random(seed), Watched()
    time, hedge = asyncio.get_running_loop().time, draw.random() < 0.3
    house = House(
        world,
        uniform=draw.uniform,
        deadline_s=draw.choice([8.0, 20.0, 60.0]),
        rpm=draw.choice([None, RPM]),
        hedge=hedge,
    )
    for name in TARGETS if hedge else ():
        house.metrics.of(name).ttfts.extend([0.25] * LEAST_SEEN)

    async def ask(number: int) -> None:
        who = draw.randrange(3)
        own = draw.random() < 0.3
        caller = Caller(credential=f"visitor:{who}", user=f"{who}", groq_key=Secret("k")) if own else Caller(user="s")
        request = ChatRequest(
            messages=({"role": "user", "content": "hi"},),
            stream=draw.random() < 0.7,
            caller=caller,
            request_id=str(number),
        )
        receipt, began = Receipt(), time()
        try:
            async with asyncio.timeout(draw.choice([None, None, 3 * draw.random()])):
                async with aclosing(house.handle(request)) as events:
                    async for event in events:
                        receipt.note(event, time() - began)
        except (ChainError, RequestError):
            pass
        except TimeoutError:
            return
        told = sorted(one.started_s or 0.0 for one in receipt.attempts if one.outcome != "skipped")
        if told != pytest.approx(asked := [at - began for at in world.asked_at[str(number)]], abs=0.01):
            world.wrong.append(f"asked at {asked}, the receipt tells {told}")
        if any(one.outcome == "running" and hedge for one in receipt.attempts if not receipt.seams):
            world.wrong.append("one of two that were asked at once is never told of again")

    asking = []
    for number in range(40):
        if draw.random() < 0.3:
            world.faults = {name: draw.choice(ILL) for name in TARGETS if draw.random() < 0.5}
        asking.append(asyncio.create_task(ask(number)))
        if draw.random() < 0.5:
            await asyncio.sleep(draw.choice([0, 0.01, 0.1, 0.5, 2, 5, 20, 70]))
    await asyncio.gather(*asking)
    if house.budgets._rpm is not None:
        for of, times in world.times.items():
            if (over := _beyond(RPM, times)) > 0.05:
                world.wrong.append(f"{of} asked {over:.2f} requests more than {RPM} a minute")
    return world


def _beyond(per_minute: int, times: list[float]) -> float:
    """How far a bucket of so many that drips back within a minute was overdrawn."""
    level, lowest = float(per_minute), 0.0
    for before, now in zip([times[0], *times], times, strict=False):
        level = min(per_minute, level + (now - before) * per_minute / 60) - 1
        lowest = min(lowest, level)
    return -lowest


@pytest.mark.parametrize("decade", range(6))
def test_nobody_is_asked_within_a_wait_that_is_known_or_beyond_our_own_ceiling(decade: int) -> None:
    wrong = {seed: found.wrong for seed in range(50 * decade, 50 * decade + 50) if (found := run(_live(seed))).wrong}

    assert wrong == {}


def test_a_wait_that_is_named_while_a_longer_one_is_guessed_is_all_that_is_waited_for() -> None:
    """Nobody would be asked for five minutes of a provider that says itself it is back in three seconds."""

    async def story() -> tuple[str, float]:
        world = World(["groq:a"], lambda _: ANSWER)
        house = House(world, uniform=lambda low, high: low, deadline_s=20.0)
        now = asyncio.get_running_loop().time()
        house.breakers.of("server", "groq:a").failures = 4
        house.health.record_failure("server", ProviderError(Kind.TIMEOUT_FIRST_TOKEN, "silent"), "groq", "groq:a")
        busy = ProviderError(Kind.OVER_CAPACITY, "busy", retry_after=3.0)
        house.health.record_failure("server", busy, "groq", "groq:a")
        async with aclosing(house.handle(ChatRequest(messages=({"role": "user", "content": "hi"},)))) as events:
            reply = await collect(events)
        return reply.text, asyncio.get_running_loop().time() - now

    text, took = run(story())

    assert text == ANSWER
    assert 3.0 <= took < 4.0


@pytest.mark.parametrize("left", ["nobody", "a cheaper one", "one that failed"])
def test_money_that_is_too_little_for_one_target_may_be_enough_for_another(left: str) -> None:
    async def story() -> tuple[str, list[str], Exception | None]:
        world = World(["groq:dear", "third:free"], lambda _: ANSWER)
        priced = [msgspec.structs.replace(spec, usd_in=5.0, usd_out=20.0, max_output=8192) for spec in world.specs]
        world.specs = priced if left == "nobody" else [priced[0], world.specs[1]]
        if left == "one that failed":
            world.faults["third:free"] = Fault(kind="refused")
        few = [PersonLimit("usd", 0.01, "day")]
        house = House(world, uniform=lambda low, high: low, deadline_s=20.0, people=few)
        reply, failure = Reply(), None
        request = ChatRequest(messages=({"role": "user", "content": "hi"},), caller=Caller(user="token:1"))
        try:
            async with aclosing(house.handle(request)) as events:
                async for event in events:
                    reply.apply(event)
        except RequestError as error:
            failure = error
        assert house.people._held == {}
        return reply.text, [f"{one.model} {one.outcome}" for one in reply.receipt.attempts], failure

    text, attempts, failure = run(story())

    assert attempts[0] == "dear skipped"
    assert text == (ANSWER if left == "a cheaper one" else "")
    if left == "a cheaper one":
        assert attempts[1:] == ["free answered"]
    else:
        assert isinstance(failure, RequestError)
        assert (failure.status, failure.code) == (429, "limit_reached")


def test_a_long_answer_that_ends_forgives_nothing_that_was_told_since_it_began() -> None:
    clock = Clock()
    it = Health(LocalHealth(), cooldown=15, clock=clock)
    began = it.now()
    clock.now += 5
    it.record_failure("server", ProviderError(Kind.RATE_LIMITED, "", retry_after=60), "groq", "groq:a")
    it.record_failure("server", ProviderError(Kind.AUTH, ""), "openai", "openai:x")
    it.record_failure("server", ProviderError(Kind.STREAM_CUT, ""), "third", "third:y")
    clock.now += 5

    for provider, name in (("groq", "groq:a"), ("openai", "openai:x"), ("third", "third:y")):
        it.record_success("server", provider, name, began=began)

    assert it.retry_after_left(*A) == 55.0
    assert it.admission("server", "openai", "openai:x") == "resting"
    assert it.admission("server", "third", "third:y") == "closed", "a guess is worth less than an answer"
    it.record_success(*A, began=it.now())
    assert it.admission(*A) == "closed"
