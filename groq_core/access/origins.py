"""
Which page a request comes from: our own, one that the operator lets in, or somebody else's.

A browser says it in ``Sec-Fetch-Site`` on secure and loopback addresses, and in ``Origin`` everywhere else for
whatever could change something. A program sends neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from groq_core.access.host_names import host_of

DEFAULT_PORTS = {"http": 80, "https": 443}


def own_origin(origin: str, authorities: Iterable[str]) -> bool:
    """
    Whether an ``Origin`` is a page of this server, whatever a proxy did to ``Host``.

    Args:
        authorities: What the request was addressed to: ``Host``, and what a trusted proxy says it was.

    A port counts where both have one: nginx's ``$host`` drops it, and so does a browser where it is the scheme's own.

    >>> own_origin("http://box:8080", ["box"]), own_origin("https://box", ["box:443"])
    (True, True)
    >>> own_origin("http://box:8080", ["box:80"]), own_origin("null", ["box"])
    (False, False)
    """
    scheme, _, authority = origin.partition("://")
    if scheme not in DEFAULT_PORTS or not (name := host_of(authority)):
        return False
    port = _port(authority) or DEFAULT_PORTS[scheme]
    return any(host_of(own) == name and _port(own) in (None, port) for own in authorities if own)


def _port(authority: str) -> int | None:
    try:
        return urlsplit(f"//{authority}").port
    except ValueError:
        return None


class Origins:
    """
    The origins whose pages may read from another place than this server.

    Args:
        allowed: As browsers write them, or ``*``.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = frozenset(allowed)

    def allow(self, origin: str) -> str:
        """
        What ``Access-Control-Allow-Origin`` says to it; empty for nothing.

        >>> Origins(["https://app.example"]).allow("https://app.example"), Origins([]).allow("https://app.example")
        ('https://app.example', '')
        """
        if "*" in self._allowed and origin:
            return "*"
        return origin if origin in self._allowed else ""
