"""
The HTTP API beside a relay that does nothing: nginx with `proxy_pass`, its buffering off, on the same model.

Tokens come paced, each with the time at which it went out in its text, so that what arrives tells how long it was
under way. All sides take turns; what counts is CPU seconds of the process, which other work on the machine does not
touch, and how much later than beside nginx a token comes. Two more sides tell what a Python process costs that passes
on bytes and knows nothing of them, or HTTP and knows nothing of what it is for, so that what is our own work can be
told from what is Python's.

    python -m benchmarks relay pace       # about seven minutes; refuses when the machine is busy
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from benchmarks.listening import Seen, Side
from benchmarks.processes import app, bare_relay, http_relay, nginx, upstream
from benchmarks.rows import Bench, BusyMachineError, Row, median, percentile

PACES = tuple((streams, rate) for streams in (8, 32, 100) for rate in (100, 500, 1000))
SHARE = 0.5
"""Of nginx's tokens per CPU second."""

LATEST_MS = 15.0
CROWD = 64
"""Connections at once, where one is not all there is."""

BUSY_LOAD = 1.5
PATIENCE_S = 90.0
"""A minute's load average is that of the run before for about so long."""

BARE = "a relay of bytes in Python"
HTTP = "one of HTTP"
FLOORS = (BARE, HTTP)
"""What a process in Python costs that does nothing else, so that what is our own work can be told from what is not."""


async def wait_for_quiet(bench: Bench) -> None:
    """
    Wait until nothing else keeps the machine busy; a quick run, which writes nothing, does not.

    Raises:
        BusyMachineError: Something does, for longer than this is waited for.
    """
    until = time.monotonic() + PATIENCE_S
    while not bench.quick and (load := os.getloadavg()[0]) > BUSY_LOAD:
        if time.monotonic() > until:
            raise BusyMachineError(f"the load average is {load:.1f}, which is more than {BUSY_LOAD:g}")
        await asyncio.sleep(5)


@contextmanager
def ears_open() -> Iterator[None]:
    """Collect no garbage here meanwhile: for 100 ms, whoever listens would hear nothing of either side."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def in_turns(
    sides: Sequence[Side], rounds: int, cost: Callable[[Side], Coroutine[Any, Any, float]]
) -> dict[str, list[float]]:
    """What each side costs, a number for each round; one round before them warms up."""
    spent: dict[str, list[float]] = {side.name: [] for side in sides}
    for round_ in range(rounds + 1):
        for side in sides:
            value = await cost(side)
            if round_:
                spent[side.name].append(value)
    return spent


async def pace(bench: Bench) -> list[Row]:
    """Tokens per CPU second at a pace, and how late they come, against nginx."""
    await wait_for_quiet(bench)
    # An answer shorter than this is mostly a request, whose cost the calls below tell.
    seconds, rounds = bench.times(3, 1), bench.times(2, 1)
    rows: list[Row] = []
    async with upstream() as model, app(model) as ours, nginx(model) as theirs, _floors(model) as floors:
        sides = (Side("nginx", theirs), Side("ours", ours), *floors)
        for streams, rate in PACES:
            seen = {side.name: Seen() for side in sides}
            for side in sides:
                await Seen().take(side, streams, rate, rate // 4)
            for _ in range(rounds):
                for side in sides:
                    with ears_open():
                        await seen[side.name].take(side, streams, rate, rate * seconds)
            rows += _pace_rows(streams, rate, seen)
    return rows


@asynccontextmanager
async def _floors(model: str) -> AsyncIterator[tuple[Side, ...]]:
    async with bare_relay(model) as bare, http_relay(model) as http:
        yield Side(BARE, bare), Side(HTTP, http)


def _pace_rows(streams: int, rate: int, seen: Mapping[str, Seen]) -> list[Row]:
    what = f"{streams} streams of {rate} tokens a second"
    ours, theirs = seen["ours"], seen["nginx"]
    late, relayed = percentile(ours.delays_ms, 0.999), percentile(theirs.delays_ms, 0.999)
    under_way = "; ".join(
        f"{name} " + ", ".join(f"{percentile(seen[name].delays_ms, share):.1f}" for share in (0.5, 0.99, 0.999, 1))
        for name in ("ours", "nginx")
    )
    return [
        tokens_row(f"{what}: tokens per CPU second", {name: one.cpu_us for name, one in seen.items()}, SHARE),
        Row(
            "added time under way, p99.9", late - relayed, "ms", "nginx's own", LATEST_MS,
            detail=f"p50, p99, p99.9, most: {under_way} ms",
        ),
    ]  # fmt: skip


def tokens_row(what: str, cpu_us: Mapping[str, Sequence[float]], reach: float) -> Row:
    """Our tokens per CPU second, as a part of nginx's; the spread is that of the rounds, each by itself."""
    ours, theirs = cpu_us["ours"], cpu_us["nginx"]
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    detail = (
        f"{median(ours):.2f} µs a token against {median(theirs):.2f}, {min(ratios):.2f} to {max(ratios):.2f}; "
        f"{', '.join(f'{floor} {median(cpu_us[floor]):.2f}' for floor in FLOORS)}"
    )
    return Row(what, median(theirs) / median(ours), "×", "nginx", reach, at_most=False, detail=detail)


async def relay(bench: Bench) -> list[Row]:
    """First tokens, answers in bulk, and answers that are not streamed, against nginx; memory after load."""
    await wait_for_quiet(bench)
    async with upstream() as model, app(model) as ours, nginx(model) as theirs, _floors(model) as floors:
        sides = (Side("nginx", theirs), Side("ours", ours), *floors)
        words = bench.times(4000, 1000)
        bulk = await in_turns(sides, bench.times(7, 3), lambda side: side.bulk_cost(8, words))
        return [
            *await _first_tokens(bench, sides),
            tokens_row("as fast as they come: tokens per CPU second", bulk, 0.25),
            *await _calls(bench, sides),
            await _after_load(bench, sides[1]),
        ]


async def _first_tokens(bench: Bench, sides: Sequence[Side]) -> list[Row]:
    theirs, ours, *floors = sides
    own, relayed = await _waits(bench, (ours, theirs))
    what = "added time to the first token"
    rows = [
        _wait_row(f"{what}, {word}", share, reach, own, relayed)
        for share, word, reach in ((0.5, "p50", None), (0.99, "p99", 0.5))
    ]
    # What of it a Python process takes that does nothing else, each beside nginx alone as ours was.
    for floor in floors:
        own, relayed = await _waits(bench, (floor, theirs))
        rows.append(_wait_row(f"the same, {floor.name}", 0.99, None, own, relayed))
    return rows


async def _waits(bench: Bench, sides: Sequence[Side]) -> list[list[float]]:
    """Milliseconds to each first token of each side, asked in turns."""
    times, warm = bench.times(600, 100), 30
    waits: list[list[float]] = [[] for _ in sides]
    with ears_open():
        for round_ in range(times + warm):
            for side, heard in zip(sides, waits, strict=True):
                answer = await side.listen(3, 1000)
                if round_ >= warm:
                    heard.append((answer.first - answer.asked) * 1e3)
    return waits


def _wait_row(what: str, share: float, reach: float | None, ours: list[float], theirs: list[float]) -> Row:
    own, relayed = percentile(ours, share), percentile(theirs, share)
    return Row(what, own - relayed, "ms", "nginx", reach, detail=f"{own:.2f} ms against {relayed:.2f}")


async def _calls(bench: Bench, sides: Sequence[Side]) -> list[Row]:
    calls, rounds = bench.times(400, 100), bench.times(5, 2)
    waits: dict[str, list[float]] = {side.name: [] for side in sides}
    alone = await in_turns(sides, rounds, lambda side: side.call_cost(1, calls, waits[side.name]))
    crowded = await in_turns(sides, rounds, lambda side: side.call_cost(CROWD, calls // 16, []))
    own, relayed = median(waits["ours"]), median(waits["nginx"])
    return [
        _per_cpu_second(f"not streamed, {CROWD} connections: requests per CPU second", crowded),
        _per_cpu_second("the same, one after another", alone),
        Row(
            "not streamed: added time, p50", own - relayed, "ms", "nginx", 0.3,
            detail=f"{own:.2f} ms against {relayed:.2f}",
        ),
    ]  # fmt: skip


def _per_cpu_second(what: str, spent: Mapping[str, Sequence[float]]) -> Row:
    us = {name: median(values) * 1e6 for name, values in spent.items()}
    detail = f"{us['ours']:.0f} µs a request; nginx {us['nginx']:.0f}; "
    detail += ", ".join(f"{floor} {us[floor]:.0f}" for floor in FLOORS)
    return Row(what, 1e6 / us["ours"], "", "–", 2000, at_most=False, detail=detail)


async def _after_load(bench: Bench, side: Side) -> Row:
    """Memory a minute after ten thousand requests; a quick run asks fewer, and looks sooner."""
    server = side.server
    await asyncio.sleep(bench.times(10, 1))
    idle = server.rss_kib()
    await side.call_cost(CROWD, bench.times(157, 8), [])
    busy = server.rss_kib()
    await asyncio.sleep(bench.times(60, 1))
    after = server.rss_kib()
    return Row(
        f"resident memory a minute after 10,000 requests at {CROWD} connections", after / idle, "×", "idle", 1.05,
        detail=f"{after / 1024:.1f} MiB against {idle / 1024:.1f}, {busy / 1024:.1f} at the end of the load",
    )  # fmt: skip
