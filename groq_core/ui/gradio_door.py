"""
Which of Gradio's own routes are there at all, and for whom.

The page needs its files and the queue; the named endpoints are for whoever may use the HTTP API. Everything else that
Gradio would answer (uploads without a question, recordings to convert, editors of its own) is not there: what nobody
needs, nobody can misuse. A session of the queue belongs to whoever opened it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from math import ceil
from typing import Any, Final

import gradio as gr
import msgspec
from cachetools import TTLCache
from gradio.blocks import Blocks
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from groq_core.access.visit import visit_of
from groq_core.connections.bytes import holding_of, size_by_header
from groq_core.errors import RequestError
from groq_core.incoming.json_bodies import whole_letters
from groq_core.requests import Caller
from groq_core.ui.basic_auth import PERSON
from groq_core.ui.csrf import Passes, caller_on_page
from groq_core.ui.texts import TEXTS

CALLER = "groq_core.caller"
"""Where in a request's scope the endpoints find who asks."""

PREFIX: Final = "/gradio_api"

FILES: Final = re.compile(
    r"/|/config/?|/theme\.css|/favicon\.ico|/robots\.txt|/static/.+|/svelte/.+|/assets/.+"
    r"|/gradio_api/(info/?|openapi\.json|theme\.css|startup-events|app_id/?)"
)
"""Read by the page and by Gradio's client before anything is asked."""

HEARTBEAT: Final = re.compile(r"/gradio_api/heartbeat/([\w-]{1,64})")
ENDPOINT: Final = re.compile(r"/gradio_api/call/(?:v2/)?([\w-]{1,64})/?")
ANSWER: Final = re.compile(r"/gradio_api/call/(?:v2/)?[\w-]{1,64}/([\w-]{1,64})")

MAX_JSON: Final = 48 * 2**20
"""As much as the page's own way takes: a conversation with five pictures."""

MAX_UPLOAD: Final = 100 * 2**20

Admit = Callable[[Scope], Awaitable[Caller]]


def caller_of(request: gr.Request) -> Caller:
    """Whom the door has taken somebody for who calls one of Gradio's functions; its MCP hands over the bare request."""
    inner: Any = getattr(request, "request", request)
    scope: Scope = inner.scope if inner is not None else {}
    caller: Caller | None = scope.get(CALLER)
    return caller if caller is not None else Caller(user="queue")


class GradioDoor:
    """
    In front of Gradio's application.

    Args:
        app: Gradio's.
        demo: The page, whose public endpoints may be called.
        admit: Decides who may use the HTTP API, and with it the named endpoints; raises RequestError.
        passes: What the page's own functions want to see, as ``pass`` in the JSON of their first value.
        scoped: What becomes of a page's caller, as for the page's own routes.
    """

    def __init__(
        self, app: ASGIApp, demo: Blocks, admit: Admit, passes: Passes, scoped: Callable[[Caller], Caller]
    ) -> None:
        self._app = app
        self._demo = demo
        self._admit = admit
        self._passes = passes
        self._scoped = scoped
        self._owners: TTLCache[str, str] = TTLCache(20_000, 6 * 3600)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        try:
            await self._enter(path, scope, receive, send)
        except RequestError as error:
            body = {"detail": error.told, "error": {"message": error.message}}
            headers = {"www-authenticate": "Bearer"} if error.status == 401 else {}
            if error.retry_after:
                headers["retry-after"] = str(ceil(error.retry_after))
            await JSONResponse(body, error.status, headers)(scope, receive, send)
        except ClientDisconnect:
            return

    async def _enter(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        reads = method in ("GET", "HEAD")
        await self._recognise(scope)
        if reads and FILES.fullmatch(path):
            await self._app(scope, receive, send)
        elif reads and (found := HEARTBEAT.fullmatch(path)):
            self._claim(found[1], await self._identity(scope))
            await self._app(scope, receive, send)
        elif method == "POST" and path.rstrip("/") in (f"{PREFIX}/queue/join", f"{PREFIX}/cancel", f"{PREFIX}/reset"):
            await self._queue(path.rstrip("/"), scope, receive, send)
        elif reads and path == f"{PREFIX}/queue/data":
            self._require(Request(scope).query_params.get("session_hash", ""), await self._identity(scope))
            await self._app(scope, receive, send)
        else:
            await self._endpoint(path, scope, receive, send)

    async def _recognise(self, scope: Scope) -> None:
        """A program's heartbeat and its stream of events carry its token too: its session is then the token's."""
        if any(name == b"authorization" for name, _ in scope["headers"]):
            with suppress(RequestError):
                scope[CALLER] = await self._admit(scope)

    async def _queue(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        body, said = _decode(await _body(Request(scope, receive), MAX_JSON))
        session = said.get("session_hash") if isinstance(said, dict) else None
        if not isinstance(session, str) or not re.fullmatch(r"[\w-]{1,64}", session):
            raise RequestError("session_hash must be a word", param="session_hash")
        if path.endswith("/join"):
            public = self._public(said.get("fn_index"))
            scope[CALLER] = await self._admit(scope) if public else self._on_page(said.get("data"), scope)
            self._claim(session, await self._identity(scope))
        else:
            self._require(session, await self._identity(scope))
        await self._app(scope, _replay(body, receive), send)

    async def _endpoint(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """The named endpoints, their files, and their tools for MCP: for whoever may use the HTTP API."""
        method = scope["method"]
        wanted = ENDPOINT.fullmatch(path) if method == "POST" else ANSWER.fullmatch(path) if method == "GET" else None
        upload = path == f"{PREFIX}/upload" and method == "POST"
        progress = path == f"{PREFIX}/upload_progress" and method == "GET"
        file = path.startswith(f"{PREFIX}/file=") and method in ("GET", "HEAD")
        tools = path.startswith(f"{PREFIX}/mcp")
        named = method == "POST" and wanted is not None and wanted[1] not in self._names()
        if not (wanted or upload or progress or file or tools) or named:
            raise RequestError(TEXTS["error_not_here"], status=404)
        scope[CALLER] = await self._admit(scope)
        identity = await self._identity(scope)
        if file:
            self._require(path.removeprefix(f"{PREFIX}/file="), identity, unknown_too=True)
        if method == "GET" and wanted is not None:
            self._require(wanted[1], identity)
        if upload:
            _check_length(scope, MAX_UPLOAD)
        if method == "POST" and wanted is not None:
            body, _ = _decode(await _body(Request(scope, receive), MAX_JSON))
            receive = _replay(body, receive)
        await self._app(scope, receive, self._noting(send, identity) if upload or method == "POST" else send)

    async def _identity(self, scope: Scope) -> str:
        """Who asks, as far as anything tells: the holder of a token, the person, else the address."""
        if any(name == b"authorization" and value[:7].lower() == b"bearer " for name, value in scope["headers"]):
            with suppress(RequestError):
                caller = await self._admit(scope)
                if caller.user != "local":
                    return caller.user
        return str(scope.get(PERSON) or visit_of(scope).address)

    def _on_page(self, data: Any, scope: Scope) -> Caller:
        """
        Raises:
            RequestError: 403; the page's pass does not come along.
        """
        try:
            packed = msgspec.json.decode(data[0])
            page = self._passes.page_id(packed["pass"])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, LookupError, TypeError, AttributeError):
            page = None
        if page is None or visit_of(scope).foreign:
            raise RequestError(TEXTS["error_pass"], status=403)
        return self._scoped(caller_on_page(Request(scope), page))

    def _public(self, index: Any) -> bool:
        function = self._demo.fns.get(index) if isinstance(index, int) else None
        if function is None:
            raise RequestError("there is no such function", status=404, param="fn_index")
        return function.api_visibility != "private"

    def _names(self) -> set[str]:
        return {str(one.api_name) for one in self._demo.fns.values() if one.api_visibility != "private"}

    def _noting(self, send: Send, identity: str) -> Send:
        """Remember whose the files and events are that an answer names; they come as short JSON."""
        said = b""

        async def send_noting(message: Message) -> None:
            nonlocal said
            if message["type"] == "http.response.body" and len(said) < 100_000:
                said += message.get("body", b"")
                if not message.get("more_body"):
                    self._note(said, identity)
            await send(message)

        return send_noting

    def _note(self, said: bytes, identity: str) -> None:
        try:
            value = msgspec.json.decode(said)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        for word in value if isinstance(value, list) else [value.get("event_id")] if isinstance(value, dict) else []:
            if isinstance(word, str):
                self._owners[word] = identity

    def _claim(self, session: str, identity: str) -> None:
        if self._owners.setdefault(session, identity) != identity:
            raise RequestError(TEXTS["error_not_yours"], status=403)

    def _require(self, session: str, identity: str, *, unknown_too: bool = False) -> None:
        owner = self._owners.get(session)
        if owner is None and not unknown_too:
            raise RequestError(TEXTS["error_not_here"], status=404)
        if owner not in (None, identity):
            raise RequestError(TEXTS["error_not_yours"], status=403)


async def _body(request: Request, limit: int) -> bytes:
    _check_length(request.scope, limit)
    body, holding = bytearray(), holding_of(request.scope)
    holding.reach(size_by_header(request.scope))
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
        holding.reach(len(body))
    return bytes(body)


def _decode(raw: bytes) -> tuple[bytes, Any]:
    """
    A body as Gradio may read it, and what it holds: Gradio breaks on half a letter and on numbers beyond all bounds.

    Raises:
        RequestError: It is no JSON.
    """
    body = whole_letters(raw)
    try:
        return body, msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RequestError("the body is no JSON") from None


LONGEST_LENGTH = 18
"""Digits of a length that can be meant."""


def _check_length(scope: Scope, limit: int) -> None:
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if length.isdigit() and (len(length) > LONGEST_LENGTH or int(length) > limit):
        raise _too_large(limit)


def _too_large(limit: int) -> RequestError:
    return RequestError(TEXTS["error_too_large"].format(limit=limit // 2**20), status=413)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever the client says next."""
    waiting = [body]

    async def receive_again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return receive_again
