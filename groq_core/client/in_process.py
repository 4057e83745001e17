"""The way from an HTTP client to an ASGI application in the same process, streaming both while it goes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import Any, Final, TypeAlias, TypeVar

import httpx
from starlette.types import ASGIApp, Message

T = TypeVar("T")
Open: TypeAlias = Callable[[], Awaitable[ASGIApp]]
"""Gives the application; called before each request, since it is made when the first one comes."""

AHEAD: Final = 64
"""Pieces of an answer that may wait for a slow reader."""


class InProcessStream(httpx.AsyncByteStream):
    """One request on its way through the application, and the body of its answer."""

    def __init__(self, app: ASGIApp, request: httpx.Request, body: bytes) -> None:
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
    """

    def __init__(self, open_app: Open, close: Callable[[], Awaitable[None]]) -> None:
        self._open = open_app
        self._close = close

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        exchange = InProcessStream(await self._open(), request, await request.aread())
        try:
            status, headers = await exchange.head()
        except BaseException:
            await exchange.aclose()
            raise
        return httpx.Response(status, headers=headers, stream=exchange)

    async def aclose(self) -> None:
        await self._close()


class Loop:
    """An event loop in a thread of its own, for programs that have none."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="groq-core", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for a piece of work done over there."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


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
        self._loop.run(self._stream.aclose())


class SyncTransport(httpx.BaseTransport):
    """The same for a program without an event loop; arguments as for :class:`AsyncTransport`."""

    def __init__(self, open_app: Open, close: Callable[[], Awaitable[None]]) -> None:
        self._open = open_app
        self._close = close
        self._loop: Loop | None = None
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            if self._loop is None:
                self._loop = Loop()
        loop, body = self._loop, request.read()

        async def ask() -> tuple[int, list[tuple[bytes, bytes]], InProcessStream]:
            exchange = InProcessStream(await self._open(), request, body)
            try:
                return (*await exchange.head(), exchange)
            except BaseException:
                await exchange.aclose()
                raise

        status, headers, exchange = loop.run(ask())
        return httpx.Response(status, headers=headers, stream=_SyncStream(loop, exchange))

    def close(self) -> None:
        loop, self._loop = self._loop, None
        if loop is None:
            return

        async def close() -> None:
            await self._close()

        loop.run(close())
        loop.close()
