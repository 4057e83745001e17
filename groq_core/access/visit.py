"""What a request's address, name and origin say, read once at the door and carried along with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import msgspec
from starlette.types import Scope

from groq_core.access.origins import Origins, own_origin

KEY = "groq_core.visit"

MARKS = frozenset({b"forwarded", b"via", b"x-real-ip", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"})
"""Headers that only a proxy adds."""

PREFIX = re.compile(r"(/[\w.~-]+)+", re.ASCII)

TELLING = MARKS | {b"origin", b"sec-fetch-site"}
"""Those, and the ones by which a browser tells whose page asks."""


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """
    Where a request comes from.

    Attributes:
        address: Of the client, as far as trusted proxies say; empty where there is none (a Unix socket).
        https: The browser's own connection is encrypted.
        authorities: What was asked for: ``Host``, then what a trusted proxy says it was.
        prefix: The path below which a trusted proxy serves us, which it takes off before it asks; begins with a slash.
        proxied: Something stands between the client and this server.
        origin: As sent; empty for a program.
        foreign: A page of another origin asks.
        cors: What ``Access-Control-Allow-Origin`` says; empty where no other origin may read.
    """

    address: str = ""
    https: bool = False
    authorities: tuple[str, ...] = ()
    prefix: str = ""
    proxied: bool = False
    origin: str = ""
    foreign: bool = False
    cors: str = ""


LOCAL = Visit()


def visit_of(scope: Scope) -> Visit:
    """What the door has read of a request; a plain local one where it went through no door."""
    visit: Visit = scope.get(KEY, LOCAL)
    return visit


class Forwarding:
    """
    Reads who asks, believing in ``X-Forwarded-*`` what trusted proxies have written.

    Args:
        trusted: Addresses or networks of proxies, or ``*``.
        origins: Whose pages may read.
    """

    def __init__(self, trusted: Iterable[str], origins: Origins) -> None:
        names = tuple(trusted)
        self._all = "*" in names
        self._networks: list[IPv4Network | IPv6Network] = [
            ip_network(name, strict=False) for name in names if name != "*"
        ]
        self._origins = origins
        self.trusts = lru_cache(maxsize=1024)(self._is_trusted)
        """Whether what an address says of others is believed."""

        self._plain = lru_cache(maxsize=1024)(self._plain_visit)

    def read(self, scope: Scope) -> Visit:
        """Who asks."""
        headers = _joined(scope["headers"])
        client = scope.get("client")
        peer = plain_address(client[0]) if client else ""
        if TELLING.isdisjoint(headers) and b"x-forwarded-" not in b" ".join(headers):
            return self._plain(peer, _text(headers, b"host"), scope.get("scheme"), scope.get("http_version"))
        trusted = self.trusts(peer)
        authorities = [_text(headers, b"host")]
        https = scope.get("scheme") == "https"
        address, prefix = peer, ""
        if trusted:
            authorities += [part.strip() for part in _text(headers, b"x-forwarded-host").split(",") if part.strip()]
            https = _text(headers, b"x-forwarded-proto").split(",")[-1].strip().lower() == "https" or https
            address = self._client(peer, _text(headers, b"x-forwarded-for"))
            given = _text(headers, b"x-forwarded-prefix").rstrip("/")
            prefix = given if PREFIX.fullmatch(given) else ""
        origin = _text(headers, b"origin")
        return Visit(
            address=address,
            https=https,
            authorities=tuple(authorities),
            prefix=prefix,
            proxied=scope.get("http_version") == "1.0" or not MARKS.isdisjoint(headers) or _forward(headers),
            origin=origin,
            foreign=_foreign(headers, origin, authorities),
            cors=self._origins.allow(origin) if origin else "",
        )

    def _plain_visit(self, peer: str, host: str, scheme: str | None, version: str | None) -> Visit:
        """Of a program that says nothing of itself, by way of nobody who says anything."""
        return Visit(address=peer, https=scheme == "https", authorities=(host,), proxied=version == "1.0")

    def _is_trusted(self, address: str) -> bool:
        if self._all:
            return True
        try:
            parsed = ip_address(plain_address(address))
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def _client(self, peer: str, chain: str) -> str:
        """The last address that no trusted proxy is: whoever stands before it may have made the rest up."""
        address = peer
        for hop in reversed([part.strip() for part in chain.split(",") if part.strip()]):
            found = plain_address(hop)
            if not _is_address(found):
                break
            address = found
            if self._all or not self.trusts(address):
                break
        return address


@lru_cache(maxsize=1024)
def plain_address(text: str) -> str:
    """
    An address in the one way it is written here: without brackets, port and zone, and an IPv4 address as one, however
    it is wrapped. What is none is given as it came.

    >>> [plain_address(text) for text in ("1.2.3.4:80", "[2001:DB8::1]:80", "::ffff:1.2.3.4", "fe80::1%eth0", "a name")]
    ['1.2.3.4', '2001:db8::1', '1.2.3.4', 'fe80::1', 'a name']
    """
    bare = text.strip().strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return text
    return str(getattr(found, "ipv4_mapped", None) or found)


def site_of(address: str) -> str:
    """
    What one household or machine has: an address of IPv4, a /64 of IPv6, where anybody has billions to ask from.

    >>> site_of("192.0.2.7"), site_of("2001:db8:1:2:3:4:5:6"), site_of("")
    ('192.0.2.7', '2001:db8:1:2::/64', '')
    """
    try:
        found = ip_address(plain_address(address))
    except ValueError:
        return address
    return str(found) if found.version == 4 else str(ip_network((int(found), 64), strict=False))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _joined(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers by name; lists of hops that came in several lines are one, as they would be with commas between."""
    found = dict(headers)
    if len(found) == len(headers):
        return found
    found = {}
    for name, value in headers:
        several = name in found and name.startswith(b"x-forwarded-")
        found[name] = found[name] + b", " + value if several else value
    return found


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _forward(headers: Mapping[bytes, bytes]) -> bool:
    return any(name.startswith(b"x-forwarded-") for name in headers)


def _foreign(headers: Mapping[bytes, bytes], origin: str, authorities: list[str]) -> bool:
    """Schemes other than http(s) are programs of the client's own machine; ``null`` is a page that hides its origin."""
    site = headers.get(b"sec-fetch-site")
    if origin and origin != "null" and not origin.startswith(("http://", "https://")):
        return False
    if site is not None:
        return site not in (b"same-origin", b"none")
    return bool(origin) and not own_origin(origin, authorities)
