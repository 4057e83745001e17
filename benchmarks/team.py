"""What a team costs: the shared state of a request, two workers beside one, and a large database of conversations."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
from sqlalchemy import insert, text

from benchmarks.breakable import until_open
from benchmarks.campaign.house import Postgres, Redis
from benchmarks.processes import PeerMissingError, Process, free_port, run_server, upstream
from benchmarks.rows import Bench, Row, median, percentile
from benchmarks.upstream import order
from groq_core.redaction import Secret
from groq_core.store.conversations import Conversations
from groq_core.store.database import Database, open_database
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
    """The time that a request takes with Redis beside one without, in turns; two limits are counted too."""
    limits = {"GROQ_CORE_LIMITS": "100000/minute, 1000 usd/day"}
    async with (
        _redis() as address,
        upstream() as model,
        _server(model, 1, **limits) as plain,
        _server(model, 1, **limits, **address) as both,
    ):
        times: dict[str, list[float]] = {plain.url: [], both.url: []}
        cpu = {plain.url: plain.cpu_s, both.url: both.cpu_s}
        spent = {plain.url: 0.0, both.url: 0.0}
        async with aiohttp.ClientSession() as http:
            for turn in range(bench.times(30, 6)):
                for url in times:
                    before = cpu[url]()
                    for _ in range(40):
                        times[url].append(await _ask(http, url))
                    spent[url] += (cpu[url]() - before) if turn else 0.0
    count = 40 * (bench.times(30, 6) - 1)
    alone, together = (times[url][40:] for url in times)
    more_ms = 1000 * (median(together) - median(alone))
    cpu_ms = 1000 * (spent[both.url] - spent[plain.url]) / count
    load = f"p50 {1000 * median(together):.2f} ms beside {1000 * median(alone):.2f}; {cpu_ms:.2f} ms of our CPU each"
    return [Row("shared state of a request, p50", more_ms, "ms", "the same without Redis", SHARED_MS, detail=load)]


async def _ask(http: aiohttp.ClientSession, url: str) -> float:
    began = time.perf_counter()
    async with http.post(
        f"{url}/v1/chat/completions", data=BODY, headers={"content-type": "application/json"}
    ) as answer:
        await answer.read()
        assert answer.status == 200, (answer.status, await answer.text())
    return time.perf_counter() - began


@asynccontextmanager
async def _redis() -> AsyncIterator[dict[str, str]]:
    """The settings that share its state."""
    with tempfile.TemporaryDirectory() as folder:
        redis = Redis(Path(folder))
        redis.start()
        try:
            await until_open(redis.port)
            yield {
                "GROQ_CORE_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
                "GROQ_CORE_SECRET": "bench-secret-12345",
            }
        finally:
            redis.kill()


@asynccontextmanager
async def _server(model: str, workers: int, /, **settings: str) -> AsyncIterator[Process]:
    port = free_port()
    env = {"GRADIO_SERVER_PORT": str(port), "GROQ_API_KEY": "gsk_bench", "GROQ_BASE_URL": model, **settings}
    env |= {"GROQ_CORE_LOG_LEVEL": "warning", "GROQ_CORE_WORKERS": str(workers), "GROQ_CORE_CACHE_SIZE": "0"}
    async with run_server([sys.executable, "-m", "groq_core", "serve"], "/health", port=port, **env) as process:
        yield process


# ── two workers beside one ───────────────────────────────────────────────────────────────────────────


async def workers(bench: Bench) -> list[Row]:
    """Requests a second of two processes beside those of one, behind one port; and what a request costs in each."""
    seconds = bench.times(8, 3)
    found: dict[int, tuple[int, float]] = {}
    async with _redis() as address, upstream() as model:
        for count in (1, 2):
            async with _server(model, count, **address) as process:
                await asyncio.sleep(3)
                found[count] = await _flood(process, seconds)
    (one, cost), (two, costs) = found[1], found[2]
    detail = (
        f"{one / seconds:.0f} and {two / seconds:.0f} requests a second; CPU of the processes {1000 * cost:.2f} and "
        f"{1000 * costs:.2f} ms a request; the client and the model take their part of the {os.cpu_count()} cores"
    )
    by_cpu = 2 * cost / costs
    return [
        Row("two workers: requests beside one's", two / one, "×", "one worker", 1.7, at_most=False, detail=detail),
        Row("two workers, by the CPU of a request", by_cpu, "×", "one worker, cores free", 1.7, at_most=False),
    ]


async def _flood(process: Process, seconds: float) -> tuple[int, float]:
    """Requests answered, and CPU seconds of the serving processes each."""
    count, ends = 0, time.monotonic() + seconds

    async def ask() -> None:
        nonlocal count
        # A connection each time: the kernel deals out connections, not requests.
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http:
            while time.monotonic() < ends:
                await _ask(http, process.url)
                count += 1

    before = _cpu_of_all(process)
    await asyncio.gather(*(ask() for _ in range(24)))
    return count, (_cpu_of_all(process) - before) / count


def _cpu_of_all(process: Process) -> float:
    """Of a process and its children."""
    pid = process.popen.pid
    family = [pid, *(int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    tasks = (task for one in family for task in Path(f"/proc/{one}/task").glob("*/schedstat"))
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


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
