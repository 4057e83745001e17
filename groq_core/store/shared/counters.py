"""What replicas count together: people's limits where there is no database, wrong guesses, ended sessions."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from groq_core.access.sessions import LocalRevoked
from groq_core.access.throttle import FORGOTTEN_S, FREE, LocalThrottle, wait_after
from groq_core.ratelimit.personal_limits import LocalLedger
from groq_core.store.shared.link import PREFIX, Away, Link

_COUNT: Final = """
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = redis.call('PTTL', KEYS[1])
local sum = math.max(0, used + tonumber(ARGV[1]))
if tonumber(ARGV[1]) ~= 0 then
  if left < 0 then left = tonumber(ARGV[2]) end
  redis.call('SET', KEYS[1], tostring(sum), 'PX', left)
elseif left < 0 then
  left = tonumber(ARGV[2])
end
return {tostring(sum), left}
"""


def _place(kind: str, key: str) -> str:
    """A key without names of people or addresses in it."""
    return f"{PREFIX}{kind}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


class SharedLedger:
    """Counters of people's limits; while Redis is away this process counts alone."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._alone = LocalLedger()

    async def add(self, key: str, window_s: int, amount: float) -> tuple[float, float]:
        place = _place(f"used:{window_s}", key)
        here = await self._alone.add(key, window_s, amount)
        try:
            used, left = await self._link.call(
                lambda redis: redis.eval(_COUNT, 1, place, repr(amount), window_s * 1000)
            )
        except Away:
            return here
        return float(used), int(left) / 1000


class SharedThrottle:
    """Wrong guesses, counted by all replicas together."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._alone = LocalThrottle()

    async def wait_s(self, key: str) -> float:
        alone = await self._alone.wait_s(key)
        try:
            left = await self._link.call(lambda redis: redis.pttl(_place("wait", key)))
        except Away:
            return alone
        return max(alone, int(left) / 1000)

    async def fail(self, key: str, *, free: int = FREE) -> None:
        await self._alone.fail(key, free=free)

        async def count(redis: Any) -> None:
            place = _place("failed", key)
            failures = int(await redis.incr(place))
            await redis.expire(place, int(FORGOTTEN_S))
            if (wait := wait_after(failures, free)) > 0:
                await redis.set(_place("wait", key), 1, px=int(wait * 1000))

        try:
            await self._link.call(count)
        except Away:
            return

    async def forgive(self, key: str) -> None:
        await self._alone.forgive(key)
        try:
            await self._link.call(lambda redis: redis.delete(_place("failed", key), _place("wait", key)))
        except Away:
            return


class SharedRevoked:
    """Sessions that were ended before their time, on whichever replica."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._alone = LocalRevoked()

    async def add(self, session: str, seconds: float) -> None:
        await self._alone.add(session, seconds)
        try:
            await self._link.call(lambda redis: redis.set(_place("ended", session), 1, ex=max(1, int(seconds))))
        except Away:
            return

    async def has(self, session: str) -> bool:
        if await self._alone.has(session):
            return True
        try:
            return bool(await self._link.call(lambda redis: redis.exists(_place("ended", session))))
        except Away:
            return False
