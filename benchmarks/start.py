"""From the command to the first answer, against an empty Blocks."""

from __future__ import annotations

import asyncio
import sys
import time

from benchmarks.processes import PEERS, Process, environment, free_port, spawn, wait_until_answered
from benchmarks.rows import Bench, Row, median

Times = tuple[float, float]
"""Seconds by the clock, and of CPU, which other work on the machine does not touch."""


def _start(command: list[str], *paths: str) -> list[Times]:
    """Until each of the paths is answered, one after the other."""
    port = free_port()
    env = environment(GRADIO_SERVER_PORT=str(port), GRADIO_ANALYTICS_ENABLED="False", GROQ_CORE_LOG_LEVEL="warning")
    began = time.perf_counter()
    process = spawn(command, env)
    found = []
    try:
        for path in paths:
            wait_until_answered(process, f"http://127.0.0.1:{port}{path}", every_s=0.01)
            found.append((time.perf_counter() - began, Process(process).cpu_s()))
        return found
    finally:
        process.kill()
        process.wait()


async def start(bench: Bench) -> list[Row]:
    """Seconds until the API answers, and until the page does."""
    runs: dict[str, list[Times]] = {"api": [], "page": [], "empty": []}
    for round_ in range(bench.times(5, 2) + 1):
        api, page = await asyncio.to_thread(_start, [sys.executable, "app.py"], "/v1/models", "/")
        [empty] = await asyncio.to_thread(_start, [sys.executable, str(PEERS / "empty_blocks.py")], "/")
        if round_:  # the first one compiles
            for name, one in (("api", api), ("page", page), ("empty", empty)):
                runs[name].append(one)
    return [
        *_rows("the first answer under `/v1`", runs["api"], runs["empty"], 0.3),
        *_rows("the page", runs["page"], runs["empty"], 1.0),
    ]


def _rows(what: str, ours: list[Times], empty: list[Times], reach: float) -> list[Row]:
    rows = []
    for meter, unit, word in ((0, "", ""), (1, " in CPU seconds", "CPU ")):
        own, other = (median([one[meter] for one in side]) for side in (ours, empty))
        rows.append(
            Row(
                f"start: `python app.py` to {what}{unit}",
                own / other,
                "×",
                "`import gradio` and an empty Blocks",
                reach if not meter else None,
                detail=f"{own:.2f} {word}s against {other:.2f}",
            )
        )
    return rows
