"""The names under which this server may be addressed; another name that leads here is not ours (DNS rebinding)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit


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


class Names:
    """
    The names this server answers to.

    Args:
        allowed: Names or patterns such as ``*.internal``, in lower case.
        loopback: The server listens on loopback alone; without ``allowed`` it then answers to loopback names only.
    """

    def __init__(self, allowed: Iterable[str], *, loopback: bool) -> None:
        self._allowed = tuple(allowed)
        self._any = not self._allowed and not loopback

    def own(self, authority: str) -> bool:
        """
        Whether a request sent to this name is meant for this server.

        >>> [Names(["*.lab"], loopback=True).own(host) for host in ("a.lab:80", "localhost", "lab", "a.lab.evil")]
        [True, True, False, False]
        """
        return self._any or local_name(authority) or self.is_listed(authority)

    def is_listed(self, authority: str) -> bool:
        """Whether the operator has named it."""
        name = host_of(authority)
        return bool(name) and any(fnmatchcase(name, pattern) for pattern in self._allowed)
