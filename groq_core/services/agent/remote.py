"""Tools of a remote MCP server, over streamable HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pydantic_core import to_json

from groq_core.errors import RequestError
from groq_core.redaction import redacted
from groq_core.services.agent.tools import MAX_RESULT, Arguments, Tool, loose

if TYPE_CHECKING:
    from mcp import ClientSession
    from mcp.types import CallToolResult
    from mcp.types import Tool as RemoteTool

CONNECT_S: Final = 10.0
CALL_S: Final = 60.0
READ_S: Final = 300.0
"""A server may hold a stream open for that long without a word."""

TIMED_OUT: Final = 408
"""The session's own code for a call that took too long."""

GOODBYE_S: Final = 2.0
"""That long a connection stays open to say that its last calls are cancelled."""

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
        listed = await connection.opened(connect_seconds)
        yield [_tool(connection, one, label, dangerous, timeout) for one in listed[:MOST_TOOLS]]
    finally:
        await connection.close()


class _Connection:
    """Keeps a session open in a task of its own."""

    def __init__(self, url: str, headers: Mapping[str, str] | None, timeout: float) -> None:
        self._url = url
        self._headers = dict(headers or {})
        self._timeout = timeout
        self._leave = asyncio.Event()
        self._why = ""
        self._goodbyes: set[asyncio.Task[None]] = set()
        self._ready: asyncio.Future[tuple[ClientSession, list[RemoteTool]]] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold())

    async def opened(self, seconds: float) -> list[RemoteTool]:
        host = urlsplit(self._url).hostname or "?"
        try:
            async with asyncio.timeout(seconds):
                _, listed = await asyncio.shield(self._ready)
                return listed
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

    async def call(self, name: str, arguments: Arguments) -> CallToolResult:
        """
        Call a tool; whoever stops waiting stops the server's work too.

        Raises:
            RemoteToolError: The connection is closed, or breaks before there is an answer.
            McpError: The server refuses, or takes too long.
        """
        call = asyncio.create_task(self._call(name, arguments))
        try:
            # A connection that breaks leaves its calls waiting, so it is waited for beside them.
            await asyncio.wait({call, self._task}, return_when=asyncio.FIRST_COMPLETED)
            if call.done() and (call.exception() is None or not self._task.done()):
                return call.result()
        finally:
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        raise RemoteToolError(f"the connection to the MCP server is closed{self._why}")

    async def _call(self, name: str, arguments: Arguments) -> CallToolResult:
        from mcp import McpError

        session, _ = await self._ready
        # A session numbers its requests and tells nobody; nothing is awaited before it takes this number.
        number = session._request_id
        try:
            # A second more than the agent allows, so that it is the agent who says what took too long.
            return await session.call_tool(name, arguments, timedelta(seconds=self._timeout + 1))
        except (asyncio.CancelledError, McpError) as error:
            if not isinstance(error, McpError) or error.error.code == TIMED_OUT:
                # Not awaited: whoever cancels is not to wait for the server.
                goodbye = asyncio.create_task(_cancel(session, number))
                self._goodbyes.add(goodbye)
                goodbye.add_done_callback(self._goodbyes.discard)
            raise

    async def _hold(self) -> None:
        # Its import takes half a second, and few runs need it.
        import httpx
        from mcp import ClientSession
        from mcp.client.streamable_http import streamable_http_client

        try:
            async with (
                httpx.AsyncClient(headers=self._headers, timeout=httpx.Timeout(CONNECT_S, read=READ_S)) as http,
                streamable_http_client(self._url, http_client=http) as (incoming, outgoing, _),
                ClientSession(incoming, outgoing) as session,
            ):
                await session.initialize()
                listed = await _listed(session)
                if not self._ready.done():
                    self._ready.set_result((session, listed))
                await self._leave.wait()
                if self._goodbyes:
                    await asyncio.wait(self._goodbyes, timeout=GOODBYE_S)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # told to whoever waits, or calls later
            self._why = f": {_cause(error)}"
            if not self._ready.done():
                self._ready.set_exception(error)


async def _cancel(session: ClientSession, number: int) -> None:
    from anyio import BrokenResourceError, ClosedResourceError
    from mcp.types import CancelledNotification, CancelledNotificationParams, ClientNotification

    params = CancelledNotificationParams(requestId=number, reason="nobody waits for it any more")
    try:
        await session.send_notification(ClientNotification(CancelledNotification(params=params)))
    except (BrokenResourceError, ClosedResourceError):
        pass  # with the connection the server's work has ended anyway


async def _listed(session: ClientSession) -> list[RemoteTool]:
    from mcp.types import PaginatedRequestParams

    found: list[RemoteTool] = []
    cursor: str | None = None
    while len(found) < MOST_TOOLS:
        page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor))
        found += page.tools
        cursor = page.nextCursor
        if not cursor:
            break
    return found


def _tool(connection: _Connection, one: RemoteTool, label: str, dangerous: bool | None, timeout: float) -> Tool:
    async def call(arguments: Arguments) -> object:
        result = await connection.call(one.name, arguments)
        text = written(result)
        if result.isError:
            raise RemoteToolError(text or "the server says it failed")
        return text

    hints = one.annotations
    harmless = bool(hints and hints.readOnlyHint)
    name = re.sub(r"[^A-Za-z0-9_-]", "_", f"{label}_{one.name}" if label else one.name)[:64]
    return Tool(
        name=name,
        description=(one.description or one.title or "")[:2_000],
        parameters=loose(dict(one.inputSchema)),
        call=call,
        dangerous=not harmless if dangerous is None else dangerous,
        timeout=timeout,
        max_result=MAX_RESULT,
    )


def written(result: CallToolResult) -> str:
    """Write a result down as text; pictures and sounds are only mentioned."""
    pieces = [_block(block) for block in result.content]
    text = "\n".join(piece for piece in pieces if piece)
    if not text and result.structuredContent is not None:
        return to_json(result.structuredContent, fallback=str).decode()
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
