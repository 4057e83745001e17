"""One table of what can be asked for, and the one place where every request comes in and every error goes out."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeAlias

from starlette.types import Scope

from groq_core.api.absent_paths import absent, known_absence
from groq_core.api.access import Access
from groq_core.api.asgi import ApiExchange, ClientGoneError, Headers
from groq_core.api.backend import People
from groq_core.api.errors import MethodError, note_bug, refuse
from groq_core.errors import nesting_error
from groq_core.ratelimit.personal_limits import headers_of
from groq_core.telemetry.trace_context import CLIENT, NOBODY, read_context

Endpoint: TypeAlias = Callable[[ApiExchange], Awaitable[None]]

Routes: TypeAlias = Mapping[str, Mapping[str, Endpoint]]
"""
Path to method to endpoint. `{}` in a path stands for one name; a path that ends in `/` for everything below it; the
method `*` for any.
"""

SLASHES = re.compile(r"/{2,}")

GROQ_PREFIX = "/openai"
"""Stands before every path of Groq's own API; its SDK adds it to its base URL."""


class Dispatcher:
    """
    Leads every request to its endpoint, and turns whatever goes wrong on the way into the one shape of errors.

    Args:
        below: Beginnings of paths that are ours whether they exist or not: an SDK wants JSON, not a page.
        open_paths: Answered without asking who wants to know.
        people: Whose allowances every answer tells in its headers.
    """

    def __init__(
        self,
        routes: Routes,
        access: Access,
        *,
        below: tuple[str, ...],
        open_paths: frozenset[str],
        people: People | None = None,
    ) -> None:
        self._routes = routes
        self._named = [
            (re.compile(re.escape(path).replace(r"\{\}", "[^/]+")), methods)
            for path, methods in routes.items()
            if "{}" in path
        ]
        self._prefixes = {path: methods for path, methods in routes.items() if path.endswith("/")}
        self._access = access
        self._below = below
        self._open = open_paths
        self._people = people

    def path_of(self, scope: Scope) -> str | None:
        """The path of a request, without slash at its end, if it is one of ours."""
        path: str = scope["path"]
        if "//" in path:
            path = SLASHES.sub("/", path)  # a base URL that ends in one, joined to a path that begins with one
        if root := scope.get("root_path"):
            path = path.removeprefix(root)  # where a proxy has put us
        if path.startswith(GROQ_PREFIX + "/v1/"):
            path = path.removeprefix(GROQ_PREFIX)
        bare = path.rstrip("/")
        if path in self._routes:
            # What stands for everything below it stands for itself too: a slash at the end changes nothing.
            return bare if bare in self._routes else path
        return bare if f"{path}/".startswith(self._below) or bare in self._routes else None

    async def __call__(self, exchange: ApiExchange) -> None:
        sent = exchange.headers
        tells = b"x-request-id" in sent or b"traceparent" in sent
        CLIENT.set(read_context(_text(sent, b"x-request-id"), _text(sent, b"traceparent")) if tells else NOBODY)
        try:
            if exchange.path not in self._open:
                question = exchange.path.startswith("/v1/")
                exchange.caller = await self._access.admit(exchange.headers, exchange.visit, own_key=question)
                if self._people is not None and self._people.has_limits:
                    exchange.notes = partial(self._allowances, self._people, exchange)
            await self._endpoint(exchange.path, exchange.scope["method"])(exchange)
        except ClientGoneError:
            return
        except RecursionError:
            if exchange.started:
                raise
            await refuse(exchange, nesting_error())
        except Exception as error:
            if exchange.started:
                # Nothing can be said any more; without a proper end the client knows that something is missing.
                note_bug(error, exchange.request_id)
                raise
            await refuse(exchange, error)

    async def _allowances(self, people: People, exchange: ApiExchange) -> Headers:
        return headers_of(await people.allowances(exchange.caller))

    def _endpoint(self, path: str, method: str) -> Endpoint:
        methods = self._routes.get(path) or self._methods_named(path) or self._methods_below(path)
        if methods is None:
            raise absent(path, self._routes)
        endpoint = methods.get("GET" if method == "HEAD" else method) or methods.get("*")
        if endpoint is None:
            # It may look like the name of something that is here, and be a service of its own that is not.
            if (error := known_absence(path)) is not None:
                raise error
            raise MethodError(method, path, ", ".join(sorted(methods)))
        return endpoint

    def _methods_named(self, path: str) -> Mapping[str, Endpoint] | None:
        return next((methods for pattern, methods in self._named if pattern.fullmatch(path)), None)

    def _methods_below(self, path: str) -> Mapping[str, Endpoint] | None:
        return next((methods for prefix, methods in self._prefixes.items() if path.startswith(prefix)), None)


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")
