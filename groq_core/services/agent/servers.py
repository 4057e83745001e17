"""The MCP servers of one run: which there are, what is sent along, and which of their tools are offered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from groq_core.errors import RequestError
from groq_core.redaction import Secret
from groq_core.requests import Message
from groq_core.services.agent.mcp_server import CONNECT_S, remote_tools
from groq_core.services.agent.oauth import Authorize, ClientCredentials
from groq_core.services.agent.tool_names import unique_names
from groq_core.services.agent.tools import Arguments, Tool
from groq_core.services.logins import Logins, MemoryLogins
from groq_core.settings.mcp_parsers import header_value

MOST_OFFERED: Final = 110
"""Tools of servers in one request; Groq takes 128, and some are left for the built-in ones."""

LIST_NAME: Final = "list_more_tools"


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServer:
    """
    An MCP server.

    Attributes:
        address: Its endpoint, or empty where ``command`` starts it.
        command: Program and arguments of a server that speaks over its standard input and output. Never a stranger's.
        headers: Sent with every request; never shown.
        trusted: What the server says of its tools being harmless is believed.
        authorize: Gets tokens where the server asks for them; an ``Authorization`` of the headers takes its place.
        transport: Makes what the requests go through; None for the usual one.
        connect_seconds: That long it may take to connect, signing in included.
    """

    name: str
    address: str = field(default="", repr=False)
    command: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    trusted: bool = False
    authorize: Authorize | None = field(default=None, repr=False)
    transport: Callable[[], Any] | None = field(default=None, repr=False)
    connect_seconds: float = CONNECT_S

    def with_headers(self, headers: Mapping[str, Any], param: str) -> McpServer:
        """
        The same with further headers; they win over the operator's.

        Raises:
            RequestError: HTTP allows no such header.
        """
        try:
            more = {name: header_value(name, value).reveal() for name, value in headers.items()}
        except ValueError as error:
            raise RequestError(f"a header cannot be sent: {error}", param=param, code="invalid_value") from None
        # Whoever brings a token of their own is not to act with the operator's.
        own = any(name.lower() == "authorization" for name in more)
        return replace(self, headers={**self.headers, **more}, authorize=None if own else self.authorize)

    def with_token(self, token: str, param: str) -> McpServer:
        """
        The same with a bearer token; an empty one changes nothing.

        Raises:
            RequestError: HTTP allows no such token.
        """
        token = token.strip().removeprefix("Bearer ").strip()
        kept = {name: value for name, value in self.headers.items() if name.lower() != "authorization"}
        return replace(self, headers=kept).with_headers({"Authorization": f"Bearer {token}"}, param) if token else self


class ServerSettings(Protocol):
    """What the operator has set of MCP servers: names with addresses, headers and credentials."""

    @property
    def mcp_servers(self) -> Sequence[tuple[str, Secret]]: ...
    @property
    def mcp_headers(self) -> Sequence[tuple[str, Sequence[tuple[str, Secret]]]]: ...
    @property
    def mcp_oauth(self) -> Sequence[tuple[str, Sequence[tuple[str, Secret]]]]: ...


def operator_servers(settings: ServerSettings, logins: Logins | None = None) -> list[McpServer]:
    """
    The servers that the operator has set, with their headers and credentials.

    Args:
        logins: Where tokens that were got with the credentials are kept from one run to the next.
    """
    headers = {name: {key: value.reveal() for key, value in pairs} for name, pairs in settings.mcp_headers}
    credentials = {name: {key: value.reveal() for key, value in given} for name, given in settings.mcp_oauth}
    logins = MemoryLogins() if logins is None else logins
    found = []
    for name, secret in settings.mcp_servers:
        address, given = secret.reveal(), credentials.get(name)
        authorize = ClientCredentials(**given).authorize(address, logins) if given is not None else None
        found.append(McpServer(name=name, address=address, headers=headers.get(name, {}), authorize=authorize))
    return found


@asynccontextmanager
async def server_tools(servers: Sequence[McpServer], task: str | Sequence[Message]) -> AsyncIterator[list[Tool]]:
    """
    Connect to servers for as long as the context lasts.

    Yields:
        Their tools under names that are each there once; where there are too many, those that fit the task and one
        that lists the rest.

    Raises:
        RequestError: One of them cannot be used.
    """
    async with AsyncExitStack() as connected:
        found: list[Tool] = []
        for server in servers:
            found += await connected.enter_async_context(
                remote_tools(
                    server.address,
                    label=server.name,
                    headers=server.headers,
                    command=server.command,
                    trusted=server.trusted,
                    authorize=server.authorize,
                    transport=server.transport,
                    connect_seconds=server.connect_seconds,
                )
            )
        yield fitting(unique_names(found), task)


def fitting(tools: list[Tool], task: str | Sequence[Message], most: int = MOST_OFFERED) -> list[Tool]:
    """Choose the tools whose words the task uses; the rest can be listed and called by name."""
    if len(tools) <= most:
        return tools
    asked = Counter(_words(_text(task)))
    scores = {one.name: sum(asked[word] > 0 for word in set(_words(f"{one.name} {one.description}"))) for one in tools}
    chosen = sorted(tools, key=lambda one: -scores[one.name])[: most - 2]
    names = {one.name for one in chosen}
    rest = {one.name: one for one in tools if one.name not in names}
    return [*(one for one in tools if one.name in names), *_listing(rest)]


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"[^\W_]{3,}", text.lower()) if word not in ("the", "and", "for", "with")]


def _text(task: str | Sequence[Message]) -> str:
    if isinstance(task, str):
        return task
    return " ".join(str(message.get("content", ""))[:4_000] for message in task if message.get("role") == "user")


def _listing(rest: Mapping[str, Tool]) -> list[Tool]:
    """One tool that lists what there is beside the tools offered, and one that calls it by name."""

    async def list_tools(arguments: Arguments) -> object:
        words = set(_words(str(arguments.get("about", ""))))
        found = [one for one in rest.values() if not words or words & set(_words(f"{one.name} {one.description}"))]
        lines = [f"{one.name}: {one.description[:160]} {one.parameters.get('properties', {})}" for one in found[:40]]
        more = f"\n… and {len(found) - 40} more; say what they are about" if len(found) > 40 else ""
        return "\n".join(lines) + more if lines else "none; try other words"

    async def call_tool(arguments: Arguments) -> object:
        one = rest.get(str(arguments.get("name")))
        if one is None:
            return f"there is no tool {arguments.get('name')!r}; see {LIST_NAME}"
        given = arguments.get("arguments")
        return await one.call(one.check(given if isinstance(given, dict) else {}))

    text = {"type": "string"}
    return [
        Tool(
            name=LIST_NAME,
            description=f"List {len(rest)} further tools, by what they are about, with their parameters.",
            parameters={"type": "object", "properties": {"about": text}},
            call=list_tools,
        ),
        Tool(
            name="call_more_tools",
            description=f"Call one of the further tools that {LIST_NAME} lists.",
            parameters={
                "type": "object",
                "properties": {"name": text, "arguments": {"type": "object"}},
                "required": ["name", "arguments"],
            },
            call=call_tool,
            dangerous=any(one.dangerous for one in rest.values()),
        ),
    ]
