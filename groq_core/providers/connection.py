"""One connection to a provider: llhttp takes the framing off, and what one read brought goes on in one piece."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, Callable
from functools import lru_cache
from typing import Any, TypeAlias, cast

import httptools
import httpx

from groq_core.providers.read_pace import ReadPace

Take: TypeAlias = Callable[[list[bytes]], bool]
"""Gets what one read brought of a body, in its pieces; false when its reader has to be woken."""

BACKLOG_BYTES = 256 * 1024
"""What waits for a reader that is slower than the provider; then the socket is not read, and the provider waits."""

LARGEST_HEAD = 64 * 1024
"""Bytes of a response's headers."""

MUCH = 16 * 1024
"""Bytes of a read after which the next one need not wait: fifty tokens."""

ONE_WRITE = 64 * 1024
"""Bytes of a body that are cheaper copied behind the head than sent after it."""

FRAMED = ("content-length", "transfer-encoding")


@lru_cache(maxsize=512)
def _spelt(name: bytes) -> str:
    """A header's name in lower case. A provider's answers have twenty, the same each time."""
    return name.decode("latin-1").lower()


class Connection(asyncio.Protocol):
    """
    One connection, over which one exchange goes after another.

    Args:
        pace: How often the sockets of fast streams are read; None for as often as they have something.
        sock: Of a connection that nothing encrypts, which may be read past the event loop.

    Attributes:
        status: Of the response; 0 until its headers are there.
        headers: Names in lower case.
        held: Bytes that have come and that nobody has read, framing included.
        idle_since: Loop time at which the last exchange ended.
    """

    # Called by the parser for every piece of a body, hence the list's own method and none of ours.
    on_body: Any

    def __init__(self, pace: ReadPace | None = None, sock: socket.socket | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._pace = pace
        # On Windows the loop has asked the system for the next bytes already, and nobody else may.
        self._sock = sock if sys.platform != "win32" else None
        self._paced = False
        self._take: Take | None = None
        self._parts: list[bytes] = []
        self.on_body = self._parts.append
        self._waiter: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self.idle_since = 0.0
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._parts.clear()
        self.held = 0
        self._complete = self._keep = False
        self._take = None
        self.status = 0
        self.headers: dict[str, str] = {}

    # ── what is asked of it ──────────────────────────────────────────────────────────────────────────

    def send(self, head: bytes, body: bytes) -> None:
        """
        Begin an exchange.

        Raises:
            httpx.HTTPError: The server has hung up as soon as it had answered the call.
        """
        if self._transport is None:
            raise self._error or httpx.ReadError("the connection is closed")
        self._begin()
        if len(body) < ONE_WRITE:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)

    async def wait_for_headers(self) -> None:
        """
        Wait for the headers.

        Raises:
            httpx.HTTPError: They did not come, or are none.
        """
        while not self.status:
            if self._error is not None:
                raise self._error
            await self._wait()

    async def reads(self) -> AsyncGenerator[bytes, None]:
        """
        The body, as much at a time as has come.

        Raises:
            httpx.HTTPError: It broke off, after everything that came before.
        """
        parts = self._parts
        try:
            while True:
                if parts:
                    yield self._read_on()
                elif self._complete:
                    return
                elif self._error is not None:
                    raise self._error
                else:
                    await self._wait()
        finally:
            self._take = None
            self.leave_pace()

    async def read_all(self) -> bytes:
        """The whole body; errors as for :meth:`reads`."""
        found: list[bytes] = []
        while True:
            if self._parts:
                found.append(self._read_on())
            elif self._complete:
                return found[0] if len(found) == 1 else b"".join(found)
            elif self._error is not None:
                raise self._error
            else:
                await self._wait()

    def _read_on(self) -> bytes:
        """Take what has come, and let more come where that was too much to wait."""
        data = self._all()
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    def _all(self) -> bytes:
        """Take what has come and nobody has read."""
        parts = self._parts
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self.held = 0
        return data

    def offer(self, take: Take) -> None:
        """
        Hand each read over at once from now on, as long as :meth:`reads` is being waited for: no task is woken.

        Args:
            take: Gets pieces of the body. False: the reader has to be woken, and gets empty bytes.
        """
        self._take = take

    @property
    def reusable(self) -> bool:
        """Whether another exchange may follow: the last one is over and read, and both sides kept the line open."""
        return self._complete and self._keep and not self._paused and self._error is None

    def hang_up(self) -> None:
        """Close at once, whatever is under way."""
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ── what the socket says ─────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes | memoryview) -> None:
        self.held += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(httpx.RemoteProtocolError(f"that is no HTTP: {error.__context__ or error}"))
            return
        take, waiter = self._take, self._waiter
        hears = take is not None and waiter is not None and not waiter.done()
        if take is not None and hears and self._parts and not self._complete and self._hand_over(take, len(data)):
            return
        self.leave_pace()
        if not self.status and self.held > LARGEST_HEAD:
            self._fail(httpx.RemoteProtocolError(f"more than {LARGEST_HEAD} bytes of headers"))
        elif self.held > BACKLOG_BYTES and not self._paused and not self._complete:
            self._paused = True
            assert self._transport is not None
            self._transport.pause_reading()
        self._wake()

    def _hand_over(self, take: Take, size: int) -> bool:
        """Give to whoever takes; false when the reader is to be woken."""
        parts = self._parts
        pieces = len(parts)
        try:
            taken = take(parts)
        except Exception as error:
            self._fail(error)  # a bug, which belongs into the reader's task
            return True
        finally:
            parts.clear()
            self.held = 0
        if not taken:
            parts.append(b"")
            return False
        pace = self._pace
        if pace is None:
            return True
        if self._paced and self._sock is not None and size < MUCH:
            pace.pieces += pieces  # this is its beat, which looks at the clock for all of them
            return True
        if self._transport is None:
            return True
        pace.count(pieces)
        # A read that brought much has gathered it already.
        if not pace.interval_s or size >= MUCH:
            self.leave_pace()
        else:
            self._paced = True
            self._transport.pause_reading()
            pace.join(self)
        return True

    @property
    def descriptor(self) -> int:
        """Of the socket that is read past the event loop; -1 where there is none."""
        return self._sock.fileno() if isinstance(self._sock, socket.socket) else -1

    def read_again(self) -> None:
        """Read what has come since the last time; called by the pace."""
        if self._sock is None or self._pace is None:
            if self._transport is not None:
                self._transport.resume_reading()  # until the next bytes are here
            return
        try:
            size = self._sock.recv_into(self._pace.buffer)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._fail(httpx.ReadError(str(error)))
            return
        if size:
            self.data_received(self._pace.buffer[:size])
        else:
            self.leave_pace()  # the loop finds the end as well

    def leave_pace(self) -> None:
        """Read as soon as there is something, again."""
        if self._paced:
            self._paced = False
            if self._pace is not None:
                self._pace.leave(self)
            if self._transport is not None and not self._transport.is_closing():
                self._transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self.leave_pace()
        if self.status and not error and not any(name in self.headers for name in FRAMED):
            self._complete = True  # such a body ends with the connection
        self._keep = False
        self._error = self._error or httpx.ReadError(str(error) if error else "the server closed the connection")
        self._wake()

    def _fail(self, error: Exception) -> None:
        self._error = error
        self.leave_pace()
        self.hang_up()
        self._wake()

    # ── what the parser says ─────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        if self._complete:
            raise ValueError("an answer nobody asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:
            return  # a trailer
        headers, key, text = self.headers, _spelt(name), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self.headers.clear()  # an interim response: the real one follows
            return
        self.status = status
        self._keep = self._parser.should_keep_alive()

    def on_message_complete(self) -> None:
        self._complete = bool(self.status)
