"""Many people at once on the page's own route, what they cost in memory, and one who stops reading."""

from __future__ import annotations

import asyncio
import urllib.request
from itertools import count
from typing import Any

from benchmarks.load import Connection, page_pass, page_text, person, question
from benchmarks.processes import Process, app, fetch_json, peer, upstream
from benchmarks.rows import Bench, Row, check, percentile
from benchmarks.text import letters, tokens
from benchmarks.upstream import order

RATE = 500
MANY = 500
TODAY_CPU_S = 1.91
"""Of a hundred people's answers of 2000 tokens, before what a token costs there was looked into (2026-11-24)."""

_names = count()


async def _together(url: str, people: int, words: int) -> tuple[float, float, float]:
    """Slowest and median time of all, as multiples of the model's, and the slowest first word in seconds."""
    headers = await asyncio.to_thread(page_pass, url)
    heard = await asyncio.gather(*(person(url, order(words, RATE, f"c{next(_names)}"), headers) for _ in range(people)))
    sent = "".join(tokens(words))
    for answer in heard:
        check(answer.text, sent, "the page's route")
    ideal = words / RATE
    spans = [answer.last_s / ideal for answer in heard]
    return max(spans), percentile(spans, 0.5), max(answer.first_s for answer in heard)


async def people(bench: Bench) -> list[Row]:
    """A hundred people at 500 tokens/s, five hundred, and the most at once within 1.1 of the model's time."""
    words = bench.times(2000, 500)
    async with upstream() as model, app(model) as ours:
        await _together(ours.url, 10, 100)
        before = ours.cpu_s()
        slowest, middle, first = await _together(ours.url, 100, words)
        cpu_s = ours.cpu_s() - before
        most, refused = 100, ""
        for crowd in (150, 200, 250, 300, 400, 500, 600, 800):
            try:
                worst, _, _ = await _together(ours.url, crowd, words)
            except (RuntimeError, ConnectionError, ValueError) as error:
                refused = f"; {crowd}: {error}"
                break
            if worst > 1.1:
                refused = f"; {crowd} took {worst:.2f} ×"
                break
            most = crowd
        many = await _many(ours, words)
    try:
        stock_words = f"stock `gr.ChatInterface` ({await _stock(10 if bench.quick else 100, 250):.1f} ×)"
    except ConnectionError as error:  # it drops people when they are too many for it
        stock_words = f"stock `gr.ChatInterface` (not measured: {error})"
    told = f"the slowest of all; median {middle:.3f}, last first word after {first * 1e3:.0f} ms"
    share = cpu_s / (TODAY_CPU_S * words / 2000)
    return [
        Row(f"100 people at {RATE} tokens/s each, {words} tokens", slowest, "×", stock_words, 1.03, detail=told),
        Row("server CPU for them", share, "×", f"{TODAY_CPU_S} s, as it was", 0.6, detail=f"{cpu_s:.2f} s"),
        many,
        Row(
            "most people at once, each ≤ 1.1 × and every word delivered",
            most,
            "people",
            "–",
            200,
            at_most=False,
            detail=f"the slowest counts{refused}",
        ),
    ]


async def _many(server: Process, words: int) -> Row:
    """Five hundred at once, whether or not fewer were too many."""
    what = f"{MANY} people at once"
    try:
        before = server.cpu_s()
        slowest, middle, first = await _together(server.url, MANY, words)
    except (RuntimeError, ConnectionError, ValueError) as error:
        return Row(what, None, "", "", detail=str(error))
    told = f"median {middle:.3f}, last first word after {first * 1e3:.0f} ms, {server.cpu_s() - before:.2f} s of CPU"
    return Row(what, slowest, "×", "the model's time", 1.1, detail=told)


async def _stock(crowd: int, words: int) -> float:
    async with upstream() as model, peer("stock_chat.py", model) as stock:
        config = await asyncio.to_thread(fetch_json, f"{stock.url}/config")
        place = next(i for i, one in enumerate(config["dependencies"]) if one["api_name"] == "chat")
        index = config["dependencies"][place]["id"]
        spans = await asyncio.gather(*(_stock_person(stock, index, words) for _ in range(crowd)))
    return max(spans) / (words / RATE)


async def _stock_person(stock: Process, index: int, words: int) -> float:
    """One person in Gradio's queue: joins, and reads the updates until the answer is complete."""
    loop, name = asyncio.get_running_loop(), f"q{next(_names)}"
    body = {"data": [order(words, RATE, name), []], "fn_index": index, "session_hash": name}
    began = loop.time()
    joining = Connection(stock.url)
    await joining.whole("/gradio_api/queue/join", body)
    joining.close()
    host, port = stock.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**24)
    writer.write(f"GET /gradio_api/queue/data?session_hash={name} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n".encode())
    seen = b""
    while b"process_completed" not in seen:
        data = await reader.read(2**20)
        if not data:
            break
        seen = (seen + data)[-200_000:]
    span = loop.time() - began
    writer.close()
    if letters("".join(tokens(words))[-40:]) not in letters(seen.decode(errors="replace").replace("\\n", "")):
        raise RuntimeError("stock: the answer's end did not arrive")
    return span


async def memory(bench: Bench) -> list[Row]:
    """What a session costs that has talked and is idle, beyond Gradio's own; and a reader who stops reading."""
    sessions, readers = bench.times(1000, 100), 20
    async with upstream() as model, app(model) as ours, peer("empty_blocks.py") as empty:
        bare = await _growth(empty, sessions, lambda name: _open(empty.url))
        talked = await _growth(ours, sessions, lambda name: _talk(ours.url, name))
        stalled = await _stall(ours, readers)
    return [
        Row(
            f"memory: {sessions} idle sessions with 20 messages each, beyond Gradio's own",
            max(0.0, talked - bare),
            "KiB a session",
            "an empty Blocks",
            40,
            detail=f"{talked:.1f} KiB against {bare:.1f}",
        ),
        Row(
            "memory held by a reader who stops reading a 4 MB answer",
            stalled,
            "KiB",
            "–",
            2048,
            detail=f"{readers} at once, hung up on or held back",
        ),
    ]


async def _growth(server: Process, sessions: int, visit: Any) -> float:
    for name in range(100):  # what grows once for all is no session's
        await visit(f"w{name}")
    before = server.rss_kib()
    for at in range(0, sessions, 20):
        await asyncio.gather(*(visit(f"m{at + place}") for place in range(20)))
    return (server.rss_kib() - before) / sessions


async def _open(url: str) -> None:
    await asyncio.to_thread(_get, f"{url}/")


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url) as response:
        body: bytes = response.read()
        return body


async def _talk(url: str, name: str) -> None:
    await _open(url)
    headers = await asyncio.to_thread(page_pass, url)
    turns = [{"role": ("user", "assistant")[n % 2], "text": f"{name} said {n}. " + "word " * 100} for n in range(18)]
    turns.append({"role": "user", "text": order(50, 0, name)})
    connection = Connection(url)
    stream, _, _ = await connection.stream("/ui/chat", question("") | {"turns": turns, "fresh": False}, headers)
    connection.close()
    check(page_text(stream), "".join(tokens(50)), "the page's route")


async def _stall(server: Process, readers: int) -> float:
    """Ask for long answers, read their first bytes, then nothing for a while."""
    headers = await asyncio.to_thread(page_pass, server.url)
    before, open_ = server.rss_kib(), [Connection(server.url) for _ in range(readers)]
    for place, connection in enumerate(open_):
        reader = await connection.send("/ui/chat", question(order(1_000_000, 0, f"st{place}")), headers)
        await reader.readexactly(1000)
    await asyncio.sleep(5)
    held = (server.rss_kib() - before) / readers
    for connection in open_:
        connection.close()
    return held
