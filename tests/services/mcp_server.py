"""A real MCP server for a test, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.fastmcp import FastMCP

from tests.serving import serving, url_of


@asynccontextmanager
async def serve(lab: FastMCP, port: int = 0) -> AsyncIterator[str]:
    """Serve it on loopback, at any free port where none is given, and give its address."""
    async with serving(lab.streamable_http_app(), port=port) as server:
        yield f"{url_of(server)}/mcp"
