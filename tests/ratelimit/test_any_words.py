"""Whatever a provider says of its limits: nothing breaks, nothing spins, and nobody is shut out for ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import aclosing

import pytest

from benchmarks.virtual import run
from benchmarks.world import Fault, House, World
from groq_core.errors import GroqCoreError
from groq_core.models.spec import ModelSpec
from groq_core.ratelimit.headers import read_limit_text
from groq_core.reply import Reply, collect
from groq_core.requests import ChatRequest

TARGETS = ("groq:openai/gpt-oss-20b", "openai:b")
ANSWER = "It is as it was."

NUMBERS = ("0", "1", "-1", "5", "6000", "97050", "1.5", "1.2.3", "...", "1e5", "9" * 400, "9" * 14, "nan", "inf", "",
           "~3", "1,000", "٣", "１２", "12.", "-0")  # fmt: skip
TIMES = ("0s", "8s", "700ms", "999h", "1m26.4s", "9" * 400 + "h", "5", "1h1h1h", "-3s", "3µs", "soon", "1.5.5s",
         "2 seconds", "0", "10000000000s", "1d")  # fmt: skip
DATES = ("Fri, 15 Jan 2027 08:00:20 GMT", "Fri, 99 Jan 2027 08:00:20 GMT", "Fri, 31 Dec 9999 23:59:59 -9999")
LIMITED = ("tokens per minute (TPM)", "tokens per day (TPD)", "requests per day (RPD)", "tokens per week (TPW)",
           "requests per second (RPS)", "input tokens per minute (ITPM)", "tokens (T)", "()", "on on ")  # fmt: skip
IDS = ("req_01ks9k0gj5ekes3289ct3pzzpz", "req_", "req_" + "z" * 26, "x")


def _says(draw: random.Random) -> str:
    limit, used, requested = (draw.choice(NUMBERS) for _ in range(3))
    return (
        f"Rate limit reached on {draw.choice(LIMITED)}: Limit {limit}, Used {used}, Requested {requested}. "
        f"Please try again in {draw.choice(TIMES)}."
    )


def _headers(draw: random.Random) -> dict[str, str]:
    found = {}
    told: list[tuple[str, tuple[str, ...]]] = [("limit", NUMBERS), ("remaining", NUMBERS), ("reset", TIMES + NUMBERS)]
    for kind in ("requests", "tokens", "audio-seconds"):
        for name, values in told:
            if draw.random() < 0.5:
                found[f"x-ratelimit-{name}-{kind}"] = draw.choice(values)
    told = [("retry-after", TIMES + NUMBERS + DATES), ("retry-after-ms", NUMBERS), ("x-request-id", IDS)]
    for name, values in told:
        if draw.random() < 0.3:
            found[name] = draw.choice(values)
    return found


class Talker(World):
    """Says anything of its limits, beside good answers too."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(TARGETS, lambda _: ANSWER)
        self.draw: random.Random | None = draw

    def headers_of(self, spec: ModelSpec) -> Mapping[str, str]:
        return _headers(self.draw) if self.draw is not None else {}


async def _ask(house: House, *, stream: bool = True) -> Reply | None:
    try:
        async with aclosing(
            house.handle(ChatRequest(messages=({"role": "user", "content": "hi"},), stream=stream))
        ) as e:
            return await collect(e)
    except GroqCoreError:
        return None


async def _live(seed: int) -> set[str]:
    """Some questions, then two days of peace; returns who never answers again."""
    draw = random.Random(seed)
    world = Talker(draw)
    house = House(world, uniform=lambda low, high: low)
    for _ in range(6):
        world.faults = {
            name: Fault(
                kind=draw.choice(["status", "status", "error"]),
                status=draw.choice([429, 413, 503, 400, 500]),
                message=_says(draw),
                code=draw.choice(["rate_limit_exceeded", ""]),
                headers=tuple(_headers(draw).items()),
            )
            for name, share in zip(TARGETS, (0.7, 0.3), strict=True)
            if draw.random() < share
        }
        await _ask(house, stream=draw.random() < 0.5)
        await asyncio.sleep(draw.choice([0, 1, 30]))
    world.draw = None
    await asyncio.sleep(2 * 86_400 + 400)
    silent = set()
    for name in TARGETS:
        house.health.forgive_gone("server", name)
        world.faults = {other: Fault(kind="status", status=401) for other in TARGETS if other != name}
        if await _ask(house) is None:
            silent.add(name)
        await asyncio.sleep(86_400)
    return silent


@pytest.mark.timeout(240)
@pytest.mark.parametrize("hundred", range(3))
def test_nothing_that_is_said_of_limits_breaks_anything_or_counts_for_ever(hundred: int) -> None:
    silent = {seed: found for seed in range(100 * hundred, 100 * hundred + 100) if (found := run(_live(seed)))}

    assert silent == {}


@pytest.mark.parametrize("limit", ["...", "1.2.3", "9" * 400])
def test_a_limit_that_is_no_number_is_none(limit: str) -> None:
    assert read_limit_text(f"on tokens per minute (TPM): Limit {limit}, Used 1, Requested 2.") is None


@pytest.mark.timeout(60)
def test_a_limit_of_no_requests_at_all_freezes_nobody() -> None:
    """The last hope is asked against our count; of nothing no part can be taken, and it was tried for ever."""

    async def story() -> Reply | None:
        world = World(TARGETS[:1], lambda _: ANSWER)
        house = House(world, uniform=lambda low, high: low)
        none = "Limit reached on requests per day (RPD): Limit 0, Used 0, Requested 1."
        world.faults = {TARGETS[0]: Fault(kind="status", status=429, message=none, code="rate_limit_exceeded")}
        await _ask(house)
        world.faults = {}
        await asyncio.sleep(60)
        return await _ask(house)

    reply = run(story())

    assert reply is not None
    assert reply.text == ANSWER
