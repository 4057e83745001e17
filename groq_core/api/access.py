"""Who may use the API: the holder of a token, or, where none is set, programs on this very machine."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from groq_core.api.asgi import Exchange
from groq_core.api.backend import Settings
from groq_core.errors import RequestError
from groq_core.requests import Caller

VARIABLE = "GROQ_CORE_API_TOKENS"


class Access:
    """
    The door of `/v1/*` and `/metrics`.

    With tokens set, a bearer must match one of them. Without, the door is open only while the server listens
    on a loopback address, and then a browser is kept from being the way in: a page of another site may neither
    send its visitor's requests here (`Origin`) nor point a name of its own at this address (`Host`).
    """

    def __init__(self, settings: Settings) -> None:
        self._tokens = [token.reveal().encode() for token in settings.api_tokens]
        self._loopback = settings.loopback
        self._local = Caller(user="local")
        self._holders = [Caller(user=f"token:{index}") for index in range(len(self._tokens))]

    def admit(self, exchange: Exchange) -> Caller:
        """
        Let a request in and say who sent it.

        Raises:
            RequestError: 401 without a good token, 403 for a request from another site's page.
        """
        if self._tokens:
            return self._holder(exchange.headers.get(b"authorization", b""))
        if not self._loopback:
            raise RequestError(
                "the API is closed: the server can be reached from other machines, and no token is set",
                status=401,
                code="no_tokens_set",
                hint=f"Set {VARIABLE} on the server and send one of its tokens as the API key.",
            )
        host = exchange.headers.get(b"host", b"").decode("latin-1")
        if not local_name(host):
            raise RequestError(
                "without tokens the API answers only to this machine's own names, such as localhost",
                status=403,
                code="foreign_host",
                hint=f"Use http://127.0.0.1, or set {VARIABLE} on the server and send one of its tokens.",
            )
        if (origin := exchange.headers.get(b"origin")) is not None and _foreign(origin.decode("latin-1")):
            raise RequestError(
                "a page of another site may not use this API through its visitor's browser",
                status=403,
                code="foreign_origin",
                hint=f"Set {VARIABLE} on the server and send one of its tokens.",
            )
        return self._local

    def _holder(self, authorization: bytes) -> Caller:
        scheme, _, given = authorization.partition(b" ")
        found = None
        # Every token is compared, so that the time taken tells nothing about which one was nearly right.
        for token, holder in zip(self._tokens, self._holders, strict=True):
            if hmac.compare_digest(token, given.strip()):
                found = holder
        if found is None or scheme.lower() != b"bearer":
            raise RequestError(
                "the API token is missing" if not authorization else "the API token is not one of this server's",
                status=401,
                code="invalid_api_key",
                hint=f"Send a token of {VARIABLE} as `Authorization: Bearer …`, which is the API key in every SDK.",
            )
        return found


def local_name(authority: str) -> bool:
    """
    Tell whether a `Host` can only mean this machine. (`testserver` is what Starlette's test client sends.)

    >>> [local_name(name) for name in ("localhost:7860", "127.0.0.1", "[::1]:80", "evil.example", "")]
    [True, True, True, False, False]
    """
    try:
        name = (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if name in ("localhost", "testserver") or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _foreign(origin: str) -> bool:
    """Web pages come from http(s) or, in a sandbox, from `null`; other schemes belong to programs of this machine."""
    scheme, _, authority = origin.partition("://")
    return origin == "null" or (scheme in ("http", "https") and not local_name(authority))
