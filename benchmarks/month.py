"""
Thirty days in ten minutes: a million requests through the whole pipeline, on a clock that jumps.

    python -m benchmarks.month [--requests N] [--seed S]

People ask, targets fall ill and recover, plans have limits, and everything is drawn from one seed. Checked throughout:
no answer is lost or another's, no 429 of our own making, every breaker recovers, nothing grows, and the same seed
gives the same trace. Exit status 1 where one of these does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing

from benchmarks.virtual import run
from benchmarks.world import Fault, House, World
from groq_core.errors import ChainError, RequestError
from groq_core.events import Event, Finished
from groq_core.failures.classify import from_response
from groq_core.pipeline import Attempt
from groq_core.reply import Reply
from groq_core.requests import Caller, ChatRequest, Request

DAYS = 30
DAY_S = 86_400.0
REQUESTS = 1_000_000
PEOPLE = 200
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
    Fault(kind="error", after=11),
)
KNOWN = 5_000
"""Visitors' breakers and budgets that may be remembered at once."""


class Plan:
    """A provider's own count of what a target may still be asked: tokens that drip back evenly."""

    def __init__(self, per_minute: float) -> None:
        self.per_minute = per_minute
        self._level = per_minute
        self._at = 0.0

    def level(self, now: float) -> float:
        self._level = min(self.per_minute, self._level + (now - self._at) * self.per_minute / 60)
        self._at = now
        return self._level

    def charge(self, tokens: float, now: float) -> None:
        self._level = self.level(now) - tokens


class Month(World):
    """Targets with plans: what is asked beyond one is refused, and counted as our mistake."""

    def __init__(self) -> None:
        super().__init__(TARGETS, _said, latency_s=0.2)
        # What an hour's crowd needs is less than the plans together give, and more than the first of them.
        self.plans = {name: Plan(12_000 if name.startswith("groq") else 10**9) for name in TARGETS}
        self.refused = 0

    async def _events(self, attempt: Attempt, fault: Fault | None) -> AsyncIterator[Event]:
        plan, now = self.plans[attempt.spec.name], asyncio.get_running_loop().time()
        tokens = attempt.request.needs.prompt_tokens
        if fault is None and plan.level(now) < tokens:
            self.refused += 1
            raise from_response(429, {"retry-after": "5"}, '{"error": {"message": "Rate limit reached"}}')
        if fault is None:
            plan.charge(tokens, now)
        self.headers = {
            "x-ratelimit-limit-tokens": f"{plan.per_minute:.0f}",
            "x-ratelimit-remaining-tokens": f"{max(0.0, plan.level(now)):.0f}",
        }
        async for event in super()._events(attempt, fault):
            yield event
            if isinstance(event, Finished):
                plan.charge(9, asyncio.get_running_loop().time())


def _said(request: Request) -> str:
    """What is answered: the question's own number, so that an answer of another's would show."""
    assert isinstance(request, ChatRequest)
    return f"The answer to {request.messages[0]['content'][:12]} is as it was."


class Trace:
    """What happened, counted, and folded into one number that the seed decides."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._hash = hashlib.blake2b(digest_size=16)

    def note(self, number: int, reply: Reply, ended: str, at: float) -> None:
        self.counts[ended] += 1
        who = reply.receipt.origin or {"model": ""}
        self._hash.update(f"{number} {ended} {who['model']} {len(reply.receipt.attempts)} {at:.3f}\n".encode())

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


async def _one(house: House, trace: Trace, number: int, revisable: bool, size: int) -> None:
    question = f"{number:012d}" + " word" * size
    request = ChatRequest(
        messages=({"role": "user", "content": question},),
        stream=not revisable,
        revisable=revisable,
        caller=Caller(user=f"person:{number % PEOPLE}"),
        request_id=str(number),
    )
    healthy = house.world.healthy_providers()
    reply, ended = Reply(), "failed"
    try:
        async with aclosing(house.handle(request)) as events:
            async for event in events:
                reply.apply(event)
        ended = "answered"
    except (ChainError, RequestError):
        pass
    if ended == "answered" and reply.text != _said(request):
        trace.wrong.append(f"request {number}: another's words, or not all of its own")
    # An answer begun by one who fell ill may find nobody who says the same; whole and well is the rest.
    if ended == "failed" and healthy and healthy == house.world.healthy_providers() and not reply.text:
        trace.counts["failed though somebody was well"] += 1
    trace.note(number, reply, ended, asyncio.get_running_loop().time())


async def live(requests: int, seed: int) -> Trace:
    """
    Let so many requests arrive, evenly over as much of the month as they make up.

    Args:
        seed: Of everything that is drawn.
    """
    draw = random.Random(seed)
    world, trace = Month(), Trace()
    house = House(world, uniform=draw.uniform, cache=500)
    loop = asyncio.get_running_loop()
    gap = DAYS * DAY_S / REQUESTS
    under_way: set[asyncio.Task[None]] = set()
    most = 0
    for number in range(requests):
        if number % 200 == 0:
            _change(world, draw)
        await asyncio.sleep(draw.expovariate(1 / gap))
        task = asyncio.create_task(_one(house, trace, number, draw.random() < 0.5, draw.randint(5, 120)))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        most = max(most, len(under_way))
    await asyncio.gather(*under_way)
    await _recovers(house, trace, loop)
    trace.counts["most at once"] = most
    if world.refused:
        trace.wrong.append(f"{world.refused} refusals of our own making")
    if world.open or house.log.under_way:
        trace.wrong.append("something is still open")
    if len(house.budgets._targets) > KNOWN or len(asyncio.all_tasks()) > 1:
        trace.wrong.append("something grows")
    return trace


def _change(world: World, draw: random.Random) -> None:
    """Some fall ill and some recover; a whole provider now and then."""
    world.faults.clear()
    if draw.random() < 0.5:
        return
    ill = draw.sample(TARGETS, draw.randint(1, 2)) if draw.random() < 0.7 else [t for t in TARGETS if "groq" in t]
    for name in ill:
        world.faults[name] = draw.choice(FAULTS)


async def _recovers(house: House, trace: Trace, loop: asyncio.AbstractEventLoop) -> None:
    """When everybody is well again, every breaker closes with the next answers."""
    house.world.faults.clear()
    for _ in range(3):
        await asyncio.sleep(400)
        for number in range(4):
            await _one(house, trace, 10**9 + number, False, 5)
    first = house.world.specs[0]
    if house.health.admission("server", first.provider, first.name) != "closed":
        trace.wrong.append("a breaker does not recover")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.month", description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    started, cpu = time.perf_counter(), time.process_time()
    trace = run(live(args.requests, args.seed))
    took, used = time.perf_counter() - started, time.process_time() - cpu
    print(
        f"{args.requests:,} requests in {took:.0f} s ({used:.0f} s of CPU): {dict(trace.counts)}, trace {trace.digest}"
    )
    for why in trace.wrong[:20]:
        print(f"  {why}")
    return 1 if trace.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
