"""Our wire against aiohttp, both under the whole pipeline: what replacing it by a kept library would cost."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from benchmarks.pipeline import Asked, _rounds, core_on, ours
from benchmarks.processes import upstream
from benchmarks.rows import Bench, Row

CHUNK_LIMIT, CALL_LIMIT = 1.25, 1.35
"""A kept library takes our wire's place unless the pipeline then costs more than so many times what it costs now."""


class Answer:
    """A response of aiohttp as the adapters read one."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status_code = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    async def aiter_bytes(self) -> AsyncGenerator[bytes, None]:
        async for data in self._response.content.iter_any():
            yield data

    @property
    def held(self) -> int:
        return self._response.content._size

    async def aread(self) -> bytes:
        return await self._response.read()

    async def aclose(self) -> None:
        self._response.release() if self._response.content.at_eof() else self._response.close()


class AiohttpWire:
    """aiohttp's client, set up as lean as it goes: no cookies, no automatic headers, no decompression."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return Answer(await self._session.request(method, self._base + path, headers=headers, data=body))

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def close(self) -> None:
        """The adapters close without waiting; :meth:`aclose` has been called by then."""


@asynccontextmanager
async def on_aiohttp(model: str) -> AsyncIterator[Asked]:
    """The whole pipeline over aiohttp."""
    async with core_on(model) as core:
        provider: Any = core.clients.by_name["groq"]
        wire = AiohttpWire(f"{model}/openai/v1")
        provider._wire.close()
        provider._wire = wire
        try:
            yield ours(core)
        finally:
            await wire.aclose()


async def wire(bench: Bench) -> list[Row]:
    """CPU per streamed chunk, per paced chunk and per call, over our wire and over aiohttp."""
    chunks, paced, calls = bench.times(4000, 1000), bench.times(1500, 400), bench.times(200, 40)
    rounds = bench.times(7, 3)
    async with upstream() as model, core_on(model) as core, on_aiohttp(model) as theirs:
        both = {"aiohttp": theirs, "ours": ours(core)}
        fast = await _rounds(both, rounds, chunks, 0)
        slow = await _rounds(both, rounds, paced, 100)
        call = await _rounds(both, rounds, 100, 0, stream=False, times=calls)

    def row(what: str, spent: dict[str, float], per: int, unit: float, name: str, reach: float | None) -> Row:
        detail = f"{spent['aiohttp'] / per * unit:.3g} {name} against {spent['ours'] / per * unit:.3g}"
        ratio = spent["aiohttp"] / spent["ours"]
        return Row(what, ratio, "×", "our wire", reach, at_most=False, detail=detail)

    return [
        row("pipeline over aiohttp, CPU per chunk", fast, chunks, 1e6, "µs", None),
        row("the same at 100 chunks a second", slow, paced, 1e6, "µs", CHUNK_LIMIT),
        row("pipeline over aiohttp, CPU per call", call, calls, 1e3, "ms", CALL_LIMIT),
    ]
