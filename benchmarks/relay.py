"""
The HTTP API beside a relay that does nothing: nginx with `proxy_pass`, its buffering off, on the same model.

Tokens come paced, each with the time at which it went out in its text, so that what arrives tells how long it was
under way. Both sides take turns; what counts is CPU seconds of the process, which other work on the machine does not
touch, and how much later than beside nginx a token comes.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate, count
from typing import Any
from urllib.parse import urlsplit

import httptools
import msgspec
import uvloop

from benchmarks.load import Connection, openai_text
from benchmarks.processes import Process, app, nginx, upstream
from benchmarks.rows import Bench, BusyMachineError, Row, WrongTextError, check, median, percentile
from benchmarks.text import tokens
from benchmarks.upstream import order

MODEL = "openai/gpt-oss-20b"
PATH = "/openai/v1/chat/completions"
PACES = tuple((streams, rate) for streams in (8, 32, 100) for rate in (100, 500, 1000))
STAMP = re.compile(r" (\d+):(\d+)")
SHARE = 0.5
"""Of nginx's tokens per CPU second."""

LATEST_MS = 15.0
CROWD = 64
"""Connections at once, where one is not all there is."""

BUSY_LOAD = 1.5
PATIENCE_S = 300.0
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
        if len(delays) != sent or not body.endswith(b"data: [DONE]\n\n"):
            raise WrongTextError(f"{len(delays)} tokens of {sent}, ending in {body[-40:]!r}")
        return delays


class Listener(asyncio.Protocol):
    """A client that only writes down what came when."""

    def __init__(self, name: str, body: dict[str, Any], *, path: str = PATH) -> None:
        data = msgspec.json.encode(body)
        self._request = (
            f"POST {path} HTTP/1.1\r\nhost: {name}\r\ncontent-type: application/json\r\n"
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


async def listen(url: str, body: dict[str, Any]) -> Heard:
    """Ask one question on a connection of its own."""
    place = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, listener = await loop.create_connection(
        lambda: Listener(place.netloc, body), place.hostname or "", place.port or 80
    )
    return await listener.done


def question(words: int, rate: int, *, stream: bool = True, stamped: bool = True) -> dict[str, Any]:
    message = {"role": "user", "content": order(words, rate, f"r{next(_names)}", stamped=stamped)}
    return {"model": MODEL, "messages": [message], "stream": stream}


async def crowd(url: str, streams: int, rate: int, words: int) -> list[Heard]:
    """So many streams at once, begun at different moments of a beat."""

    async def one(number: int) -> Heard:
        await asyncio.sleep(0.1 * number / streams)
        return await listen(url, question(words, rate))

    return await asyncio.gather(*(one(number) for number in range(streams)))


@dataclass(slots=True)
class Seen:
    """What one side cost and how late its tokens were, a number for each round."""

    cpu_us: list[float] = field(default_factory=list)
    delays_ms: list[float] = field(default_factory=list)

    async def take(self, server: Process, streams: int, rate: int, words: int) -> None:
        """One round."""
        before = server.cpu_s()
        answers = await crowd(server.url, streams, rate, words)
        self.cpu_us.append((server.cpu_s() - before) * 1e6 / (streams * words))
        for answer in answers:
            self.delays_ms += [delay * 1e3 for delay in answer.delays_s(words)]


async def wait_for_quiet(bench: Bench) -> None:
    """
    Wait until nothing else keeps the machine busy; a quick run, which writes nothing, does not.

    Raises:
        BusyMachineError: Something does, for minutes.
    """
    until = time.monotonic() + PATIENCE_S
    while not bench.quick and (load := os.getloadavg()[0]) > BUSY_LOAD:
        if time.monotonic() > until:
            raise BusyMachineError(f"the load average is {load:.1f}, which is more than {BUSY_LOAD:g}")
        await asyncio.sleep(5)


async def pace(bench: Bench) -> list[Row]:
    """Tokens per CPU second at a pace, and how late they come, against nginx."""
    await wait_for_quiet(bench)
    seconds, rounds = bench.times(3, 1), bench.times(5, 2)
    rows: list[Row] = []
    async with upstream() as model, app(model) as ours, nginx(model) as theirs:
        for streams, rate in PACES:
            sides = (("nginx", theirs), ("ours", ours))
            seen = {name: Seen() for name, _ in sides}
            for _, server in sides:
                await Seen().take(server, streams, rate, rate // 4)
            for _ in range(rounds):
                for name, server in sides:
                    await seen[name].take(server, streams, rate, rate * seconds)
            rows += _pace_rows(streams, rate, seen["ours"], seen["nginx"])
    return rows


def _pace_rows(streams: int, rate: int, ours: Seen, theirs: Seen) -> list[Row]:
    what = f"{streams} streams of {rate} tokens a second"
    ratios = [b / a for a, b in zip(ours.cpu_us, theirs.cpu_us, strict=True)]
    cost, relay = median(ours.cpu_us), median(theirs.cpu_us)
    detail = f"{cost:.1f} µs a token against {relay:.1f}, {min(ratios):.2f} to {max(ratios):.2f}"
    late = percentile(ours.delays_ms, 0.999) - percentile(theirs.delays_ms, 0.5)
    under_way = ", ".join(
        f"{name} " + ", ".join(f"{percentile(seen.delays_ms, share):.1f}" for share in (0.5, 0.99, 1))
        for name, seen in (("ours", ours), ("nginx", theirs))
    )
    return [
        Row(f"{what}: tokens per CPU second", relay / cost, "×", "nginx", SHARE, at_most=False, detail=detail),
        Row(
            "added time under way, p99.9", late, "ms", "nginx's median", LATEST_MS,
            detail=f"p50, p99, most: {under_way} ms",
        ),
    ]  # fmt: skip


async def relay(bench: Bench) -> list[Row]:
    """First tokens, answers in bulk, and answers that are not streamed, against nginx; memory after load."""
    await wait_for_quiet(bench)
    async with upstream() as model, app(model) as ours, nginx(model) as theirs:
        return [
            *await _first_tokens(bench, ours, theirs),
            await _bulk(bench, ours, theirs),
            *await _calls(bench, ours, theirs),
            await _after_load(bench, ours),
        ]


async def _first_tokens(bench: Bench, ours: Process, theirs: Process) -> list[Row]:
    times = bench.times(600, 100)
    waits: dict[str, list[float]] = {"ours": [], "nginx": []}
    for round_ in range(times + 30):
        for name, server in (("nginx", theirs), ("ours", ours)):
            heard = await listen(server.url, question(3, 1000))
            if round_ >= 30:
                waits[name].append((heard.first - heard.asked) * 1e3)
    rows = []
    for share, word, reach in ((0.5, "p50", None), (0.99, "p99", 0.5)):
        own, relayed = (percentile(waits[name], share) for name in ("ours", "nginx"))
        detail = f"{own:.2f} ms against {relayed:.2f}"
        rows.append(Row(f"added time to the first token, {word}", own - relayed, "ms", "nginx", reach, detail=detail))
    return rows


async def _bulk(bench: Bench, ours: Process, theirs: Process) -> Row:
    words, streams, rounds = bench.times(4000, 1000), 8, bench.times(7, 3)
    sent = "".join(tokens(words))

    async def cost(server: Process) -> float:
        before = server.cpu_s()
        body = [question(words, 0, stamped=False) for _ in range(streams)]
        for heard in await asyncio.gather(*(listen(server.url, one) for one in body)):
            check(openai_text(heard.body), sent, server.url)
        return (server.cpu_s() - before) * 1e6 / (streams * words)

    spent = await _turns(cost, ours, theirs, rounds)
    return Row(
        "as fast as they come: tokens per CPU second", spent["nginx"] / spent["ours"], "×", "nginx", 0.25,
        at_most=False, detail=f"{spent['ours']:.2f} µs a token against {spent['nginx']:.2f}",
    )  # fmt: skip


async def _turns(cost: Callable[[Process], Any], ours: Process, theirs: Process, rounds: int) -> dict[str, float]:
    """The median of what each side costs; the first round warms up."""
    spent: dict[str, list[float]] = {"nginx": [], "ours": []}
    for round_ in range(rounds + 1):
        for name, server in (("nginx", theirs), ("ours", ours)):
            value = await cost(server)
            if round_:
                spent[name].append(value)
    return {name: median(values) for name, values in spent.items()}


async def _calls(bench: Bench, ours: Process, theirs: Process) -> list[Row]:
    calls, rounds = bench.times(400, 100), bench.times(5, 2)
    waits: dict[str, list[float]] = {ours.url: [], theirs.url: []}

    async def alone(server: Process) -> float:
        return await _cost_of_calls(server, 1, calls, waits[server.url])

    async def in_a_crowd(server: Process) -> float:
        return await _cost_of_calls(server, CROWD, calls // 16, [])

    spent, crowded = await _turns(alone, ours, theirs, rounds), await _turns(in_a_crowd, ours, theirs, rounds)
    own, relayed = median(waits[ours.url]), median(waits[theirs.url])
    return [
        _per_cpu_second(f"not streamed, {CROWD} connections: requests per CPU second", crowded),
        _per_cpu_second("the same, one after another", spent),
        Row(
            "not streamed: added time, p50", own - relayed, "ms", "nginx", 0.3,
            detail=f"{own:.2f} ms against {relayed:.2f}",
        ),
    ]  # fmt: skip


async def _cost_of_calls(server: Process, connections: int, each: int, waits: list[float]) -> float:
    """CPU seconds of a call; how long each took, in milliseconds, goes to ``waits``."""
    sent = "".join(tokens(100))

    async def ask() -> None:
        connection = Connection(server.url)
        for _ in range(each):
            began = time.perf_counter()
            body = await connection.whole(PATH, question(100, 0, stream=False, stamped=False))
            waits.append((time.perf_counter() - began) * 1e3)
            check(msgspec.json.decode(body)["choices"][0]["message"]["content"], sent, server.url)
        connection.close()

    before = server.cpu_s()
    await asyncio.gather(*(ask() for _ in range(connections)))
    return (server.cpu_s() - before) / (connections * each)


def _per_cpu_second(what: str, spent: dict[str, float]) -> Row:
    detail = f"{spent['ours'] * 1e6:.0f} µs a request; nginx {spent['nginx'] * 1e6:.0f}"
    return Row(what, 1 / spent["ours"], "", "–", 2000, at_most=False, detail=detail)


async def _after_load(bench: Bench, ours: Process) -> Row:
    """Memory a minute after ten thousand requests; a quick run asks fewer, and looks sooner."""
    await asyncio.sleep(bench.times(10, 1))
    idle = ours.rss_kib()
    await _cost_of_calls(ours, CROWD, bench.times(157, 8), [])
    busy = ours.rss_kib()
    await asyncio.sleep(bench.times(60, 1))
    after = ours.rss_kib()
    return Row(
        f"resident memory a minute after 10,000 requests at {CROWD} connections", after / idle, "×", "idle", 1.05,
        detail=f"{after / 1024:.1f} MiB against {idle / 1024:.1f}, {busy / 1024:.1f} at the end of the load",
    )  # fmt: skip


async def main(url: str, streams: int, rate: int, words: int) -> None:
    for heard in await crowd(url, streams, rate, words):
        heard.delays_s(words)


if __name__ == "__main__":  # a crowd in a process of its own: ``python -m benchmarks.relay URL STREAMS RATE WORDS``
    uvloop.run(main(sys.argv[1], *map(int, sys.argv[2:5])))
