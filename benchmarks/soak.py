"""
Ten thousand requests, a fifth of them struck by faults of all kinds, a tenth left midway: `python -m benchmarks.soak`.

Passes when every request ends, none is left behind, every one is in the metrics, and memory is flat after the
first fifth. The tests run three hundred of them (`tests/fallback/test_storms.py`).
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fallback.test_storms import FAULTS, soak
from tests.stage import staged

ENV = {
    "GROQ_CORE_COOLDOWN": "0.2",
    "GROQ_CORE_FIRST_TOKEN_TIMEOUT": "5",
    "GROQ_CORE_IDLE_TIMEOUT": "2",
    "GROQ_CORE_DEADLINE": "30",
    "GROQ_CORE_CACHE_SIZE": "100",
}


def resident_mib() -> float:
    """Memory of this process, app, simulator and load generator together."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


async def run(requests: int = 10_000, rounds: int = 5) -> bool:
    """Print a line a round; returns whether everything held."""
    ends: Counter[str] = Counter()
    memory: list[float] = []
    began = time.monotonic()
    unhandled: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: unhandled.append(str(context["message"])))
    async with staged(ENV) as stage:
        for kind, fields in FAULTS:
            stage.fault(kind, probability=0.2 / len(FAULTS), operation="chat", **fields)
        for number in range(rounds):
            ends += await soak(stage, requests // rounds, at_once=50, seed=number)
            gc.collect()
            memory.append(resident_mib())
            print(
                f"{sum(ends.values()):>6} requests {time.monotonic() - began:7.1f} s {memory[-1]:7.1f} MiB {dict(ends)}"
            )
        await asyncio.sleep(5)
        metrics = (await stage.http.get("/metrics")).text
        counted = sum(
            float(line.rsplit(" ", 1)[1])
            for line in metrics.splitlines()
            if line.startswith("gen_ai_client_operation_duration_seconds_count")
        )
        checks = {
            "every request ended": sum(ends.values()) == requests,
            "every request is in the metrics": counted == requests,
            "nothing under way": stage.core.log.under_way == 0 and stage.simulator.open_streams == 0,
            "no unhandled exception": not unhandled,
            f"memory flat after the first fifth ({memory[0]:.0f} → {memory[-1]:.0f} MiB)": memory[-1] < memory[0] * 1.1,
        }
    for what, held in checks.items():
        print(f"{'holds' if held else 'FAILS'}: {what}")
    return all(checks.values())


def main() -> int:
    return 0 if asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
