"""
Where a token's time goes: the CPU of one long streamed answer, by layer.

    python -m benchmarks.profile            # as fast as the model can
    python -m benchmarks.profile 1000       # at 1000 tokens a second

A profiler makes every call dearer, so the shares count, not the seconds; the µs beside them share out what the same
answer costs without the profiler.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
from collections import Counter

import uvloop

from benchmarks.pipeline import core_on, ours
from benchmarks.processes import upstream
from benchmarks.upstream import order

CHUNKS = 4000

LAYERS = (
    ("decoder: bytes to events", ("groq_core/streaming", "groq_core/chunks", "msgspec")),
    ("wire: connections, HTTP", ("groq_core/providers/wire", "httptools")),
    ("provider: one request", ("groq_core/providers",)),
    ("middleware: log, cache, rate guard, deadlines", ("groq_core/middleware", "groq_core/pipeline")),
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


async def main(rate: int) -> None:
    async with upstream() as model, core_on(model) as core:
        ask = ours(core)
        await ask(order(CHUNKS, 0, "warm"), True, 1)
        plain_s = min([await ask(order(CHUNKS, rate, f"plain{n}"), True, 1) for n in range(3)])
        profiler = cProfile.Profile()
        profiler.enable()
        await ask(order(CHUNKS, rate, "profiled"), True, 1)
        profiler.disable()
    spent: Counter[str] = Counter()
    for (filename, _, function), (_, _, own_s, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        if "select" not in function and "poll" not in function:
            spent[layer(filename, function)] += own_s
    whole = sum(spent.values())
    pace = f"{rate} a second" if rate else "as fast as they come"
    print(f"{CHUNKS} chunks, {pace}: {plain_s / CHUNKS * 1e6:.1f} µs each")
    for name, own_s in spent.most_common():
        print(f"  {name:<48}{own_s / whole:6.0%}{own_s / whole * plain_s / CHUNKS * 1e6:8.2f} µs")


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if sys.argv[1:] else 0))
