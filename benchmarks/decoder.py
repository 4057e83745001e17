"""
CPU from the wire to the event: ``GroqProvider`` against the Groq SDK's own stream, on the same bytes over loopback.

    python -m benchmarks.decoder

A server in a process of its own sends what api.groq.com sends, so only the client's CPU is counted. Rounds of all
rows are interleaved and each row's best counts. Every row's text must equal the text that was sent.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any

import groq
import msgspec
import orjson

from groq_core.events import TextDelta
from groq_core.models.registry import MODELS
from groq_core.pipeline import Attempt, Budget
from groq_core.providers.groq import GroqProvider
from groq_core.redaction import Secret
from groq_core.requests import ChatRequest
from groq_core.streaming.decoder import StreamDecoder
from groq_core.streaming.wire_types import Chunk

CHUNKS, PACED_CHUNKS, CALLS, ROUNDS = 4000, 400, 100, 5
WORD = " word"
PROMPT = "Say it again. " * 20

_FRAME = {
    "id": "chatcmpl-40d2c5c1-ebd6-4f7e-9cb8-b13c7f24998b",
    "object": "chat.completion.chunk",
    "created": 1759844697,
    "model": "openai/gpt-oss-20b",
    "system_fingerprint": "fp_d2c1f7e199",
}
_USAGE = {
    "queue_time": 0.05,
    "prompt_tokens": 60,
    "completion_tokens": 4000,
    "completion_time": 4.0,
    "total_tokens": 4060,
}


def _line(delta: dict[str, str], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return b"data: " + json.dumps({**_FRAME, "choices": [choice], **more}, separators=(",", ":")).encode() + b"\n\n"


CHUNK = _line({"content": WORD})
END = _line({}, "stop", x_groq={"id": "req_1", "usage": _USAGE}, usage=_USAGE) + b"data: [DONE]\n\n"


def _piece(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


# ── the server ───────────────────────────────────────────────────────────────────────────────────────


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """``seed`` is the number of chunks; ``user`` being "paced" spaces them a millisecond apart."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
            asked = json.loads(await reader.readexactly(int(length.split(b":")[1])))
            if asked.get("stream"):
                await _stream(writer, asked["seed"], paced=asked.get("user") == "paced")
            else:
                writer.write(_whole(asked["seed"]))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _stream(writer: asyncio.StreamWriter, chunks: int, *, paced: bool) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    piece = _piece(CHUNK)
    for _ in range(chunks):
        writer.write(piece)
        if paced:
            await asyncio.sleep(0.001)
    writer.write(_piece(END) + b"0\r\n\r\n")


def _whole(words: int) -> bytes:
    message = {"role": "assistant", "content": WORD * words}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    body = json.dumps({**_FRAME, "object": "chat.completion", "choices": [choice], "usage": _USAGE}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def _serve(pipe: Connection) -> None:
    async def forever() -> None:
        server = await asyncio.start_server(_answer, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


# ── the clients ──────────────────────────────────────────────────────────────────────────────────────

Client = Callable[[int, bool, bool], Awaitable[str]]
"""Ask for so many words, streamed or not, paced or not; gives the text."""


def _sdk(client: groq.AsyncGroq) -> Client:
    async def ask(words: int, stream: bool, paced: bool) -> str:
        options: Any = {"model": "openai/gpt-oss-20b", "seed": words, "user": "paced" if paced else "fast"}
        options["messages"] = [{"role": "user", "content": PROMPT}]
        if not stream:
            whole = await client.chat.completions.create(**options)
            return whole.choices[0].message.content or ""
        stream_of_chunks = await client.chat.completions.create(**options, stream=True)
        return "".join([part.choices[0].delta.content or "" async for part in stream_of_chunks if part.choices])

    return ask


def _ours(provider: GroqProvider) -> Client:
    async def ask(words: int, stream: bool, paced: bool) -> str:
        request = ChatRequest(
            messages=({"role": "user", "content": PROMPT},),
            params={"seed": words, "user": "paced" if paced else "fast"},
            stream=stream,
        )
        spec, budget = MODELS["groq:openai/gpt-oss-20b"], Budget(attempts=1, seconds=60)
        async with aclosing(provider(Attempt(request=request, spec=spec, budget=budget))) as events:
            return "".join([event.text async for event in events if isinstance(event, TextDelta)])

    return ask


@asynccontextmanager
async def _clients(url: str) -> AsyncIterator[dict[str, Client]]:
    plain = groq.AsyncGroq(api_key="gsk_x", base_url=url, max_retries=0)
    aio = groq.AsyncGroq(api_key="gsk_x", base_url=url, max_retries=0, http_client=groq.DefaultAioHttpClient())
    provider = GroqProvider(Secret("gsk_x"), url)
    try:
        yield {"AsyncGroq": _sdk(plain), "AsyncGroq on aiohttp": _sdk(aio), "GroqProvider": _ours(provider)}
    finally:
        for client in (plain, aio, provider):
            await client.close()


async def _measure(clients: dict[str, Client], words: int, *, stream: bool, paced: bool, times: int) -> None:
    """Print each client's CPU, and its ratio to the first one's."""
    best = dict.fromkeys(clients, float("inf"))
    for round_ in range(ROUNDS + 1):
        for name, ask in clients.items():
            began = time.process_time()
            for _ in range(times):
                text = await ask(words, stream, paced)
                if text != WORD * words:
                    raise SystemExit(f"{name} gave another text than was sent")
            if round_:  # the first one warms up
                best[name] = min(best[name], time.process_time() - began)
    per, unit = (words, "µs a chunk") if stream else (times / 1e3, "µs a call")
    first = next(iter(best.values()))
    for name, seconds in best.items():
        cost = seconds / per * (1e6 if stream else 1e3)
        print(f"  {name:<22}{cost:9.1f} {unit}   ratio {seconds / first:.3f}")


def _decoders() -> None:
    """The decoder alone, by how many chunks one read brings, beside the two JSON parsers alone."""
    for per_read in (1, 8, 64):
        reads = [CHUNK * per_read] * (CHUNKS // per_read)
        best = min(_decoding(reads) for _ in range(ROUNDS * 2))
        print(f"  StreamDecoder, {per_read:>2} chunks a read {best / CHUNKS * 1e6:9.2f} µs a chunk")
    typed: Callable[[bytes], object] = msgspec.json.Decoder(Chunk).decode
    for name, parse in (("msgspec, typed", typed), ("orjson, dicts", orjson.loads)):
        line = CHUNK[5:]
        best = min(_parsing(parse, line) for _ in range(ROUNDS * 2))
        print(f"  {name:<28}{best / CHUNKS * 1e6:12.2f} µs a chunk, parsing only")


def _decoding(reads: list[bytes]) -> float:
    decoder, began = StreamDecoder(), time.process_time()
    for data in reads:
        decoder.feed(data)
    return time.process_time() - began


def _parsing(parse: Callable[[bytes], object], line: bytes) -> float:
    began = time.process_time()
    for _ in range(CHUNKS):
        parse(line)
    return time.process_time() - began


async def _compare(url: str) -> None:
    async with _clients(url) as clients:
        print(f"streamed, as fast as it goes ({CHUNKS} chunks)")
        await _measure(clients, CHUNKS, stream=True, paced=False, times=1)
        print(f"streamed, a chunk a millisecond ({PACED_CHUNKS} chunks)")
        await _measure(clients, PACED_CHUNKS, stream=True, paced=True, times=1)
        print(f"not streamed ({CALLS} calls)")
        await _measure(clients, 100, stream=False, paced=False, times=CALLS)


def main() -> None:
    print("decoder alone")
    _decoders()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    try:
        asyncio.run(_compare(f"http://127.0.0.1:{ours.recv()}"))
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
