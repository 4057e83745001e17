"""The HTTP API against LiteLLM's proxy with one worker: the same client, the same model, each on its own."""

from __future__ import annotations

import asyncio
import json
import time
from itertools import count
from typing import Any

from benchmarks.load import Connection, openai_text, response_text
from benchmarks.processes import Process, app, litellm_proxy, upstream
from benchmarks.rows import Bench, Row, check, median
from benchmarks.text import tokens
from benchmarks.upstream import order

CONNECTIONS = 64
STREAMS = 8
PATH = "/v1/chat/completions"
RESPONSES = "/v1/responses"
_names = count()


def _body(model: str, words: int, rate: int, *, stream: bool) -> dict[str, Any]:
    message = {"role": "user", "content": order(words, rate, f"s{next(_names)}")}
    return {"model": model, "messages": [message], "stream": stream}


async def _tokens_per_cpu_s(server: Process, model: str, words: int, rate: int) -> float:
    async def one() -> None:
        connection = Connection(server.url)
        stream, _, _ = await connection.stream(PATH, _body(model, words, rate, stream=True))
        connection.close()
        check(openai_text(stream), "".join(tokens(words)), server.url)

    before = server.cpu_s()
    await asyncio.gather(*(one() for _ in range(STREAMS)))
    return STREAMS * words / max(0.01, server.cpu_s() - before)


async def _requests_per_s(server: Process, model: str, seconds: float) -> float:
    done, until = 0, time.perf_counter() + seconds
    sent = "".join(tokens(100))

    async def one() -> None:
        nonlocal done
        connection = Connection(server.url)
        while time.perf_counter() < until:
            body = await connection.whole(PATH, _body(model, 100, 0, stream=False))
            check(json.loads(body)["choices"][0]["message"]["content"], sent, server.url)
            done += 1
        connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return done / (time.perf_counter() - began)


async def responses(bench: Bench) -> list[Row]:
    """CPU of a streamed token by the Responses API, beside the same by Chat Completions: one server, in turns."""
    words, rounds = bench.times(4000, 500), bench.times(7, 2)
    seen: dict[tuple[str, int], list[float]] = {}
    async with upstream() as model, app(model) as ours:
        for _ in range(rounds):
            for rate in (0, 100):
                for path in (PATH, RESPONSES):
                    # At a hundred a second a tenth of the tokens takes longer than all of them at once.
                    cost = await _cpu_us_per_token(ours, path, words // 10 if rate else words, rate)
                    seen.setdefault((path, rate), []).append(cost)

    def row(what: str, rate: int) -> Row:
        chat, answer = median(seen[PATH, rate][1:]), median(seen[RESPONSES, rate][1:])
        detail = f"{answer:.1f} µs of CPU a token against {chat:.1f}, {STREAMS} streams"
        return Row(what, answer / chat, "×", f"`{PATH}`", 1.3, detail=detail)

    return [
        row(f"`{RESPONSES}` streaming: CPU a token", 0),
        row("the same at 100 tokens a second", 100),
    ]


async def _cpu_us_per_token(server: Process, path: str, words: int, rate: int) -> float:
    sent = "".join(tokens(words))

    async def one() -> None:
        body = _body("openai/gpt-oss-20b", words, rate, stream=True)
        if path == RESPONSES:
            body = {"model": body["model"], "input": body["messages"], "stream": True, "store": False}
        connection = Connection(server.url)
        stream, _, _ = await connection.stream(path, body)
        connection.close()
        check(response_text(stream) if path == RESPONSES else openai_text(stream), sent, server.url)

    before = server.cpu_s()
    await asyncio.gather(*(one() for _ in range(STREAMS)))
    return 1e6 * (server.cpu_s() - before) / (STREAMS * words)


async def api(bench: Bench) -> list[Row]:
    """Tokens per CPU second and requests a second, against LiteLLM's proxy."""
    words, seconds, rounds = bench.times(2000, 300), bench.times(4, 2), bench.times(3, 1)
    seen: dict[str, list[float]] = {}
    async with upstream() as model, app(model) as ours, litellm_proxy(model) as theirs:
        sides = (("ours", ours, "openai/gpt-oss-20b"), ("theirs", theirs, "gpt-4o-mini"))
        for _, server, name in sides:
            await _tokens_per_cpu_s(server, name, 100, 0)
        for _ in range(rounds):
            for side, server, name in sides:
                seen.setdefault(f"{side} fast", []).append(await _tokens_per_cpu_s(server, name, words, 0))
                seen.setdefault(f"{side} paced", []).append(await _tokens_per_cpu_s(server, name, words // 4, 100))
                seen.setdefault(f"{side} calls", []).append(await _requests_per_s(server, name, seconds))
    middle = {name: median(values) for name, values in seen.items()}

    def row(what: str, name: str, unit: str, reach: float | None) -> Row:
        ours_, theirs_ = middle[f"ours {name}"], middle[f"theirs {name}"]
        detail = f"{ours_:.0f} {unit} against {theirs_:.0f}"
        return Row(what, ours_ / theirs_, "×", "LiteLLM proxy", reach, at_most=False, detail=detail)

    return [
        row("`/v1/chat/completions` streaming: tokens per CPU second", "fast", "tokens/CPU-s", 20),
        row(f"the same at 100 tokens a second, {STREAMS} streams", "paced", "tokens/CPU-s", None),
        row(f"not streaming: requests/s at {CONNECTIONS} connections", "calls", "requests/s", 5),
    ]
