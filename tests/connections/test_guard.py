"""What a connection may take, tried with bytes on a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.types import Receive, Scope, Send

from groq_core.connections.guard import Bounds, Guard, bounds_for, protocol_for
from groq_core.connections.line import line_of
from tests.connections.lines import GET, line, listening
from tests.serving import port_of, serving


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param(GET + b"\r\n", b"200", id="small"),
        pytest.param(GET + b"X: " + b"x" * 60_000 + b"\r\n\r\n", b"200", id="60 kB"),
        pytest.param(GET + b"X: " + b"x" * 70_000 + b"\r\n\r\n", b"431", id="70 kB in one field"),
        pytest.param(GET + b"".join(b"X-%d: x\r\n" % n for n in range(150)) + b"\r\n", b"431", id="150 fields"),
        pytest.param(GET + b"".join(b"X-%d: x\r\n" % n for n in range(90)) + b"\r\n", b"200", id="90 fields"),
        pytest.param(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"431", id="70 kB of address"),
        pytest.param(GET + b"X" * 70_000 + b": x\r\n\r\n", b"431", id="70 kB of name"),
        pytest.param(b"\x00\x01\x02 nonsense\r\n\r\n", b"400", id="no HTTP"),
    ],
)
async def test_a_head_has_a_size(head: bytes, status: bytes) -> None:
    async with listening(Bounds()) as port, line(port) as talk:
        await talk.say(head)

        assert (await talk.head()).split(b" ")[1] == status


async def test_a_head_that_never_ends_is_refused_while_it_comes() -> None:
    async with listening(Bounds()) as port, line(port) as talk:
        await talk.say(GET + b"X: ")
        sent = 0
        try:
            while sent < 4_000_000:
                await talk.say(b"x" * 10_000)
                sent += 10_000
        except ConnectionError:
            pass

        assert await talk.hung_up()


@pytest.mark.parametrize("said", [b"", b"GET / HT", GET, b"G"], ids=["nothing", "a word", "half", "a letter"])
async def test_a_head_has_a_time(said: bytes) -> None:
    async with listening(Bounds(head_s=0.2)) as port, line(port) as talk:
        await talk.say(said)

        assert b" 408 " in await talk.head()


async def test_a_second_head_has_a_time_too() -> None:
    async with listening(Bounds(head_s=0.2)) as port, line(port) as talk:
        await talk.say(GET + b"\r\n")
        assert b" 200 " in await talk.head()
        await talk.reader.readexactly(1)
        await talk.say(b"GET / HTT")

        assert b" 408 " in await talk.head()


async def test_a_connection_that_rests_between_requests_is_left_alone() -> None:
    async with listening(Bounds(head_s=0.1)) as port, line(port) as talk:
        for _ in range(2):
            await talk.say(GET + b"\r\n")
            assert b" 200 " in await talk.head()
            await talk.reader.readexactly(1)
            await asyncio.sleep(0.4)


async def test_a_body_that_trickles_is_hung_up_on_and_one_that_flows_is_not() -> None:
    async with listening(Bounds(head_s=0.2, body_rate=1000)) as port, line(port) as slow, line(port) as good:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n"
        await slow.say(head + b"x")
        await good.say(head)
        for _ in range(20):
            await good.say(b"x" * 1000)
            await asyncio.sleep(0.05)

        assert b" 200 " in await good.head()
        assert b" 408 " in await slow.head()
        assert await slow.hung_up()


async def test_one_more_at_rest_closes_the_one_that_has_rested_longest() -> None:
    async with listening(Bounds(idle=2)) as port, line(port) as first, line(port) as second, line(port) as third:
        assert await first.hung_up()
        for talk in (second, third):
            await talk.say(GET + b"\r\n")
            assert b" 200 " in await talk.head()


async def test_at_the_limit_work_goes_on_probes_are_answered_and_newcomers_told() -> None:
    async with listening(Bounds(open=2, spare=4)) as port, line(port) as one, line(port) as two:
        for talk in (one, two):
            await talk.say(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx")
        await asyncio.sleep(0.05)
        async with line(port) as newcomer, line(port) as probe:
            await newcomer.say(GET + b"\r\n")
            told = await newcomer.head()
            await probe.say(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            healthy = await probe.head()
        for talk in (one, two):
            await talk.say(b"y")

            assert b" 200 " in await talk.head()
        assert b" 503 " in told
        assert b"retry-after" in told.lower()
        assert b" 200 " in healthy


@pytest.mark.parametrize("descriptors", [16, 64, 256, 1024, 65_536])
def test_descriptors_are_always_left(descriptors: int) -> None:
    bounds = bounds_for(descriptors)

    assert bounds.open + bounds.spare < descriptors


CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def slowly(bounds: Bounds) -> AsyncIterator[tuple[int, list[Scope]]]:
    """An application that reads everything, then answers in two pieces with three quarters of a second between."""
    scopes: list[Scope] = []

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        scopes.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await asyncio.sleep(0.75)
        await send({"type": "http.response.body", "body": b"b"})

    async with serving(answer, lifespan="off", ws="none", http=protocol_for(Guard(bounds))) as server:
        yield port_of(server), scopes


@pytest.mark.parametrize(
    "said", [b"\r\n", b"\r\n\r\n", b"GET /next HTTP/1.1\r\nHost: a\r\n"], ids=["a line", "two", "half of the next"]
)
async def test_what_comes_during_an_answer_does_not_break_into_it(said: bytes) -> None:
    async with slowly(Bounds(head_s=0.2)) as (port, _), line(port) as one:
        await one.say(GET + b"\r\n")
        assert (await one.head()).startswith(b"HTTP/1.1 200")
        await one.say(said)

        assert await asyncio.wait_for(one.reader.readexactly(2), 10) == b"ab"


@pytest.mark.parametrize(
    "said", [b"\0\0 no request\r\n\r\n", b"X" * 100_000], ids=["what is no request", "a head without end"]
)
async def test_no_second_status_stands_in_the_middle_of_an_answer(said: bytes) -> None:
    async with slowly(Bounds()) as (port, _), line(port) as one:
        await one.say(GET + b"\r\n")
        assert (await one.head()).startswith(b"HTTP/1.1 200")
        await one.say(said)
        rest = b""
        try:
            while piece := await asyncio.wait_for(one.reader.read(100), 10):
                rest += piece
        except ConnectionError:
            pass

    assert rest in (b"", b"a", b"ab")


async def test_trailers_are_no_headers() -> None:
    async with slowly(Bounds()) as (port, scopes), line(port) as one:
        await one.say(CHUNKED + b"1\r\nx\r\n0\r\nX-Forwarded-For: 127.0.0.1\r\nAuthorization: Bearer x\r\n\r\n")
        assert (await one.head()).startswith(b"HTTP/1.1 200")

    assert [name for name, _ in scopes[0]["headers"]] == [b"host", b"transfer-encoding"]


@pytest.mark.parametrize(
    ("begin", "again"),
    [(b"0\r\nX: ", b"x" * 4096), (b"1;", b"e" * 4096), (b"0\r\n", b"X: y\r\n" * 700)],
    ids=["a trailer without end", "a chunk's words without end", "trailers without end"],
)
async def test_what_stands_around_a_body_has_a_size(begin: bytes, again: bytes) -> None:
    async with listening(Bounds()) as port, line(port) as one:
        await one.say(CHUNKED + begin)
        sent = 0
        try:
            while sent < 2**22 and not one.reader.at_eof():
                await one.say(again)
                sent += len(again)
                await asyncio.sleep(0)
        except ConnectionError:
            pass
        assert await one.hung_up()

    assert sent < 2**21


async def test_a_body_may_come_in_chunks_of_one_byte() -> None:
    async with listening(Bounds()) as port, line(port) as one:
        await one.say(CHUNKED + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n")
        assert (await one.head()).startswith(b"HTTP/1.1 200")
        assert await one.reader.readexactly(5) == b"50000"


# ── whoever listens for the client's leaving ─────────────────────────────────────────────────────────


async def hears_of_leaving(bounds: Bounds, *, reads: bool, leaves: bool) -> bool:
    """Whether an answer of 64 MB is told within a second that nobody hears it; nothing is sent to who doesn't read."""
    gone = asyncio.Event()
    begun = asyncio.Event()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        way = line_of(send)
        assert way is not None
        connection = way.listen(gone.set)
        assert connection is not None
        begun.set()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(64 if not reads else 1):
            await send({"type": "http.response.body", "body": bytes(2**20), "more_body": True})
        await asyncio.sleep(2)
        connection.forget_listener(gone.set)

    async with (
        serving(answer, lifespan="off", ws="none", http=protocol_for(Guard(bounds))) as server,
        line(port_of(server)) as one,
    ):
        await one.say(GET + b"\r\n")
        await asyncio.wait_for(begun.wait(), 10)
        if reads:
            await one.head()
        if leaves:
            one.writer.transport.abort()
        try:
            await asyncio.wait_for(gone.wait(), 1)
        except TimeoutError:
            return False
        return True


@pytest.mark.parametrize(
    ("reads", "leaves", "told"), [(True, True, True), (False, False, True), (True, False, False)],
    ids=["hangs up", "reads nothing", "stays and reads"],
)  # fmt: skip
async def test_an_answer_is_told_that_nobody_hears_it(reads: bool, leaves: bool, told: bool) -> None:
    bounds = Bounds(stalled_s=0.2, head_s=0.2)
    assert await hears_of_leaving(bounds, reads=reads, leaves=leaves) is told


async def test_the_next_request_of_a_connection_keeps_its_own_listener() -> None:
    connection = protocol_for(Guard()).__new__(protocol_for(Guard()))
    first, second = asyncio.Event(), asyncio.Event()
    connection.on_gone = second.set
    connection.forget_listener(first.set)

    assert connection.on_gone == second.set
    connection.forget_listener(second.set)
    assert connection.on_gone is None
