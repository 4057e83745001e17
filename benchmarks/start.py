"""From the command to the first answer, against an empty Blocks."""

from __future__ import annotations

import asyncio
import sys
import time

from benchmarks.processes import PEERS, environment, free_port, spawn, wait_until_answered
from benchmarks.rows import Bench, Row, median


def _start(command: list[str]) -> float:
    port = free_port()
    env = environment(GRADIO_SERVER_PORT=str(port), GRADIO_ANALYTICS_ENABLED="False", GROQ_CORE_LOG_LEVEL="warning")
    began = time.perf_counter()
    process = spawn(command, env)
    try:
        wait_until_answered(process, f"http://127.0.0.1:{port}/", every_s=0.01)
        return time.perf_counter() - began
    finally:
        process.kill()
        process.wait()


async def start(bench: Bench) -> list[Row]:
    """Seconds until the page is answered."""
    ours: list[float] = []
    empty: list[float] = []
    for round_ in range(bench.times(7, 3) + 1):
        one = await asyncio.to_thread(_start, [sys.executable, "app.py"])
        other = await asyncio.to_thread(_start, [sys.executable, str(PEERS / "empty_blocks.py")])
        if round_:  # the first one compiles
            ours.append(one)
            empty.append(other)
    detail = f"{median(ours):.2f} s against {median(empty):.2f}, fastest {min(ours):.2f} against {min(empty):.2f}"
    what = "start: `python app.py` to the first answered request"
    return [Row(what, median(ours) / median(empty), "×", "`import gradio` and an empty Blocks", 1.15, detail=detail)]
