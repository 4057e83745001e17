"""
How much a provider still lets us ask: linear-refill buckets, and what requests under way hold in them.

Groq's limits are buckets that drip back continuously, ``limit / window`` a second, one per organisation, model
and dimension (derived from its headers and 429 texts of 2024-2026, where ``wait = (used + requested - limit) /
limit * window`` fits every one). Per minute for tokens, per day for requests, per hour for audio.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from typing import Protocol, TypeAlias

from groq_core.ratelimit.cost import Cost

UNKNOWN_AT_ONCE = 8
"""Requests let through to a target whose limits are not known yet; its first answer's headers tell them."""


SHARE_S = 0.6
"""Seconds until a process that needs a larger part of a limit has been heard by the others."""

USUAL_PART = 0.25
"""Of the tokens that are held for an answer, what is thought to be used before any was seen."""

LEARNING_RATE = 0.1
"""How much one answer's length counts for what is thought of the next."""

ROUNDING = 1e-3
"""Of a token, a request or a second: not worth waiting for. Shares are told in decimals."""

SOON_S = 60
"""Seconds in which a limit is full again soon enough to wait for."""

GIVEN_S = 2.0
"""Shares waver from beat to beat: what a process gave away of a limit it takes back if that was less long ago."""

SLACK_S = 0.25
"""Seconds of refill left in a bucket that others draw on too. Without it one request in 500 was refused."""

BucketKey: TypeAlias = tuple[str, int, bool]
"""Dimension, seconds, and whether it is a ceiling of ours: beside the provider's limit, not in its place."""


class Bucket:
    """
    One limit of one target, as far as we know it.

    Attributes:
        limit: Capacity; refills within ``window_s`` seconds.
        own: It is a ceiling of ours, which nothing that a provider tells changes; else the provider's.
        share: The part of it that is this process's; others have the rest. The level is that of the part.
        held: Part of it promised to requests under way and not yet charged by the provider.
    """

    __slots__ = ("_at", "_given", "_given_at", "_level", "held", "kind", "limit", "own", "share", "window_s")

    def __init__(
        self, kind: str, window_s: int, limit: float, level: float, now: float, share: float = 1.0, *, own: bool = False
    ) -> None:
        self.own = own
        self.kind = kind
        self.window_s = window_s
        self.limit = limit
        self.share = share
        self.held = 0.0
        self._level = level
        self._at = self._given_at = now
        self._given = 0.0

    def __repr__(self) -> str:
        return f"<Bucket {self.kind}/{self.window_s}s {self._level:g} of {self.limit:g}, {self.held:g} held>"

    @property
    def key(self) -> BucketKey:
        return self.kind, self.window_s, self.own

    def level(self, now: float) -> float:
        """What the provider would say remains; may be negative after a burst."""
        own = self.limit * self.share
        return min(own, self._level + (now - self._at) * own / self.window_s)

    def set(self, limit: float, level: float, now: float) -> None:
        self.limit, self._level, self._at, self._given = limit, level, now, 0.0

    def resize(self, share: float, now: float) -> None:
        """
        Take another part: what is left of the old one is left of the new in proportion, what is owed stays owed.

        Of a limit that is soon full again a larger part begins with what is left of the smaller one, and what it gave
        away a moment ago: who gives a part away may have spent it.
        """
        level, before = self.level(now), self.share
        self.share, self._at = share, now
        if level <= 0 or before <= 0:
            self._level = min(level, 0.0)
            return
        given = self._given * max(0.0, 1 - (now - self._given_at) / GIVEN_S)
        more = level * share / before - level
        if self.window_s <= SOON_S:
            more = min(more, given)
        self._given, self._given_at = max(0.0, given - more), now
        self._level = level + more

    def charge(self, amount: float, now: float) -> None:
        self._level, self._at = self.level(now) - amount, now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until ``amount`` fits; infinity when it never will."""
        if amount > self.limit:
            return inf
        own = self.limit * self.share
        if amount > own + ROUNDING:
            return SHARE_S  # another share is asked for by then
        if self.held:
            # Two answers may be read in the other order than they were sent; then the provider's word on what
            # remains is out of date by the first of them.
            amount = min(own, amount + SLACK_S * own / self.window_s)
        missing = amount - (self.level(now) - self.held)
        if missing <= ROUNDING:
            return 0.0
        return missing * self.window_s / own if own > 0 else inf


class Reservation:
    """
    A place in the buckets for one request, from admission to the end of its answer.

    Attributes:
        charged: The provider has charged what it charges at the start.
        counted: What was charged at the start by our own estimate, by bucket of which the provider told nothing.
        held: What is still held for it, by bucket.
    """

    __slots__ = ("charged", "cost", "counted", "held")

    def __init__(self, cost: Cost) -> None:
        self.cost = cost
        self.charged = False
        self.counted: dict[BucketKey, float] = {}
        self.held: dict[BucketKey, float] = {}


class BudgetStore(Protocol):
    """
    What is left of one target's limits under one credential, as plain numbers.

    Who waits for it, and in which order, is the business of the queue in front
    (:class:`~groq_core.ratelimit.waiting.TargetBuckets`), so the numbers may live in another place.
    """

    def room_in(self, cost: Cost) -> float:
        """Seconds until a request fits; 0 when it does."""

    def wait(self, cost: Cost, ahead: Sequence[Cost]) -> float:
        """Seconds until a request fits behind others; 0 when it does."""

    def reserve(self, cost: Cost) -> Reservation:
        """Hold what a request takes at most, from its admission on."""

    def observe(
        self, reservation: Reservation, told: Mapping[tuple[str, int], tuple[float, float]], *, at: int | None = None
    ) -> None:
        """Take over what the provider says as it begins to answer."""

    def settle(self, reservation: Reservation, used: Cost | None = None, *, whole: bool = True) -> None:
        """The request is over: charge what it took, give back the rest."""


class TargetBudget:
    """
    The buckets of one target in this process; a :class:`BudgetStore`.

    Attributes:
        share: The part of every limit that is this process's.
        known: The limits are known as far as they will be.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, share: float = 1.0) -> None:
        self._clock = clock
        self.share = share
        self.known = False
        self._buckets: dict[BucketKey, Bucket] = {}
        self._open: set[Reservation] = set()
        self._admitted = 0
        self._told_at = 0
        self._usual_part = USUAL_PART
        self._told_windows: dict[str, int] = {}

    def __iter__(self) -> Iterator[Bucket]:
        return iter(self._buckets.values())

    # ── learning ─────────────────────────────────────────────────────────────────────────────────────

    def learn(self, kind: str, window_s: int, limit: float, remaining: float) -> None:
        """Take over what the provider said of one limit; it knows better than we do."""
        now = self._clock()
        # What the provider tells is left of the whole limit; only a part of that is this process's.
        bucket = self._buckets.get((kind, window_s, False))
        if bucket is None:
            self._adopt(Bucket(kind, window_s, limit, remaining * self.share, now, self.share))
        else:
            bucket.set(limit, remaining * self.share, now)

    def _adopt(self, bucket: Bucket) -> None:
        """A limit we did not know of: requests that are under way draw on it too."""
        self._buckets[bucket.key] = bucket
        for reservation in self._open:
            start, answer = reservation.cost.of(bucket.kind)
            self._hold(reservation, bucket, answer if reservation.charged else start + answer)

    @staticmethod
    def _hold(reservation: Reservation, bucket: Bucket, amount: float) -> None:
        bucket.held += amount
        reservation.held[bucket.key] = amount

    @staticmethod
    def _release(reservation: Reservation, bucket: Bucket, amount: float) -> None:
        """Give back up to so much of what is held."""
        held = reservation.held.get(bucket.key, 0.0)
        amount = min(amount, held)
        bucket.held = max(0.0, bucket.held - amount)
        reservation.held[bucket.key] = held - amount

    def cap(self, kind: str, window_s: int, limit: float, *, own: bool = False) -> None:
        """Set a limit that the provider has and tells nothing of, or a ceiling of our own beside what it has."""
        if (kind, window_s, own) in self._buckets:
            return
        # What was asked before we knew of this limit has been counted against it all the same.
        under_way = sum(1 for reservation in self._open if not reservation.charged)
        used = self._admitted - under_way if kind == "requests" else 0
        level = max(0.0, limit * self.share - used)
        self._adopt(Bucket(kind, window_s, limit, level, self._clock(), self.share, own=own))
        for reservation in self._open:
            if reservation.charged:
                reservation.counted[kind, window_s, own] = 1.0 if kind == "requests" else 0.0

    def resize(self, share: float) -> None:
        """This process may spend so much of every limit here; others have the rest."""
        self.share, now = share, self._clock()
        for bucket in self._buckets.values():
            bucket.resize(share, now)

    # ── reserve, observe, settle ─────────────────────────────────────────────────────────────────────

    def never(self, cost: Cost) -> Bucket | None:
        """The bucket that this request is larger than, if there is one."""
        if not self._buckets:
            return None
        return next((bucket for bucket in self._buckets.values() if sum(cost.of(bucket.kind)) > bucket.limit), None)

    def part(self, cost: Cost) -> float:
        """The largest part that a request takes of a limit."""
        limits = (bucket for bucket in self._buckets.values() if bucket.limit > 0)
        return max((sum(cost.of(bucket.kind)) / bucket.limit for bucket in limits), default=0.0)

    def within(self, cost: Cost) -> Cost:
        """A cost that every bucket could hold when full, for a request that is sent although it seems too large."""
        for bucket in self._buckets.values():
            cost = cost.within(bucket.kind, bucket.limit)
        return cost

    @property
    def holds_back(self) -> bool:
        """Whether as many are under way as may be before the first answer has told the limits."""
        return not self.known and len(self._open) >= UNKNOWN_AT_ONCE

    def exceeded(self, cost: Cost) -> frozenset[BucketKey]:
        """The provider's limits that this request is larger than."""
        return frozenset(
            key for key, bucket in self._buckets.items() if not bucket.own and sum(cost.of(bucket.kind)) > bucket.limit
        )

    def room_in(self, cost: Cost, *, but: frozenset[BucketKey] = frozenset()) -> float:
        """Seconds until a request fits, by the limits that are known and count; 0 when it does."""
        if not self._buckets:
            return 0.0
        now = self._clock()
        wants = ((sum(cost.of(bucket.kind)), bucket) for key, bucket in self._buckets.items() if key not in but)
        # Of a limit that is overdrawn nothing may be taken, and who takes nothing may go.
        return max((bucket.wait(amount, now) for amount, bucket in wants if amount > 0), default=0.0)

    def wait(self, cost: Cost, ahead: Sequence[Cost]) -> float:
        """
        Seconds until a request fits behind others; 0 when it does.

        Of those ahead it counts what they will use, by what others did, and not all that is held for them: most
        answers are far shorter than they may be.
        """
        if self.holds_back:
            # A guess at when the first answer's headers will have told the limits.
            return 0.5
        now = self._clock()
        wants = ((sum(cost.of(bucket.kind)), bucket) for bucket in self._buckets.values())
        return max(
            (
                bucket.wait(0, now)
                if amount > bucket.limit
                else _wait_behind(bucket, amount, sum(self._usual(one, bucket.kind) for one in ahead), now)
                for amount, bucket in wants
                if amount > 0
            ),
            default=0.0,
        )

    def _usual(self, cost: Cost, kind: str) -> float:
        start, answer = cost.of(kind)
        return start + answer * self._usual_part

    def reserve(self, cost: Cost) -> Reservation:
        """Hold what a request takes at most, from its admission on."""
        self._admitted += 1
        reservation = Reservation(cost)
        self._open.add(reservation)
        for bucket in self._buckets.values():
            self._hold(reservation, bucket, sum(cost.of(bucket.kind)))
        return reservation

    def observe(
        self,
        reservation: Reservation,
        told: Mapping[tuple[str, int], tuple[float, float]],
        *,
        at: int | None = None,
    ) -> None:
        """
        The answer's headers are here: the provider has charged what it charges at the start.

        Answers are not read in the order in which they were sent. What was told before something that is known
        already counts for nothing, since that includes it.

        Args:
            told: ``(kind, window_s)`` to ``(limit, remaining)``, as the headers say.
            at: When it was told, by the provider's clock; None where that is not known, and the order of reading
                has to do.
        """
        stale = at is not None and at < self._told_at
        for key, (limit, remaining) in told.items():
            self._forget_other_window(*key)
            bucket = self._buckets.get((*key, False))
            if bucket is None:
                self.learn(*key, limit, remaining)
            elif not stale:
                # Two of the same millisecond: the one that leaves less was told later.
                now, level = self._clock(), remaining * self.share
                bucket.set(limit, min(level, bucket.level(now)) if at == self._told_at else level, now)
        # A refusal tells nothing of the buckets: what it answers is no later word on them.
        if at is not None and told:
            self._told_at = max(at, self._told_at)
        if not reservation.charged:
            reservation.charged = True
            now = self._clock()
            for bucket in self._buckets.values():
                start, _ = reservation.cost.of(bucket.kind)
                if bucket.own or (bucket.kind, bucket.window_s) not in told:
                    bucket.charge(start, now)
                    reservation.counted[bucket.key] = start
                self._release(reservation, bucket, start)
        self.known = True

    def _forget_other_window(self, kind: str, window_s: int) -> None:
        """Of a limit whose window was found from its numbers, what was found first was wrong, or is no more."""
        before = self._told_windows.setdefault(kind, window_s)
        if before != window_s:
            self._buckets.pop((kind, before, False), None)
            self._told_windows[kind] = window_s

    def settle(self, reservation: Reservation, used: Cost | None = None, *, whole: bool = True) -> None:
        """
        The request is over.

        Args:
            used: What it really took; None when nothing was charged that is not in the headers already.
            whole: It came to its end, so that its length says something of others'.
        """
        self._open.discard(reservation)
        if used is not None and whole and reservation.cost.tokens_out > 0:
            part = min(1.0, used.tokens_out / reservation.cost.tokens_out)
            self._usual_part += LEARNING_RATE * (part - self._usual_part)
        now = self._clock()
        for bucket in self._buckets.values():
            self._release(reservation, bucket, inf)
            if used is not None:
                start_used, answer_used = used.of(bucket.kind)
                # The start was charged when the headers came: by the provider, or by our estimate of it.
                charged = reservation.counted.get(bucket.key, start_used) if reservation.charged else 0.0
                bucket.charge(start_used - charged + answer_used, now)


def _wait_behind(bucket: Bucket, amount: float, ahead: float, now: float) -> float:
    own = bucket.limit * bucket.share
    if amount > own + ROUNDING:
        return SHARE_S
    # Those ahead have not been let in, so nothing is held for them yet.
    missing = amount + ahead - (bucket.level(now) - bucket.held)
    return missing * bucket.window_s / own if missing > ROUNDING else 0.0
