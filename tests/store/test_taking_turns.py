"""Processes on one Redis that want more of a limit than there is: each gets some, lines fewer than questions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import pytest

from groq_core.ratelimit.cost import Cost
from groq_core.ratelimit.waiting import TargetBuckets
from groq_core.redaction import Secret
from groq_core.store.shared.beat import ALONE, Beat, Rest
from groq_core.store.shared.link import PREFIX, Link
from tests.requires import needs
from tests.speakers import Clock
from tests.store.replicas import Redis

pytestmark = needs("redis-server")

PER_MINUTE = 6_000
MINUTES = 20


class Process:
    """
    What one process has of a limit, and those who ask it without end.

    Attributes:
        taken: What was let in.
    """

    def __init__(self, link: Link, clock: Clock, name: str) -> None:
        self.buckets = TargetBuckets(clock, ALONE)
        self.buckets.learn("tokens", 60, PER_MINUTE, 0)
        self.buckets.release_learners()
        self.beat = Beat(link, self, me=name, renew=self._renew)
        self.taken: list[int] = []

    async def ask_for_ever(self, tokens: int, *, line: bool) -> None:
        cost = Cost(tokens_in=tokens)
        while True:
            place = await self.buckets.enter(cost, "somebody", background=line)
            self.taken.append(tokens)
            self.buckets.leave(place, used=cost)

    # ── what is shared of it ─────────────────────────────────────────────────────────────────────────

    async def _renew(self, emptied: bool) -> None: ...
    def demands(self) -> Mapping[str, tuple[float, float, float]]:
        return {"groq:m": self.buckets.demand()}

    def share(self, target: str, share: float) -> None:
        self.buckets.set_share(share)

    def everywhere(self, share: float) -> None: ...
    def news(self) -> list[Rest]:
        return []

    def resting(self, rests: Iterable[Rest]) -> None: ...
    def tell_anew(self) -> None: ...


async def taken_by(redis: Redis, *asked: tuple[int, int, bool]) -> list[int]:
    """
    Let processes ask for some time, each with its askers, the tokens of their requests, and whether these are lines.

    Returns:
        The tokens that each has got.
    """
    clock, link = Clock(), Link(Secret(redis.url))
    await link.recheck(lambda client: client.set(PREFIX + "born", 1))
    processes = [Process(link, clock, f"p{number}") for number in range(len(asked))]
    tasks = [
        asyncio.ensure_future(process.ask_for_ever(tokens, line=line))
        for process, (askers, tokens, line) in zip(processes, asked, strict=True)
        for _ in range(askers)
    ]
    for _ in range(MINUTES * 60):
        clock.now += 1.0
        for process in processes:
            process.buckets.release_learners()
            await asyncio.sleep(0)
            await process.beat.beat()
        assert sum(process.buckets.share for process in processes) <= 1 + 1e-9
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await link.close()
    return [sum(process.taken) for process in processes]


@pytest.mark.parametrize(
    ("question", "line", "lines"),
    [(3_600, 3_600, 3), (3_600, 3_600, 8), (5_000, 3_000, 3), (6_000, 600, 3), (600, 6_000, 3)],
)
async def test_neither_questions_nor_lines_of_another_process_starve(
    redis: Redis, question: int, line: int, lines: int
) -> None:
    """Both need so much of the limit that only one can have it at a time."""
    questions, asked = await taken_by(redis, (4, question, False), (lines, line, True))

    assert questions + asked <= PER_MINUTE * MINUTES * 1.02, "a part that is given on is not spent twice"
    assert asked >= line
    assert questions >= 2 * asked, "questions come first as a rule"
    assert questions >= PER_MINUTE * MINUTES / 4


async def test_of_three_that_need_most_of_a_limit_each_gets_as_much(redis: Redis) -> None:
    taken = await taken_by(redis, *[(2, 4_000, False)] * 3)

    assert max(taken) <= 2 * min(taken)
    assert sum(taken) <= PER_MINUTE * MINUTES * 1.02
