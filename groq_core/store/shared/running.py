"""
Lines of answers that run, where every replica can read them: written by the one that gives the answer, in order.

Each answer is a list of lines and a few words about it. A line is added at its own place or not at all, so that what
is told twice (a reply of Redis that was lost) or told again (after Redis was emptied) is there once.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from groq_core.store.shared.link import PREFIX, Link

KEPT_MS: Final = 600_000
"""An answer is forgotten so long after its last line, as in the process that gave it."""

READ_MS: Final = 3000
"""A reader that has not asked for so long has gone."""

STOP_MS: Final = 10_000

RETOLD_S: Final = 1.5
"""So long after Redis was emptied, each process that lives has told it again of the answers that it gives."""

LOOK_S: Final = 0.05

_PUT: Final = """
local me, at, over, kept, question = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local by = redis.call('HGET', KEYS[2], 'by')
if by and by ~= me then return {-1, 0, 0} end
local have = redis.call('LLEN', KEYS[1])
if at <= have then
  for i = 6 + have - at, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
  redis.call('HSET', KEYS[2], 'by', me, 'over', over)
  redis.call('HINCRBY', KEYS[2], 'beat', 1)
  if over == '1' then redis.call('HDEL', KEYS[2], 'question')
  elseif question ~= '' then redis.call('HSET', KEYS[2], 'question', question) end
  have = redis.call('LLEN', KEYS[1])
end
redis.call('PEXPIRE', KEYS[1], kept)
redis.call('PEXPIRE', KEYS[2], kept)
return {have, redis.call('EXISTS', KEYS[1] .. ':stop'), redis.call('EXISTS', KEYS[1] .. ':read')}
"""

_CLAIM: Final = """
local about = redis.call('HMGET', KEYS[2], 'by', 'beat', 'over')
if about[1] and (about[1] ~= ARGV[1] or redis.call('EXISTS', KEYS[1]) == 1) then
  return {about[1], about[2], about[3], {}}
end
if not about[1] then
  local time, born = redis.call('TIME'), redis.call('GET', ARGV[4])
  if not born or time[1] * 1000 + time[2] / 1000 - born < tonumber(ARGV[5]) then return 'young' end
end
redis.call('HSET', KEYS[2], 'by', ARGV[1], 'beat', '0', 'over', '0')
if ARGV[3] ~= '' then redis.call('HSET', KEYS[2], 'question', ARGV[3]) end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return false
"""

_READ: Final = """
local about = redis.call('HMGET', KEYS[2], 'by', 'beat', 'over')
if not about[1] then return false end
if about[3] ~= '1' then redis.call('SET', KEYS[1] .. ':read', 1, 'PX', ARGV[2]) end
return {about[1], about[2], about[3], redis.call('LRANGE', KEYS[1], ARGV[1], -1)}
"""

_TAKE: Final = """
local about = redis.call('HMGET', KEYS[2], 'by', 'beat', 'over')
if about[1] ~= ARGV[1] or about[2] ~= ARGV[2] or about[3] == '1' then return false end
redis.call('HSET', KEYS[2], 'by', ARGV[3])
return {redis.call('HGET', KEYS[2], 'question') or '', redis.call('LRANGE', KEYS[1], 0, -1)}
"""


class News(msgspec.Struct, frozen=True):
    """
    What a process has to tell of an answer that it gives.

    Attributes:
        at: The place of the first of these lines.
        question: For whoever takes the answer over, should this process die; kept until it is over. May be empty.
    """

    place: str
    at: int
    lines: Sequence[bytes]
    over: bool
    question: bytes = b""


class Told(msgspec.Struct, frozen=True):
    """
    What comes back.

    Attributes:
        have: How many lines are there now; -1 where another process has taken the answer over.
        stop: Somebody wants it stopped.
        read: Somebody reads it on another replica.
    """

    have: int
    stop: bool
    read: bool


class RunPart(msgspec.Struct, frozen=True):
    """
    What a reader finds.

    Attributes:
        by: The process that gives it.
        beat: Another one whenever that process has told something, news or not.
    """

    by: str
    beat: str
    over: bool
    lines: list[bytes]


class SharedRuns:
    """
    The lists in Redis.

    Raises:
        Away: From every method, while Redis does not answer.
    """

    def __init__(self, link: Link, me: str) -> None:
        self._link = link
        self.me = me

    async def put(self, news: Sequence[News]) -> tuple[str, list[Told]]:
        """
        Tell of several answers.

        Returns:
            When the memory of Redis began, as a word that is another one once it was emptied; and what it says of each.
        """

        async def ask(redis: Any) -> Any:
            pipe = redis.pipeline(transaction=False)
            pipe.set(PREFIX + "runs", secrets.token_hex(8), nx=True)
            pipe.get(PREFIX + "runs")
            for one in news:
                pipe.eval(_PUT, 2, *_keys(one.place), self.me, one.at, int(one.over), KEPT_MS, one.question, *one.lines)
            return await pipe.execute()

        _, memory, *found = await self._link.call(ask)
        return memory.decode(), [Told(int(have), bool(stop), bool(read)) for have, stop, read in found]

    async def read(self, place: str, at: int) -> RunPart | None:
        """The lines from a place on; None where there is no such answer."""
        return _part(await self._link.call(lambda redis: redis.eval(_READ, 2, *_keys(place), at, READ_MS)))

    async def claim(self, place: str, question: bytes) -> RunPart | None:
        """
        Say that it is given here, before its first line is; what a reader finds, without lines, where another
        process gives it.

        Of a Redis that was emptied a moment ago it waits until every process has told it again what it gives.

        Args:
            question: As for :class:`News`.
        """
        words = (*_keys(place), self.me, KEPT_MS, question, PREFIX + "born", int(RETOLD_S * 1000))
        ends = time.monotonic() + 2 * RETOLD_S
        while (found := await self._link.call(lambda redis: redis.eval(_CLAIM, 2, *words))) == b"young":
            if time.monotonic() > ends:
                return None  # nobody tells it anything
            await asyncio.sleep(LOOK_S)
        return _part(found)

    async def take_over(self, place: str, part: RunPart) -> tuple[bytes, list[bytes]] | None:
        """The question and all lines of an answer whose process is dead; it is ours now. None where it is not."""
        found = await self._link.call(lambda redis: redis.eval(_TAKE, 2, *_keys(place), part.by, part.beat, self.me))
        return None if found is None else (found[0], found[1])

    async def stop(self, place: str) -> None:
        """Ask for an end of it, whoever gives it."""
        await self._link.call(lambda redis: redis.set(f"{PREFIX}run:{place}:stop", 1, px=STOP_MS))


def _part(found: Any) -> RunPart | None:
    if found is None:
        return None
    by, beat, over, lines = found
    return RunPart(by.decode(), beat.decode(), over == b"1", lines)


def place_of(name: str, owner: str) -> str:
    """Where an answer is found; who does not know both finds nothing, and neither can be read from it."""
    return hashlib.sha256(f"{name}\0{owner}".encode()).hexdigest()[:40]


def _keys(place: str) -> tuple[str, str]:
    return f"{PREFIX}run:{place}", f"{PREFIX}run:{place}:about"
