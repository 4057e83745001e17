"""Questions come before the lines of a batch, but however many are asked, the lines get their part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from groq_core.ratelimit.cost import Cost
from groq_core.ratelimit.lines_part import QUESTIONS_A_LINE, REMEMBERED_S
from groq_core.ratelimit.waiting import TargetBuckets
from tests.speakers import Clock

PER_MINUTE = 6_000
"""A hundred tokens a second."""


class House:
    """
    One limit, many who want some of it, and a clock that is set.

    Attributes:
        order: Who was let in, and what was taken: True for a line.
        at: When, by their numbers.
    """

    def __init__(self, share: float = 1.0) -> None:
        self.clock = Clock()
        self.buckets = TargetBuckets(self.clock)
        self.buckets.set_share(share)
        self.buckets.learn("tokens", 60, PER_MINUTE, 0)
        self.buckets.release_learners()
        self.order: list[tuple[bool, int]] = []
        self.at: dict[int, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> House:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def begin(self, coming: Awaitable[None]) -> None:
        task = asyncio.ensure_future(coming)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def enter(self, tokens: int, user: str, *, line: bool, number: int = 0) -> None:
        """Take a place, and end at once."""
        cost = Cost(tokens_in=tokens)
        place = await self.buckets.enter(cost, user, background=line)
        self.order.append((line, tokens))
        self.at[number] = self.clock.now
        self.buckets.leave(place, used=cost)

    async def ask_for_ever(self, user: str, sizes: list[int]) -> None:
        """Somebody who asks the next question as soon as one is let in."""
        while True:
            for tokens in sizes:
                await self.enter(tokens, user, line=False)

    async def drip(self, seconds: float, until: Callable[[], bool]) -> None:
        """Let time pass."""
        ends = self.clock.now + seconds
        while self.clock.now < ends and not until():
            self.clock.now += 1.0
            self.buckets.release_learners()
            await self.settle()

    async def settle(self) -> None:
        """Whoever has something to do does it."""
        for _ in range(4):
            await asyncio.sleep(0)


def lines_in(house: House) -> list[int]:
    return [tokens for line, tokens in house.order if line]


def check_parts(order: list[tuple[bool, int]], longest_question: int) -> None:
    """Between two lines questions take nine times what the second takes, and not much more."""
    asked = 0
    for line, tokens in order:
        if line:
            assert asked >= QUESTIONS_A_LINE * tokens * (1 - 1e-9), "a question waits for one line at most"
            assert asked <= QUESTIONS_A_LINE * tokens + longest_question, "a line waits for a bounded part"
            asked = 0
        else:
            asked += tokens


@settings(max_examples=40)
@given(
    questions=st.lists(st.lists(st.integers(100, 900), min_size=1, max_size=3), min_size=1, max_size=3),
    lines=st.lists(st.integers(100, 900), min_size=1, max_size=3),
    share=st.sampled_from([1.0, 0.4]),
)
@example(questions=[[100]], lines=[2_000] * 5, share=1.0)
@example(questions=[[2_000], [100]], lines=[100] * 5, share=0.4)
async def test_a_batch_ends_however_much_is_asked(questions: list[list[int]], lines: list[int], share: float) -> None:
    """So it is on every process, with its share of a limit."""
    async with House(share) as house:
        for number, sizes in enumerate(questions):
            for _ in range(2):  # one of them always waits
                house.begin(house.ask_for_ever(f"user {number}", sizes))
        await house.settle()
        for tokens in lines:
            house.begin(house.enter(tokens, "batch", line=True))
        await house.settle()
        longest = max(max(sizes) for sizes in questions)
        whole = sum(lines) * (1 + QUESTIONS_A_LINE) + (len(lines) + 1) * longest
        await house.drip(whole / (PER_MINUTE / 60 * share) + 60, lambda: len(lines_in(house)) == len(lines))

    assert lines_in(house) == lines
    check_parts(house.order, longest)


@pytest.mark.parametrize("askers", [2, 40])
@pytest.mark.parametrize(("stays_s", "away_s"), [(6, 300), (10, 60), (30, 5), (60, 300)])
async def test_a_line_that_comes_again_keeps_its_place(askers: int, stays_s: int, away_s: int) -> None:
    """A line waits no longer than its request may take, and the batch pauses then; its turn comes all the same."""
    cost = Cost(tokens_in=500)
    async with House() as house:
        for _ in range(askers):
            house.begin(house.ask_for_ever("user", [300]))
        await house.settle()
        ends = house.clock.now + (QUESTIONS_A_LINE + 1) * 5 + 2 * (stays_s + away_s)
        while house.clock.now < ends:
            # As the guard does it: who would wait too long is told at once to come again.
            if house.buckets.enter_now(cost, background=True) is None:
                if house.buckets.wait(cost, "batch", background=True) <= stays_s:
                    line = asyncio.ensure_future(house.enter(500, "batch", line=True))
                    await house.drip(stays_s, line.done)
                    if line.done():
                        break
                    line.cancel()
                    await asyncio.gather(line, return_exceptions=True)
                await house.drip(away_s, lambda: False)

    assert lines_in(house) == [500]


async def test_questions_that_fit_do_not_starve_a_line_that_does_not() -> None:
    """Nobody is in the queue but the line: each question finds the little that it takes."""
    async with House() as house:
        house.begin(house.enter(3_000, "batch", line=True))
        asked = 0
        while not lines_in(house):
            await house.drip(1, lambda: False)
            place = house.buckets.enter_now(Cost(tokens_in=100))
            if place is None:
                await house.drip(60, lambda: bool(lines_in(house)))
                break
            asked += 100
            house.buckets.leave(place, used=Cost(tokens_in=100))

    assert lines_in(house) == [3_000]
    assert asked == QUESTIONS_A_LINE * 3_000


async def test_a_line_is_not_due_for_what_was_asked_while_no_line_waited() -> None:
    async with House() as house:
        for _ in range(2):
            house.begin(house.ask_for_ever("user", [100]))
        await house.drip(600, lambda: False)
        asked = len(house.order)
        house.begin(house.enter(100, "batch", line=True))
        await house.settle()
        await house.drip(60, lambda: bool(lines_in(house)))

        assert house.order[asked:] == [*[(False, 100)] * 9, (True, 100)]


async def test_a_batch_that_went_away_long_ago_left_nothing_behind() -> None:
    async with House() as house:
        for _ in range(2):
            house.begin(house.ask_for_ever("user", [100]))
        await house.settle()
        line = asyncio.ensure_future(house.enter(200, "batch", line=True))
        await house.drip(17, lambda: False)
        line.cancel()
        await house.drip(REMEMBERED_S + 10, lambda: False)
        asked = len(house.order)
        house.begin(house.enter(100, "batch", line=True))
        await house.settle()
        await house.drip(60, lambda: bool(lines_in(house)))

        assert house.order[asked:] == [*[(False, 100)] * 9, (True, 100)]


@given(
    before=st.integers(0, 12),
    waiting=st.lists(st.tuples(st.booleans(), st.integers(1, 12)), max_size=8),
    last=st.tuples(st.booleans(), st.integers(1, 12)),
)
async def test_who_comes_now_is_told_how_long_it_takes(
    before: int, waiting: list[tuple[bool, int]], last: tuple[bool, int]
) -> None:
    """Lines that are due before a question count, and questions that are asked before a line."""
    async with House() as house:
        house.begin(house.enter(2_000, "batch", line=True))
        for number in range(before):
            house.begin(house.enter(100, "user", line=False, number=-number))
        await house.drip(before + 0.25, lambda: False)
        now = house.clock.now
        for number, (line, hundreds) in enumerate(waiting, start=1):
            house.begin(house.enter(100 * hundreds, "batch" if line else "user", line=line, number=number))
        await house.settle()
        line, hundreds = last
        told = house.buckets.wait(Cost(tokens_in=100 * hundreds), "batch" if line else "user", background=line)
        house.begin(house.enter(100 * hundreds, "batch" if line else "user", line=line, number=100))
        await house.drip(600, lambda: 100 in house.at)

    assert house.at[100] - now == pytest.approx(told, abs=1.01)
