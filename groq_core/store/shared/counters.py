"""What replicas count together: wrong guesses and ended sessions."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any, Final

from cachetools import LRUCache

from groq_core.access.sessions import SESSION_S, LocalRevoked
from groq_core.access.throttle import FORGOTTEN_S, FREE, LocalThrottle, wait_after
from groq_core.store.shared.link import PREFIX, Away, Link

KNOWN: Final = 10_000
"""Sessions ended here that are remembered, to be told again."""

END: Final = """
local left = tonumber(ARGV[1]) - tonumber(redis.call('TIME')[1])
return redis.call('SET', KEYS[1], 1, 'EX', math.max(left, tonumber(ARGV[2])))
"""
"""Remember an ended session up to its expiry by Redis's clock: the one that made it may have been wrong, or be set."""


def place(kind: str, key: str) -> str:
    """A key without names of people or addresses in it."""
    return f"{PREFIX}{kind}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


class SharedThrottle:
    """Wrong guesses, counted by all replicas together."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._alone = LocalThrottle()

    async def wait_s(self, key: str) -> float:
        alone = await self._alone.wait_s(key)
        try:
            left = await self._link.call(lambda redis: redis.pttl(place("wait", key)))
        except Away:
            return alone
        return max(alone, int(left) / 1000)

    async def fail(self, key: str, *, free: int = FREE) -> None:
        await self._alone.fail(key, free=free)

        async def count(redis: Any) -> None:
            failed = place("failed", key)
            failures = int(await redis.incr(failed))
            await redis.expire(failed, int(FORGOTTEN_S))
            if (wait := wait_after(failures, free)) > 0:
                await redis.set(place("wait", key), 1, px=int(wait * 1000))

        try:
            await self._link.call(count)
        except Away:
            return

    async def forgive(self, key: str) -> None:
        await self._alone.forgive(key)
        try:
            await self._link.call(lambda redis: redis.delete(place("failed", key), place("wait", key)))
        except Away:
            return


class SharedRevoked:
    """
    Sessions that were ended before their time, on whichever replica.

    What was ended here while Redis was away, or before it was emptied, is told again: else who signed out here would
    be signed in elsewhere.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._alone = LocalRevoked()
        self._mine: LRUCache[str, int] = LRUCache(KNOWN)
        self._untold: set[str] = set()

    async def add(self, session: str, expiry: int) -> None:
        await self._alone.add(session, expiry)
        self._mine[session] = expiry
        self._untold.add(session)
        with suppress(Away):
            await self._tell(session)

    async def _tell(self, session: str) -> None:
        if (expiry := self._mine.get(session)) is not None:
            await self._link.call(lambda redis: redis.eval(END, 1, place("ended", session), expiry, 2 * SESSION_S))
        self._untold.discard(session)

    async def tell_again(self, *, everything: bool) -> None:
        """
        Tell what Redis has not heard; all of it, where it was emptied.

        Raises:
            Away: It still is.
        """
        if everything:
            self._untold |= set(self._mine)
        for session in list(self._untold):
            await self._tell(session)

    async def has(self, session: str) -> bool:
        if await self._alone.has(session):
            return True
        try:
            return bool(await self._link.call(lambda redis: redis.exists(place("ended", session))))
        except Away:
            return False
