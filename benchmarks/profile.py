"""
Where a token's time goes: the CPU of streamed answers, by layer.

    python -m benchmarks.profile            # one long answer through every layer, as fast as the model can
    python -m benchmarks.profile 1000       # the same at 1000 tokens a second
    python -m benchmarks.profile api 100    # eight streams of 100 tokens a second through the HTTP API

A profiler makes every call dearer, so the shares count, not the seconds; the µs beside them share out what the same
answer costs without the profiler. What the kernel does for a call counts with whoever called. For C frames:
``py-spy record --native`` or ``perf record`` on a running ``python app.py``.
"""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
import uvloop

from benchmarks.pipeline import core_on, ours
from benchmarks.processes import environment, upstream
from benchmarks.upstream import order
from groq_core.api.app import create_api
from groq_core.compose import Core
from groq_core.connections.event_loop import list_no_generators
from groq_core.connections.guard import Guard, protocol_for

CHUNKS = 4000
STREAMS, SECONDS = 8, 4

LAYERS = (
    ("decoder: bytes to events", ("groq_core/streaming", "msgspec")),
    (
        "wire: sockets of the provider, HTTP",
        (
            *(f"groq_core/providers/{name}" for name in ("wire", "connection", "read_pace")),
            "httptools.parser",
            "'recv'",
        ),
    ),
    ("provider: one request", ("groq_core/providers",)),
    ("middleware: log, cache, rate guard, deadlines", ("groq_core/middleware", "groq_core/pipeline")),
    ("the answer: chunks, HTTP, the client's socket", ("groq_core/api", "groq_core/connections", "uvicorn", "orjson")),
    ("fallback chain and router", ("groq_core/",)),
    ("the benchmark itself", ("benchmarks/",)),
)
"""First match wins; what matches nothing is Python and the event loop."""


def layer(filename: str, function: str) -> str:
    """
    >>> layer("/x/groq_core/streaming/decoder.py", "feed"), layer("~", "<built-in method time.monotonic>")
    ('decoder: bytes to events', 'Python and the event loop')
    """
    place = f"{filename} {function}"
    for name, marks in LAYERS:
        if any(mark in place for mark in marks):
            return name
    return "Python and the event loop"


def report(profiler: cProfile.Profile, what: str, each_us: float) -> None:
    """Print each layer's share, and its part of what a token costs."""
    spent: Counter[str] = Counter()
    for (filename, _, function), (_, _, own_s, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        if "select" not in function and "poll" not in function:
            spent[layer(filename, function)] += own_s
    whole = sum(spent.values())
    print(f"{what}: {each_us:.1f} µs each")
    for name, own_s in spent.most_common():
        print(f"  {name:<48}{own_s / whole:6.0%}{own_s / whole * each_us:8.2f} µs")


async def core(rate: int) -> None:
    async with upstream() as model, core_on(model) as core:
        ask = ours(core)
        await ask(order(CHUNKS, 0, "warm"), True, 1)
        plain_s = min([await ask(order(CHUNKS, rate, f"plain{n}"), True, 1) for n in range(3)])
        profiler = cProfile.Profile(time.process_time)
        profiler.enable()
        await ask(order(CHUNKS, rate, "profiled"), True, 1)
        profiler.disable()
    pace = f"{rate} a second" if rate else "as fast as they come"
    report(profiler, f"{CHUNKS} chunks, {pace}", plain_s / CHUNKS * 1e6)


async def api(rate: int) -> None:
    words = rate * SECONDS
    async with upstream() as model, core_on(model) as core, serve(core) as url:
        await _crowd(url, rate, rate // 2)
        costs = [await _crowd(url, rate, words) for _ in range(3)]
        profiler = cProfile.Profile(time.process_time)
        profiler.enable()
        await _crowd(url, rate, words)
        profiler.disable()
    what = f"{STREAMS} streams of {rate} tokens a second over HTTP"
    report(profiler, what, sorted(costs)[1] / (STREAMS * words) * 1e6)


async def _crowd(url: str, rate: int, words: int) -> float:
    """CPU seconds that a crowd in another process costs this one."""
    before = time.process_time()
    command = [sys.executable, "-m", "benchmarks.listening", url, str(STREAMS), str(rate), str(words)]
    clients = await asyncio.create_subprocess_exec(*command, env=environment())
    if await clients.wait():
        raise RuntimeError("what came is not what was sent")
    return time.process_time() - before


@asynccontextmanager
async def serve(core: Core) -> AsyncIterator[str]:
    """The HTTP API in this process, as ``app.py`` serves it; gives its address."""
    list_no_generators()
    config = uvicorn.Config(
        create_api(core), host="127.0.0.1", port=0, log_config=None, access_log=False, ws="none", lifespan="off",
        proxy_headers=False, http=protocol_for(Guard()),
    )  # fmt: skip
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.force_exit = True
        await server.shutdown()


if __name__ == "__main__":
    *kind, pace = sys.argv[1:] or ["0"]
    uvloop.run(api(int(pace)) if kind else core(int(pace)))
