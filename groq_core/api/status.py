"""How the process is doing: the snapshot and its changes, and the metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from groq_core.api.asgi import EVENT_STREAM, ApiExchange
from groq_core.api.backend import Backend
from groq_core.encoding import json_bytes
from groq_core.status.snapshot import Snapshot
from groq_core.status.watch import watch

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
        await exchange.answer_json(msgspec.to_builtins(self._backend.board.snapshot(exchange.caller.credential)))

    async def events(self, exchange: ApiExchange) -> None:
        """The snapshot now, and again after every change, until the client or the server goes."""
        if exchange.scope["method"] == "HEAD":
            await exchange.answer(200, b"", *EVENT_STREAM)  # without an end it would hold up the next request
            return
        with exchange.watch():
            await exchange.start(200, EVENT_STREAM)
            told = -1
            async with aclosing(self._watch(exchange.caller.credential)) as snapshots:
                async for snapshot in snapshots:
                    if snapshot.version == told:
                        await exchange.write(b": still here\n\n")
                        continue
                    told = snapshot.version
                    shown = json_bytes(snapshot)
                    await exchange.write(b"event: status\nid: %d\ndata: %b\n\n" % (told, shown))
            await exchange.end()

    def _watch(self, credential: str) -> AsyncGenerator[Snapshot, None]:
        board = self._backend.board
        return watch(board, credential, gather_s=self._gather_s, look_s=self._keep_alive_s, stopping=self._stopping)

    async def metrics(self, exchange: ApiExchange) -> None:
        body = generate_latest(self._backend.metrics.registry)
        await exchange.answer(200, body, (b"content-type", CONTENT_TYPE_LATEST.encode()))
