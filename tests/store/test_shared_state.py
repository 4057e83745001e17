"""Replicas on one Redis: shares that never add up to more than the whole, rests heard of, answers given once."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import Any

import httpx
import pytest

from groq_core.redaction import Secret
from groq_core.reply import collect
from groq_core.requests import Caller, ChatRequest
from groq_core.simulator import Fault, Simulator
from groq_core.store.shared.ledger import SharedLedger
from groq_core.store.shared.link import PREFIX, Link
from tests.requires import needs
from tests.store.replicas import Redis, Replicas, replicas
from tests.store.stage import ask, eventually

pytestmark = needs("redis-server")


async def test_replicas_say_that_they_are_in_step(redis: Redis, simulator: Simulator) -> None:
    async with replicas(2, redis, simulator, pages=False) as running:
        assert await eventually(running.in_step, 5)


def shares_of(running: Replicas) -> dict[str, list[float]]:
    """By target, the share of every replica that has asked it."""
    found: dict[str, list[float]] = {}
    for core in running.cores:
        for name, buckets in core.budgets.under("server"):
            found.setdefault(name, []).append(buckets.share)
    return found


async def test_shares_add_up_to_the_whole_and_follow_who_asks(redis: Redis) -> None:
    limited = Simulator(pace=0, limits="developer", seed=1)
    await limited.start()
    try:
        async with replicas(3, redis, limited, pages=False) as running:
            assert await eventually(running.in_step, 5)
            for url in running.urls:
                async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                    assert (await ask(http, model="speed")).status_code == 200
            name = next(iter(shares_of(running)))

            async def busy_has_most() -> bool:
                async with httpx.AsyncClient(base_url=running.urls[0], timeout=30) as http:
                    await asyncio.gather(*(ask(http, model="speed") for _ in range(5)))
                shares = shares_of(running)[name]
                assert sum(shares) <= 1 + 1e-9
                return shares[0] > 0.6

            assert await eventually(busy_has_most, 15)
    finally:
        await limited.stop()


async def test_what_rests_on_one_replica_rests_on_the_others_and_wakes_with_it(
    redis: Redis, simulator: Simulator
) -> None:
    async with replicas(2, redis, simulator, pages=False) as running:
        assert await eventually(running.in_step, 5)
        simulator.faults.add(Fault(kind="status", status=429, provider="groq", times=1, retry_after=30.0))
        async with httpx.AsyncClient(base_url=running.urls[0], timeout=30) as http:
            first = await ask(http, model="speed")
        failed = next(one for one in first.json()["x_groq_core"]["attempts"] if one["outcome"] == "failed")
        name = f"{failed['provider']}:{failed['model']}"

        async def rests() -> bool:
            snapshot = running.cores[1].board.snapshot()
            return any(target.name == name and target.state == "resting" for target in snapshot.targets)

        assert await eventually(rests, 3)
        running.cores[0].health.record_success("server", failed["provider"], name)

        async def awake() -> bool:
            return not await rests()

        assert await eventually(awake, 3)


async def test_an_answer_of_one_replica_is_the_other_s_cache(redis: Redis, simulator: Simulator) -> None:
    async with replicas(2, redis, simulator, pages=False, GROQ_CORE_CACHE_SCOPE="server") as running:
        assert await eventually(running.in_step, 5)
        answers = []
        for url in running.urls:
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                answers.append(await ask(http, "The same", temperature=0, max_completion_tokens=2000))
        first, second = (answer.json() for answer in answers)
        assert [one["x_groq_core"]["cache"] for one in (first, second)] == ["miss", "hit"]
        assert first["choices"] == second["choices"]
        assert second["x_groq_core"]["cost_usd"] == 0


async def test_an_answer_from_redis_is_as_old_as_it_is_there(redis: Redis, simulator: Simulator) -> None:
    question = ChatRequest(messages=({"role": "user", "content": "The same"},), params={"temperature": 0})
    async with replicas(2, redis, simulator, pages=False, GROQ_CORE_CACHE_SCOPE="server") as running:
        assert await eventually(running.in_step, 5)
        first, second = running.cores
        asked = await collect(first.handle(question))
        names = redis.keys()
        (key,) = [name for name in names if "answer:" in name]
        redis.say("PEXPIRE", key, "100000")

        found = [(await collect(second.handle(question))).receipt for _ in range(2)]

        assert [one.cache for one in found] == ["hit", "hit"]
        assert all(one.cache_age_s is not None and 500 <= one.cache_age_s < 560 for one in found)
        assert [one.saved_usd for one in found] == [asked.receipt.cost_usd] * 2
        assert (second.metrics.cache_hits, second.metrics.cache_misses) == (2, 0)


async def test_who_wants_no_cache_has_none_in_redis_either(redis: Redis, simulator: Simulator) -> None:
    settings = {"GROQ_CORE_CACHE_SCOPE": "server", "GROQ_CORE_CACHE_SIZE": "0"}
    async with replicas(2, redis, simulator, pages=False, **settings) as running:
        assert await eventually(running.in_step, 5)
        for url in running.urls * 2:
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                answer = await ask(http, "The same", temperature=0, max_completion_tokens=2000)
            assert answer.json()["x_groq_core"]["cache"] == "off"
        names = redis.keys()
        assert not [name for name in names if "answer:" in name]


async def test_an_answer_that_another_version_wrote_is_given_anew_and_kept(redis: Redis, simulator: Simulator) -> None:
    async with replicas(3, redis, simulator, pages=False, GROQ_CORE_CACHE_SCOPE="server") as running:
        assert await eventually(running.in_step, 5)

        async def same(url: str) -> str:
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                answer = (await ask(http, "The same", temperature=0, max_completion_tokens=2000)).json()
            return str(answer["x_groq_core"]["cache"])

        await same(running.urls[0])
        names = redis.keys()
        (key,) = [name for name in names if "answer:" in name]
        redis.say("SET", key, "of-another-version")
        assert [await same(url) for url in running.urls[1:]] == ["miss", "hit"]
        names = redis.keys()
        assert not [name for name in names if name.endswith(":flight")]


async def test_the_same_question_at_once_on_two_replicas_is_asked_once(redis: Redis) -> None:
    slow = Simulator(limits="off", seed=1)
    await slow.start()
    try:
        async with replicas(2, redis, slow, pages=False, GROQ_CORE_CACHE_SCOPE="server") as running:
            assert await eventually(running.in_step, 5)

            async def one(url: str) -> Any:
                async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                    return (await ask(http, "The same", temperature=0, max_completion_tokens=2000)).json()

            answers = await asyncio.gather(*map(one, running.urls))
            assert answers[0]["choices"] == answers[1]["choices"]
            assert len([seen for seen in slow.requests if "chat" in seen.path]) == 1
    finally:
        await slow.stop()


async def test_without_redis_at_the_start_each_goes_on_and_is_in_step_when_it_is_there(
    redis: Redis, simulator: Simulator
) -> None:
    redis.kill()
    async with replicas(2, redis, simulator, pages=False) as running:
        assert await eventually(running.away, 5)
        async with httpx.AsyncClient(base_url=running.urls[0], timeout=30) as http:
            assert (await ask(http)).status_code == 200
        redis.start()
        began = time.monotonic()
        assert await eventually(running.in_step, 6)
        assert time.monotonic() - began < 5, "the promise is 3 s; two more for a loaded machine"


@pytest.mark.parametrize("fault", ["kill", "pause", "read-only", "full", "flush"])
async def test_redis_may_fail_and_come_back(redis: Redis, simulator: Simulator, fault: str) -> None:
    async with replicas(2, redis, simulator, pages=False) as running:
        assert await eventually(running.in_step, 5)
        match fault:
            case "kill":
                redis.kill()
            case "pause":
                redis.signal(signal.SIGSTOP)
            case "read-only":
                redis.say("REPLICAOF", "127.0.0.1", "1")
            case "full":
                redis.say("CONFIG", "SET", "maxmemory", "1")
            case "flush":
                redis.say("FLUSHALL")
        if fault != "flush":
            assert await eventually(running.away, 5)
        for url in running.urls:
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                assert (await ask(http, temperature=0)).status_code == 200
        match fault:
            case "kill":
                redis.start()
            case "pause":
                redis.signal(signal.SIGCONT)
            case "read-only":
                redis.say("REPLICAOF", "NO", "ONE")
            case "full":
                redis.say("CONFIG", "SET", "maxmemory", "0")
        assert await eventually(running.in_step, 6)
        shares = [dict(core.budgets.under("server")) for core in running.cores]
        for name in set(shares[0]) & set(shares[1]):
            assert sum(one[name].share for one in shares) <= 1 + 1e-9


async def test_wrong_guesses_and_limits_are_counted_together(redis: Redis, simulator: Simulator) -> None:
    async with replicas(2, redis, simulator, pages=False, GROQ_CORE_LIMITS="3/minute") as running:
        assert await eventually(running.in_step, 5)
        codes = []
        for url in running.urls * 2:
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                codes.append((await ask(http)).status_code)
        assert codes == [200, 200, 200, 429]
        one, other = (core.shared for core in running.cores)
        assert one is not None
        assert other is not None
        for _ in range(5):
            await one.throttle.fail("ann")
        assert await other.throttle.wait_s("ann") > 0
        await other.throttle.forgive("ann")
        await one.revoked.add("session", 60)
        assert await other.revoked.has("session")
        long = 400 * 86_400
        await one.revoked.add("made by a clock that went ahead", int(time.time()) + long)
        lengths = [redis.ask("TTL", name) for name in redis.keys() if "ended:" in name]  # noqa: SIM118
        assert max(lengths) > long - 60, "as long as it would be good for"


@pytest.mark.parametrize("fault", ["flush", "kill"])
async def test_who_signed_out_is_signed_out_everywhere_whatever_redis_did_then(
    redis: Redis, simulator: Simulator, fault: str
) -> None:
    async with replicas(2, redis, simulator, pages=False) as running:
        assert await eventually(running.in_step, 5)
        one, other = (core.shared for core in running.cores)
        assert one is not None
        assert other is not None
        if fault == "kill":
            redis.kill()
            assert await eventually(running.away, 5)
        await one.revoked.add("session", 60)
        if fault == "kill":
            redis.start()
        else:
            assert await other.revoked.has("session")
            redis.say("FLUSHALL")

        async def is_known() -> bool:
            return await other.revoked.has("session")

        assert await eventually(is_known, 6)


SPENDING = {"GROQ_CORE_LIMITS": "0.003 usd/day", "GROQ_CORE_MAX_ATTEMPTS": "1", "GROQ_CORE_CACHE_SIZE": "0"}


async def spend(running: Replicas, rounds: int) -> tuple[float, list[int]]:
    """Ask all replicas at once, again and again; gives the dollars and the statuses."""
    usd, codes = 0.0, []
    async with httpx.AsyncClient(timeout=30) as http:

        async def one(url: str, number: int) -> None:
            nonlocal usd
            body = {"messages": [{"role": "user", "content": f"Say {number}"}], "max_completion_tokens": 400}
            answer = await http.post(f"{url}/v1/chat/completions", json=body)
            codes.append(answer.status_code)
            if answer.status_code == 200:
                usd += answer.json()["x_groq_core"]["cost_usd"]

        for _ in range(rounds):
            await asyncio.gather(*(one(url, number) for url in running.urls for number in range(8)))
    return usd, codes


@pytest.mark.parametrize("fault", ["none", "absent", "kill", "full", "flush"])
async def test_replicas_together_never_overspend_whatever_redis_does(
    redis: Redis, simulator: Simulator, fault: str
) -> None:
    if fault == "absent":
        redis.kill()
    async with replicas(3, redis, simulator, pages=False, **SPENDING) as running:
        if fault != "absent":
            assert await eventually(running.in_step, 5)
        first, codes = await spend(running, 1)
        if fault in ("kill", "absent"):
            redis.kill()
        elif fault == "full":
            redis.say("CONFIG", "SET", "maxmemory", "1")
        elif fault == "flush":
            redis.say("FLUSHALL")
        second, more = await spend(running, 1)
        if fault in ("kill", "absent"):
            redis.start()
            assert await eventually(running.in_step, 6)
        elif fault == "full":
            redis.say("CONFIG", "SET", "maxmemory", "0")
            assert await eventually(running.in_step, 6)
        third, last = await spend(running, 1)
        assert set(codes + more + last) <= {200, 429}
        spent = first + second + third
        assert 0 < first <= spent <= 0.003

        async def is_known() -> bool:
            told = [await core.people.allowances(Caller(address="127.0.0.1")) for core in running.cores]
            return all(one.used >= spent - 1e-9 for (one,) in told)

        assert await eventually(is_known, 4), "all know what all have spent, a second later at most"


async def test_far_below_a_limit_nobody_is_asked_and_what_lies_idle_goes_back(redis: Redis) -> None:
    """Of thousands, a part is written down ahead; what is left of it is the others' again a second later."""
    links = [Link(Secret(redis.url)) for _ in range(2)]
    for link in links:
        await link.recheck(lambda client: client.set(PREFIX + "born", 1))
    one, other = [SharedLedger(link, lambda: 0.5, me=f"p{number}") for number, link in enumerate(links)]
    try:
        counts = [await one.add("requests ann", 86_400, 1.0, limit=1000.0) for _ in range(15)]
        assert [count.used for count in counts] == list(range(1, 16))
        asked = await links[1].call(lambda client: client.info("commandstats"))
        assert asked["cmdstat_eval"]["calls"] == 1
        seen = await other.add("requests ann", 86_400, 0.0, limit=1000.0)
        assert 15 <= seen.used <= 21
        await asyncio.sleep(1.1)
        await one.tell_again()
        await asyncio.sleep(1.0)
        assert (await other.add("requests ann", 86_400, 0.0, limit=1000.0)).used == 15
        few = [await ledger.add("requests bob", 86_400, 1.0, limit=3.0) for ledger in (one, other, one)]
        assert [count.used for count in few] == [1, 2, 3]
    finally:
        for link in links:
            await link.close()
