"""What a team costs: the shared state of a request, and a large database of conversations."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
from redis.asyncio import Redis
from sqlalchemy import insert, text

from benchmarks.campaign.house import Postgres
from benchmarks.processes import PeerMissingError, Process, upstream
from benchmarks.rows import Bench, Row, median, percentile
from benchmarks.upstream import order
from benchmarks.workers import LIMITS, server, settled, shared_redis
from groq_core.ratelimit.personal_limits import key_of
from groq_core.redaction import Secret
from groq_core.requests import Caller
from groq_core.settings.limits import limits as parse_limits
from groq_core.store.conversations import Conversations
from groq_core.store.database import Database, open_database
from groq_core.store.shared.counters import place as counter_of
from groq_core.store.tables import Conversation, Message

PEOPLE: Final = 1000
CONVERSATIONS: Final = 200_000
TEXT: Final = (
    "fox hare river stone winter letter garden window bridge number market paper silver engine method answer "
    "lesson colour history station travel doctor kitchen music planet ocean signal theory copper weather"
)
WORDS: Final = TEXT.split()
SHARED_MS: Final = 0.4
BODY: Final = json.dumps(
    {"model": "speed", "messages": [{"role": "user", "content": order(20, 0, "team")}], "temperature": 0.7}
).encode()


# ── the shared state of a request ────────────────────────────────────────────────────────────────────


async def compare_shared(bench: Bench) -> list[Row]:
    """
    The time that a request takes with Redis beside one without, in turns; two limits are counted too.

    Usually Redis need not be asked, since the limits are far away. Once another replica has used more than half of
    them, each request asks it twice, one after the other: when it comes, and before it is sent.
    """
    async with (
        shared_redis() as address,
        upstream() as model,
        server(model, 1, **LIMITS) as plain,
        server(model, 1, **LIMITS, **address) as both,
    ):
        await asyncio.gather(settled(plain), settled(both))
        usual, usual_detail = await _beside(bench, plain, both)
        await _use_up_half(address["GROQ_CORE_REDIS_URL"])
        asked, asked_detail = await _beside(bench, plain, both)
    return [
        Row("shared state of a request, p50", usual, "ms", "the same without Redis", SHARED_MS, detail=usual_detail),
        Row(
            "shared state where each request asks Redis, p50",
            asked,
            "ms",
            "the same without Redis",
            SHARED_MS,
            detail=f"more than half of its two limits is used; {asked_detail}",
        ),
    ]


async def _beside(bench: Bench, plain: Process, both: Process) -> tuple[float, str]:
    """How much longer the second takes in the middle, in milliseconds; and the figures behind it."""
    times: dict[str, list[float]] = {plain.url: [], both.url: []}
    spent = {plain.url: 0.0, both.url: 0.0}
    async with aiohttp.ClientSession() as http:
        for _ in range(bench.times(30, 6)):
            for process in (plain, both):
                before = process.cpu_s()
                for _ in range(40):
                    times[process.url].append(await _ask(http, process.url))
                spent[process.url] += process.cpu_s() - before
    alone, together = (median(times[process.url]) for process in (plain, both))
    cpu_ms = 1000 * (spent[both.url] - spent[plain.url]) / len(times[both.url])
    return 1000 * (together - alone), (
        f"p50 {1000 * together:.2f} ms beside {1000 * alone:.2f}; {cpu_ms:.2f} ms of our CPU each"
    )


async def _use_up_half(address: str) -> None:
    """Let a replica that is not there have used six tenths of what the client may use."""
    caller = key_of(Caller(user="", address="127.0.0.1"))
    async with Redis.from_url(address) as redis:
        for limit in parse_limits(LIMITS["GROQ_CORE_LIMITS"]):
            counter = counter_of("used", f"{limit.window_s} {limit.kind} {caller}")
            for window in range(2):  # the one that follows, too
                name = f"{counter}:{int(time.time() // limit.window_s) + window}"
                await redis.hset(name, "another", f"1|{0.6 * limit.amount}")
    await asyncio.sleep(2.5)  # what it has written down ahead is taken back, and with that it hears of the other


async def _ask(http: aiohttp.ClientSession, url: str) -> float:
    began = time.perf_counter()
    async with http.post(
        f"{url}/v1/chat/completions", data=BODY, headers={"content-type": "application/json"}
    ) as answer:
        await answer.read()
        assert answer.status == 200, (answer.status, await answer.text())
    return time.perf_counter() - began


# ── a large database ─────────────────────────────────────────────────────────────────────────────────


async def conversations(bench: Bench) -> list[Row]:
    """The list and the search of one of a thousand people with 200,000 conversations, on SQLite and PostgreSQL."""
    count = bench.times(CONVERSATIONS, CONVERSATIONS // 20)
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="team", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        found += await _measure("SQLite, FTS5", f"sqlite:///{folder}/team.db", count, bench)
        try:
            postgres = await asyncio.to_thread(Postgres, Path(folder))
        except (PeerMissingError, OSError) as error:
            return [*found, Row("conversations, PostgreSQL", None, "", "", detail=str(error))]
        await postgres.start()
        try:
            url = f"postgresql+psycopg://team@127.0.0.1:{postgres.port}/postgres"
            found += await _measure("PostgreSQL, tsvector", url, count, bench)
        finally:
            await postgres.crash()
    return found


async def _measure(name: str, url: str, count: int, bench: Bench) -> list[Row]:
    async with open_database(Secret(url)) as database:
        await _fill(database, count)
        store = Conversations(database)
        owners = [f"person{n}" for n in range(0, PEOPLE, PEOPLE // 20)]
        pairs = [(owner, f"{WORDS[n]} {WORDS[n + 7][:4]}") for n, owner in enumerate(owners)]
        lists = await _time(bench, [partial(store.heads, owner) for owner in owners])
        found = await _time(bench, [partial(store.search, owner, words) for owner, words in pairs])
    detail = f"{count:,} conversations and {2 * count:,} messages of {PEOPLE:,} people; median of {len(lists)}"
    return [
        Row(f"list of conversations, {name}", 1000 * median(lists), "ms", "", 20, detail=detail),
        Row(
            f"search, {name}",
            1000 * median(found),
            "ms",
            "",
            100,
            detail=f"p95 {1000 * percentile(found, 0.95):.1f} ms",
        ),
    ]


async def _time(bench: Bench, asks: Sequence[Callable[[], Any]]) -> list[float]:
    times = []
    for _ in range(bench.times(5, 2)):
        for ask in asks:
            began = time.perf_counter()
            await ask()
            times.append(time.perf_counter() - began)
    return times


def _rows(first: int, last: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    heads, messages = [], []
    for n in range(first, last):
        owner, id = f"person{n % PEOPLE}", f"c{n}"
        title = f"About {WORDS[n % 30]} and {WORDS[n // 30 % 30]}"
        head = {"id": id, "title": title, "leaf": f"m{n}b", "updated": 1000 * n}
        heads.append({"owner": owner, "id": id, "title": title, "head": head, "created": float(n), "updated": float(n)})
        for place, role in (("a", "user"), ("b", "assistant")):
            words = " ".join(WORDS[(n * 31 + k * 17 + n // 7) % 30] for k in range(12 if place == "a" else 60))
            body = {"id": f"m{n}{place}", "parent": None, "role": role, "text": words}
            messages.append({"owner": owner, "id": body["id"], "conversation": id, "body": body, "text": words})
    return heads, messages


async def _fill(database: Database, count: int) -> None:
    for first in range(0, count, 5000):
        heads, messages = _rows(first, min(first + 5000, count))
        async with database.writing() as connection:
            await connection.execute(insert(Conversation), heads)
            await connection.execute(insert(Message), messages)
    if not database.sqlite:
        async with database.writing() as connection:
            await connection.execute(text("ANALYZE"))
