"""From the command to the first answer, against an empty Blocks."""

from __future__ import annotations

import asyncio
import sys
import time

from benchmarks.processes import PEERS, Process, environment, free_port, spawn, wait_until_answered
from benchmarks.rows import Bench, Row, median


def _start(command: list[str]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU, which other work on the machine does not touch."""
    port = free_port()
    env = environment(GRADIO_SERVER_PORT=str(port), GRADIO_ANALYTICS_ENABLED="False", GROQ_CORE_LOG_LEVEL="warning")
    began = time.perf_counter()
    process = spawn(command, env)
    try:
        wait_until_answered(process, f"http://127.0.0.1:{port}/", every_s=0.01)
        return time.perf_counter() - began, Process(process).cpu_s()
    finally:
        process.kill()
        process.wait()


async def start(bench: Bench) -> list[Row]:
    """Seconds until the page is answered."""
    ours: list[tuple[float, float]] = []
    empty: list[tuple[float, float]] = []
    for round_ in range(bench.times(5, 2) + 1):
        one = await asyncio.to_thread(_start, [sys.executable, "app.py"])
        other = await asyncio.to_thread(_start, [sys.executable, str(PEERS / "empty_blocks.py")])
        if round_:  # the first one compiles
            ours.append(one)
            empty.append(other)
    wall, cpu = ([median([one[meter] for one in side]) for side in (ours, empty)] for meter in (0, 1))
    peer = "`import gradio` and an empty Blocks"
    return [
        Row(
            "start: `python app.py` to the first answered request",
            wall[0] / wall[1],
            "×",
            peer,
            1.15,
            detail=f"{wall[0]:.2f} s against {wall[1]:.2f}",
        ),
        Row("the same in CPU seconds", cpu[0] / cpu[1], "×", peer, detail=f"{cpu[0]:.2f} s against {cpu[1]:.2f}"),
    ]
