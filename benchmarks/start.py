"""From the command to the first answer, against an empty Blocks, and against a script on Groq's SDK in a terminal."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import time

from benchmarks.processes import PEERS, ROOT, Process, environment, free_port, spawn, upstream, wait_until_answered
from benchmarks.rows import Bench, Row, check, median
from benchmarks.text import tokens
from benchmarks.upstream import order

EMPTY = "`import gradio` and an empty Blocks"

WORDS = 50
"""Of the answer in a terminal: what is measured is the way there."""

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


def _ask(command: list[str], model: str, said: str) -> Times:
    """A question in a terminal, until the program has ended with the answer."""
    env = environment(GROQ_API_KEY="gsk_bench", GROQ_BASE_URL=model)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    check(done.stdout.strip(), said.strip(), command[1])
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def _terminal(bench: Bench) -> list[Row]:
    """One question from a shell to its last word, each program in turn."""
    question, said = order(WORDS, 0, "terminal"), "".join(tokens(WORDS))
    ours, theirs = ["-m", "groq_core", "chat", question], [str(PEERS / "groq_script.py"), question]
    own: list[Times] = []
    other: list[Times] = []
    async with upstream() as model:
        for round_ in range(bench.times(9, 2) + 1):
            for words, side in ((ours, own), (theirs, other)):
                took = await asyncio.to_thread(_ask, [sys.executable, *words], model, said)
                if round_:
                    side.append(took)
    return _rows("a question in a terminal: `groq_core chat`", own, other, 1.0, peer="a script on Groq's SDK")


async def start(bench: Bench) -> list[Row]:
    """Seconds until the API answers, until the page does, and until a question in a terminal is answered."""
    runs: dict[str, list[Times]] = {"api": [], "page": [], "empty": []}
    for round_ in range(bench.times(5, 2) + 1):
        api, page = await asyncio.to_thread(_start, [sys.executable, "app.py"], "/v1/models", "/")
        [empty] = await asyncio.to_thread(_start, [sys.executable, str(PEERS / "empty_blocks.py")], "/")
        if round_:  # the first one compiles
            for name, one in (("api", api), ("page", page), ("empty", empty)):
                runs[name].append(one)
    return [
        *_rows("start: `python app.py` to the first answer under `/v1`", runs["api"], runs["empty"], 0.3),
        *_rows("start: `python app.py` to the page", runs["page"], runs["empty"], 1.0),
        *await _terminal(bench),
    ]


def _rows(what: str, ours: list[Times], theirs: list[Times], reach: float, *, peer: str = EMPTY) -> list[Row]:
    rows = []
    for meter, unit, word in ((0, "", ""), (1, " in CPU seconds", "CPU ")):
        own, other = (median([one[meter] for one in side]) for side in (ours, theirs))
        rows.append(
            Row(
                f"{what}{unit}",
                own / other,
                "×",
                peer,
                reach if not meter else None,
                detail=f"{own:.2f} {word}s against {other:.2f}",
            )
        )
    return rows
