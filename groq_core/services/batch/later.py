"""Groq's Batch API as an application uses it: with its key, its prices, and its tiers' models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, Protocol

from groq_core.errors import RequestError
from groq_core.events import Note, Usage
from groq_core.models.pricing import cost_usd
from groq_core.models.spec import ModelSpec
from groq_core.requests import ChatRequest
from groq_core.services.batch.batch_api import RemoteBatchRun
from groq_core.services.batch.job import Job
from groq_core.services.batch.progress import Progress
from groq_core.services.batch.remote_api import BatchApi
from groq_core.services.batch.sink import Sink
from groq_core.services.batch.sources import LineSource
from groq_core.services.candidates import CandidatesCore, resolve_name
from groq_core.services.sent_pictures import clean_now, pieces_within


class GroqBatchApi(BatchApi, Protocol):
    """Groq's Batch API, which also knows what Groq takes."""

    def chat_body(self, request: ChatRequest, spec: ModelSpec) -> tuple[dict[str, Any], list[Note]]: ...


class BatchCore(CandidatesCore, Protocol):
    """What this needs of the core."""

    def batches(self) -> AbstractAsyncContextManager[GroqBatchApi]: ...


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

    pieces = pieces_within(core.catalogue)

    async with core.batches() as api:

        def fit(body: dict[str, Any]) -> tuple[dict[str, Any], tuple[Note, ...]]:
            """What the chain does to a chat that Groq is asked at once: pictures made anew, parameters it takes."""
            rest = {name: value for name, value in body.items() if name not in ("messages", "model")}
            request = ChatRequest(messages=tuple(body["messages"]), model=body["model"], params=rest, stream=False)
            request, notes = clean_now(request, pieces)
            if (spec := catalogue.lookup(f"groq:{body['model']}")) is None:
                return {**body, "messages": list(request.messages)}, notes
            fitted, more = api.chat_body(request, spec)
            del fitted["stream"]
            return fitted, (*notes, *more)

        run = RemoteBatchRun(
            lambda: source,
            sink,
            job,
            api,
            model=lambda name: groq_id(core, name),
            price=price,
            fit=fit,
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
