"""What is broken, how it is mended, and how long it then takes until all replicas are in step again."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable

import aiohttp

from benchmarks.campaign.house import House
from benchmarks.campaign.replica import Replica

GIVEN_UP_S = 30.0

STEADY_S = 1.2
"""In step for so long is in step: what broke is noticed at the next beat, half a second later at most."""

Break = Callable[[House, random.Random], Awaitable[None]]


async def hold(chance: random.Random, least: float = 0.2, most: float = 1.5) -> None:
    await asyncio.sleep(chance.uniform(least, most))


def one_of(house: House, chance: random.Random) -> Replica:
    return chance.choice(house.replicas)


# ── Redis ────────────────────────────────────────────────────────────────────────────────────────────


async def kill_redis(house: House, chance: random.Random) -> None:
    house.redis.kill()
    await hold(chance)
    house.redis.start()


async def pause_redis(house: House, chance: random.Random) -> None:
    house.redis.signal(signal.SIGSTOP)
    await hold(chance)
    house.redis.signal(signal.SIGCONT)


async def demote_redis(house: House, chance: random.Random) -> None:
    await house.redis.say("REPLICAOF", "127.0.0.1", "1")
    await hold(chance)
    await house.redis.say("REPLICAOF", "NO", "ONE")


async def fail_over(house: House, chance: random.Random) -> None:
    """The replica becomes the master, and the name leads there a moment later; old connections stay on the old one."""
    house.redis, house.second = house.second, house.redis
    house.redis.of, house.second.of = None, house.redis.port
    await house.redis.say("REPLICAOF", "NO", "ONE")
    await house.second.say("REPLICAOF", "127.0.0.1", str(house.redis.port))
    await hold(chance)
    for replica in house.replicas:
        replica.redis.lead_to(house.redis.port)


async def flush_redis(house: House, chance: random.Random) -> None:
    await house.redis.say("FLUSHALL")


async def slow_redis(house: House, chance: random.Random) -> None:
    slow = chance.choice([house.replicas, [one_of(house, chance)]])
    for replica in slow:
        replica.redis.delay_s = chance.uniform(0.02, 0.4)
    await hold(chance)
    for replica in slow:
        replica.redis.mend()


async def cut_redis(house: House, chance: random.Random) -> None:
    replica = one_of(house, chance)
    replica.redis.cut()
    await hold(chance)
    replica.redis.mend()


async def silence_redis(house: House, chance: random.Random) -> None:
    replica = one_of(house, chance)
    replica.redis.silent = True
    await hold(chance)
    replica.redis.mend()


async def absent_at_boot(house: House, chance: random.Random) -> None:
    house.redis.kill()
    await restart(one_of(house, chance))
    await hold(chance)
    house.redis.start()


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────────


async def crash_postgres(house: House, chance: random.Random) -> None:
    await house.postgres.crash()
    await hold(chance, 0.0, 0.5)
    await house.postgres.start()


async def pause_postgres(house: House, chance: random.Random) -> None:
    house.postgres.pause(signal.SIGSTOP)
    await hold(chance, 0.2, 1.0)
    house.postgres.pause(signal.SIGCONT)


async def cut_postgres(house: House, chance: random.Random) -> None:
    replica = one_of(house, chance)
    replica.postgres.cut()
    await hold(chance, 0.2, 1.0)
    replica.postgres.mend()


async def slow_postgres(house: House, chance: random.Random) -> None:
    for replica in house.replicas:
        replica.postgres.delay_s = chance.uniform(0.01, 0.1)
    await hold(chance)
    for replica in house.replicas:
        replica.postgres.mend()


# ── the replicas ─────────────────────────────────────────────────────────────────────────────────────


async def restart(replica: Replica) -> None:
    replica.kill()
    replica.start()
    await replica.until_open()


async def kill_replica(house: House, chance: random.Random) -> None:
    await restart(one_of(house, chance))


async def pause_replica(house: House, chance: random.Random) -> None:
    replica = one_of(house, chance)
    replica.signal(signal.SIGSTOP)
    await hold(chance, 0.3, 2.5)
    replica.signal(signal.SIGCONT)


async def skew_clock(house: House, chance: random.Random) -> None:
    replica = one_of(house, chance)
    replica.set_clock(chance.uniform(-3600, 3600))
    await hold(chance)
    replica.set_clock(0.0)


async def fill_disk(house: House, chance: random.Random) -> None:
    replica = one_of(house, chance)
    replica.fill_disk(True)
    await hold(chance)
    replica.fill_disk(False)


FAULTS: dict[str, tuple[Break, int]] = {
    "Redis killed": (kill_redis, 3),
    "Redis paused (SIGSTOP)": (pause_redis, 3),
    "Redis demoted to read-only": (demote_redis, 3),
    "Redis failed over to its replica": (fail_over, 2),
    "Redis flushed": (flush_redis, 3),
    "slow way to Redis": (slow_redis, 3),
    "way to Redis cut": (cut_redis, 3),
    "way to Redis silent": (silence_redis, 2),
    "Redis absent when a replica boots": (absent_at_boot, 1),
    "PostgreSQL killed": (crash_postgres, 2),
    "PostgreSQL paused (SIGSTOP)": (pause_postgres, 2),
    "way to PostgreSQL cut": (cut_postgres, 2),
    "slow way to PostgreSQL": (slow_postgres, 2),
    "replica killed": (kill_replica, 1),
    "replica paused (SIGSTOP)": (pause_replica, 3),
    "clock of a replica wrong by up to an hour": (skew_clock, 3),
    "disk of a replica full": (fill_disk, 2),
}
"""By name: what it does, and how often it comes beside the others."""


def plan(count: int, chance: random.Random) -> list[str]:
    """Faults in a random order; each kind at least once where there is room."""
    names, weights = [*FAULTS], [weight for _, weight in FAULTS.values()]
    found = names[:count] + chance.choices(names, weights, k=max(0, count - len(names)))
    chance.shuffle(found)
    return found


async def break_and_mend(name: str, house: House, chance: random.Random, http: aiohttp.ClientSession) -> float:
    """
    Seconds from the mend until every replica says, and goes on saying, that it is in step with all others and the
    database; infinite after 30.
    """
    await FAULTS[name][0](house, chance)
    began = steady = time.monotonic()
    while (now := time.monotonic()) - began < GIVEN_UP_S:
        if not await house.in_step(http):
            steady = time.monotonic()
        elif now - steady > STEADY_S:
            return steady - began
        await asyncio.sleep(0.05)
    return float("inf")
