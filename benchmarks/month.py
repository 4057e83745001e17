"""
Thirty days in ten minutes: a million requests through the whole pipeline, on a clock that jumps.

    python -m benchmarks.month [--requests N] [--seed S]

People ask by day more than by night, targets fall ill and recover, plans and people have limits, and everything is
drawn from one seed. Checked throughout: no answer is lost or another's, nobody well is passed over, no 429 of our own
making, no plan and no person's limit is exceeded, every breaker recovers, nothing grows, and the same seed gives the
same trace. Exit status 1 where one of these does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import math
import random
import sys
import time
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing

from benchmarks.virtual import run
from benchmarks.world import Fault, House, World
from groq_core.errors import ChainError, RequestError
from groq_core.events import Event
from groq_core.failures.classify import from_response
from groq_core.models.spec import ModelSpec
from groq_core.pipeline import Attempt
from groq_core.reply import Reply
from groq_core.requests import Caller, ChatRequest, Request
from groq_core.settings.limits import PersonLimit

DAYS = 30
DAY_S = 86_400.0
REQUESTS = 1_000_000
PEOPLE = 200
ANSWER_TOKENS = 9
TARGETS = ("groq:small", "groq:large", "groq:third", "openai:backup")
FAULTS = (
    Fault(kind="status", status=500, code="internal_server_error"),
    Fault(kind="status", status=503, message="over capacity"),
    Fault(kind="status", status=498, code="capacity_exceeded"),
    Fault(kind="status", status=429, code="rate_limit_exceeded", headers=(("retry-after", "20"),)),
    Fault(kind="status", status=401, code="invalid_api_key"),
    Fault(kind="refused"),
    Fault(kind="silent"),
    Fault(kind="empty"),
    Fault(kind="garbage"),
    Fault(kind="cut", after=11),
    Fault(kind="stall", after=11),
    Fault(kind="error", code="internal_server_error", after=11),
)
LIMITED = Fault(kind="status", status=429, code="rate_limit_exceeded")
KNOWN = 50
"""Breakers and budgets there may be: of four targets and two providers."""

LONGEST_REST_S = 300.0
BY_PERSON = (PersonLimit("requests", 20, "minute"), PersonLimit("requests", 400, "day"))
"""What one person may ask; who asks most would like twice of it."""


class Plan:
    """
    A provider's own count of what a target may still be asked: tokens and requests that drip back evenly.

    Args:
        per_minute: Tokens.
        per_day: Requests.
    """

    def __init__(self, per_minute: float, per_day: float) -> None:
        self._limits = ((per_minute, 60.0), (per_day, DAY_S))
        self._levels = [per_minute, per_day]
        self._at = 0.0

    def levels(self, now: float) -> list[float]:
        passed, self._at = now - self._at, now
        for place, (limit, window) in enumerate(self._limits):
            self._levels[place] = min(limit, self._levels[place] + passed * limit / window)
        return self._levels

    def has(self, tokens: float, now: float) -> bool:
        level = self.levels(now)
        return level[0] >= tokens and level[1] >= 1.0

    def charge(self, tokens: float) -> None:
        self._levels[0] -= tokens
        self._levels[1] -= 1.0

    def headers(self, now: float) -> dict[str, str]:
        tokens, requests = map(math.floor, self.levels(now))
        return {
            "x-ratelimit-limit-tokens": f"{self._limits[0][0]:.0f}",
            "x-ratelimit-remaining-tokens": str(tokens),
            "x-ratelimit-limit-requests": f"{self._limits[1][0]:.0f}",
            "x-ratelimit-remaining-requests": str(requests),
        }


class Month(World):
    """Targets with plans: what is asked beyond one is refused, and counted as our mistake."""

    def __init__(self) -> None:
        super().__init__(TARGETS, _answer_to, latency_s=0.2, piece=24)
        # By day the crowd needs more than the first two give together, in tokens a minute and in requests a day.
        self.plans = {
            "groq:small": Plan(2_500, 14_400),
            "groq:large": Plan(2_500, 14_400),
            "groq:third": Plan(6_000, 30_000),
            "openai:backup": Plan(10**9, 10**9),
        }
        self.refused = 0
        self.well_since = dict.fromkeys(TARGETS, 0.0)

    def able(self, tokens: float, now: float) -> set[str]:
        """Targets of healthy providers whose plans have room for several such requests."""
        healthy = self.healthy_providers()
        return {n for n in TARGETS if n.partition(":")[0] in healthy and self.plans[n].has(5 * tokens, now)}

    def headers_of(self, spec: ModelSpec) -> Mapping[str, str]:
        return self.plans[spec.name].headers(asyncio.get_running_loop().time())

    def usage(self, request: Request) -> dict[str, int]:
        asked = request.needs.prompt_tokens
        return {"prompt_tokens": asked, "completion_tokens": ANSWER_TOKENS, "total_tokens": asked + ANSWER_TOKENS}

    async def _events(self, attempt: Attempt, fault: Fault | None) -> AsyncIterator[Event]:
        plan, now = self.plans[attempt.spec.name], asyncio.get_running_loop().time()
        tokens = attempt.request.needs.prompt_tokens + ANSWER_TOKENS
        if fault is None:
            if not plan.has(tokens, now):
                self.refused += 1
                raise from_response(429, {"retry-after": "5"}, '{"error": {"message": "Rate limit reached"}}')
            plan.charge(tokens)
        async for event in super()._events(attempt, fault):
            yield event


def _answer_to(request: Request) -> str:
    """What is answered: the question's own number, so that an answer of another's would show."""
    assert isinstance(request, ChatRequest)
    return f"The answer to {request.messages[0]['content'][:12]} is as it was."


class Trace:
    """What happened, counted, and folded into one number that the seed decides."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.sizes: list[int] = []
        self._hash = hashlib.blake2b(digest_size=16)

    def note(self, number: int, reply: Reply, ended: str, at: float) -> None:
        self.counts[ended] += 1
        receipt = reply.receipt
        who = receipt.served_by or {"model": ""}
        self.counts["from the cache"] += receipt.cache == "hit"
        self.counts["asked of another than the first"] += who["model"] not in ("", "small")
        self.counts["waited or went on for a limit"] += any(one.error == "budget" for one in receipt.attempts)
        self._hash.update(f"{number} {ended} {who['model']} {len(receipt.attempts)} {at:.3f}\n".encode())

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


class Person:
    """Somebody who asks, and an independent count of what was let through."""

    def __init__(self, number: int) -> None:
        self.caller = Caller(user=f"token:{number}")
        self.last = ""
        self._let = array("d")

    def within(self, seconds: float, now: float) -> int:
        return bisect_right(self._let, now) - bisect_left(self._let, now - seconds)

    def begin(self, now: float) -> None:
        """A request of theirs begins; until it is refused it counts, however long its answer takes."""
        self._let.append(now)

    def fault(self, refused: bool, now: float) -> str:
        """
        What is wrong with a request that began then having been let through or refused; empty where nothing is.

        A window begins with its first request, so that two windows' worth may fall into one that begins otherwise.
        """
        if refused:
            self._let.remove(now)
            full = any(self.within(limit.window_s, now) >= limit.amount for limit in BY_PERSON)
            return "" if full else "refused with something left of the limit"
        if len(self._let) > 4 * BY_PERSON[1].amount:
            del self._let[: int(2 * BY_PERSON[1].amount)]
        over = any(self.within(limit.window_s - 1e-6, now) > 2 * limit.amount for limit in BY_PERSON)
        return "let through beyond the limit" if over else ""


class Life:
    """One month, or the beginning of one."""

    def __init__(self, requests: int, seed: int) -> None:
        self.draw = random.Random(seed)
        self.world, self.trace = Month(), Trace()
        self.house = House(self.world, uniform=self.draw.uniform, cache=500, people=BY_PERSON)
        self.people = [Person(number) for number in range(PEOPLE)]
        self.requests = requests
        self._loop = asyncio.get_running_loop()

    async def live(self) -> Trace:
        """Let the requests arrive: a million of them fill the month."""
        under_way: set[asyncio.Task[None]] = set()
        gap, most = DAYS * DAY_S / REQUESTS, 0
        for number in range(self.requests):
            if number % 200 == 0:
                self._look(number)
                self._change()
            # Twice as many as usual in the afternoon, next to none before dawn, and now and then a handful at once.
            busy = 1.0 + 0.95 * math.sin(math.tau * self._loop.time() / DAY_S)
            if self.draw.random() > 0.02:
                await asyncio.sleep(self.draw.expovariate(busy / gap))
            task = asyncio.create_task(self._ask(number))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            most = max(most, len(under_way))
        await asyncio.gather(*under_way)
        await self._recover()
        self.trace.counts["most at once"] = most
        if self.world.open or self.house.log.under_way or len(asyncio.all_tasks()) > 1:
            self.trace.wrong.append("something is still open")
        return self.trace

    # ── one request ──────────────────────────────────────────────────────────────────────────────────

    async def _ask(self, number: int) -> None:
        draw = self.draw
        person = self.people[int(PEOPLE * draw.random() ** 2)]
        kept = draw.random() < 0.1  # may be answered from memory, and is asked twice as often as not
        question = f"{number:012d}" + " word" * draw.randint(5, 120)
        if kept:
            person.last, question = ("", person.last) if person.last else (question, question)
        revisable = draw.random() < 0.5
        request = ChatRequest(
            messages=({"role": "user", "content": question},),
            params={"max_completion_tokens": 30} | ({"temperature": 0} if kept else {}),
            stream=not revisable,
            revisable=revisable,
            caller=person.caller,
            request_id=str(number),
        )
        await self._check(number, request, person)

    async def _check(self, number: int, request: ChatRequest, person: Person) -> None:
        world, trace, began = self.world, self.trace, self._loop.time()
        tokens = request.needs.prompt_tokens + ANSWER_TOKENS
        able, faults = world.able(tokens, began), dict(world.faults)
        reply, ended, failure = Reply(), "failed", None
        person.begin(began)
        try:
            async with aclosing(self.house.handle(request)) as events:
                async for event in events:
                    reply.apply(event)
            ended = "answered"
        except (ChainError, RequestError) as error:
            failure = error
            if isinstance(error, RequestError) and error.code == "limit_reached":
                ended = "refused by a person's own limit"
        if why := person.fault(ended.startswith("refused"), began):
            trace.wrong.append(f"request {number}: {why}")
        whole = _answer_to(request)
        if reply.text != whole if ended == "answered" else not whole.startswith(reply.text):
            trace.wrong.append(f"request {number}: another's words, or not all of its own: {reply.text!r}")
        # An answer begun by one who fell ill may find nobody who says the same; whole and well is the rest.
        if (
            ended == "failed"
            and not reply.text
            and faults == world.faults
            and (still := able & world.able(tokens, self._loop.time()))
        ):
            trace.wrong.append(f"request {number}: failed although {sorted(still)} were well: {failure}")
        trace.note(number, reply, ended, self._loop.time())

    # ── the world ────────────────────────────────────────────────────────────────────────────────────

    def _change(self) -> None:
        """Some fall ill and some recover; a whole provider now and then."""
        world, draw, now = self.world, self.draw, self._loop.time()
        before = set(world.faults)
        world.faults.clear()
        world.asked.clear()
        if draw.random() < 0.5:
            one_provider = [name for name in TARGETS if name.startswith("groq")]
            for name in draw.sample(TARGETS, draw.randint(1, 2)) if draw.random() < 0.7 else one_provider:
                world.faults[name] = fault = draw.choice(FAULTS)
                if fault.kind == "refused" or fault.status in (401, 500):
                    provider = name.partition(":")[0]
                    world.faults |= {one: fault for one in TARGETS if one.startswith(f"{provider}:")}
        for name in TARGETS:
            if name in before or name in world.faults:
                world.well_since[name] = now

    def _look(self, number: int) -> None:
        """What must hold at any moment."""
        house, wrong, now = self.house, self.trace.wrong, self._loop.time()
        for spec in self.world.specs:
            state = house.health.admission("server", spec.provider, spec.name)
            mates = [name for name in TARGETS if name.startswith(f"{spec.provider}:")]
            since = now if self.world.faults.keys() & set(mates) else max(map(self.world.well_since.__getitem__, mates))
            if state in ("resting", "gone") and now - since > LONGEST_REST_S + 60:
                wrong.append(f"request {number}: the breaker of {spec.name} does not recover")
            if min(self.world.plans[spec.name].levels(now)) < 0:
                wrong.append(f"request {number}: the plan of {spec.name} is exceeded")
        if self.world.refused:
            wrong.append(f"request {number}: {self.world.refused} refusals of our own making")
            self.world.refused = 0
        if len(house.budgets._targets) > KNOWN or len(house.breakers._breakers) > KNOWN:
            wrong.append(f"request {number}: more is remembered than there is")
        tenth = max(200, self.requests // 10 // 200 * 200)
        # In less than a day nothing grows that would be told from noise, and each look goes through all of memory.
        if number and number % tenth == 0 and self.requests >= REQUESTS // DAYS:
            gc.collect()
            self.trace.sizes.append(sys.getallocatedblocks())

    async def _recover(self) -> None:
        """When everybody is well again, every breaker closes with the next answer of its target."""
        world, health = self.world, self.house.health
        for spec in world.specs:
            world.faults = {other.name: LIMITED for other in world.specs if other is not spec}
            for _ in range(3):
                await asyncio.sleep(2 * LONGEST_REST_S)
                await self._check(10**9, self._plain(), Person(0))
            if (
                health.of("server", spec.name) is None
                or health.admission("server", spec.provider, spec.name) != "closed"
            ):
                self.trace.wrong.append(f"the breaker of {spec.name} does not close")
        world.faults.clear()

    def _plain(self) -> ChatRequest:
        self._plains = getattr(self, "_plains", 0) + 1
        question = f"{10**11 + self._plains:012d} word"
        return ChatRequest(messages=({"role": "user", "content": question},), caller=Caller(user="token:plain"))


GROWTH = 1.1
"""Times of what was held after three tenths that may be held at the end."""


def live(requests: int, seed: int) -> Trace:
    """
    Let so many requests arrive, over as much of the month as they make up.

    Args:
        seed: Of everything that is drawn.
    """

    async def begin() -> Trace:
        return await Life(requests, seed).live()

    return run(begin())


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.month", description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    gc.freeze()  # what is imported stays; looking through it again and again is no part of a request
    started, cpu = time.perf_counter(), time.process_time()
    again = [live(2_000, args.seed).digest for _ in range(2)]
    trace = live(args.requests, args.seed)
    took, used = time.perf_counter() - started, time.process_time() - cpu
    if again[0] != again[1]:
        trace.wrong.append("the same seed gave another trace")
    if trace.sizes[-1] > GROWTH * trace.sizes[len(trace.sizes) // 3]:
        trace.wrong.append(f"something grows: {trace.sizes} blocks of memory")
    print(f"{args.requests:,} requests in {took:.0f} s ({used:.0f} s of CPU), trace {trace.digest}")
    print(f"  {dict(trace.counts)}, blocks of memory: {trace.sizes}")
    print(f"  {len(trace.wrong)} wrong")
    for why in trace.wrong[:20]:
        print(f"  {why}")
    return 1 if trace.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
