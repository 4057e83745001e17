"""One HTTP exchange on raw ASGI: read the body, write the answer, notice who hangs up, break the connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from groq_core.simulator.wire_format import Headers, WireError

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

MAX_BODY = 120 * 1024 * 1024
"""Bytes of a request; the largest thing the API takes is a 100 MB recording or batch file."""

TRANSPORT = "groq_core.simulator.transport"
"""Key of the TCP transport in the scope's extensions, where the server is ours."""


class HungUp(Exception):  # noqa: N818 - not an error of ours: the reader left
    """The client closed the connection before the answer was complete."""


class SimulatedExchange:
    """
    A request and its answer.

    Attributes:
        provider: ``groq`` or ``openai``; set by the router.
        key: The bearer key, once it was accepted.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[str, str] = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        self.provider = ""
        self.key = ""
        self.started = False
        self._receive = receive
        self._send = send
        self._hangup: asyncio.Task[None] | None = None

    # ── the request ──────────────────────────────────────────────────────────────────────────────────

    async def body(self) -> bytes:
        """
        The whole request body.

        Raises:
            HungUp: The client left while sending.
            WireError: 413, it is larger than anything the API takes.
        """
        message = await self._receive()
        if message["type"] != "http.disconnect" and not message.get("more_body"):
            return bytes(message.get("body", b""))
        parts: list[bytes] = []
        size = 0
        while message["type"] != "http.disconnect":
            part = message.get("body", b"")
            size += len(part)
            if size > MAX_BODY:
                raise WireError(413, "Request Entity Too Large", code="request_too_large")
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)
            message = await self._receive()
        raise HungUp

    # ── the answer ───────────────────────────────────────────────────────────────────────────────────

    async def start(self, status: int, headers: Headers) -> None:
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes) -> None:
        """
        Send a piece of the body.

        Raises:
            HungUp: Nobody is listening any more.
        """
        if self._hangup is not None and self._hangup.done():
            raise HungUp
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, data: bytes = b"") -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": False})
        if self._hangup is not None:
            self._hangup.cancel()

    async def answer(self, status: int, headers: Headers, body: bytes, *, chunked: bool = False) -> None:
        """A complete response in one go; ``chunked`` leaves its length untold, as both APIs do with a 200."""
        length = [] if chunked else [(b"content-length", str(len(body)).encode())]
        await self.start(status, [*headers, *length])
        await self.finish(body)

    # ── time, and people who leave ───────────────────────────────────────────────────────────────────

    def watch(self) -> None:
        """Start to notice a hang-up; from now on the body can no longer be read."""
        if self._hangup is None:
            self._hangup = asyncio.ensure_future(self._wait_for_disconnect())

    async def pause(self, seconds: float | None) -> None:
        """
        Wait; None waits until the client leaves.

        Raises:
            HungUp: The client left meanwhile.
        """
        self.watch()
        assert self._hangup is not None
        if seconds is not None and seconds < 0.02:
            # Too short for anyone to notice that a hang-up is seen only afterwards, and far cheaper.
            await asyncio.sleep(seconds)
        else:
            await asyncio.wait({self._hangup}, timeout=seconds)
        if self._hangup.done():
            raise HungUp

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    # ── breaking it ──────────────────────────────────────────────────────────────────────────────────

    async def cut(self) -> None:
        """Close the TCP connection after what was written has gone out, without ending the response."""
        self.transport.close()
        await self.pause(None)

    async def reset(self) -> None:
        """Reset the TCP connection (RST), as a crashed host or a strict proxy does."""
        transport = self.transport
        if (sock := transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await self.pause(None)

    @property
    def transport(self) -> asyncio.Transport:
        """
        Raises:
            RuntimeError: Served by a server that is not ours, which does not let us at the connection.
        """
        transport = self.scope.get("extensions", {}).get(TRANSPORT)
        if transport is None:
            raise RuntimeError("faults that break a connection need Simulator.start(), not just Simulator.app")
        return transport  # type: ignore[no-any-return]
