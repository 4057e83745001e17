"""A provider on the other end of the wire: gives scripted bytes in order, keeps what was asked, sees who hangs up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import msgspec

from tests.serving import listening


class Stall(msgspec.Struct, frozen=True):
    """Send nothing more and wait until the client hangs up."""


class Reset(msgspec.Struct, frozen=True):
    """Break the connection off."""


class Close(msgspec.Struct, frozen=True):
    """Close the connection in good order."""


Step: TypeAlias = bytes | Stall | Reset | Close
Script: TypeAlias = Sequence[Step]


def head(status: int, content_type: str, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"content-type: {content_type}", "x-request-id: req_wire", *more, "", ""]
    return "\r\n".join(lines).encode()


def piece(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


END = b"0\r\n\r\n"
STREAM = head(200, "text/event-stream", "transfer-encoding: chunked", "x-ratelimit-limit-tokens: 8000")


def event(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return piece(b"data: " + json.dumps({"id": "c", "choices": choices, **more}).encode() + b"\n\n")


DONE = piece(b"data: [DONE]\n\n")
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def says(*texts: str, model: str | None = "m", ends: Script | None = None) -> Script:
    """Stream an answer; ``ends`` replaces finish reason, usage, ``[DONE]`` and the end of the body."""
    named = {} if model is None else {"model": model}
    words = [event({"content": text}, **named) for text in texts]
    whole: Script = [event({}, "stop", usage=USAGE), DONE + END]
    return [STREAM, *words, *(whole if ends is None else ends)]


def answers(body: object, content_type: str = "application/json") -> Script:
    """One whole body."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [head(200, content_type, f"content-length: {len(data)}") + data]


def fails(status: int, body: object = "", *headers: str, content_type: str = "application/json") -> Script:
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return [head(status, content_type, f"content-length: {len(data)}", *headers) + data]


class Heard(msgspec.Struct, frozen=True):
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class WireServer:
    """
    Attributes:
        heard: Requests in order.
        open: Responses begun and not ended, a refused body included.
        quiet: Set as long as none is open.
    """

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self.heard: list[Heard] = []
        self.connections = 0
        self.open = 0
        self.asked = asyncio.Event()
        self.quiet = asyncio.Event()
        self.url = ""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        body = await self._body(reader, headers)
        self.heard.append(Heard(method, path, headers, body))
        script = self._scripts.pop(0)
        self.open += 1
        self.quiet.clear()
        self.asked.set()
        try:
            return await self._play(script, reader, writer)
        finally:
            self.open -= 1
            if not self.open:
                self.quiet.set()

    async def _body(self, reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await reader.readline(), 16):
                body += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
            return body
        return await reader.readexactly(int(headers.get("content-length", 0)))

    async def _play(self, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        for step in script:
            match step:
                case Stall():
                    await reader.read()
                    return False
                case Reset():
                    await asyncio.sleep(0.02)  # let what was sent arrive first
                    writer.transport.abort()
                    return False
                case Close():
                    return False
                case _:
                    writer.write(step)
                    await writer.drain()
                    await asyncio.sleep(0)
        return True


@asynccontextmanager
async def serving(*scripts: Script) -> AsyncIterator[WireServer]:
    """Serve the scripts on loopback, one a request; more requests than scripts fail loudly at the client."""
    wire = WireServer(*scripts)
    async with listening(wire.handle) as port:
        wire.url = f"http://127.0.0.1:{port}"
        yield wire
