"""The door of the whole application: every request passes it, the page's and Gradio's as well as the API's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
from starlette.types import Message, Scope, Send

from groq_core.access.host_names import Names
from groq_core.access.origins import Origins
from groq_core.access.visit import KEY, MARKS, Forwarding, Visit

ALLOWED_METHODS = b"GET, HEAD, POST, DELETE"
EXPOSED = b", ".join(
    [
        b"x-request-id, x-groq-core-request-id, x-groq-core-overhead-ms, x-groq-core-cache, x-groq-core-notes",
        b"retry-after",
        *(
            b"x-ratelimit-%b-%b" % (what, of)
            for of in (b"requests", b"tokens")
            for what in (b"limit", b"remaining", b"reset")
        ),
    ]
)
PREFLIGHT_S = b"600"

SHARED = ("/gradio_api/", "/config", "/theme.css", "/static/", "/svelte/", "/assets/", "/docs", "/openapi.json")
"""
Beside the API and the page as such, what the origins that are let in may ask: Gradio's own routes, and what describes
the API. Everywhere else (signing in, signing out, what the page keeps) nobody but the page itself has anything to ask.
"""

FOREIGN_HOST = (
    "this server is not addressed by that name",
    "Set GROQ_CORE_ALLOWED_HOSTS to the names it is to answer to.",
)
FOREIGN_ORIGIN = (
    "a page of another origin may not ask here",
    "Behind a proxy, let it keep the header Host (nginx: proxy_set_header Host $http_host), or send X-Forwarded-Host "
    "from an address of GROQ_CORE_TRUSTED_PROXIES. Other origins are let in by GROQ_CORE_CORS_ORIGINS.",
)


class DoorSettings(Protocol):
    @property
    def loopback(self) -> bool: ...
    @property
    def allowed_hosts(self) -> Sequence[str]: ...
    @property
    def cors_origins(self) -> Sequence[str]: ...
    @property
    def trusted_proxies(self) -> Sequence[str]: ...


class Door:
    """
    Refuses names that are not this server's and pages of other origins, and answers preflights.

    Args:
        settings: Which names, which origins, which proxies.
        open_paths: Answered under any name; a probe knows the address alone.
    """

    def __init__(self, settings: DoorSettings, *, open_paths: frozenset[str] = frozenset()) -> None:
        self._names = Names(settings.allowed_hosts, loopback=settings.loopback)
        self._forwarding = Forwarding(settings.trusted_proxies, Origins(settings.cors_origins))
        self._open = open_paths

    async def enter(self, scope: Scope, send: Send, *, api: bool) -> Visit | None:
        """
        Read who comes, and write it into the scope.

        Args:
            api: The path is the API's, which decides about origins itself: the holder of a token needs none.

        Returns:
            None when the request has been answered here.
        """
        visit = self._forwarding.read(scope)
        path: str = scope["path"]
        if path not in self._open:
            for name in visit.authorities:
                if not self._names.own(name) and not await self._names.owns(name):
                    await refuse(send, 403, "foreign_host", *FOREIGN_HOST)
                    return None
        if visit.cors and not api and path != "/" and not path.startswith(SHARED):
            visit = msgspec.structs.replace(visit, cors="")
        if visit.foreign and _preflight(scope):
            await self._answer_preflight(scope, send, visit)
            return None
        if visit.foreign and not visit.cors and not api and not _navigation(scope):
            await refuse(send, 403, "foreign_origin", *FOREIGN_ORIGIN)
            return None
        self._rewrite(scope, visit)
        return visit

    def _rewrite(self, scope: Scope, visit: Visit) -> None:
        """What the rest of the application sees: the client itself, and nothing that a stranger says of himself."""
        scope[KEY] = visit
        client = scope.get("client")
        if not client or not visit.proxied:
            return
        if not self._forwarding.trusts(client[0]):
            scope["headers"] = [
                (name, value)
                for name, value in scope["headers"]
                if name not in MARKS and not name.startswith(b"x-forwarded-")
            ]
        elif visit.address != client[0]:
            scope["client"] = (visit.address, 0)
        if visit.https:
            scope["scheme"] = "https"

    async def _answer_preflight(self, scope: Scope, send: Send, visit: Visit) -> None:
        if not visit.cors:
            await refuse(send, 403, "foreign_origin", *FOREIGN_ORIGIN)
            return
        asked = dict(scope["headers"])
        headers = [
            *cors_headers(visit),
            (b"access-control-allow-methods", ALLOWED_METHODS),
            (b"access-control-max-age", PREFLIGHT_S),
        ]
        if wanted := asked.get(b"access-control-request-headers"):
            headers.append((b"access-control-allow-headers", wanted))
        if asked.get(b"access-control-request-private-network") == b"true":
            headers.append((b"access-control-allow-private-network", b"true"))
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def sender(self, visit: Visit, send: Send) -> Send:
        """Send with what every answer carries; what Gradio says to other origins is left out."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": with_guards(message.get("headers", ()), visit)}
            await send(message)

        return send_guarded


NO_STORE: Final = ((b"cache-control", b"no-store"),)

UNDELAYED: Final = (
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx would gather tokens into kilobytes
)
"""Of every stream of events."""

UNPACKED: Final = (b"content-encoding", b"identity")
"""The same behind a proxy: Debian's Caddy heeds no `no-transform`, and compresses what says nothing of its coding,
which it then sends when all of it is there."""


def with_guards(headers: Sequence[tuple[bytes, bytes]], visit: Visit) -> list[tuple[bytes, bytes]]:
    """
    The headers of an answer, with ``nosniff``, with ``no-store`` where it is data, and for the origins let in. A stream
    of events, Gradio's too, is held back by no proxy.

    >>> with_guards([(b"content-type", b"application/json")], Visit())[-1]
    (b'cache-control', b'no-store')
    """
    kept = [(name, value) for name, value in headers if not name.lower().startswith(b"access-control-")]
    names = {name.lower(): value for name, value in kept}
    if b"x-content-type-options" not in names:
        kept.append((b"x-content-type-options", b"nosniff"))
    kind = names.get(b"content-type", b"")
    own = (
        UNDELAYED if kind.startswith(b"text/event-stream") else NO_STORE if kind.startswith(b"application/json") else ()
    )
    kept = [(name, value) for name, value in kept if name.lower() not in dict(own)]
    kept += own
    if own is UNDELAYED and visit.proxied and b"content-encoding" not in names:
        kept.append(UNPACKED)
    return kept + cors_headers(visit)


def cors_headers(visit: Visit) -> list[tuple[bytes, bytes]]:
    """What tells a browser that a page of another origin may read the answer; empty where it may not."""
    if not visit.cors:
        return []
    return [
        (b"access-control-allow-origin", visit.cors.encode("latin-1")),
        (b"access-control-expose-headers", EXPOSED),
        (b"vary", b"origin"),
    ]


async def refuse(send: Send, status: int, code: str, message: str, hint: str) -> None:
    """Answer with an error in both forms: the API's, and the one the page reads."""
    error = {"message": message, "type": "permission_error", "code": code, "param": None, "hint": hint}
    body = msgspec.json.encode({"error": error, "detail": f"{message}. {hint}"})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _preflight(scope: Scope) -> bool:
    return scope["method"] == "OPTIONS" and any(
        name == b"access-control-request-method" for name, _ in scope["headers"]
    )


def _navigation(scope: Scope) -> bool:
    """A link or a frame leads here: what another page shows, it cannot read."""
    return scope["method"] in ("GET", "HEAD") and (b"sec-fetch-mode", b"navigate") in scope["headers"]
