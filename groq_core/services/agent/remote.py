"""Tools of a remote MCP server, over streamable HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pydantic_core import to_json

from groq_core.errors import RequestError
from groq_core.redaction import redacted
from groq_core.services.agent.tools import MAX_RESULT, Arguments, Tool, loose

if TYPE_CHECKING:
    import mcp_types
    from mcp import Client

CONNECT_S: Final = 10.0
CALL_S: Final = 60.0
READ_S: Final = 300.0
"""A server may hold a stream open for that long without a word."""

MOST_TOOLS: Final = 100
"""Groq takes 128 in one request."""


class RemoteToolError(Exception):
    """The server says the tool failed; the message is the server's."""


@asynccontextmanager
async def remote_tools(
    url: str,
    *,
    label: str = "",
    headers: Mapping[str, str] | None = None,
    dangerous: bool | None = None,
    timeout: float = CALL_S,
    connect_seconds: float = CONNECT_S,
) -> AsyncIterator[list[Tool]]:
    """
    Connect to an MCP server for as long as the context lasts.

    The connection lives in a task of its own, so the context may be entered and left in different tasks, as an
    async generator under a web server does. The address must come from the operator or be checked first: this
    process fetches it.

    Args:
        url: Of the server's MCP endpoint.
        label: Put before the tools' names, so that two servers' do not clash.
        headers: Sent with every request, e.g. an authorization; never shown.
        dangerous: Whether its tools need approval; None asks for it unless the server calls a tool read-only.
        timeout: Seconds one call may take.

    Raises:
        RequestError: The server cannot be reached or does not speak MCP.
    """
    connection = _Connection(url, headers, timeout)
    try:
        client, listed = await connection.opened(connect_seconds)
        yield [_tool(client, one, label, dangerous, timeout) for one in listed[:MOST_TOOLS]]
    finally:
        await connection.close()


class _Connection:
    """Keeps a client open in a task of its own."""

    def __init__(self, url: str, headers: Mapping[str, str] | None, timeout: float) -> None:
        self._url = url
        self._headers = dict(headers or {})
        self._timeout = timeout
        self._leave = asyncio.Event()
        self._ready: asyncio.Future[tuple[Client, list[mcp_types.Tool]]] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold())

    async def opened(self, seconds: float) -> tuple[Client, list[mcp_types.Tool]]:
        host = urlsplit(self._url).hostname or "?"
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._ready)
        except TimeoutError:
            raise _unreachable(host, f"it did not answer within {seconds:g} s") from None
        except Exception as error:  # transports raise groups of whatever they ran into
            raise _unreachable(host, _cause(error)) from None

    async def close(self) -> None:
        self._leave.set()
        if not self._ready.done():
            self._task.cancel()
        await asyncio.wait({self._task}, timeout=5.0)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._ready.done() and not self._ready.cancelled():
            self._ready.exception()

    async def _hold(self) -> None:
        # Its import takes half a second, and few runs need it.
        import httpx2
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client

        try:
            async with httpx2.AsyncClient(
                headers=self._headers, timeout=httpx2.Timeout(CONNECT_S, read=READ_S)
            ) as http:
                transport = streamable_http_client(self._url, http_client=http)
                async with Client(transport, read_timeout_seconds=self._timeout, cache=None) as client:
                    listed = await _listed(client)
                    if not self._ready.done():
                        self._ready.set_result((client, listed))
                    await self._leave.wait()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # told to whoever waits; afterwards nobody does
            if not self._ready.done():
                self._ready.set_exception(error)


async def _listed(client: Client) -> list[mcp_types.Tool]:
    found: list[mcp_types.Tool] = []
    cursor: str | None = None
    while len(found) < MOST_TOOLS:
        page = await client.list_tools(cursor=cursor)
        found += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return found


def _tool(client: Client, one: mcp_types.Tool, label: str, dangerous: bool | None, timeout: float) -> Tool:
    async def call(arguments: Arguments) -> object:
        result = await client.call_tool(one.name, arguments)
        text = written(result)
        if result.is_error:
            raise RemoteToolError(text or "the server says it failed")
        return text

    hints = one.annotations
    harmless = bool(hints and hints.read_only_hint)
    name = re.sub(r"[^A-Za-z0-9_-]", "_", f"{label}_{one.name}" if label else one.name)[:64]
    return Tool(
        name=name,
        description=(one.description or one.title or "")[:2_000],
        parameters=loose(dict(one.input_schema)),
        call=call,
        dangerous=not harmless if dangerous is None else dangerous,
        timeout=timeout,
        max_result=MAX_RESULT,
    )


def written(result: mcp_types.CallToolResult) -> str:
    """Write a result down as text; pictures and sounds are only mentioned."""
    pieces = [_block(block) for block in result.content]
    text = "\n".join(piece for piece in pieces if piece)
    if not text and result.structured_content is not None:
        return to_json(result.structured_content, fallback=str).decode()
    return text


def _block(block: Any) -> str:
    match block.type:
        case "text":
            return str(block.text)
        case "resource":
            return str(getattr(block.resource, "text", "") or f"[a file: {block.resource.uri}]")
        case "resource_link":
            return f"[a link: {block.name} {block.uri}]"
        case "image" | "audio":
            return f"[{block.type}, {len(block.data) * 3 // 4} bytes, not shown]"
        case _:
            return ""


def _cause(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return redacted(f"{type(error).__name__}: {error}")[:300]


def _unreachable(host: str, why: str) -> RequestError:
    return RequestError(
        f"the MCP server at {host} cannot be used: {why}",
        param="tools",
        code="mcp_unreachable",
        hint="Check its address and that it speaks MCP over streamable HTTP.",
    )
