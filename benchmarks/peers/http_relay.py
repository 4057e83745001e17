"""
The least that an HTTP server in Python costs a request: it is parsed, and so is its answer, and neither is looked at.

    python http_relay.py PORT UPSTREAM_PORT

uvicorn with uvloop and httptools, as ``app.py`` runs on, and kept connections to the model. Whatever a gateway does
for a request beyond this, it does on top.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import httptools
import uvicorn


class Exit(asyncio.Protocol):
    """A connection to the model; one exchange after another goes over it."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.on_body = self.pieces.append
        self.complete = False
        self.kind = b""
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def ask(self, path: str, body: bytes) -> None:
        self.complete = False
        self._parser = httptools.HttpResponseParser(self)
        head = (
            f"POST {path} HTTP/1.1\r\nhost: model\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        )
        self._transport.write(head.encode() + b"\r\n" + body)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)
        if self._waiter is not None and not self._waiter.done() and (self.pieces or self.complete):
            self._waiter.set_result(None)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self.kind = value

    def on_message_complete(self) -> None:
        self.complete = True

    async def read(self) -> bytes:
        """What has come of the body."""
        if not self.pieces and not self.complete:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        data = b"".join(self.pieces)
        self.pieces.clear()
        return data


class Relay:
    """The ASGI application."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._idle: list[Exit] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        exit_ = self._idle.pop() if self._idle else await self._connect()
        exit_.ask(scope["path"], body)
        data = await exit_.read()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", exit_.kind)]})
        while not exit_.complete:
            await send({"type": "http.response.body", "body": data, "more_body": True})
            data = await exit_.read()
        self._idle.append(exit_)
        await send({"type": "http.response.body", "body": data, "more_body": False})

    async def _connect(self) -> Exit:
        _, exit_ = await asyncio.get_running_loop().create_connection(Exit, "127.0.0.1", self._upstream)
        return exit_


if __name__ == "__main__":
    uvicorn.run(
        Relay(int(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]),
        http="httptools", loop="uvloop", log_config=None, access_log=False, lifespan="off", ws="none",
    )  # fmt: skip
