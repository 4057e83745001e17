"""MCP servers that visitors bring along: which may be reached, so that nobody is let into the operator's network."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from groq_core.errors import RequestError
from groq_core.services.agent.servers import McpServer

if TYPE_CHECKING:
    import httpx

LookUp: TypeAlias = Callable[[str, int], Awaitable[str]]

MOST: Final = 5
"""Servers of a visitor's own in one run."""

LONGEST: Final = 2_000
"""Characters of an address."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """
    Where visitors' own servers may stand.

    Attributes:
        anywhere: At every public address, by https.
        hosts: Names and patterns that the operator vouches for, wherever they lead and by http too.
    """

    anywhere: bool = False
    hosts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.anywhere or bool(self.hosts)

    def vouched(self, host: str) -> bool:
        return any(fnmatchcase(host.lower(), pattern) for pattern in self.hosts)


def allowed_by(setting: str | Sequence[str]) -> Allowed:
    """
    Read the setting's words.

    >>> allowed_by(("on", "*.lab.example")), bool(allowed_by(()))
    (Allowed(anywhere=True, hosts=('*.lab.example',)), False)
    """
    words = (setting,) if isinstance(setting, str) else tuple(setting)
    hosts = tuple(word.lower() for word in words if word not in ("on", "off"))
    return Allowed("on" in words, hosts)


def strangers_server(
    allowed: Allowed, number: int, address: str, headers: Mapping[str, Any], *, param: str = "mcp_servers"
) -> McpServer:
    """
    Make a server of what a visitor gives; nothing it says of its own tools is believed.

    Args:
        number: Counted from 1; part of its tools' names.
        headers: The visitor's own; used for this run alone.

    Raises:
        RequestError: Visitors may bring none, or none from there, or a header cannot be sent.
    """
    if not allowed:
        raise _refused(param, "this server takes no MCP servers of visitors", "Ask its operator to offer yours.", 403)
    try:
        parts = urlsplit(address.strip() if len(address) <= LONGEST and address.isprintable() else "")
        host, port = parts.hostname or "", parts.port or 1
    except ValueError:
        parts, host, port = urlsplit(""), "", 0
    if parts.scheme not in ("http", "https") or not host or not port:
        raise _refused(param, "the address of the MCP server cannot be used", "Give it as https://HOST/PATH.")
    if parts.username is not None or parts.fragment:
        raise _refused(param, "the address holds a password or a fragment", "Send a token in its own field instead.")
    vouched = allowed.vouched(host)
    if not vouched and not allowed.anywhere:
        raise _refused(param, f"no MCP server at {host} may be used here", "The operator says which may.", 403)
    if not vouched and parts.scheme != "https":
        raise _refused(param, "the MCP server is not reached by https", "A token would be sent in clear. Use https.")
    transport = None if vouched else guarded_transport
    server = McpServer(name=f"own{number}", address=address.strip(), transport=transport)
    return server.with_headers(headers, param)


def guarded_transport(look_up: LookUp | None = None, verify: Any = True) -> httpx.AsyncBaseTransport:
    """
    A transport that reaches public addresses alone.

    A name is looked up once and the address it gave is the one that is connected to, so a name that leads elsewhere
    the next time leads nowhere else. Redirects pass through here as well.

    Args:
        look_up: From a name and a port to the address to connect to; None for :func:`public_address`.
        verify: How certificates are held against the name, as httpx takes it.
    """
    find: LookUp = look_up or public_address
    import httpx

    class Guarded(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            host = request.url.host
            address = await find(host, request.url.port or (443 if request.url.scheme == "https" else 80))
            extensions = {**request.extensions, "sni_hostname": host}
            inner = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,  # Host among them: the name, not the address
                stream=request.stream,
                extensions=extensions,
            )
            return await super().handle_async_request(inner)

    return Guarded(verify=verify)


class NotPublicError(Exception):
    """A name leads into a network of the operator's, or nowhere."""


async def public_address(host: str, port: int) -> str:
    """
    Look a name up.

    Raises:
        NotPublicError: One of its addresses is not a public one, or it has none.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotPublicError("no server has that name") from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    # One that is not is enough: which of them is connected to would be the stranger's choice.
    if not addresses or not all(map(is_public, addresses)):
        raise NotPublicError("it is not at a public address")
    return addresses[0]


def is_public(address: str) -> bool:
    """
    Whether an address is one of the public Internet, whatever way it is written.

    Each Python has another list of those that are not, and none of 3.11 to 3.13 the whole one, so this is ours.

    >>> [is_public(one) for one in ("9.9.9.9", "127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a00:1")]
    [True, False, False, False, False]
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if (inner := _ipv4_within(found)) is not None:
            return is_public(str(inner))
        if found not in UNICAST:
            return False
    return not any(found in network for network in NOT_PUBLIC)


def _ipv4_within(address: IPv6Address) -> IPv4Address | None:
    """The address that is meant by one written as IPv6, or reached by a translator (RFC 6052)."""
    return IPv4Address(address.packed[12:]) if any(address in prefix for prefix in IPV4_WITHIN) else None


IPV4_WITHIN: Final = (ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96"))
UNICAST: Final = ip_network("2000::/3")
"""All that IANA gives out of IPv6; what is local, multicast, reserved or unassigned is outside."""

NOT_PUBLIC: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        ),
    )
)  # fmt: skip
"""
IANA's special-purpose registries of IPv4 and IPv6 (read 2026-11), where nobody's server stands that anybody reaches.

Of `192.0.0.0/24` and `2001::/23`, both for protocols, a few single addresses are public, and no MCP server's. The
tunnels 6to4 (`2002::/16`, with `192.88.99.0/24`) and Teredo lead to whatever IPv4 address they name.
"""


def _refused(param: str, message: str, hint: str, status: int = 400) -> RequestError:
    return RequestError(message, status=status, param=param, code="mcp_server_not_allowed", hint=hint)
