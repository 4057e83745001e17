"""Where one request ends and the next begins: whatever could be read in two ways is refused."""

from __future__ import annotations

import asyncio

import pytest

from groq_core.connections.guard import Bounds
from tests.connections.lines import ASK, GET, NEXT, line, listening


@pytest.mark.parametrize(
    "said",
    [
        GET + b"Host: evil.example\r\n\r\n",
        GET + b"Host: a\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://evil.example?/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        ASK + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
        ASK + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + NEXT,
        ASK + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + NEXT,
        ASK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhii" + NEXT,
        ASK + b"Content-Length: +2\r\n\r\nhi",
        ASK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        ASK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        ASK + b"Transfer-Encoding: chunked\r\n\r\n2\nhi\n0\n\n",
        GET + b"X: b\r\n folded\r\n\r\n",
        GET + b"X: b\rY: c\r\n\r\n",
        GET + b"X: b\0c\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
    ],
)
async def test_what_could_be_read_in_two_ways_is_refused(said: bytes) -> None:
    async with listening(Bounds()) as port, line(port) as one:
        await one.say(said)

        assert (await one.head()).startswith(b"HTTP/1.1 400")
        assert await one.hung_up()


@pytest.mark.parametrize(
    "said",
    [
        b"GET http://a/ HTTP/1.1\r\nHost: A\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        ASK + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\n\r\n",
    ],
)
async def test_what_can_be_read_in_one_way_is_answered(said: bytes) -> None:
    async with listening(Bounds()) as port, line(port) as one:
        await one.say(said)

        assert (await one.head()).startswith(b"HTTP/1.1 200")


UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n"
WITH_LENGTH = ASK + UPGRADE + b"Content-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    "said",
    [
        [WITH_LENGTH],
        [ASK + UPGRADE.lower() + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
        [WITH_LENGTH[:-5], b"hello"],
        *([WITH_LENGTH[:at], WITH_LENGTH[at:]] for at in range(len(ASK) + 34, len(ASK) + 50, 3)),
    ],
)
async def test_what_offers_another_protocol_is_answered_in_this_one(said: list[bytes]) -> None:
    """As Java's client offers HTTP/2 with everything over plain HTTP, and httptools then passes over the body."""
    async with listening(Bounds()) as port, line(port) as one:
        for _ in range(2):
            for piece in said:
                await one.say(piece)
                await asyncio.sleep(0.02)
            assert (await one.head()).startswith(b"HTTP/1.1 200")
            assert await one.reader.readexactly(1) == b"5"


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("size", [0, 1, 60_000, 70_000, 300_000])
async def test_bodies_follow_each_other_on_one_connection(size: int, together: bool) -> None:
    """What the one before carried is no framing of the next, wherever the reads are cut."""
    head, body = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % size, b"x" * size
    async with listening(Bounds()) as port, line(port) as one:
        for _ in range(6):
            for piece in [head + body] if together else [head, body]:
                await one.say(piece)
                await asyncio.sleep(0.01)  # the server has read it by itself, or else tries the other case once more
            assert b" 200 " in await one.head()
            assert await one.reader.readexactly(len(b"%d" % size)) == b"%d" % size
