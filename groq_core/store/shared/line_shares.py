"""
Lines of one input that several batch runs share: each asks the lines of the shards it has taken, and no others.

A shard is 64 lines in a row, and a bit tells of each line that it is settled. A run that has told nothing for five
seconds, by the clock of who looks and while Redis was there, is dead: its shards are taken by the others, who ask the
lines that were not settled. A run that ends early gives its shards back.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from contextlib import suppress
from math import inf
from typing import Any, Final, Self

import msgspec

from groq_core.connections.event_loop import end_task
from groq_core.store.shared.link import PREFIX, Away, Link

logger = logging.getLogger("groq_core.shared")

SHARD: Final = 64
TELL_S: Final = 0.1
DEAD_S: Final = 5.0
YOUNG_MS: Final = 3000
"""A Redis that was emptied may not have been told of every shard for so long, so that none is given away."""

KEPT_S: Final = 86_400
"""What was settled is remembered for so long after a run last told of it."""

DONE: Final = "done"
ALL: Final = (1 << SHARD) - 1

_TAKE: Final = """
local me, shard, dead = ARGV[1], ARGV[2], ARGV[3]
local who = redis.call('HGET', KEYS[1], shard)
local settled = redis.call('GETRANGE', KEYS[3], shard * 8, shard * 8 + 7)
if who == me or who == 'done' then return {who, '', settled} end
if who then
  local beat = redis.call('HGET', KEYS[2], who) or ''
  if dead ~= who .. '|' .. beat then return {who, beat, ''} end
else
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local born = redis.call('GET', ARGV[4])
  if not born then
    born = tostring(now)
    redis.call('SET', ARGV[4], born)
  end
  if now - born < tonumber(ARGV[5]) then return {'', '', ''} end
end
redis.call('HSET', KEYS[1], shard, me)
return {me, '', settled}
"""

_GIVE_BACK: Final = "if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end"


class _Shard(msgspec.Struct):
    """Lines as bits of a number: those that were met, and those that are settled."""

    met: int = 0
    settled: int = 0
    closed: bool = False

    @property
    def done(self) -> bool:
        return self.closed and not self.met & ~self.settled


class LineShares:
    """
    What this run has of an input; see :class:`groq_core.services.batch.line_queue.Shares`.

    Args:
        job: Names the input and what is asked of it; the same for all its runs.
    """

    def __init__(self, link: Link, job: str) -> None:
        self._link = link
        self._me = secrets.token_hex(8)
        self._keys = tuple(f"{PREFIX}batch:{job}:{what}" for what in ("shards", "runs", "lines"))
        self._memory_key = f"{PREFIX}batch:{job}:memory"
        self._memory = b""
        self._mine: dict[int, _Shard] = {}
        self._told: set[int] = set()
        self._theirs: dict[int, str] = {}
        self._since: dict[str, float] = {}
        self._settled: list[int] = []
        self._reading = -1
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        await end_task(self._task)
        with suppress(Away):
            await self._tell()
            await self._link.call(self._give_back)

    async def _give_back(self, redis: Any) -> Any:
        pipe = redis.pipeline(transaction=False)
        for shard in self._mine.keys() - self._told:
            pipe.eval(_GIVE_BACK, 1, self._keys[0], shard, self._me)
        return await pipe.execute()

    # ── what the run asks ────────────────────────────────────────────────────────────────────────────

    async def may_ask(self, number: int) -> bool | None:
        """Whether a line is this run's to ask; None while nobody can say."""
        shard, bit = divmod(number, SHARD)
        if shard != self._reading:
            self._close()
            self._reading = shard
        if shard in self._theirs:
            return False
        if shard not in self._mine and not (taken := await self._take(shard)):
            return taken
        one = self._mine[shard]
        one.met |= 1 << bit
        return not one.settled >> bit & 1

    def settle(self, number: int) -> None:
        """What became of a line is written down."""
        shard, bit = divmod(number, SHARD)
        self._settled.append(number)
        if (one := self._mine.get(shard)) is not None:
            one.settled |= 1 << bit

    async def leftovers(self) -> set[int] | None:
        """Shards that others left and this run has taken; None when nothing is left of the input."""
        self._close()
        taken = set[int]()
        for shard in sorted(self._theirs):
            if (found := await self._take(shard)) is None:
                return taken
            if found:
                taken.add(shard)
        return taken if taken or self._theirs else None

    def _close(self) -> None:
        if (one := self._mine.get(self._reading)) is not None:
            one.closed = True
        self._reading = -1

    async def _take(self, shard: int) -> bool | None:
        """Take a shard that nobody has, or whose run is dead; None while nobody can say whose it is."""
        seen = self._theirs.get(shard, "")
        dead = seen if time.monotonic() - self._since.get(seen, inf) > DEAD_S else ""
        words = (self._me, shard, dead, PREFIX + "born", YOUNG_MS)
        try:
            who, beat, settled = await self._link.call(lambda redis: redis.eval(_TAKE, 3, *self._keys, *words))
        except Away:
            self._since.clear()
            return None
        holder = who.decode()
        if holder == self._me:
            self._mine[shard] = _Shard(settled=_bits(settled))
            self._theirs.pop(shard, None)
            return True
        if not holder:
            return None
        if holder == DONE:
            self._theirs.pop(shard, None)
            self._mine.setdefault(shard, _Shard(settled=ALL, closed=True))
            self._told.add(shard)
            return False
        token = f"{holder}|{beat.decode()}"
        if token != seen:
            self._since.pop(seen, None)
        self._theirs[shard] = token
        self._since.setdefault(token, time.monotonic())
        return False

    # ── what the others are told ─────────────────────────────────────────────────────────────────────

    async def _run(self) -> None:
        while True:
            try:
                await self._tell()
            except Away:
                self._since.clear()
            except Exception:
                logger.exception("the other runs could not be told")
            await asyncio.sleep(TELL_S)

    async def _tell(self) -> None:
        """That this run lives, what it has settled, and which shards are done."""
        settled, self._settled = self._settled, []
        done = {shard for shard, one in self._mine.items() if one.done} - self._told

        async def ask(redis: Any) -> Any:
            pipe = redis.pipeline(transaction=False)
            pipe.set(self._memory_key, secrets.token_hex(8), nx=True, ex=KEPT_S)
            pipe.get(self._memory_key)
            pipe.hincrby(self._keys[1], self._me, 1)
            for number in settled:
                pipe.setbit(self._keys[2], number, 1)
            for shard in done:
                pipe.hset(self._keys[0], shard, DONE)
            for key in (*self._keys, self._memory_key):
                pipe.expire(key, KEPT_S)
            return await pipe.execute()

        try:
            found = await self._link.recheck(ask)
        except (Away, asyncio.CancelledError):
            # It may have heard of them, or not; told twice, a line is settled once.
            self._settled = settled + self._settled
            raise
        self._told |= done
        emptied, self._memory = bool(self._memory) and self._memory != found[1], found[1]
        if emptied:
            await self._tell_anew()

    async def _tell_anew(self) -> None:
        """Redis was emptied: tell of every shard that is this run's, and of every line that is settled."""

        async def ask(redis: Any) -> Any:
            pipe = redis.pipeline(transaction=False)
            for shard, one in self._mine.items():
                pipe.hset(self._keys[0], shard, DONE if shard in self._told else self._me)
                for bit in range(SHARD):
                    if one.settled >> bit & 1:
                        pipe.setbit(self._keys[2], shard * SHARD + bit, 1)
            return await pipe.execute()

        await self._link.call(ask)


def _bits(data: bytes) -> int:
    r"""
    Bits as Redis keeps them, the first of a byte its highest, as a number whose lowest is the first.

    >>> _bits(b"\x80\x01")
    32769
    """
    return int("".join(f"{byte:08b}" for byte in data)[::-1] or "0", 2)
