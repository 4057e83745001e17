"""Tools of an MCP server, over streamable HTTP or the standard input and output of a program."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from groq_core.errors import RequestError
from groq_core.redaction import redact
from groq_core.services.agent.answer_bounds import bound_answers
from groq_core.services.agent.oauth import Authorize
from groq_core.services.agent.remote_results import result_pictures, result_text
from groq_core.services.agent.results import Mixed
from groq_core.services.agent.tool_names import tool_name, unique_names
from groq_core.services.agent.tools import MAX_RESULT, Arguments, ArgumentsError, Tool, loose

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

MOST_TOOLS: Final = 2_000
"""Tools of one server that are looked at; which of them are offered is decided where the run begins."""


class RemoteToolError(Exception):
    """The server says the tool failed; the message is the server's."""


class SessionGoneError(Exception):
    """Another call found that the server no longer knows the session, so this one will not be answered in it."""


@asynccontextmanager
async def remote_tools(
    url: str,
    *,
    label: str = "",
    headers: Mapping[str, str] | None = None,
    command: Sequence[str] = (),
    dangerous: bool | None = None,
    trusted: bool = False,
    timeout: float = CALL_S,
    connect_seconds: float = CONNECT_S,
    authorize: Authorize | None = None,
    transport: Callable[[], Any] | None = None,
) -> AsyncIterator[list[Tool]]:
    """
    Connect to an MCP server for as long as the context lasts.

    The connection lives in a task of its own, so the context may be entered and left in different tasks, as an
    async generator under a web server does. The address must come from the operator or be checked first: this
    process fetches it.

    Args:
        url: Of the server's MCP endpoint.
        command: In its place, program and arguments of a server on standard input and output.
        label: Put before the tools' names, so that two servers' do not clash.
        headers: Sent with every request, e.g. an authorization; never shown.
        dangerous: Whether its tools need approval; None asks for it, unless the server is trusted and says of a
            tool that it only reads and destroys nothing.
        trusted: The operator believes what the server says of its own tools.
        timeout: Seconds one call may take.
        authorize: Gets tokens where the server asks for them, see :mod:`groq_core.services.agent.oauth`.
        transport: Makes the httpx transport the requests go through; None for the usual one.

    Raises:
        RequestError: The server cannot be reached or does not speak MCP.
    """
    connection = _Connection(url, headers, timeout, command, authorize, transport)
    try:
        listed = await connection.open(connect_seconds)
        tools = [_tool(connection, one, label, dangerous, trusted, timeout) for one in listed[:MOST_TOOLS]]
        yield unique_names(tools)
    finally:
        await connection.close()


class _Connection:
    """Keeps a session open in a task of its own."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None,
        timeout: float,
        command: Sequence[str],
        authorize: Authorize | None,
        transport: Callable[[], Any] | None,
    ) -> None:
        self._url = url
        self._authorize = authorize
        self._make_transport = transport
        self._command = tuple(command)
        self._expired = asyncio.Event()
        self._sessions = 1
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._headers = dict(headers or {})
        self._timeout = timeout
        self._leave = asyncio.Event()
        self._why = ""
        self._goodbyes: set[asyncio.Task[None]] = set()
        self._calls: dict[int, asyncio.Task[Any] | None] = {}
        self._refused: dict[int, str] = {}
        self._ready: asyncio.Future[tuple[ClientSession, list[RemoteTool]]] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold())

    async def open(self, seconds: float) -> list[RemoteTool]:
        host = urlsplit(self._url).hostname or (self._command[0] if self._command else "?")
        try:
            async with asyncio.timeout(seconds):
                _, listed = await asyncio.shield(self._ready)
                return listed
        except TimeoutError:
            raise _unreachable(host, f"it did not answer within {seconds:g} s", self._command) from None
        except Exception as error:  # transports raise groups of whatever they ran into
            raise _unreachable(host, _cause(error), self._command) from None

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
        from mcp import McpError

        session = self._sessions
        try:
            return await self._call_guarded(name, arguments)
        except SessionGoneError:
            pass
        except McpError as error:
            if not _session_gone(error):
                raise
        # The specification: a client whose session the server no longer knows begins a new one. Of several calls that
        # find it gone at once, the first does.
        if session == self._sessions:
            self._sessions += 1
            self._ready = asyncio.get_running_loop().create_future()
            self._expired.set()
            self._gone.set_result(None)
            self._gone = asyncio.get_running_loop().create_future()
        return await self._call_guarded(name, arguments)

    async def _call_guarded(self, name: str, arguments: Arguments) -> CallToolResult:
        """One call, given up when the connection breaks."""
        call = asyncio.create_task(self._call(name, arguments))
        try:
            # A connection that breaks leaves its calls waiting, so it is waited for beside them.
            gone = self._gone
            ends: set[asyncio.Future[Any]] = {call, self._task, gone}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() and not call.done():
                raise SessionGoneError
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
        self._calls[number] = asyncio.current_task()
        try:
            # A second more than the agent allows, so that it is the agent who says what took too long.
            return await session.call_tool(name, arguments, timedelta(seconds=self._timeout + 1))
        except (asyncio.CancelledError, McpError) as error:
            if (why := self._refused.pop(number, None)) is not None:
                raise RemoteToolError(f"{why}, and is not read; ask for less") from None
            if not isinstance(error, McpError) or error.error.code == TIMED_OUT:
                # Not awaited: whoever cancels is not to wait for the server.
                goodbye = asyncio.create_task(_cancel(session, number))
                self._goodbyes.add(goodbye)
                goodbye.add_done_callback(self._goodbyes.discard)
            raise
        finally:
            self._calls.pop(number, None)

    def _refuse(self, number: int | None, why: str) -> None:
        """An answer is not read on; whoever waits for it is told."""
        call = self._calls.get(number) if number is not None else None
        if call is not None and number is not None:
            self._refused[number] = why
            call.cancel()
        elif not self._ready.done():
            self._ready.set_exception(RemoteToolError(why))

    async def _hold(self) -> None:
        try:
            while not self._leave.is_set():
                self._expired.clear()
                try:
                    await self._one_session()
                except Exception:
                    # What breaks in leaving a session that the server has forgotten concerns nobody any more.
                    if not self._expired.is_set():
                        raise
        except asyncio.CancelledError:
            raise
        except Exception as error:  # told to whoever waits, or calls later
            self._why = f": {_cause(error)}"
            if not self._ready.done():
                self._ready.set_exception(error)

    async def _one_session(self) -> None:
        """Hold a session until the run is over, or the server has forgotten it."""
        from mcp import ClientSession

        class Session(ClientSession):
            """Takes results as they are: by a server's own schema, its patterns would run in our process."""

            async def _validate_tool_result(self, name: str, result: CallToolResult) -> None:
                return

        async with (
            self._transport() as (incoming, outgoing),
            Session(incoming, outgoing) as session,
        ):
            await session.initialize()
            listed = await _list(session)
            if not self._ready.done():
                self._ready.set_result((session, listed))
            ends = [asyncio.ensure_future(self._leave.wait()), asyncio.ensure_future(self._expired.wait())]
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for end in ends:
                    end.cancel()
            if self._goodbyes:
                await asyncio.wait(self._goodbyes, timeout=GOODBYE_S)

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[tuple[Any, Any]]:
        # These imports take half a second, and few runs need them.
        if self._command:
            from mcp import StdioServerParameters
            from mcp.client.stdio import stdio_client

            program, *args = self._command
            # What the program says beside the protocol would end up among our own lines.
            with open(os.devnull, "w") as nowhere:  # noqa: ASYNC230 - a device that is never waited for
                async with stdio_client(StdioServerParameters(command=program, args=args), errlog=nowhere) as streams:
                    yield streams
            return
        import httpx
        from mcp.client.streamable_http import streamable_http_client

        async with AsyncExitStack() as opened:
            auth = await opened.enter_async_context(self._authorize()) if self._authorize is not None else None
            http = httpx.AsyncClient(
                headers={"Accept-Encoding": "identity", **self._headers},
                timeout=httpx.Timeout(CONNECT_S, read=READ_S),
                auth=auth,
                event_hooks={"response": [bound_answers(self._refuse, plain=self._make_transport is not None)]},
                transport=self._make_transport() if self._make_transport is not None else None,
            )
            await opened.enter_async_context(http)
            streams = await opened.enter_async_context(streamable_http_client(self._url, http_client=http))
            yield streams[0], streams[1]


def _session_gone(error: BaseException) -> bool:
    """What the library makes of the 404 with which a server answers for a session it does not know."""
    return "session terminated" in str(error).lower()


async def _cancel(session: ClientSession, number: int) -> None:
    from anyio import BrokenResourceError, ClosedResourceError
    from mcp.types import CancelledNotification, CancelledNotificationParams, ClientNotification

    params = CancelledNotificationParams(requestId=number, reason="nobody waits for it any more")
    try:
        await session.send_notification(ClientNotification(CancelledNotification(params=params)))
    except (BrokenResourceError, ClosedResourceError):
        pass  # with the connection the server's work has ended anyway


async def _list(session: ClientSession) -> list[RemoteTool]:
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


def _tool(
    connection: _Connection, one: RemoteTool, label: str, dangerous: bool | None, trusted: bool, timeout: float
) -> Tool:
    async def call(arguments: Arguments) -> object:
        result = await connection.call(one.name, arguments)
        text = result_text(result)
        if result.isError:
            raise RemoteToolError(text or "the server says it failed")
        pictures = list(result_pictures(result))
        return Mixed(text, pictures) if pictures else text

    return Tool(
        name=tool_name(label, one.name),
        description=(one.description or one.title or "")[:2_000],
        parameters=loose(dict(one.inputSchema)),
        call=call,
        check=_sendable,
        dangerous=not (trusted and _harmless(one)) if dangerous is None else dangerous,
        timeout=timeout,
        max_result=MAX_RESULT,
    )


def _sendable(arguments: Arguments) -> Arguments:
    """What cannot be sent is refused beforehand: sending it would break the connection for all that comes after."""
    try:
        json.dumps(arguments, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ArgumentsError("a text holds half a surrogate pair, which cannot be sent") from None
    return arguments


def _harmless(one: RemoteTool) -> bool:
    """What a server says of its own tool; that it destroys something counts for more than that it only reads."""
    hints = one.annotations
    return bool(hints and hints.readOnlyHint) and not (hints and hints.destructiveHint)


def _cause(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    if _session_gone(error):
        return "it answered HTTP 404 Not Found"
    response = getattr(error, "response", None)
    if (status := getattr(response, "status_code", None)) is not None:
        # The library's own words hold the whole address, and an address may hold a token.
        return f"it answered HTTP {status} {getattr(response, 'reason_phrase', '')}".strip()
    return redact(f"{type(error).__name__}: {error}"[:2_000])[:300]


def _unreachable(host: str, why: str, command: Sequence[str] = ()) -> RequestError:
    if command:
        return RequestError(
            f"the MCP server {host} cannot be used: {why}",
            param="tools",
            code="mcp_unreachable",
            hint="Check that the command starts and speaks MCP over its standard input and output.",
        )
    return RequestError(
        f"the MCP server at {host} cannot be used: {why}",
        param="tools",
        code="mcp_unreachable",
        hint="Check its address and that it speaks MCP over streamable HTTP.",
    )
