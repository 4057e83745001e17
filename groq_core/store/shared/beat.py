"""
Twice a second each process tells Redis that it lives, how much of each target's limits it needs, and who rests; and
hears the same of the others. A request itself waits for nothing.

Shares are leases: each process spends its part of a limit without asking, parts never add up to more than the whole,
and what a process that died held is free again after three seconds. They follow what is asked; but where requests wait
that need a large part by themselves, and not all of them can have it, processes take turns: who has taken least of late
comes first, and the lines of batches count nine times, as they do in the queue of one process.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from math import inf
from typing import Any, Final, Protocol

import msgspec

from groq_core.store.shared.link import PREFIX, Away, Link

logger = logging.getLogger("groq_core.shared")

BEAT_S: Final = 0.5
LEASE_S: Final = 3.0
"""Seconds after its last beat at which a process counts as dead."""

ALONE: Final = 0.25
"""The share of a process that has never met the others: up to four can start without Redis and stay within limits."""

HALF_MS: Final = 120_000
"""After so long, half of what a process has taken is forgotten; who has taken least is given what it needs first."""

SCRIPT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local prefix, me, lease, half, count = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local born = redis.call('GET', prefix .. 'born')
if not born then
  born = tostring(now)
  redis.call('SET', prefix .. 'born', born)
end
local young = now - tonumber(born) < lease
local members = prefix .. 'members'
redis.call('ZADD', members, now + lease, me)
redis.call('ZREMRANGEBYSCORE', members, '-inf', '(' .. now)
local result = {redis.call('ZCARD', members), {}, {}, born}
local at = 6
for _ = 1, count do
  local target, want, need = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local held, took = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  at = at + 5
  local key, late = prefix .. 'share:' .. target, prefix .. 'took:' .. target
  local all, lately = redis.call('HGETALL', key), {}
  local times = redis.call('HGETALL', late)
  for i = 1, #times, 2 do
    local amount, told = string.match(times[i + 1], '^(.-)|(.-)$')
    lately[times[i]] = tonumber(amount) * 2 ^ ((tonumber(told) - now) / half)
  end
  local others, weights, before, waiting, least = 0, 0, 0, {}, nil
  for i = 1, #all, 2 do
    local share, ends, wanted, needed = string.match(all[i + 1], '^(.-)|(.-)|(.-)|(.-)$')
    if tonumber(ends) < now then
      redis.call('HDEL', key, all[i])
      redis.call('HDEL', late, all[i])
    elseif all[i] ~= me then
      others = others + tonumber(share)
      weights = weights + tonumber(wanted) + 1
      if tonumber(needed) > 0 then
        local one = {name = all[i], need = tonumber(needed), took = lately[all[i]] or 0}
        least = math.min(least or one.took, one.took)
        table.insert(waiting, one)
      end
    else
      before = tonumber(needed)
    end
  end
  local mine = (lately[me] or 0) + took
  if need > 0 then
    if before == 0 then mine = math.max(mine, least or 0) end
    table.insert(waiting, {name = me, need = need, took = mine})
  end
  table.sort(waiting, function(a, b) return a.took < b.took or (a.took == b.took and a.name < b.name) end)
  local mine_first, free = 0, 1
  for _, one in ipairs(waiting) do
    if one.need <= free + 1e-12 then
      free = free - one.need
      if one.name == me then mine_first = need end
    end
  end
  local share = mine_first + free * (want + 1) / (want + 1 + weights)
  share = math.max(0, math.min(share, 1 - others))
  if young then share = math.min(share, held) end
  redis.call('HSET', key, me, share .. '|' .. (now + lease) .. '|' .. want .. '|' .. need)
  redis.call('PEXPIRE', key, 60000)
  redis.call('HSET', late, me, mine .. '|' .. now)
  redis.call('PEXPIRE', late, 10 * half)
  table.insert(result[2], tostring(share))
end
local rests = prefix .. 'rests'
while at <= #ARGV do
  local name, rest, note = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]
  at = at + 3
  if rest == 0 then
    redis.call('HDEL', rests, name)
  else
    redis.call('HSET', rests, name, (now + rest) .. '|' .. me .. '|' .. note)
  end
end
local resting = redis.call('HGETALL', rests)
for i = 1, #resting, 2 do
  local ends, who, note = string.match(resting[i + 1], '^(.-)|(.-)|(.*)$')
  local left = tonumber(ends) - now
  if left <= 0 then
    redis.call('HDEL', rests, resting[i])
  else
    table.insert(result[3], {resting[i], left, who, note})
  end
end
return result
"""

GONE_MS: Final = 10 * 60 * 1000
"""How long others believe that a target is gone, unless they are told again."""


class Rest(msgspec.Struct, frozen=True):
    """A target or provider that rests, as one process tells the others."""

    name: str
    seconds: float
    note: str


class Sharing(Protocol):
    """What of this process is shared; see :class:`groq_core.store.shared.adapters`."""

    def demands(self) -> Mapping[str, tuple[float, float, float]]:
        """
        By target: how much is wanted (any unit), the part of the whole that one waiting request needs, and what has
        been taken since this was asked last.
        """
        ...

    def share(self, target: str, share: float) -> None: ...

    def everywhere(self, share: float) -> None:
        """The share of targets that are not known yet."""
        ...

    def news(self) -> list[Rest]:
        """Rests that began here since the last beat; of 0 seconds for one that is over."""
        ...

    def resting(self, rests: Iterable[Rest]) -> None:
        """All rests that others have told."""
        ...

    def tell_anew(self) -> None:
        """Nobody remembers what was told."""
        ...


class Beat:
    """
    The exchange with the others.

    Args:
        me: Name of this process among them.
        renew: Called after each beat, with whether Redis has forgotten everything.

    Attributes:
        replicas: How many processes there are, as of the last beat that was answered.
    """

    def __init__(
        self,
        link: Link,
        sharing: Sharing,
        *,
        me: str,
        renew: Callable[[bool], Awaitable[None]],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._link = link
        self._sharing = sharing
        self._renew = renew
        self._changed = changed
        self._me = me
        self._born = b""
        self._emptied = False
        self._shares: dict[str, float] = {}
        self._waiting: list[Rest] = []
        self.replicas = 0
        self.at = -inf

    async def beat(self) -> None:
        """
        Tell and hear once.

        Raises:
            Away: Redis does not answer; what was to be told is told the next time.
        """
        self._waiting += self._sharing.news()
        demands = self._sharing.demands()
        arguments: list[Any] = [PREFIX, self._me, int(LEASE_S * 1000), HALF_MS, len(demands)]
        for target, (want, need, took) in demands.items():
            arguments += [
                target,
                f"{want:.6g}",
                f"{need:.14g}",
                f"{self._shares.get(target, ALONE):.9g}",
                f"{took:.6g}",
            ]
        for rest in self._waiting:
            arguments += [rest.name, GONE_MS if rest.seconds == inf else int(rest.seconds * 1000), rest.note]
        members, shares, rests, born = await self._link.recheck(lambda redis: redis.eval(SCRIPT, 0, *arguments))
        self._waiting.clear()
        self.at = time.monotonic()
        for target, share in zip(demands, shares, strict=True):
            self._shares[target] = float(share)
            self._sharing.share(target, float(share))
        if members != self.replicas:
            self.replicas = members
            self._changed()
        mine = self._me.encode()
        self._sharing.resting(
            Rest(name.decode(), int(left) / 1000, note.decode()) for name, left, who, note in rests if who != mine
        )
        emptied, self._born = bool(self._born) and born != self._born, born
        if emptied:
            self._sharing.tell_anew()
        # Where it goes away again meanwhile, all is told when it is there.
        self._emptied = self._emptied or emptied
        await self._renew(self._emptied)
        self._emptied = False

    async def run(self) -> None:
        """Beat until cancelled."""
        self._sharing.everywhere(ALONE)
        while True:
            try:
                await self.beat()
            except Away:
                pass  # the link has said so
            except Exception:
                logger.exception("a beat went wrong")
            await asyncio.sleep(BEAT_S)

    async def leave(self) -> None:
        """Free what this process holds; it ends."""

        async def free(redis: Any) -> None:
            pipe = redis.pipeline(transaction=False)
            pipe.zrem(PREFIX + "members", self._me)
            for target in self._shares:
                pipe.hdel(f"{PREFIX}share:{target}", self._me)
            await pipe.execute()

        try:
            await self._link.call(free)
        except Away:
            return
