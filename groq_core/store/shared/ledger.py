"""
What people have used, where no database counts it: each process writes down its own part, and the sum counts.

A part is written whole, never as a difference: told twice it counts once, and when Redis was emptied or away each tells
its own again. Windows are those of Redis's clock, so that replicas whose clocks differ agree.

While Redis is away a process spends its share of what was left when it last knew; shares add up to no more than that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import floor
from typing import Final

import msgspec
from cachetools import LRUCache

from groq_core.ratelimit.personal_limits import KNOWN, Count
from groq_core.store.shared.counters import place
from groq_core.store.shared.link import PREFIX, Away, Link

_COUNT: Final = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local length, window = tonumber(ARGV[3]), tonumber(ARGV[4])
local current = math.floor(now / length)
local key = ARGV[1] .. ':' .. current
if window == current then
  local known = redis.call('HGET', key, ARGV[2])
  if not known or tonumber(string.match(known, '^(%d+)|')) < tonumber(ARGV[5]) then
    redis.call('HSET', key, ARGV[2], ARGV[5] .. '|' .. ARGV[6])
  end
  redis.call('EXPIRE', key, length + 60)
end
local sum = 0
for _, part in ipairs(redis.call('HVALS', key)) do sum = sum + string.match(part, '|(.*)$') end
local born = tonumber(redis.call('GET', ARGV[7]) or now * 1000)
return {tostring(sum), current, tostring((current + 1) * length - now), tostring(now * 1000 - born)}
"""

YOUNG_MS: Final = 3000
"""A Redis that was emptied may not have been told of every part for so long."""


class _Part(msgspec.Struct):
    """
    What this process has used of a counter, in one window.

    Attributes:
        told: As much of it as Redis knew when it last answered.
        others: What all others had used then.
        number: Of the last change; a later one is never overwritten by an earlier.
    """

    window: int
    own: float = 0.0
    told: float = 0.0
    others: float = 0.0
    number: int = 0
    is_told: bool = True


class SharedLedger:
    """
    The counters. See :class:`groq_core.ratelimit.people.Ledger`.

    Args:
        share: The part of what is left that this process may spend alone.
        clock: Seconds since the epoch; only its pace counts while Redis is there.
    """

    def __init__(self, link: Link, share: Callable[[], float], *, me: str, clock: Callable[[], float] = time.time):
        self._link = link
        self._share = share
        self._me = me
        self._clock = clock
        self._ahead_s = 0.0
        self._parts: LRUCache[tuple[str, int], _Part] = LRUCache(KNOWN)

    async def add(self, key: str, window_s: int, amount: float, window: float | None = None) -> Count:
        now = self._clock() + self._ahead_s
        part = self._part((key, window_s), floor(now / window_s))
        if amount and (window is None or window == part.window):
            part.own, part.number, part.is_told = max(0.0, part.own + amount), part.number + 1, False
        try:
            used, current, left_s = await self._tell((key, window_s), part)
        except Away:
            return Count(self._alone(key, part), (part.window + 1) * window_s - now, part.window)
        if current != part.window:
            # The window has turned: what was counted above belongs to the new one.
            return await self._turn(key, window_s, amount if window is None else 0.0, current)
        return Count(used, left_s, current)

    async def _turn(self, key: str, window_s: int, amount: float, current: int) -> Count:
        part = self._part((key, window_s), current)
        part.own, part.number, part.is_told = max(0.0, part.own + amount), part.number + 1, False
        try:
            used, current, left_s = await self._tell((key, window_s), part)
        except Away:
            return Count(self._alone(key, part), float(window_s), part.window)
        return Count(used, left_s, current)

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
        return part.others + part.told + weighed

    async def _tell(self, at: tuple[str, int], part: _Part) -> tuple[float, int, float]:
        key, window_s = at
        own, number = part.own, part.number
        words = (
            place("used", f"{window_s} {key}"),
            self._me,
            window_s,
            part.window,
            number,
            repr(own),
            PREFIX + "born",
        )
        sum_, current, left_s, age_ms = await self._link.call(lambda redis: redis.eval(_COUNT, 0, *words))
        used, current, left_s = float(sum_), int(current), float(left_s)
        self._ahead_s = (current + 1) * window_s - left_s - self._clock()
        if current == part.window:
            young = float(age_ms) < YOUNG_MS
            others = max(0.0, used - own)
            part.others = max(others, part.others) if young else others
            part.told, part.is_told = own, part.number == number
            used = part.own + part.others
        return used, current, left_s

    async def tell_again(self, *, everything: bool = False) -> None:
        """
        Tell what Redis has not heard; all of it, where it was emptied.

        Raises:
            Away: It still is.
        """
        now = self._clock() + self._ahead_s
        for at, part in list(self._parts.items()):
            if (everything or not part.is_told) and part.own and part.window == floor(now / at[1]):
                await self._tell(at, part)
