"""
The model of the benchmarks: a server in a process of its own that says what it is told to, as fast as it is told.

    python -m benchmarks.upstream     # prints its port

A prompt orders its answer: ``[[tokens=4000 rate=1200 id=x7]]`` is 4000 tokens at 1200 a second, rate 0 as fast as it
goes. The clock runs open loop: token i is due at i / rate, whatever the reader does. One token is one chunk; with
many streams open, those that are due together go out together, so that the server leaves the machine to what is
measured. ``GET /played/ID`` tells when the first and the last token went out.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

import uvloop

from benchmarks.loopback import answer_requests, groq_models, json_response
from benchmarks.text import tokens

ORDER = re.compile(rb"\[\[tokens=(\d+) rate=(\d+) id=(\w+)( stamped)?\]\]")
TICK_S, CROWD_S = 0.0005, 0.0002
BURST = 64

_FRAME = {
    "id": "chatcmpl-40d2c5c1-ebd6-4f7e-9cb8-b13c7f24998b",
    "object": "chat.completion.chunk",
    "created": 1759844697,
    "model": "openai/gpt-oss-20b",
    "system_fingerprint": "fp_d2c1f7e199",
}
_END = b"data: [DONE]\n\n"


def order(count: int, rate: int, name: str, *, stamped: bool = False) -> str:
    """
    The words that order an answer.

    Args:
        stamped: Token i is `` i:T``, T being microseconds on the monotonic clock when it went out.
    """
    return f"Say it again, please. [[tokens={count} rate={rate} id={name}{' stamped' if stamped else ''}]]"


def _usage(count: int, rate: int) -> dict[str, Any]:
    seconds = count / rate if rate else count / 1000
    return {
        "queue_time": 0.01,
        "prompt_tokens": 60,
        "prompt_time": 0.01,
        "completion_tokens": count,
        "completion_time": seconds,
        "total_tokens": 60 + count,
        "total_time": seconds + 0.01,
    }


def _event(delta: dict[str, str], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return b"data: " + json.dumps({**_FRAME, "choices": [choice], **more}, separators=(",", ":")).encode() + b"\n\n"


_STAMPED = _event({"content": " 0"}).split(b" 0")


def _stamp(number: int) -> bytes:
    """A token that tells its number and when it went out."""
    return _STAMPED[0] + b" %d:%d" % (number, time.monotonic_ns() // 1000) + _STAMPED[1]


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Upstream:
    """Plays what is ordered and remembers when."""

    def __init__(self) -> None:
        self.played: dict[str, dict[str, float]] = {}
        self._open = 0
        self._frames: dict[str, bytes] = {}

    def _frame(self, count: int) -> list[bytes]:
        known = self._frames
        return [known.get(token) or known.setdefault(token, _event({"content": token})) for token in tokens(count)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer_requests(reader, writer, self._answer)

    async def _answer(self, path: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        if path.startswith("/played/"):
            return writer.write(json_response(self.played.get(path.rsplit("/", 1)[1])))
        if path.endswith("/models"):
            return writer.write(json_response(groq_models()))
        ordered = ORDER.findall(body)
        if not ordered:
            return writer.write(json_response({"error": {"message": "nothing was ordered"}}, 400))
        count, rate, name = int(ordered[-1][0]), int(ordered[-1][1]), ordered[-1][2].decode()
        if re.search(rb'"stream": *true', body):
            await self._stream(writer, count, rate, name, stamped=bool(ordered[-1][3]))
            return None
        message = {"role": "assistant", "content": "".join(tokens(count))}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        whole = {**_FRAME, "object": "chat.completion", "choices": [choice], "usage": _usage(count, rate)}
        return writer.write(json_response(whole))

    async def _stream(self, writer: asyncio.StreamWriter, count: int, rate: int, name: str, *, stamped: bool) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        writer.write(_chunk(_event({"role": "assistant", "content": ""})))
        frames, sent, began = [] if stamped else self._frame(count), 0, time.perf_counter()
        self.played[name] = {"first": time.time()}
        self._open += 1
        try:
            while sent < count:
                due = min(count, int((time.perf_counter() - began) * rate) + 1) if rate else min(count, sent + BURST)
                if due > sent:
                    following = map(_stamp, range(sent, due)) if stamped else frames[sent:due]
                    writer.write(b"".join(map(_chunk, following)))
                    sent = due
                    await writer.drain()
                if rate:
                    await asyncio.sleep(max(TICK_S, CROWD_S * self._open, began + sent / rate - time.perf_counter()))
        finally:
            self._open -= 1
        self.played[name]["last"] = time.time()
        usage = _usage(count, rate)
        writer.write(
            _chunk(_event({}, "stop", x_groq={"id": "req_1", "usage": usage}, usage=usage) + _END) + b"0\r\n\r\n"
        )


async def main() -> None:
    server = await asyncio.start_server(Upstream().serve, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
