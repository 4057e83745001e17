"""Answers that replicas share: one that was given before, and one that another is being given now."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import aclosing, suppress
from typing import Any, Final

import msgspec

from groq_core.events import CONTENT, Event, Events, Finished, Routed
from groq_core.middleware.cache import CacheEntry, all_by_events, entry_of, key_of, replay, reproducible
from groq_core.pipeline import Handler
from groq_core.requests import Request
from groq_core.store.shared.link import PREFIX, Away, Link

FLIGHT_S: Final = 70
"""Longest that one answer can take; then the lock of a process that died is gone."""

PATIENCE_S: Final = 8.0
"""How long an answer that another replica is being given is waited for."""

LOOK_S: Final = 0.03
LARGEST: Final = 2 * 2**20

_TYPES: Final = {kind.__name__: kind for kind in (*CONTENT, Routed, Finished)}

_FIND: Final = """
local body = redis.call('GET', KEYS[1])
if body then return {body, redis.call('PTTL', KEYS[1])} end
return redis.call('SET', KEYS[2], ARGV[1], 'NX', 'EX', ARGV[2]) and 1 or 0
"""

_LAND: Final = """
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
"""


def pack(entry: CacheEntry) -> bytes:
    """An answer for the way to Redis. Nothing of the question is in it."""
    events: list[Event] = [entry.routed, *entry.answer, entry.finished]
    return msgspec.msgpack.encode([[type(event).__name__, event] for event in events])


def unpack(body: bytes, stored_at: float) -> CacheEntry | None:
    """The answer again; None for one of another version of this program."""
    try:
        events = [msgspec.convert(event, _TYPES[name]) for name, event in msgspec.msgpack.decode(body)]
    except (msgspec.MsgspecError, KeyError, ValueError, TypeError):
        return None
    routed, *answer, finished = events
    if not isinstance(routed, Routed) or not isinstance(finished, Finished):
        return None
    return CacheEntry(routed, tuple(answer), finished, stored_at)


class SharedAnswers:
    """
    The layer below the process's own cache. Without Redis it is not there.

    Args:
        ttl_s: How long an answer is kept.
        scope: As for the cache.
    """

    def __init__(self, link: Link, *, ttl_s: float, scope: str) -> None:
        self._link = link
        self._ttl_ms = int(ttl_s * 1000)
        self._scope: Any = scope

    async def __call__(self, handle: Handler[Request], request: Request) -> Events:
        key = self._key(request)
        entry = lock = None
        if key is not None:
            with suppress(Away):
                entry, lock = await self._find(key)
        if entry is not None:
            for event in replay(entry, request, time.monotonic() - entry.stored_at):
                yield event
            return
        heard: list[Event] = []
        try:
            async with aclosing(handle(request if lock is None else all_by_events(request))) as events:
                async for event in events:
                    if lock is not None:
                        heard.append(event)
                    yield event
        finally:
            if lock is not None and key is not None:
                await asyncio.shield(self._land(key, lock, heard))

    def _key(self, request: Request) -> str | None:
        if not reproducible(request) or request.caller.credential != "server" or self._link.away:
            return None
        return PREFIX + "answer:" + key_of(request, self._scope)

    async def _find(self, key: str) -> tuple[CacheEntry | None, str | None]:
        """The answer, or the lock of whoever gives it; neither where another takes too long."""
        lock, flight, ends = secrets.token_hex(8), key + ":flight", time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            found = await self._link.call(lambda redis: redis.eval(_FIND, 2, key, flight, lock, FLIGHT_S))
            if isinstance(found, list):
                body, left_ms = found
                # By Redis's clock: those of two machines differ.
                age_s = max(0.0, (self._ttl_ms - left_ms) / 1000)
                if (entry := unpack(body, time.monotonic() - age_s)) is not None:
                    return entry, None
                # Another version wrote it: it is given anew.
                found = await self._link.call(lambda redis: redis.set(flight, lock, nx=True, ex=FLIGHT_S))
            if found:
                return None, lock
            await asyncio.sleep(LOOK_S)
        return None, None

    async def _land(self, key: str, lock: str, heard: list[Event]) -> None:
        """Keep the answer, where there is one, and let the others go on."""
        entry = entry_of(heard, 0.0)
        body = b"" if entry is None else pack(entry)
        kept = body if len(body) <= LARGEST else b""
        with suppress(Away):
            await self._link.call(lambda redis: redis.eval(_LAND, 2, key, key + ":flight", lock, kept, self._ttl_ms))
