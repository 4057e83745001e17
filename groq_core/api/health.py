"""Whether the process serves, and whether a request would find somebody to answer it."""

from __future__ import annotations

import asyncio
from typing import Any

from groq_core import __version__
from groq_core.api.asgi import ApiExchange
from groq_core.api.backend import Backend


class HealthEndpoint:
    """
    The endpoints an orchestrator asks.

    Args:
        stopping: Set when the server begins to stop; from then on it is not ready.
    """

    def __init__(self, backend: Backend, stopping: asyncio.Event) -> None:
        self._backend = backend
        self._stopping = stopping

    async def health(self, exchange: ApiExchange) -> None:
        """200 as long as the process serves; asks nobody."""
        await exchange.answer_json({"status": "ok", "version": __version__})

    async def ready(self, exchange: ApiExchange) -> None:
        """200 when a request would have a target now, else 503 and why."""
        snapshot = self._backend.board.snapshot()
        why = "the server is stopping" if self._stopping.is_set() else snapshot.not_ready_why
        ready = snapshot.ready and not self._stopping.is_set()
        body: dict[str, Any] = {
            "ready": ready,
            "mode": snapshot.mode,
            "tiers": {tier.tier: tier.target for tier in snapshot.tiers},
        }
        if snapshot.shared:
            body |= {"shared": snapshot.shared, "replicas": snapshot.replicas}
        if snapshot.database:
            body["database"] = snapshot.database
        if ready:
            await exchange.answer_json(body)
        else:
            waits = [target.rests_for_s for target in snapshot.targets if target.rests_for_s is not None]
            retry_after = max(1, round(min(waits, default=5.0)))
            await exchange.answer_json(body | {"why": why}, (b"retry-after", b"%d" % retry_after), status=503)
