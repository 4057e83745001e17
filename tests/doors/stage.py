"""The whole application, page and API, on a free port of loopback, with any settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from groq_core.compose import Core, assemble
from groq_core.serve import create_app
from groq_core.settings.settings import Settings
from tests.serving import serving, url_of


@asynccontextmanager
async def house(**environ: str) -> AsyncIterator[tuple[httpx.AsyncClient, Core]]:
    """Serve it with these variables set; gives a client and what is behind it."""
    async with assemble(Settings.from_env(environ)) as core:
        await core.catalogue.refresh()
        async with served(core) as url, httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
            yield client, core


@asynccontextmanager
async def served(core: Core) -> AsyncIterator[str]:
    async with serving(create_app(core), lifespan="on", proxy_headers=False) as server:
        yield f"{url_of(server)}/"


async def new_pass(client: httpx.AsyncClient) -> dict[str, str]:
    """The header that the page sends with everything."""
    return {"x-groq-core-page": (await client.get("ui/pass")).json()["pass"]}
