"""`groq_core.AsyncGroq` and `groq_core.Groq`: Groq's SDK, whose requests go to the chain instead of to one host."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import AsyncExitStack
from typing import Any

import groq
import httpx
from starlette.types import ASGIApp

from groq_core.api.app import create_api
from groq_core.client.in_process import AsyncTransport, SyncTransport
from groq_core.compose import assemble
from groq_core.redaction import Secret
from groq_core.settings.env_file import load
from groq_core.settings.settings import Settings

ADDRESS = "http://localhost"
"""Stands in for a host; nothing is sent there."""


class InProcessApp:
    """The application in this process: made when the first request comes, closed with its client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._owned = AsyncExitStack()
        self._app: ASGIApp | None = None
        self._opening: asyncio.Lock | None = None

    async def open(self) -> ASGIApp:
        """The HTTP API, without its doors: who calls it is this very program."""
        if self._opening is None:
            self._opening = asyncio.Lock()
        async with self._opening:
            if self._app is None:
                core = await self._owned.enter_async_context(assemble(self._settings))
                self._app = create_api(core)
        return self._app

    async def close(self) -> None:
        self._app = None
        await self._owned.aclose()


def _settings(settings: Settings | None, api_key: str | None, base_url: str | httpx.URL | None) -> Settings:
    """What the environment says, less the doors, with what the caller says."""
    chosen = settings if settings is not None else load()
    changes: dict[str, Any] = {"api_tokens": (), "auth_file": None, "server_name": "127.0.0.1"}
    if api_key is not None:
        changes["groq_api_key"] = Secret(api_key)
    if base_url is not None:
        changes["groq_base_url"] = str(base_url).rstrip("/")
    return dataclasses.replace(chosen, **changes)


class AsyncGroq(groq.AsyncGroq):
    """
    `groq.AsyncGroq` with the chain behind it.

    >>> from groq_core import AsyncGroq  # doctest: +SKIP
    >>> async with AsyncGroq() as client:  # doctest: +SKIP
    ...     answer = await client.chat.completions.create(model="auto", messages=[...])
    ...     print(answer.choices[0].message.content, answer.x_groq_core["served_by"])

    Shapes, errors and streams are the SDK's own. Retries are the chain's, so ``max_retries`` is of no effect.

    Args:
        api_key: Groq's; else the environment's. Without any key the built-in simulator answers.
        base_url: Groq's host; else the environment's.
        settings: In place of the environment's.
        options: Further arguments of `groq.AsyncGroq`.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | httpx.URL | None = None,
        settings: Settings | None = None,
        **options: Any,
    ) -> None:
        house = InProcessApp(_settings(settings, api_key, base_url))
        transport = AsyncTransport(house.open, house.close)
        options |= {"max_retries": 0, "http_client": httpx.AsyncClient(transport=transport, timeout=None)}
        super().__init__(api_key="groq-core", base_url=ADDRESS, **options)


class Groq(groq.Groq):
    """
    `groq.Groq` with the chain behind it; arguments as for :class:`AsyncGroq`. It works in a thread of its own.

    >>> from groq_core import Groq  # doctest: +SKIP
    >>> with Groq() as client:  # doctest: +SKIP
    ...     print(client.chat.completions.create(model="auto", messages=[...]).choices[0].message.content)
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | httpx.URL | None = None,
        settings: Settings | None = None,
        **options: Any,
    ) -> None:
        house = InProcessApp(_settings(settings, api_key, base_url))
        transport = SyncTransport(house.open, house.close)
        options |= {"max_retries": 0, "http_client": httpx.Client(transport=transport, timeout=None)}
        super().__init__(api_key="groq-core", base_url=ADDRESS, **options)
