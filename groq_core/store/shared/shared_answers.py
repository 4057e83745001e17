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

LEASE_S: Final = 2.0
"""Of who gives an answer, told anew all the while; so long after it died or left, the next asks."""

RENEW_S: Final = 0.5

PATIENCE_S: Final = 8.0
"""How long an answer that another replica is being given is waited for."""

LOOK_S: Final = 0.03
LARGEST: Final = 2 * 2**20

_TYPES: Final = {kind.__name__: kind for kind in (*CONTENT, Routed, Finished)}

_FIND: Final = """
local body = redis.call('GET', KEYS[1])
if body then return {body, redis.call('PTTL', KEYS[1])} end
return redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0
"""

_LAND: Final = """
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
"""


_RENEW: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end"


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
        key, lock = self._key(request), secrets.token_hex(8)
        entry: CacheEntry | None = None
        began, mine = time.monotonic(), False
        if key is not None:
            try:
                entry, mine = await self._find(key, lock)
            except Away:
                pass  # it is asked here
            except asyncio.CancelledError:
                # It may have become this process's in that moment.
                await asyncio.shield(self._land(key, lock, []))
                raise
        if entry is not None:
            for event in replay(entry, request, time.monotonic() - entry.stored_at):
                yield event
            return
        if (waited := time.monotonic() - began) > LOOK_S:
            request = msgspec.structs.replace(request, waited_s=request.waited_s + waited)
        if key is None or not mine:
            async with aclosing(handle(request)) as events:
                async for event in events:
                    yield event
            return
        heard: list[Event] = []
        renewing = asyncio.create_task(self._renew(key, lock))
        try:
            async with aclosing(handle(all_by_events(request))) as events:
                async for event in events:
                    heard.append(event)
                    yield event
        finally:
            renewing.cancel()
            await asyncio.shield(self._land(key, lock, heard))

    def _key(self, request: Request) -> str | None:
        if not reproducible(request) or request.caller.credential != "server" or self._link.away:
            return None
        return PREFIX + "answer:" + key_of(request, self._scope)

    async def _find(self, key: str, lock: str) -> tuple[CacheEntry | None, bool]:
        """The answer, or whether it is this process's to give; neither where another takes too long."""
        flight, ends, lease_ms = key + ":flight", time.monotonic() + PATIENCE_S, int(LEASE_S * 1000)
        while time.monotonic() < ends:
            found = await self._link.call(lambda redis: redis.eval(_FIND, 2, key, flight, lock, lease_ms))
            if isinstance(found, list):
                body, left_ms = found
                # By Redis's clock: those of two machines differ.
                age_s = max(0.0, (self._ttl_ms - left_ms) / 1000)
                if (entry := unpack(body, time.monotonic() - age_s)) is not None:
                    return entry, False
                # Another version wrote it: it is given anew.
                found = await self._link.call(lambda redis: redis.set(flight, lock, nx=True, px=lease_ms))
            if found:
                return None, True
            await asyncio.sleep(LOOK_S)
        return None, False

    async def _renew(self, key: str, lock: str) -> None:
        """Say that it is still being given, until cancelled."""
        words = (key + ":flight", lock, int(LEASE_S * 1000))
        while True:
            await asyncio.sleep(RENEW_S)
            with suppress(Away):
                await self._link.call(lambda redis: redis.eval(_RENEW, 1, *words))

    async def _land(self, key: str, lock: str, heard: list[Event]) -> None:
        """Keep the answer, where there is one, and let the others go on."""
        entry = entry_of(heard, 0.0)
        body = b"" if entry is None else pack(entry)
        kept = body if len(body) <= LARGEST else b""
        with suppress(Away):
            await self._link.call(lambda redis: redis.eval(_LAND, 2, key, key + ":flight", lock, kept, self._ttl_ms))
