"""`groq_core.AsyncGroq` and `groq_core.Groq`: Groq's SDK, whose requests go to the chain instead of to one host."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Final

import groq
import httpx
from starlette.types import ASGIApp

from groq_core.api.app import create_api
from groq_core.client.in_process import AsyncTransport, SyncTransport
from groq_core.compose import assemble
from groq_core.connections.event_loop import PerLoop
from groq_core.redaction import Secret
from groq_core.settings.env_file import load
from groq_core.settings.settings import Settings

ADDRESS: Final = "http://localhost"
KEY: Final = "groq-core"
"""Stand in for a host and a key, which the SDK wants; nothing is sent there, and neither is used."""


class InProcessApp:
    """The application in this process: made when the first request comes, closed with its client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._apps = PerLoop(self._make)
        self._clients = 0
        self._others: dict[tuple[str | None, str | None], InProcessApp] = {}

    async def _make(self, owned: AsyncExitStack) -> ASGIApp:
        app = create_api(await owned.enter_async_context(assemble(self._settings)))
        owned.push_async_callback(app.batches.stop)  # what is written stays, and whoever is next goes on from it
        return app

    async def open(self) -> ASGIApp:
        """The HTTP API, without its doors: who calls it is this very program."""
        return await self._apps.get()

    def other(self, api_key: str | None, base_url: str | None) -> InProcessApp:
        """The same with another key or host, as far as they are given; closed together."""
        if api_key is None and base_url is None:
            return self
        if (api_key, base_url) not in self._others:
            self._others[api_key, base_url] = InProcessApp(_changed(self._settings, api_key, base_url))
        return self._others[api_key, base_url]

    def join(self) -> Callable[[], None]:
        """One more client has it; returns what to call when that is dropped, from whichever thread."""
        self._clients += 1
        return self._leave

    def _leave(self) -> None:
        self._clients -= 1
        if not self._clients:
            self._apps.close_soon()

    async def close(self) -> None:
        for app in (*self._others.values(), self):
            await app._apps.close()


class AsyncHttpClient(httpx.AsyncClient):
    """The SDK's connections; a copy of its client brings them along, and so finds the same application."""

    def __init__(self, app: InProcessApp) -> None:
        self.app = app
        super().__init__(transport=AsyncTransport(app.open, app.close, app.join()), timeout=None)


class HttpClient(httpx.Client):
    """The same for a program without an event loop."""

    def __init__(self, app: InProcessApp) -> None:
        self.app = app
        super().__init__(transport=SyncTransport(app.open, app.close), timeout=None)


def _app(http_client: object, settings: Settings | None, api_key: str | None, base_url: str | None) -> InProcessApp:
    """The application behind a client that is made; ``http_client`` is another's where it is made as a copy of that."""
    if settings is None and isinstance(http_client, AsyncHttpClient | HttpClient):
        return http_client.app.other(api_key, base_url)
    chosen = settings if settings is not None else load()
    # Less the doors: who asks is this very program.
    chosen = dataclasses.replace(chosen, api_tokens=(), auth_file=None, server_name="127.0.0.1")
    return InProcessApp(_changed(chosen, api_key, base_url))


def _changed(settings: Settings, api_key: str | None, base_url: str | None) -> Settings:
    changes: dict[str, Any] = {}
    if api_key is not None:
        changes["groq_api_key"] = Secret(api_key)
    if base_url is not None:
        changes["groq_base_url"] = base_url
    return dataclasses.replace(settings, **changes)


def _given(api_key: str | None, base_url: str | httpx.URL | None) -> tuple[str | None, str | None]:
    """Key and host, less what stands in for them: a copy is given what its original has."""
    url = None if base_url is None else str(base_url).rstrip("/")
    return None if api_key == KEY else api_key, None if url == ADDRESS else url


class AsyncGroq(groq.AsyncGroq):
    """
    `groq.AsyncGroq` with the chain behind it.

    >>> from groq_core import AsyncGroq  # doctest: +SKIP
    >>> async with AsyncGroq() as client:  # doctest: +SKIP
    ...     answer = await client.chat.completions.create(model="auto", messages=[...])
    ...     print(answer.choices[0].message.content, answer.x_groq_core["served_by"])

    Shapes, errors, streams and timeouts are the SDK's own. Retries and connections are the chain's, so ``max_retries``
    and ``http_client`` are of no effect.

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
        http_client: httpx.AsyncClient | None = None,
        **options: Any,
    ) -> None:
        app = _app(http_client, settings, *_given(api_key, base_url))
        same = isinstance(http_client, AsyncHttpClient) and http_client.app is app
        options |= {"max_retries": 0, "http_client": http_client if same else AsyncHttpClient(app)}
        super().__init__(api_key=KEY, base_url=ADDRESS, **options)


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
        http_client: httpx.Client | None = None,
        **options: Any,
    ) -> None:
        app = _app(http_client, settings, *_given(api_key, base_url))
        same = isinstance(http_client, HttpClient) and http_client.app is app
        options |= {"max_retries": 0, "http_client": http_client if same else HttpClient(app)}
        super().__init__(api_key=KEY, base_url=ADDRESS, **options)
