"""How the process is doing: the snapshot and its changes, and the metrics."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from groq_core.api.asgi import EVENT_STREAM, ApiExchange
from groq_core.api.backend import Backend

KEEP_ALIVE_S = 15.0
"""Proxies close a connection that is silent for 30 or 60 s."""

GATHER_S = 0.2
"""Least time between two snapshots on one connection: a fast model changes the state a thousand times a second."""


class Status:
    """
    The endpoints.

    Args:
        stopping: Set when the server begins to stop, so that streams without an end of their own come to one.
    """

    def __init__(
        self,
        backend: Backend,
        stopping: asyncio.Event,
        *,
        keep_alive_s: float = KEEP_ALIVE_S,
        gather_s: float = GATHER_S,
    ) -> None:
        self._backend = backend
        self._stopping = stopping
        self._keep_alive_s = keep_alive_s
        self._gather_s = gather_s

    async def snapshot(self, exchange: ApiExchange) -> None:
        await exchange.answer_json(self._current(exchange.caller.credential)[1])

    async def events(self, exchange: ApiExchange) -> None:
        """The snapshot now, and again after every change, until the client or the server goes."""
        with exchange.watch():
            await exchange.start(200, EVENT_STREAM)
            while not self._stopping.is_set():
                version, shown = self._current(exchange.caller.credential)
                await exchange.write(b"event: status\nid: %d\ndata: %b\n\n" % (version, orjson.dumps(shown)))
                await asyncio.sleep(self._gather_s)
                while not await self._wait_for_change(version) and not self._stopping.is_set():
                    await exchange.write(b": still here\n\n")
            await exchange.end()

    def _current(self, credential: str) -> tuple[int, dict[str, Any]]:
        snapshot = self._backend.board.snapshot(credential)
        return snapshot.version, msgspec.to_builtins(snapshot)

    async def _wait_for_change(self, version: int) -> bool:
        """Wait for a change, a stop, or the time for a sign of life; true for a change."""
        waits = {
            asyncio.ensure_future(self._backend.board.wait_for_change(version)),
            asyncio.ensure_future(self._stopping.wait()),
        }
        try:
            done, _ = await asyncio.wait(waits, timeout=self._keep_alive_s, return_when=asyncio.FIRST_COMPLETED)
            return bool(done)
        finally:
            for wait in waits:
                wait.cancel()

    async def metrics(self, exchange: ApiExchange) -> None:
        body = generate_latest(self._backend.metrics.registry)
        await exchange.answer(200, body, (b"content-type", CONTENT_TYPE_LATEST.encode()))
