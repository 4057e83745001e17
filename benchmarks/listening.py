"""
Clients of the HTTP API that only write down what came when, and the servers they ask.

    python -m benchmarks.listening URL STREAMS RATE WORDS     # a crowd in a process of its own
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate, count
from typing import Any
from urllib.parse import urlsplit

import httptools
import msgspec
import uvloop

from benchmarks.load import Connection, openai_text
from benchmarks.processes import Process
from benchmarks.rows import WrongTextError, check
from benchmarks.text import tokens
from benchmarks.upstream import order

MODEL = "openai/gpt-oss-20b"
PATH = "/openai/v1/chat/completions"
STAMP = re.compile(r" (\d+):(\d+)")
_names = count()


@dataclass(slots=True)
class Heard:
    """
    One answer as it came.

    Attributes:
        asked, first: Seconds on the monotonic clock; ``first`` when its first word was here.
        pieces: When each piece of the body came, and the piece.
    """

    asked: float
    first: float = 0.0
    pieces: list[tuple[float, bytes]] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return b"".join(piece for _, piece in self.pieces)

    def delays_s(self, sent: int) -> list[float]:
        """
        How long each token was under way.

        Raises:
            WrongTextError: A token is missing, doubled or out of its place.
        """
        body = self.body
        ends = list(accumulate(len(piece) for _, piece in self.pieces))
        delays: list[float] = []
        at = 0
        for line in body.split(b"\n"):
            at += len(line) + 1
            if line.startswith(b"data: {"):
                choices = msgspec.json.decode(line[6:]).get("choices", ())
                for number, stamp in STAMP.findall("".join(one["delta"].get("content") or "" for one in choices)):
                    if int(number) != len(delays):
                        raise WrongTextError(f"token {number} came in the place of {len(delays)}")
                    came = self.pieces[bisect_left(ends, min(at, ends[-1]))][0]
                    delays.append(came - int(stamp) / 1e6)
        if len(delays) != sent or not body.rstrip().endswith(b"data: [DONE]"):
            raise WrongTextError(f"{len(delays)} tokens of {sent}, ending in {body[-80:]!r}")
        return delays


class Listener(asyncio.Protocol):
    """One question on a connection of its own; ``done`` gives what was heard."""

    def __init__(self, place: str, path: str, body: dict[str, Any], headers: Mapping[str, str]) -> None:
        data = msgspec.json.encode(body)
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._request = (
            f"POST {path} HTTP/1.1\r\nhost: {place}\r\ncontent-type: application/json\r\n{more}"
            f"content-length: {len(data)}\r\n\r\n".encode()
            + data
        )
        self._parser = httptools.HttpResponseParser(self)
        self._now = 0.0
        self.heard = Heard(0.0)
        self.done: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.heard.asked = time.monotonic()
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._now = time.monotonic()
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        if not self.heard.first and b'"content":" ' in body:
            self.heard.first = self._now
        self.heard.pieces.append((self._now, body))

    def on_message_complete(self) -> None:
        if not self.done.done():
            self.done.set_result(self.heard)
        self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(WrongTextError(f"the connection broke off: {error}"))


@dataclass(frozen=True, slots=True)
class Side:
    """
    A server, and how it is asked.

    Attributes:
        headers: What every question to it needs.
    """

    name: str
    server: Process
    path: str = PATH
    model: str = MODEL
    headers: Mapping[str, str] = field(default_factory=dict)

    def question(self, words: int, rate: int, *, stream: bool = True, stamped: bool = True) -> dict[str, Any]:
        message = {"role": "user", "content": order(words, rate, f"r{next(_names)}", stamped=stamped)}
        return {"model": self.model, "messages": [message], "stream": stream}

    async def listen(self, words: int, rate: int, *, stamped: bool = True) -> Heard:
        """Ask one question that is answered as a stream."""
        place = urlsplit(self.server.url)
        body = self.question(words, rate, stamped=stamped)
        _, listener = await asyncio.get_running_loop().create_connection(
            lambda: Listener(place.netloc, self.path, body, self.headers), place.hostname or "", place.port or 80
        )
        return await listener.done

    async def crowd(self, streams: int, rate: int, words: int) -> list[Heard]:
        """So many streams at once, begun at different moments of a beat."""

        async def one(number: int) -> Heard:
            await asyncio.sleep(0.1 * number / streams)
            return await self.listen(words, rate)

        return await asyncio.gather(*(one(number) for number in range(streams)))

    async def bulk_cost(self, streams: int, words: int) -> float:
        """CPU microseconds of a token that comes as fast as it can."""
        sent, before = "".join(tokens(words)), self.server.cpu_s()
        for heard in await asyncio.gather(*(self.listen(words, 0, stamped=False) for _ in range(streams))):
            check(openai_text(heard.body), sent, self.name)
        return (self.server.cpu_s() - before) * 1e6 / (streams * words)

    async def call_cost(self, connections: int, each: int, waits: list[float]) -> float:
        """CPU seconds of an answer that is not streamed; how long each took, in milliseconds, goes to ``waits``."""
        sent = "".join(tokens(100))

        async def ask() -> None:
            connection = Connection(self.server.url)
            for _ in range(each):
                began = time.perf_counter()
                asked = self.question(100, 0, stream=False, stamped=False)
                body = await connection.whole(self.path, asked, dict(self.headers))
                waits.append((time.perf_counter() - began) * 1e3)
                check(msgspec.json.decode(body)["choices"][0]["message"]["content"], sent, self.name)
            connection.close()

        before = self.server.cpu_s()
        await asyncio.gather(*(ask() for _ in range(connections)))
        return (self.server.cpu_s() - before) / (connections * each)


@dataclass(slots=True)
class Seen:
    """What paced streams of one side cost and how late their tokens were, a number for each round."""

    cpu_us: list[float] = field(default_factory=list)
    delays_ms: list[float] = field(default_factory=list)

    async def take(self, side: Side, streams: int, rate: int, words: int) -> None:
        """One round."""
        before = side.server.cpu_s()
        answers = await side.crowd(streams, rate, words)
        self.cpu_us.append((side.server.cpu_s() - before) * 1e6 / (streams * words))
        for answer in answers:
            self.delays_ms += [delay * 1e3 for delay in answer.delays_s(words)]


class _Elsewhere(Process):
    """A server of which nothing is known but its address."""

    def __init__(self, url: str) -> None:
        self.url = url


async def main(url: str, streams: int, rate: int, words: int) -> None:
    for heard in await Side("asked", _Elsewhere(url)).crowd(streams, rate, words):
        heard.delays_s(words)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], *map(int, sys.argv[2:5])))
