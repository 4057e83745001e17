"""The whole application, page and API, on a free port of loopback, with any settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn

from groq_core.compose import Core, assemble
from groq_core.serve import create_app
from groq_core.settings.settings import Settings


@asynccontextmanager
async def house(**environ: str) -> AsyncIterator[tuple[httpx.AsyncClient, Core]]:
    """Serve it with these variables set; gives a client and what is behind it."""
    async with assemble(Settings.from_env(environ)) as core:
        await core.catalogue.refresh()
        async with served(core) as url, httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
            yield client, core


@asynccontextmanager
async def served(core: Core) -> AsyncIterator[str]:
    config = uvicorn.Config(
        create_app(core), host="127.0.0.1", port=0, log_config=None, lifespan="on", proxy_headers=False
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.force_exit = True  # streams without an end are not waited for
        await server.shutdown()
        await server.lifespan.shutdown()


async def new_pass(client: httpx.AsyncClient) -> dict[str, str]:
    """The header that the page sends with everything."""
    return {"x-groq-core-page": (await client.get("ui/pass")).json()["pass"]}
