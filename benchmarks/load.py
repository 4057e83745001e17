"""HTTP clients that cost next to nothing, so that the server's limits are met and not theirs."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec


@dataclass(frozen=True, slots=True)
class Heard:
    """One streamed answer: its text, and seconds from the question to its first and last words."""

    text: str
    first_s: float
    last_s: float


class Connection:
    """One kept-alive connection and the requests on it, one after the other."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, path: str, body: object, headers: dict[str, str] | None = None) -> asyncio.StreamReader:
        if self._writer is None or self._reader is None:
            host, _, port = self._host.partition(":")
            self._reader, self._writer = await asyncio.open_connection(host, int(port), limit=2**20)
        data = json.dumps(body).encode()
        lines = {
            "host": self._host,
            "content-type": "application/json",
            "content-length": str(len(data)),
            **(headers or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._writer.write(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
        return self._reader

    async def whole(self, path: str, body: object, headers: dict[str, str] | None = None) -> bytes:
        """The body of an answer that has a length, or comes in chunks."""
        reader = await self.send(path, body, headers)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.I)
        if length:
            return await reader.readexactly(int(length[1]))
        return await _chunks(reader)

    async def stream(
        self, path: str, body: object, headers: dict[str, str] | None = None
    ) -> tuple[bytes, float, float]:
        """All bytes of a streamed answer, and when its first content and its end came, in seconds."""
        began = time.perf_counter()
        reader = await self.send(path, body, headers)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head[:20]:
            raise RuntimeError(head.split(b"\r\n")[0].decode())
        parts: list[bytes] = []
        first = 0.0
        while size := int(await reader.readline(), 16):
            data = await reader.readexactly(size + 2)
            parts.append(data[:-2])
            if not first and (b'"content":"' in data or b'"t":' in data):
                first = time.perf_counter() - began
        await reader.readline()
        return b"".join(parts), first, time.perf_counter() - began

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while size := int(await reader.readline(), 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readline()
    return b"".join(parts)


def openai_text(stream: bytes) -> str:
    """The text of a stream on OpenAI's wire."""
    words: list[str] = []
    for line in stream.split(b"\n"):
        if line.startswith(b"data: {"):
            chunk = msgspec.json.decode(line[6:])
            words += [choice["delta"].get("content") or "" for choice in chunk.get("choices", ())]
    return "".join(words)


def response_text(stream: bytes) -> str:
    """The text of a stream of the Responses API."""
    lines = (line for line in stream.split(b"\n") if b'"type":"response.output_text.delta"' in line)
    return "".join(msgspec.json.decode(line.removeprefix(b"data: "))["delta"] for line in lines)


def page_text(stream: bytes) -> str:
    """The text of a stream on the page's own wire."""
    lines = (line for line in stream.split(b"\n") if line.startswith(b'data: {"t":'))
    return "".join(msgspec.json.decode(line[6:])["t"] for line in lines)


def page_pass(url: str) -> dict[str, str]:
    """The header that a page sends with its questions."""
    with urllib.request.urlopen(f"{url}/ui/pass") as response:
        return {"x-groq-core-page": json.load(response)["pass"]}


def question(prompt: str) -> dict[str, object]:
    """What the page sends."""
    return {"turns": [{"role": "user", "text": prompt}], "model": "openai/gpt-oss-20b", "fresh": True}


async def person(url: str, prompt: str, headers: dict[str, str]) -> Heard:
    """One person's question by the page's own route."""
    connection = Connection(url)
    try:
        stream, first, last = await connection.stream("/ui/chat", question(prompt), headers)
    finally:
        connection.close()
    return Heard(page_text(stream), first, last)
