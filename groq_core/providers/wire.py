"""
A chat's way to the provider: JSON there, bytes back, over kept connections, with nothing in between that costs.

By the SDK's clients a question costs 1.8 ms of CPU more, and a streamed chunk 3.6 µs of Python. Here the head is put
together from what is the same for all, llhttp (as ``httptools``, which serves our own pages too) takes the chunked
framing off, and what one read of the socket brought goes on in one piece. See ``benchmarks/decoder.py``.
"""

from __future__ import annotations

import asyncio
import ssl
import urllib.request
from collections.abc import AsyncGenerator, Mapping
from socket import SOCK_STREAM
from typing import Any

import aiohappyeyeballs
import httpx

from groq_core.providers.codings import decode_stream, plain
from groq_core.providers.connection import Connection, Take
from groq_core.providers.read_pace import ReadPace

ADDRESSES_S = 10.0
"""Seconds for which a host's addresses are good."""

HEADS = 100
"""Heads that are kept put together: one for each key that is asked with."""

EYEBALLS_S = 0.25
"""Head start of the first address over the second. Source: RFC 8305, section 8."""


class HeaderError(ValueError):
    """A header that cannot be sent: a control character would end it and begin another."""


class WireResponse:
    """A response whose body may still be under way."""

    def __init__(self, wire: Wire, connection: Connection) -> None:
        self._wire = wire
        self._connection = connection
        self._closed = False
        self.status_code = connection.status
        self.headers: Mapping[str, str] = connection.headers

    def aiter_bytes(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes; in plain bytes, even where the server compressed it though nobody asked."""
        coding = self.headers.get("content-encoding", "")
        reads = self._connection.reads()
        return reads if plain(coding) else decode_stream(reads, coding)

    def offer(self, take: Take) -> None:
        """
        Hand over what comes from now on at once, while nobody does anything but wait for it; see
        :meth:`Connection.offer`. What is compressed goes its usual way.
        """
        if plain(self.headers.get("content-encoding", "")):
            self._connection.offer(take)

    @property
    def unread(self) -> int:
        """Bytes that have come and that nobody has read."""
        return self._connection.held

    async def aread(self) -> bytes:
        if plain(self.headers.get("content-encoding", "")):
            return await self._connection.read_all()
        return b"".join([data async for data in self.aiter_bytes()])

    async def aclose(self) -> None:
        """Keep the connection if all was read, hang up if not."""
        if not self._closed:
            self._closed = True
            self._wire.release(self._connection)


class Wire:
    """
    Connections to one provider.

    Args:
        url: Scheme, host and port, and what comes before every path.
        connect_s: Seconds to a connection, TLS included.
        idle: Most connections kept for later.
        idle_s: Seconds they are kept.
    """

    def __init__(self, url: httpx.URL, tls: ssl.SSLContext, *, connect_s: float, idle: int, idle_s: float) -> None:
        self._host = url.raw_host.decode()
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._tls = tls if url.scheme == "https" else None
        self._prefix = url.raw_path.rstrip(b"/")
        self._netloc = url.netloc
        self._connect_s, self._most, self._idle_s = connect_s, idle, idle_s
        self._idle: list[Connection] = []
        self._used: set[Connection] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._addresses: tuple[float, list[Any]] = (0.0, [])
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pace: ReadPace | None = None
        self._heads: dict[tuple[str, str, tuple[tuple[str, str], ...]], bytes] = {}

    @property
    def idle(self) -> int:
        """Connections kept for later."""
        return len(self._idle)

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> WireResponse:
        """
        Send a request and wait for the headers of the response.

        Raises:
            httpx.HTTPError: There is no connection, or it broke.
            HeaderError: A header has a control character in it, or one that is not ASCII.
        """
        head = self._head(method, path, headers, len(body))
        connection = self._take_idle() or await self._connect()
        self._used.add(connection)
        try:
            connection.send(head, body)
            await connection.wait_for_headers()
        except BaseException:
            self._used.discard(connection)
            connection.hang_up()
            raise
        return WireResponse(self, connection)

    def release(self, connection: Connection) -> None:
        """Take back a connection that :meth:`ask` gave away with its answer."""
        self._used.discard(connection)
        if not connection.reusable or len(self._idle) >= self._most or self._loop is None:
            connection.hang_up()
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(self._idle_s, self._sweep)

    def close(self) -> None:
        """Hang up everything, also what is under way."""
        for connection in (*self._idle, *self._used):
            connection.hang_up()
        self._idle.clear()
        self._used.clear()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    def _head(self, method: str, path: str, headers: Mapping[str, str], length: int) -> bytes:
        asked = method, path, tuple(headers.items())
        head = self._heads.get(asked)
        if head is None:
            if len(self._heads) >= HEADS:
                self._heads.clear()
            head = self._heads[asked] = self._first_lines(method, path, headers)
        return head + b"\r\n" if method == "GET" else b"%bcontent-length: %d\r\n\r\n" % (head, length)

    def _first_lines(self, method: str, path: str, headers: Mapping[str, str]) -> bytes:
        """A head without its length and its end."""
        lines = [f"{name}: {value}" for name, value in headers.items()]
        if not all(line.isprintable() for line in lines):
            raise HeaderError("a header has a control character in it")
        try:
            fields = "\r\n".join((*lines, "")).encode("ascii")
        except UnicodeEncodeError:
            raise HeaderError("a header has a character in it that is not ASCII") from None
        target = self._prefix + path.encode()
        return b"%s %s HTTP/1.1\r\nhost: %s\r\n%s" % (method.encode(), target, self._netloc, fields)

    def _take_idle(self) -> Connection | None:
        """A connection of this loop that still stands; the one used last, since it stands most surely."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            # What another loop left behind cannot be used or even hung up: its transports ended with it.
            self._loop, self._sweeper, self._pace = loop, None, ReadPace(loop)
            self._idle.clear()
            self._used.clear()
        while self._idle:
            # The newest: older ones are then left to be swept, and a server hangs up on those first.
            connection = self._idle.pop()
            if connection.reusable and loop.time() - connection.idle_since < self._idle_s:
                return connection
            connection.hang_up()
        return None

    def _sweep(self) -> None:
        assert self._loop is not None
        self._sweeper, now = None, self._loop.time()
        for connection in [one for one in self._idle if not one.reusable or now - one.idle_since >= self._idle_s]:
            self._idle.remove(connection)
            connection.hang_up()
        if self._idle:
            self._sweeper = self._loop.call_at(self._idle[0].idle_since + self._idle_s, self._sweep)

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_s):
                known_at, addresses = self._addresses
                if not addresses or loop.time() - known_at > ADDRESSES_S:
                    addresses = await loop.getaddrinfo(self._host, self._port, type=SOCK_STREAM)
                    self._addresses = loop.time(), addresses
                sock = await aiohappyeyeballs.start_connection(addresses, happy_eyeballs_delay=EYEBALLS_S, loop=loop)
                _, connection = await loop.create_connection(
                    lambda: Connection(self._pace, None if self._tls else sock),
                    sock=sock,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls else None,
                )
        except TimeoutError:
            raise httpx.ConnectTimeout(f"no connection within {self._connect_s:g} s") from None
        except OSError as error:
            # The name may have moved, so the next attempt looks it up anew.
            self._addresses = 0.0, []
            raise httpx.ConnectError(str(error)) from error
        return connection


def direct(url: httpx.URL) -> bool:
    """Whether this is an address without anything that only the SDK's clients know about: a proxy, a password."""
    proxies = urllib.request.getproxies()
    proxied = (url.scheme in proxies or "all" in proxies) and not urllib.request.proxy_bypass(url.host)
    return url.scheme in {"http", "https"} and not (url.userinfo or url.query or proxied)
