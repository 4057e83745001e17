"""The names under which this server may be addressed; another name that leads here is not ours (DNS rebinding)."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from cachetools import TTLCache


@lru_cache(1024)
def host_of(authority: str) -> str:
    """
    The name in a ``Host``, in lower case and without port; empty where it is none.

    >>> [host_of(text) for text in ("App.Example:80", "[::1]:7860", "a@b", "[::1", "localhost.")]
    ['app.example', '::1', '', '', 'localhost']
    """
    if not authority or not re.fullmatch(r"[A-Za-z0-9.:_\[\]*-]+", authority):
        return ""
    try:
        parts = urlsplit(f"//{authority}")
        _ = parts.port  # raises for one that is no number
        return (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""


@lru_cache(1024)
def local_name(authority: str) -> bool:
    """
    Tell whether a `Host` can only mean this machine.

    >>> [local_name(name) for name in ("localhost:7860", "127.0.0.1", "[::1]:80", "evil.example", "testserver", "")]
    [True, True, True, False, False, False]
    """
    name = host_of(authority)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


PRIVATE: Final = ".internal"
"""Nobody can have such a name in public: the domain is set aside for private use (ICANN, 2024)."""

LOOK_UP_S: Final = 2.0
LOOKED_UP_S: Final = 60.0


def leads_here(name: str) -> bool:
    """
    Whether every address of a name is one of this machine's.

    >>> leads_here("localhost"), leads_here("192.0.2.1")
    (True, False)
    """
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(_is_ours(family, address) for family, _, _, _, address in found)


def _is_ours(family: int, address: Any) -> bool:
    """Only an address of one's own can be bound to."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address[0], 0, *address[2:]))
        except OSError:
            return False
    return True


class Names:
    """
    The names this server answers to.

    Args:
        allowed: Names or patterns such as ``*.internal``, in lower case.
        loopback: The server listens on loopback alone; without ``allowed`` it then answers to loopback names only.
        leads_here: Whether a name's addresses are this machine's; may take its time.
    """

    def __init__(
        self, allowed: Iterable[str], *, loopback: bool, leads_here: Callable[[str], bool] = leads_here
    ) -> None:
        self._allowed = tuple(allowed)
        self._any = not self._allowed and not loopback
        self._leads_here = leads_here
        self._looked_up: TTLCache[str, bool] = TTLCache(256, LOOKED_UP_S)
        self._looking = asyncio.Lock()

    def own(self, authority: str) -> bool:
        """
        Whether a request sent to this name is meant for this server.

        >>> [Names(["*.lab"], loopback=True).own(host) for host in ("a.lab:80", "localhost", "lab", "a.lab.evil")]
        [True, True, False, False]
        """
        return self._any or local_name(authority) or self.is_listed(authority)

    async def owns(self, authority: str) -> bool:
        """The same; a private name such as ``host.docker.internal`` is ours as well where it leads to this machine."""
        if self.own(authority):
            return True
        name = host_of(authority)
        if not name.endswith(PRIVATE) or self._allowed:
            return False
        async with self._looking:
            if name not in self._looked_up:
                try:
                    async with asyncio.timeout(LOOK_UP_S):
                        self._looked_up[name] = await asyncio.to_thread(self._leads_here, name)
                except TimeoutError:
                    self._looked_up[name] = False
            return self._looked_up[name]

    def is_listed(self, authority: str) -> bool:
        """Whether the operator has named it."""
        name = host_of(authority)
        return bool(name) and any(fnmatchcase(name, pattern) for pattern in self._allowed)
