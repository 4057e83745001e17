"""
What people have used, where no database counts it: each process writes down its own part, and the sum counts.

A part is written whole, never as a difference: told twice it counts once, and when Redis was emptied or away each tells
its own again. Windows are those of Redis's clock, so that replicas whose clocks differ agree.

While less than half of a limit is used, a process writes down a little more than it has used, and asks nobody until it
has used that too. What is given back is told without anybody waiting for it: until then it counts as used. While Redis
is away a process spends its share of what was left when it last knew; shares add up to no more than that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from math import floor, inf
from typing import Final

import msgspec
from cachetools import LRUCache

from groq_core.ratelimit.personal_limits import KNOWN, Count
from groq_core.store.shared.counters import place
from groq_core.store.shared.link import PREFIX, Away, Link

_COUNT: Final = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local me, length, window, number = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local current = math.floor(now / length)
local key = ARGV[1] .. ':' .. current
local age = now * 1000 - tonumber(redis.call('GET', ARGV[7]) or now * 1000)
local others, mine, known, lent = 0, 0, -1, 0
local all = redis.call('HGETALL', key)
for i = 1, #all, 2 do
  local told, part = string.match(all[i + 1], '^(%d+)|(.*)$')
  if all[i] == me then
    known, mine = tonumber(told), tonumber(part)
  else
    others = others + part
  end
end
if window == current then
  if known < number then
    local own, ahead, limit = tonumber(ARGV[6]), tonumber(ARGV[8]), tonumber(ARGV[9])
    if age < tonumber(ARGV[10]) or others + own > limit / 2 then ahead = 0 end
    if ahead > 0 then ahead = math.min(ahead, (limit - others - own) / 8) end
    if ARGV[11] == '1' then ahead = math.floor(ahead) end
    known, mine = number, own + ahead
    redis.call('HSET', key, me, number .. '|' .. string.format('%.17g', mine))
    -- Apart, since a version before this one reads the other.
    redis.call('HSET', key .. ':held', me, string.format('%.17g', ARGV[12] + ahead))
  end
  redis.call('EXPIRE', key, length + 60)
  redis.call('EXPIRE', key .. ':held', length + 60)
end
if ARGV[11] == '0' then
  local held = redis.call('HGETALL', key .. ':held')
  for i = 1, #held, 2 do
    if held[i] ~= me then lent = lent + held[i + 1] end
  end
end
-- One string: a client that is written in Python takes longer to read six.
local left = (current + 1) * length - now
return string.format('%.17g %d %.17g %.17g %.17g %d %.17g', others, current, left, age, mine, known, lent)
"""

YOUNG_MS: Final = 3000
"""A Redis that was emptied may not have been told of every part for so long."""


IDLE_S: Final = 1.0
"""Seconds after which what was written down and not used is taken back."""

FRESH_S: Final = 1.0
"""What the others have used is known for so long, for who only looks, while less than half of a limit is used."""

JUST_S: Final = 0.1
"""The same where more is: a request that was counted a moment ago looks again to tell what is left."""

PART: Final = 0.02
"""Of a limit, that is written down ahead, where it holds two attempts at least; an eighth of what is free at most."""


_EPOCH: Final = time.time() - time.monotonic()


def steady() -> float:
    """Seconds since the epoch, by a clock that nobody sets."""
    return _EPOCH + time.monotonic()


class _Part(msgspec.Struct):
    """
    What this process has used of a counter, in one window.

    Attributes:
        told: As much of it as Redis counts; may be more than was used.
        others: What all others had used when Redis last answered, at ``told_at``.
        held: What of ``own`` may yet be given back; ``lent`` the same of ``others``.
        number: Of the last change; a later one is never overwritten by an earlier.
        heard: The number of what Redis counts.
        is_due: Redis is about to be told, and by whom does not matter.
    """

    window: int
    own: float = 0.0
    told: float = 0.0
    others: float = 0.0
    held: float = 0.0
    lent: float = 0.0
    number: int = 0
    heard: int = -1
    told_at: float = -inf
    touched_at: float = 0.0
    limit: float = inf
    is_due: bool = False

    @property
    def is_ample(self) -> bool:
        """Less than half of the limit is used, by everybody."""
        return self.heard >= 0 and self.others + max(self.told, self.own) <= self.limit / 2

    @property
    def has_room(self) -> bool:
        """Something was left when Redis last answered."""
        return self.heard >= 0 and self.others + self.own < self.limit


class SharedLedger:
    """
    The counters. See :class:`groq_core.ratelimit.personal_limits.Ledger`.

    Args:
        share: The part of what is left that this process may spend alone.
        clock: Seconds since the epoch, that go on whatever happens to the machine's clock; only their pace counts while
            Redis is there.
    """

    def __init__(self, link: Link, share: Callable[[], float], *, me: str, clock: Callable[[], float] = steady):
        self._link = link
        self._share = share
        self._me = me
        self._clock = clock
        self._ahead_s = 0.0
        self._parts: LRUCache[tuple[str, int], _Part] = LRUCache(KNOWN)
        self._telling: set[asyncio.Task[None]] = set()

    async def add(
        self,
        key: str,
        window_s: int,
        amount: float,
        window: float | None = None,
        *,
        limit: float = inf,
        held: float = 0.0,
    ) -> Count:
        now = self._clock() + self._ahead_s
        at = key, window_s
        part = self._part(at, floor(now / window_s))
        part.limit, part.touched_at = limit, time.monotonic()
        change = amount, held
        if any(change) and (window is None or window == part.window):
            self._change(part, change)
        if any(change) and (amount < 0 or window is not None):
            # What an attempt took in the end nobody waits for, so that no cancellation leaves a part of it out.
            self._tell_soon(at, part)
        elif not self._is_enough(part, amount):
            try:
                used, current, left_s = await self._count(at, part, change)
            except Away:
                return Count(self._alone(key, part), (part.window + 1) * window_s - now, part.window)
            if current != part.window:
                # The window has turned: what was counted above belongs to the new one.
                return await self._turn(at, change, current, limit)
            return Count(used, left_s, current, part.lent)
        return Count(part.own + part.others, (part.window + 1) * window_s - now, part.window, part.lent)

    async def _turn(self, at: tuple[str, int], change: tuple[float, float], current: int, limit: float) -> Count:
        part = self._parts.get(at)
        if part is None or part.window != current:
            # Also one that lies before the last: the clocks of two machines may differ by any time.
            part = self._parts[at] = _Part(current)
        part.limit, part.touched_at = limit, time.monotonic()
        self._change(part, change)
        try:
            used, current, left_s = await self._count(at, part, change)
        except Away:
            return Count(self._alone(at[0], part), float(at[1]), part.window)
        return Count(used, left_s, current, part.lent)

    async def _count(self, at: tuple[str, int], part: _Part, change: tuple[float, float]) -> tuple[float, int, float]:
        """Tell what was changed, and hear of the others; who is called off meanwhile has taken nothing."""
        try:
            return await self._tell(at, part, self._wanted(change[0], part.limit))
        except asyncio.CancelledError:
            self._change(part, (-change[0], -change[1]))
            self._tell_soon(at, part)
            raise

    @staticmethod
    def _change(part: _Part, change: tuple[float, float]) -> None:
        part.own, part.held = max(0.0, part.own + change[0]), max(0.0, part.held + change[1])
        part.number += 1

    @staticmethod
    def _is_enough(part: _Part, amount: float) -> bool:
        """Whether nobody need be asked: what is used is written down already, and there is plenty for everybody."""
        if part.own > part.told:
            return False
        if amount:
            return part.is_ample
        return time.monotonic() - part.told_at < (FRESH_S if part.is_ample else JUST_S if part.has_room else 0.0)

    @staticmethod
    def _wanted(amount: float, limit: float) -> float:
        part = limit * PART
        return part if limit < inf and 0 < 2 * amount <= part else 0.0

    def _part(self, place: tuple[str, int], window: int) -> _Part:
        part = self._parts.get(place)
        if part is None or part.window < window:
            part = self._parts[place] = _Part(window)
        return part

    def _alone(self, key: str, part: _Part) -> float:
        """What counts as used while nobody knows what the others do: own use weighs as much as there may be others."""
        more, weight = max(0.0, part.own - part.told), 1 / self._share()
        weighed = more * weight
        if key.startswith("requests "):
            weighed = max(min(more, 1.0), weighed - (weight - 1))  # one is let in by each
        return part.others + min(part.told, part.own) + weighed

    async def _tell(self, at: tuple[str, int], part: _Part, ahead: float = 0.0) -> tuple[float, int, float]:
        key, window_s = at
        whole = int(key.startswith("requests "))
        limit = min(part.limit, 1e300)
        words = (
            *(place("used", f"{window_s} {key}"), self._me, window_s, part.window, part.number, repr(part.own)),
            *(PREFIX + "born", repr(ahead), repr(limit), YOUNG_MS, whole, repr(part.held)),
        )
        found = await self._link.call(lambda redis: redis.eval(_COUNT, 0, *words))
        others, current, left_s, age_ms, mine, heard, lent = map(float, found.split())
        current = int(current)
        self._ahead_s = (current + 1) * window_s - left_s - self._clock()
        if current != part.window:
            return others + mine, current, left_s
        if heard > part.number:
            # It was forgotten here, as what is long unused, or what a clock has led away from: it goes on from there.
            part.own, part.number = part.own + mine, int(heard) + 1
            return await self._tell(at, part, ahead)
        part.others, part.lent = max(others, part.others) if age_ms < YOUNG_MS else others, lent
        if heard >= part.heard or age_ms < YOUNG_MS:
            part.told, part.heard, part.told_at = mine, int(heard), time.monotonic()
        return part.own + part.others, current, left_s

    def _tell_soon(self, at: tuple[str, int], part: _Part) -> None:
        """
        What is given back is the others': they are told, while nobody here waits; where all have plenty, with a beat.
        """
        if part.is_ample or part.is_due:
            return

        async def tell() -> None:
            part.is_due = False  # what is given back from here on is told anew
            with suppress(Away):
                await self._tell(at, part)

        part.is_due = True
        telling = asyncio.create_task(tell())
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def close(self) -> None:
        """Give back what was written down ahead, as far as Redis is there: this process uses no more."""
        for part in self._parts.values():
            part.touched_at = -inf
        with suppress(Away):
            await self.tell_again()

    async def tell_again(self, *, everything: bool = False) -> None:
        """
        Tell what Redis has not heard, and take back what was written down ahead and lies idle; all of it anew, where
        Redis was emptied.

        Raises:
            Away: It still is.
        """
        now, idle = self._clock() + self._ahead_s, time.monotonic() - IDLE_S
        for at, part in list(self._parts.items()):
            if part.window != floor(now / at[1]):
                continue
            if part.told > part.own and part.touched_at < idle:
                part.number += 1
            elif not (everything and part.own) and part.own <= part.told:
                continue
            await self._tell(at, part)
