"""Groq's Batch API as an application uses it: with its key, its prices, and its tiers' models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Protocol

from groq_core.errors import RequestError
from groq_core.events import Usage
from groq_core.models.pricing import cost_usd
from groq_core.services.batch.batch_api import BatchApi, RemoteBatchRun
from groq_core.services.batch.job import Job
from groq_core.services.batch.progress import Progress
from groq_core.services.batch.sink import Sink
from groq_core.services.batch.sources import LineSource
from groq_core.services.candidates import CandidatesCore, resolve_name


class BatchCore(CandidatesCore, Protocol):
    """What this needs of the core."""

    def batches(self) -> AbstractAsyncContextManager[BatchApi]: ...


async def run_later(
    core: BatchCore,
    source: LineSource,
    sink: Sink,
    job: Job,
    total: int | None = None,
    stopping: asyncio.Event | None = None,
) -> AsyncGenerator[Progress, None]:
    """
    Let Groq answer a source within a day, and tell how far it is; begun anew, it looks after the same batches.

    Args:
        stopping: Once set, nothing more is sent, and what Groq has is cancelled there.

    Raises (from the stream):
        SettingsError: There is no key for it.
        RequestError, ProviderError: See :meth:`RemoteBatchRun.run`.
    """
    catalogue = core.catalogue.current

    def price(model: str, usage: Usage) -> float | None:
        spec = catalogue.lookup(f"groq:{model}")
        return cost_usd(spec, usage) if spec else None

    async with core.batches() as api:
        run = RemoteBatchRun(
            lambda: source,
            sink,
            job,
            api,
            model=lambda name: groq_id(core, name),
            price=price,
            total=total,
            simulated=source.recipe.simulated,
            stopping=stopping,
        )
        async with aclosing(run.run()) as steps:
            async for step in steps:
                yield step


def groq_id(core: BatchCore, name: str | None) -> str:
    """
    The Groq model that a line's model stands for; the Batch API knows no tiers and goes on to no other.

    Raises:
        RequestError: It is no model of Groq's.
    """
    spec = resolve_name(core, name or "auto")
    if spec is not None and spec.provider == "groq":
        return spec.id
    if spec is None and name and ":" not in name:
        return name  # new models appear there first
    raise RequestError(
        f"{name or 'auto'} is no model of Groq's now", param="model", hint="Name one that Groq offers this key."
    )
