"""Whose turn it is to ask a target: a queue in front of its buckets, fair between users."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping

import msgspec

from groq_core.ratelimit.buckets import Bucket, Reservation, TargetBudget
from groq_core.ratelimit.cost import Cost
from groq_core.ratelimit.lines_part import QUESTIONS_A_LINE, LinesPart


class NeverFitsError(Exception):
    """A limit became known, while a request waited for its turn, that it is larger than."""

    def __init__(self, bucket: Bucket) -> None:
        super().__init__(repr(bucket))
        self.bucket = bucket


class _Waiter(msgspec.Struct, eq=False):
    cost: Cost
    future: asyncio.Future[Reservation]


class TargetBuckets:
    """
    Every limit of one target under one credential, and the queue of those who wait for it.

    The queue is fair between users: one who sends a hundred requests waits behind another's first. What runs in the
    background, such as the lines of a batch, comes after everybody who sits in front of an answer, its own user too;
    but while lines wait, a part of what is let in is theirs, one line at a time (see :class:`LinesPart`).

    Attributes:
        budget: What is left; it knows of nobody who waits.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, share: float = 1.0) -> None:
        self.budget = TargetBudget(clock, share)
        self._asked = self._took = 0.0
        self._queues: OrderedDict[tuple[bool, str], deque[_Waiter]] = OrderedDict()
        self._lines = LinesPart(self.budget.part, clock)
        self._timer: asyncio.TimerHandle | None = None
        self.learn, self.cap = self.budget.learn, self.budget.cap
        self.never, self.within = self.budget.never, self.budget.within

    def __iter__(self) -> Iterator[Bucket]:
        return iter(self.budget)

    @property
    def share(self) -> float:
        """The part of every limit that is this process's."""
        return self.budget.share

    def release_learners(self) -> None:
        """The limits are known as far as they will be: whoever waited for that may go."""
        self.budget.known = True
        if self._queues:
            self._pump()

    # ── one process among several ────────────────────────────────────────────────────────────────────

    def set_share(self, share: float) -> None:
        """This process may spend so much of every limit here; others have the rest."""
        if share != self.budget.share:
            self.budget.resize(share)
            self._pump()

    def demand(self) -> tuple[float, float, float]:
        """
        How much was asked for since the last time this was called, those in the queue included; the largest part of a
        limit that one of them needs by itself; and the parts that were taken since, where a line counts as many times
        as questions come before it.
        """
        queued = [waiter.cost for queue in self._queues.values() for waiter in queue]
        asked, self._asked = self._asked + len(queued), self._asked / 2
        took, self._took = self._took, 0.0
        return asked, min(1.0, max(map(self.budget.part, queued), default=0.0)), took

    # ── admission ────────────────────────────────────────────────────────────────────────────────────

    def wait(self, cost: Cost, user: str = "", *, background: bool = False) -> float:
        """Seconds until a request that came now would be let in, those before it in the queue counted."""
        return self.budget.wait(cost, self._ahead_of(cost, user, background))

    def _ahead_of(self, cost: Cost, user: str, background: bool) -> list[Cost]:
        """Those who would be let in before a request that came now, if nobody else came."""
        turn = len(self._queues.get((background, user), ())) + 1
        questions, lines = list[Cost](), list[Cost]()
        for (behind, _), queue in self._queues.items():
            before = list(queue)[: turn if behind == background else None]
            (lines if behind else questions).extend(waiter.cost for waiter in before)
        mine = lines if background else questions
        mine.append(cost)
        left, ahead = len(mine), list[Cost]()
        for line, one in self._lines.in_turn(questions, lines):
            left -= line == background
            if not left:
                break
            ahead.append(one)
        return ahead

    def _next(self) -> tuple[bool, str]:
        """Whose turn it is of those who wait: a question's, but where a line is due."""
        question = next((key for key in self._queues if not key[0]), None)
        line = next((key for key in self._queues if key[0]), None)
        if question is None or (line is not None and self._lines.is_due(self._queues[line][0].cost)):
            assert line is not None, "somebody waits"
            return line
        return question

    def _is_waited_for(self, background: bool) -> bool:
        """Whether somebody stands before a request that comes now."""
        if not self._queues:
            return False
        behind, _ = key = self._next()
        return background or not behind or self._lines.is_due(self._queues[key][0].cost)

    def _let_in(self, cost: Cost, *, background: bool) -> Reservation:
        self._took += self.budget.part(cost) * (QUESTIONS_A_LINE if background else 1)
        if background:
            self._lines.let_in()
        else:
            self._lines.pass_by(cost, waiting=any(behind for behind, _ in self._queues))
        return self.budget.reserve(cost)

    async def enter(self, cost: Cost, user: str, *, background: bool = False) -> Reservation:
        """
        Wait for a place and take it; cancelling gives the place in the queue back.

        Raises:
            NeverFitsError: There will never be one, as far as is known by now.
        """
        if (reservation := self.enter_now(cost, background=background)) is not None:
            return reservation
        key = background, user
        self._asked += 1
        waiter = _Waiter(cost, asyncio.get_running_loop().create_future())
        self._queues.setdefault(key, deque()).append(waiter)
        self._pump()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.done() and not waiter.future.cancelled():
                if waiter.future.exception() is None:
                    self.leave(waiter.future.result())
            else:
                self._forget(key, waiter)
            raise

    def enter_now(self, cost: Cost, *, background: bool = False) -> Reservation | None:
        """Take a place where there is one and nobody waits for it who comes before; else None."""
        if self._is_waited_for(background) or not self._fits(cost):
            if background:
                self._lines.want()
            return None
        self._asked += 1
        return self._let_in(cost, background=background)

    def enter_anyway(self, cost: Cost, full: Cost) -> Reservation | None:
        """
        Take a place, before all who wait, if all that is in the way are limits of the provider that ``full`` exceeds.

        Such a limit is in doubt: whoever is asked although it says never need not wait for it.
        """
        if self.budget.room_in(cost, but=self.budget.exceeded(full)) > 0:
            return None
        self._asked += 1
        return self._let_in(cost, background=False)

    def _forget(self, key: tuple[bool, str], waiter: _Waiter) -> None:
        queue = self._queues.get(key)
        if queue is not None and waiter in queue:
            queue.remove(waiter)
            if not queue:
                del self._queues[key]
        self._pump()

    def _fits(self, cost: Cost) -> bool:
        return not self.budget.holds_back and self.budget.room_in(cost) <= 0

    def _pump(self) -> None:
        """Let in whoever fits, each in turn; set a timer for the next one who does not."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._queues:
            key = self._next()
            queue = self._queues[key]
            waiter = queue[0]
            larger_than = self.never(waiter.cost)
            if larger_than is None and not self._fits(waiter.cost):
                wait = self.budget.room_in(waiter.cost)
                self._timer = asyncio.get_running_loop().call_later(min(max(wait, 0.01), 1.0), self._pump)
                return
            queue.popleft()
            self._queues.move_to_end(key)
            if not queue:
                del self._queues[key]
            if waiter.future.done():
                continue
            if larger_than is not None:
                waiter.future.set_exception(NeverFitsError(larger_than))
            else:
                waiter.future.set_result(self._let_in(waiter.cost, background=key[0]))

    # ── accounting ───────────────────────────────────────────────────────────────────────────────────

    def charge(
        self, reservation: Reservation, told: Mapping[tuple[str, int], tuple[float, float]], *, at: int | None = None
    ) -> None:
        """The answer's headers are here; see :meth:`TargetBudget.observe`."""
        self.budget.observe(reservation, told, at=at)
        self.release_learners()

    def leave(self, reservation: Reservation, *, used: Cost | None = None, whole: bool = True) -> None:
        """The request is over; see :meth:`TargetBudget.settle`."""
        self.budget.settle(reservation, used, whole=whole)
        if self._queues:
            self._pump()
