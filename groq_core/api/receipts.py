"""One receipt for work that takes many requests: an extraction's questions, an agent's steps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from time import perf_counter
from typing import Any

import msgspec

from groq_core.events import AttemptRecord, Events, Usage
from groq_core.pipeline import Handler
from groq_core.reply import Receipt
from groq_core.requests import Request

SIMULATED = (b"x-groq-core-simulated", b"1")
"""Header of every answer that no model gave."""

_COUNTED = ("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "reasoning_tokens")


class Receipts:
    """
    Keeps the receipt of every request that goes through :attr:`handle`.

    Args:
        simulated: The answers are the simulator's, and the reason says so.
    """

    def __init__(
        self,
        handle: Handler[Request],
        request_id: str,
        *,
        simulated: bool,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._handle = handle
        self._request_id = request_id
        self._simulated = simulated
        self._clock = clock
        self._started = clock()
        self._kept: list[Receipt] = []

    async def handle(self, request: Request) -> Events:
        """The pipeline, watched."""
        receipt = Receipt()
        self._kept.append(receipt)
        async with aclosing(self._handle(request)) as events:
            async for event in events:
                receipt.note(event, self._clock() - self._started)
                yield event

    def as_dict(self) -> dict[str, Any]:
        """The ``x_groq_core`` object of the whole: attempts in order, usage and costs added up."""
        last = next((one for one in reversed(self._kept) if one.served_by), None) or (self._kept or [Receipt()])[-1]
        attempts: list[AttemptRecord] = [record for one in self._kept for record in one.attempts]
        attempts.sort(key=lambda record: record.started_s or 0.0)
        costs = [one.cost_usd for one in self._kept if one.cost_usd is not None]
        caches = {one.cache for one in self._kept}
        return {
            **last.as_dict(),
            "request_id": self._request_id,
            "reason": f"{last.reason} (simulator: no model)".strip() if self._simulated else last.reason,
            "cache": "hit" if caches == {"hit"} else "miss" if caches & {"hit", "miss"} else "off",
            "degraded": any(one.degraded for one in self._kept),
            "attempts": [msgspec.to_builtins(record) for record in attempts],
            "usage": self._usage(),
            "cost_usd": sum(costs) if costs else None,
        }

    def _usage(self) -> dict[str, Any] | None:
        usages = [one.finished.usage for one in self._kept if one.finished is not None and one.finished.usage]
        if not usages:
            return None
        totals = {name: sum(getattr(usage, name) for usage in usages) for name in _COUNTED}
        return msgspec.to_builtins(Usage(**totals))  # type: ignore[no-any-return]
