"""The wire of our own against servers of every kind, on the loop of the tests and on the one that serves."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import httpx
import pytest

from groq_core.providers.connection import BACKLOG_BYTES, LARGEST_HEAD
from groq_core.providers.wire import HeaderError, Wire
from tests.providers.wires import OK, Run, ask, wire_to
from tests.serving import listening
from tests.wire_server import END, Close, Reset, Script, Stall, WireServer, head, piece, serving

CHUNKED = head(200, "text/event-stream", "transfer-encoding: chunked")


@asynccontextmanager
async def open_wire(*scripts: Script, idle: int = 8, idle_s: float = 60) -> AsyncIterator[tuple[Wire, WireServer]]:
    async with serving(*scripts) as server:
        wire = wire_to(f"{server.url}/v1", idle=idle, idle_s=idle_s)
        try:
            yield wire, server
        finally:
            wire.close()


# ── what goes out ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [2, 1_000_000])
def test_a_question_goes_out_whole(run: Run, size: int) -> None:
    async def main() -> None:
        async with open_wire([OK]) as (wire, server):
            body = b"x" * size
            answer = await wire.ask("POST", "/chat", {"authorization": "Bearer k"}, body)
            await answer.aclose()

            heard = server.heard[0]
            assert (heard.method, heard.path, heard.body) == ("POST", "/v1/chat", body)
            assert heard.headers["authorization"] == "Bearer k"
            assert heard.headers["host"] == server.url.removeprefix("http://")

    run(main())


def test_a_question_without_a_body_has_no_length(run: Run) -> None:
    async def main() -> None:
        async with open_wire([OK]) as (wire, server):
            await (await wire.ask("GET", "/models", {})).aclose()

            assert (server.heard[0].method, "content-length" in server.heard[0].headers) == ("GET", False)

    run(main())


@pytest.mark.parametrize("value", ["key\r\nx-evil: 1", "key\n", "key\x00", "ключ", "kéy", "key\x85"])
async def test_a_header_cannot_begin_another(value: str) -> None:
    async with open_wire([OK]) as (wire, server):
        with pytest.raises(HeaderError) as caught:
            await wire.ask("POST", "/chat", {"authorization": value})

        assert not server.heard
        assert value not in str(caught.value)


# ── what comes back ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([head(200, "text/plain", "content-length: 5") + b"hello"], id="a length"),
        pytest.param([CHUNKED, piece(b"hel"), piece(b"lo") + END], id="chunks"),
        pytest.param([CHUNKED + piece(b"hel")[:5], piece(b"hel")[5:], piece(b"lo"), END], id="chunks cut anywhere"),
        pytest.param([CHUNKED, piece(b"hello") + b"0\r\nx-sum: 1\r\n\r\n"], id="a trailer"),
        pytest.param([head(200, "text/plain", "connection: close"), b"hello", Close()], id="the end of the line"),
        pytest.param([b"HTTP/1.0 200 OK\r\n\r\n", b"hello", Close()], id="HTTP/1.0"),
        pytest.param([b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + CHUNKED, piece(b"hello") + END], id="a hint"),
        pytest.param(
            [head(200, "text/plain", "content-encoding: gzip", "connection: close") + gzip.compress(b"hello"), Close()],
            id="gzip nobody asked for",
        ),
        pytest.param(
            [CHUNKED[:-2] + b"content-encoding: deflate\r\n\r\n", piece(zlib.compress(b"hello")) + END], id="deflate"
        ),
    ],
)
def test_a_body_is_whole_however_it_is_framed(run: Run, script: Sequence[bytes | Close]) -> None:
    async def main() -> None:
        async with open_wire(script) as (wire, _):
            assert await ask(wire) == (200, b"hello")

    run(main())


async def test_headers_are_told_once_and_in_lower_case() -> None:
    async with open_wire([head(429, "text/plain", "Retry-After: 2", "X-A: 1", "x-a: 2", "content-length: 0")]) as (
        wire,
        _,
    ):
        answer = await wire.ask("POST", "/chat", {})
        await answer.aclose()

    assert (answer.status_code, answer.headers["retry-after"], answer.headers["x-a"]) == (429, "2", "1, 2")
    assert answer.headers["content-type"] == "text/plain"


def test_what_came_before_a_break_is_heard(run: Run) -> None:
    async def main() -> None:
        async with open_wire([CHUNKED, piece(b"hello"), Reset()]) as (wire, _):
            answer = await wire.ask("POST", "/chat", {})
            async with aclosing(answer.aiter_bytes()) as reads:
                assert await anext(reads) == b"hello"
                with pytest.raises(httpx.ReadError):
                    await anext(reads)
            await answer.aclose()

    run(main())


@pytest.mark.parametrize(
    ("script", "error"),
    [
        pytest.param([Close()], httpx.ReadError, id="closed without a word"),
        pytest.param([Reset()], httpx.ReadError, id="reset without a word"),
        pytest.param([b"SSH-2.0-OpenSSH_9.2\r\n", Stall()], httpx.RemoteProtocolError, id="no HTTP"),
        pytest.param(
            [b"HTTP/1.1 200 OK\r\nx: " + b"x" * LARGEST_HEAD, Stall()], httpx.RemoteProtocolError, id="endless"
        ),
        pytest.param([head(200, "a/b", "content-length: 9") + b"hello", Close()], httpx.ReadError, id="too short"),
        pytest.param([CHUNKED, piece(b"hello"), Close()], httpx.ReadError, id="no last chunk"),
        pytest.param(
            [b"HTTP/1.1 101 X\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n", Stall()],
            httpx.RemoteProtocolError,
            id="h2",
        ),
        pytest.param([CHUNKED, b"5\r\nhelloXX", Stall()], httpx.RemoteProtocolError, id="broken framing"),
        pytest.param(
            [head(200, "a/b", "content-encoding: gzip", "content-length: 5") + b"hello"],
            httpx.DecodingError,
            id="no gzip",
        ),
        pytest.param(
            [head(200, "a/b", "content-length: 5", "transfer-encoding: chunked") + b"hello", Stall()],
            httpx.RemoteProtocolError,
            id="two framings",
        ),
    ],
)
def test_what_is_no_answer_is_an_error(run: Run, script: Script, error: type[Exception]) -> None:
    async def main() -> None:
        async with open_wire(script) as (wire, _):
            with pytest.raises(error):
                await ask(wire)

    run(main())


# ── connections ──────────────────────────────────────────────────────────────────────────────────────


def test_a_connection_is_used_again(run: Run) -> None:
    async def main() -> None:
        async with open_wire([OK], [CHUNKED, piece(b"a") + END], [OK]) as (wire, server):
            for _ in range(3):
                await ask(wire)

            assert server.connections == 1

    run(main())


@pytest.mark.parametrize(
    "first",
    [
        pytest.param([head(200, "a/b", "content-length: 2", "connection: close") + b"ok"], id="asked to close"),
        pytest.param([OK, Close()], id="closed afterwards"),
        pytest.param([OK + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"], id="an answer nobody asked for"),
    ],
)
def test_a_connection_that_is_no_longer_good_is_not_used_again(run: Run, first: Script) -> None:
    async def main() -> None:
        async with open_wire(first, [OK]) as (wire, server):
            try:
                await ask(wire)
            except httpx.RemoteProtocolError:
                assert len(first) == 1  # it came in one read with the answer, which is then not believed either
            await asyncio.sleep(0.05)

            assert await ask(wire) == (200, b"ok")
            assert server.connections == 2

    run(main())


def test_a_line_that_speaks_while_it_is_idle_is_hung_up(run: Run) -> None:
    async def main() -> None:
        speak = asyncio.Event()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n{}")
            writer.write(OK)
            await speak.wait()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
            assert await reader.read() == b""
            hung_up.set()
            writer.close()

        hung_up = asyncio.Event()
        async with listening(handle) as port:
            wire = wire_to(f"http://127.0.0.1:{port}")
            assert await ask(wire) == (200, b"ok")
            speak.set()
            async with asyncio.timeout(5):
                await hung_up.wait()

    run(main())


async def test_an_idle_connection_is_kept_so_long() -> None:
    async with open_wire([OK], [OK], idle_s=0.05) as (wire, server):
        await ask(wire)
        async with asyncio.timeout(5):
            while wire.idle:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        await ask(wire)

        assert server.connections == 2


async def test_so_many_idle_connections_are_kept() -> None:
    async with open_wire(*[[OK]] * 5, idle=2) as (wire, _):
        await asyncio.gather(*(ask(wire) for _ in range(5)))

        assert wire.idle == 2


def test_walking_away_hangs_up(run: Run) -> None:
    async def main() -> None:
        async with open_wire([CHUNKED, piece(b"a"), Stall()], [Stall()]) as (wire, server):
            answer = await wire.ask("POST", "/chat", {})
            async with aclosing(answer.aiter_bytes()) as reads:
                assert await anext(reads) == b"a"
            await answer.aclose()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await ask(wire)
            async with asyncio.timeout(5):
                await server.quiet.wait()

            assert wire.idle == 0

    run(main())


def test_a_closed_wire_hangs_up_what_is_under_way(run: Run) -> None:
    async def main() -> None:
        async with open_wire([CHUNKED, piece(b"a"), Stall()]) as (wire, server):
            answer = await wire.ask("POST", "/chat", {})
            wire.close()
            with pytest.raises(httpx.ReadError):
                await answer.aread()
            async with asyncio.timeout(5):
                await server.quiet.wait()

    run(main())


async def test_a_closed_wire_can_be_used_in_another_loop() -> None:
    def other_loops(wire: Wire) -> list[tuple[int, bytes]]:
        async def once() -> tuple[int, bytes]:
            try:
                return await ask(wire)
            finally:
                wire.close()

        return [asyncio.run(once()), asyncio.run(once())]

    async with serving([OK], [OK]) as server:
        assert await asyncio.to_thread(other_loops, wire_to(server.url)) == [(200, b"ok")] * 2


def test_a_reader_who_stops_holds_the_server_back(run: Run) -> None:
    async def main() -> None:
        sent = 0

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await reader.readuntil(b"\r\n\r\n")
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            writer.write(CHUNKED)
            while sent < 64_000_000:
                writer.write(piece(b"x" * 64_000))
                sent += 64_000
                await writer.drain()
            writer.write(END)
            await writer.drain()
            writer.close()

        async with listening(handle) as port:
            wire = wire_to(f"http://127.0.0.1:{port}")
            answer = await wire.ask("GET", "/", {})
            before = -1
            while sent != before:
                before = sent
                await asyncio.sleep(0.3)
            assert sent < 16_000_000  # what the kernel holds, and what we do
            assert answer.unread < 2 * BACKLOG_BYTES
            size = 0
            async with aclosing(answer.aiter_bytes()) as reads:
                async for data in reads:
                    size += len(data)
            await answer.aclose()
            wire.close()

        assert size == sent == 64_000_000

    run(main())
