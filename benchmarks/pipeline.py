"""The core without HTTP: CPU per chunk and per call, and what it adds to the time to the first token."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from itertools import count
from typing import Any

import groq
import httpx

from benchmarks.processes import LITELLM, PEERS, PeerMissingError, environment, peer_python, spawn, upstream
from benchmarks.rows import Bench, Row, check, median, percentile
from benchmarks.text import tokens
from benchmarks.upstream import order
from groq_core.compose import Core, assemble
from groq_core.events import TextDelta
from groq_core.redaction import Secret
from groq_core.requests import ChatRequest
from groq_core.settings.settings import Settings

MODEL = "openai/gpt-oss-20b"
_names = count()

Asked = Callable[[str, bool, int], Awaitable[float]]
"""Prompt, streamed or not, and how many times; gives CPU seconds, and fails on a wrong text."""


def _once(ask: Callable[[str, bool], Awaitable[str]], who: str, sent: Callable[[str], str]) -> Asked:
    async def measure(prompt: str, stream: bool, times: int) -> float:
        began = time.process_time()
        for _ in range(times):
            text = await ask(prompt, stream)
        cpu_s = time.process_time() - began
        check(text, sent(prompt), who)
        return cpu_s

    return measure


def _answer_to(prompt: str) -> str:
    return "".join(tokens(int(prompt.split("tokens=")[1].split()[0])))


def ours(core: Core) -> Asked:
    """The whole pipeline: log, cache, chain, retry, rate guard, deadlines, provider."""

    async def ask(prompt: str, stream: bool) -> str:
        request = ChatRequest(
            messages=({"role": "user", "content": prompt},), model=MODEL, stream=stream, no_store=True
        )
        async with aclosing(core.handle(request)) as events:
            return "".join([event.text async for event in events if isinstance(event, TextDelta)])

    return _once(ask, "groq-core", _answer_to)


def sdk(client: groq.AsyncGroq) -> Asked:
    async def ask(prompt: str, stream: bool) -> str:
        options: Any = {"model": MODEL, "messages": [{"role": "user", "content": prompt}]}
        if not stream:
            whole = await client.chat.completions.create(**options)
            return whole.choices[0].message.content or ""
        parts = await client.chat.completions.create(**options, stream=True)
        return "".join([part.choices[0].delta.content or "" async for part in parts if part.choices])

    return _once(ask, "AsyncGroq", _answer_to)


@asynccontextmanager
async def router(model: str) -> AsyncIterator[Asked]:
    """LiteLLM's Router, in its own process and environment."""
    command = [peer_python(), str(PEERS / "litellm_router.py"), f"{model}/v1"]
    popen = spawn(command, environment(**LITELLM))
    assert popen.stdin is not None
    assert popen.stdout is not None
    stdin, stdout = popen.stdin, popen.stdout

    def ask_core(prompt: str, stream: bool, times: int) -> dict[str, Any]:
        stdin.write(json.dumps({"prompt": prompt, "stream": stream, "times": times}) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer

    async def measure(prompt: str, stream: bool, times: int) -> float:
        answer = await asyncio.to_thread(ask_core, prompt, stream, times)
        check(answer["text"], _answer_to(prompt), "LiteLLM Router")
        return float(answer["cpu_s"])

    try:
        if await asyncio.to_thread(stdout.readline) != "ready\n":
            raise PeerMissingError("LiteLLM's Router does not start")
        yield measure
    finally:
        popen.kill()
        popen.wait()


@asynccontextmanager
async def core_on(model: str) -> AsyncIterator[Core]:
    async with assemble(Settings(groq_api_key=Secret("gsk_bench"), groq_base_url=model)) as core:
        yield core


async def _rounds(
    clients: dict[str, Asked], rounds: int, words: int, rate: int, *, stream: bool = True, times: int = 1
) -> dict[str, float]:
    """CPU seconds of each, the median of rounds that take turns; the first round warms up."""
    spent: dict[str, list[float]] = {name: [] for name in clients}
    for round_ in range(rounds + 1):
        for name, ask in clients.items():
            cpu_s = await ask(order(words, rate, f"p{next(_names)}"), stream, times)
            if round_:
                spent[name].append(cpu_s)
    return {name: median(values) for name, values in spent.items()}


async def cpu(bench: Bench) -> list[Row]:
    """CPU per streamed chunk and per call, against AsyncGroq."""
    chunks, paced, calls = bench.times(4000, 1000), bench.times(1500, 400), bench.times(200, 40)
    rounds = bench.times(7, 3)
    async with upstream() as model, core_on(model) as core, groq.AsyncGroq(api_key="x", base_url=model) as client:
        both = {"sdk": sdk(client), "ours": ours(core)}
        fast = await _rounds(both, rounds, chunks, 0)
        slow = await _rounds(both, rounds, paced, 1000)
        call = await _rounds(both, rounds, 100, 0, stream=False, times=calls)

    def row(what: str, spent: dict[str, float], per: int, unit: float, name: str, reach: float | None) -> Row:
        detail = f"{spent['ours'] / per * unit:.3g} {name} against {spent['sdk'] / per * unit:.3g}"
        return Row(what, spent["ours"] / spent["sdk"], "×", "`AsyncGroq`", reach, detail=detail)

    return [
        row("CPU per streamed chunk, whole pipeline", fast, chunks, 1e6, "µs", 0.15),
        row("the same at 1000 chunks a second", slow, paced, 1e6, "µs", None),
        row("CPU per call, not streamed, whole pipeline", call, calls, 1e3, "ms", 1.0),
    ]


async def litellm(bench: Bench) -> list[Row]:
    """CPU per streamed chunk, against LiteLLM's Router."""
    chunks, rounds = bench.times(4000, 1000), bench.times(5, 2)
    what, calls = "CPU per streamed chunk", bench.times(100, 20)
    async with upstream() as model, core_on(model) as core, router(model) as theirs:
        both = {"theirs": theirs, "ours": ours(core)}
        spent = await _rounds(both, rounds, chunks, 0)
        called = await _rounds(both, rounds, 100, 0, stream=False, times=calls)
    detail = f"{spent['ours'] / chunks * 1e6:.3g} µs against {spent['theirs'] / chunks * 1e6:.3g}"
    call = f"{called['ours'] / calls * 1e3:.3g} ms against {called['theirs'] / calls * 1e3:.3g}"
    return [
        Row(what, spent["ours"] / spent["theirs"], "×", "LiteLLM Router", 1 / 30, detail=detail),
        Row("CPU per call, not streamed", called["ours"] / called["theirs"], "×", "LiteLLM Router", detail=call),
    ]


async def first_token(bench: Bench) -> list[Row]:
    """Seconds from the request to the first words, against the same bytes read with bare httpx."""
    times = bench.times(400, 60)
    bare: list[tuple[float, float]] = []
    through: list[tuple[float, float]] = []
    async with upstream() as model, core_on(model) as core, httpx.AsyncClient() as client:
        for round_ in range(times + 20):
            prompt = order(20, 0, f"f{next(_names)}")
            one, other = await _first_bytes(client, model, prompt), await _first_words(core, prompt)
            if round_ >= 20:
                bare.append(one)
                through.append(other)
    theirs, own = ([wall for wall, _ in seen] for seen in (bare, through))
    added = [(percentile(own, share) - percentile(theirs, share)) * 1e3 for share in (0.5, 0.99)]
    detail = [
        f"{percentile(own, share) * 1e3:.2f} ms against {percentile(theirs, share) * 1e3:.2f}" for share in (0.5, 0.99)
    ]
    cpu_ms, bare_ms = (median([cpu_s for _, cpu_s in seen]) * 1e3 for seen in (through, bare))
    return [
        Row("added time to first token, p50", added[0], "ms", "bare httpx", 1, detail=detail[0]),
        Row("added time to first token, p99", added[1], "ms", "bare httpx", 3, detail=detail[1]),
        Row(
            "added CPU to first token, p50",
            cpu_ms - bare_ms,
            "ms",
            "bare httpx",
            detail=f"{cpu_ms:.2f} ms against {bare_ms:.2f}; what is left of the time above on an idle machine",
        ),
    ]


async def _first_bytes(client: httpx.AsyncClient, model: str, prompt: str) -> tuple[float, float]:
    body = {"model": MODEL, "messages": [{"role": "user", "content": prompt}], "stream": True}
    began, cpu_s, first, seen = time.perf_counter(), time.process_time(), (0.0, 0.0), b""
    async with client.stream("POST", f"{model}/openai/v1/chat/completions", json=body) as response:
        async for data in response.aiter_bytes():
            seen += b"" if first[0] else data
            if not first[0] and seen.count(b'"content":"') > 1:
                first = time.perf_counter() - began, time.process_time() - cpu_s
    return first


async def _first_words(core: Core, prompt: str) -> tuple[float, float]:
    request = ChatRequest(messages=({"role": "user", "content": prompt},), model=MODEL, stream=True, no_store=True)
    began, cpu_s, first = time.perf_counter(), time.process_time(), (0.0, 0.0)
    async with aclosing(core.handle(request)) as events:
        async for event in events:
            if not first[0] and isinstance(event, TextDelta):
                first = time.perf_counter() - began, time.process_time() - cpu_s
    return first
