"""The way from an HTTP client to an ASGI application in the same process, streaming both while it goes."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

import httpx
from starlette.types import ASGIApp, Message

from groq_core.connections.event_loop import let_go

T = TypeVar("T")
Open: TypeAlias = Callable[[], Awaitable[ASGIApp]]
"""Gives the application; called before each request, since it is made when the first one comes."""

AHEAD: Final = 64
"""Pieces of an answer that may wait for a slow reader."""


class InProcessStream(httpx.AsyncByteStream):
    """
    One request on its way through the application, and the body of its answer.

    Args:
        owner: Whoever keeps the application open; not let go of while the answer may be read.
    """

    def __init__(self, app: ASGIApp, request: httpx.Request, body: bytes, owner: object = None) -> None:
        self._owner = owner
        self.started: asyncio.Future[tuple[int, list[tuple[bytes, bytes]]]] = asyncio.get_running_loop().create_future()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(AHEAD)
        self._silence_s: float | None = request.extensions.get("timeout", {}).get("read")
        self._body: bytes | None = body
        self._left = asyncio.Event()
        self._task = asyncio.create_task(self._run(app, request))

    async def _run(self, app: ASGIApp, request: httpx.Request) -> None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": request.url.path,
            "raw_path": request.url.raw_path.split(b"?")[0],
            "query_string": request.url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 0),
            "server": ("localhost", 80),
        }
        try:
            await app(scope, self._receive, self._send)
        except Exception as error:
            if not self.started.done():
                self.started.set_exception(httpx.ReadError(type(error).__name__))
                return
            raise
        finally:
            if not self.started.done():
                self.started.cancel()

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if not self.started.done():  # nobody waits for it any more
                self.started.set_result((message["status"], list(message["headers"])))
            return
        if body := message.get("body", b""):
            await self._pieces.put(body)
        if not message.get("more_body", False):
            await self._pieces.put(None)

    async def head(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """
        Status and headers.

        Raises:
            httpx.ReadTimeout: They are not there after the time that the request gives between two pieces.
        """
        try:
            async with asyncio.timeout(self._silence_s):
                return await self.started
        except TimeoutError:
            raise _silent() from None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            taking = asyncio.ensure_future(self._pieces.get())
            try:
                done, _ = await asyncio.wait(
                    {taking, self._task}, timeout=self._silence_s, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    raise _silent()
                if not taking.done() and self._pieces.empty():
                    raise httpx.ReadError("the answer broke off")
                piece = await taking
            finally:
                taking.cancel()
            if piece is None:
                return
            yield piece

    async def aclose(self) -> None:
        self._left.set()
        if not self._task.done():
            # As an open connection would, a reader that leaves gives the answer up.
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def _silent() -> httpx.ReadTimeout:
    return httpx.ReadTimeout("nothing came in the time that the client gives")


class AsyncTransport(httpx.AsyncBaseTransport):
    """
    Args:
        open_app: Gives the application.
        close: Called when the client is closed.
        forgotten: Called when a client that was never closed is dropped, from anywhere; must not lead back to it.
    """

    def __init__(
        self, open_app: Open, close: Callable[[], Awaitable[None]], forgotten: Callable[[], None] | None = None
    ) -> None:
        self._open = open_app
        self._close = close
        self._exchanges: weakref.WeakSet[InProcessStream] = weakref.WeakSet()
        if forgotten is not None:
            weakref.finalize(self, forgotten).atexit = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        exchange = InProcessStream(await self._open(), request, await request.aread(), self)
        self._exchanges.add(exchange)
        try:
            status, headers = await exchange.head()
        except BaseException:
            await exchange.aclose()
            raise
        return httpx.Response(status, headers=headers, stream=exchange)

    async def aclose(self) -> None:
        await _give_up(self._exchanges)
        await self._close()


async def _give_up(exchanges: Iterable[InProcessStream]) -> None:
    """End what is under way: nothing of it may outlive the application."""
    loop = asyncio.get_running_loop()
    await asyncio.gather(*[one.aclose() for one in list(exchanges) if one.started.get_loop() is loop])


class Loop:
    """An event loop in a thread of its own, for programs that have none."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="groq-core", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """
        Wait for a piece of work done over there.

        Raises:
            httpx.ReadError: The client has been closed.
        """
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise httpx.ReadError("the client has been closed") from None
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise httpx.ReadError("the client has been closed") from None
        except BaseException:
            future.cancel()
            raise

    def end_soon(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something last, and end; nobody waits for it."""

        async def end() -> None:
            try:
                await last()
                # What is cancelled may drop what then has to be closed.
                while others := asyncio.all_tasks() - {asyncio.current_task()}:
                    for task in others:
                        task.cancel()
                    await asyncio.wait(others)
                await self._loop.shutdown_asyncgens()
                await let_go()
            finally:
                self._loop.stop()

        with suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(lambda: self._loop.create_task(end()))

    def end(self, last: Callable[[], Coroutine[Any, Any, None]], seconds: float | None = None) -> None:
        """The same, and wait for it."""
        self.end_soon(last)
        self._thread.join(seconds)


class _SyncStream(httpx.SyncByteStream):
    def __init__(self, loop: Loop, stream: InProcessStream) -> None:
        self._loop = loop
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        pieces = self._stream.__aiter__()

        async def following() -> bytes | None:
            return await anext(pieces, None)

        while (piece := self._loop.run(following())) is not None:
            yield piece

    def close(self) -> None:
        with suppress(httpx.ReadError):  # it ended with its client
            self._loop.run(self._stream.aclose())


class SyncTransport(httpx.BaseTransport):
    """The same for a program without an event loop; arguments as for :class:`AsyncTransport`."""

    def __init__(self, open_app: Open, close: Callable[[], Awaitable[None]]) -> None:
        self._open = open_app
        self._close = close
        self._exchanges: weakref.WeakSet[InProcessStream] = weakref.WeakSet()
        self._loop: Loop | None = None
        self._lock = threading.Lock()
        self._forgotten: weakref.finalize[..., SyncTransport] | None = None
        _transports.add(self)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            if self._loop is None:
                self._loop = Loop()
                # Who is dropped and was never closed takes its thread along.
                self._forgotten = weakref.finalize(self, self._loop.end_soon, partial(_call, self._close))
                self._forgotten.atexit = False
        loop, body = self._loop, request.read()

        async def ask() -> tuple[int, list[tuple[bytes, bytes]], InProcessStream]:
            exchange = InProcessStream(await self._open(), request, body, self)
            self._exchanges.add(exchange)
            try:
                return (*await exchange.head(), exchange)
            except BaseException:
                await exchange.aclose()
                raise

        status, headers, exchange = loop.run(ask())
        return httpx.Response(status, headers=headers, stream=_SyncStream(loop, exchange))

    def close(self, seconds: float | None = None) -> None:
        loop, self._loop = self._loop, None
        if loop is None:
            return
        if self._forgotten is not None:
            self._forgotten.detach()

        async def last() -> None:
            await _give_up(self._exchanges)
            await self._close()

        loop.end(last, seconds)

    def forget(self) -> None:
        """In a process that has been forked off: its threads and what ran in them are the parent's."""
        self._lock, self._loop = threading.Lock(), None
        if self._forgotten is not None:
            self._forgotten.detach()


async def _call(close: Callable[[], Awaitable[None]]) -> None:
    await close()


_transports: Final[weakref.WeakSet[SyncTransport]] = weakref.WeakSet()

AT_EXIT_S: Final = 2.0
"""Seconds for which the end of a program waits for clients that it never closed."""


def _close_all() -> None:
    for transport in list(_transports):
        transport.close(AT_EXIT_S)


def _forget_all() -> None:
    for transport in list(_transports):
        transport.forget()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget_all)
