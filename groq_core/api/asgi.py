"""One HTTP request and its answer on bare ASGI, since what a streamed token costs is spent here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from time import perf_counter
from types import TracebackType
from typing import Any, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from groq_core.access.door import UNDELAYED, UNPACKED, cors_headers
from groq_core.access.visit import Visit, visit_of
from groq_core.api.content_coding import decode_body
from groq_core.connections.bytes import Holding, holding_of, size_by_header
from groq_core.connections.guard import GuardedProtocol
from groq_core.connections.line import DirectLine, line_of
from groq_core.encoding import json_bytes
from groq_core.errors import RequestError
from groq_core.events import Outlet
from groq_core.requests import Caller, new_request_id
from groq_core.telemetry.trace_context import CLIENT

Headers: TypeAlias = list[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")
NO_STORE = (b"cache-control", b"no-store")
NO_SNIFF = (b"x-content-type-options", b"nosniff")
EVENT_STREAM: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    *UNDELAYED,
]

DISCARDED = 64 * 2**20
"""Bytes of a refused upload that are read and thrown away, so that its sender gets to read the refusal."""

STALLED_S = 120.0
"""A client that has read nothing for so long is taken for gone; its network may never tell."""

LAST_WORDS_S = 1.0
"""How long a client that reads slowly is waited for when its answer has been cut anyway."""


class ClientGoneError(Exception):
    """The client hung up, so there is nobody left to answer."""


class ApiExchange:
    """
    A request, and the answer as far as it has been sent.

    Attributes:
        path: Below where a proxy has put us, without a slash at its end.
        headers: Of the request, names in lower case; of repeated ones the last.
        caller: Whom the access check took the client for.
        request_id: Ours; it names the request in the answer's header, its receipt and the log.
        visit: What the door has read of where it comes from.
        groq_wire: It was asked for under Groq's own prefix, so the answer says what only Groq's does.
        notes: Adds headers to the answer, made when it starts.
        started: The status line is out, so nothing can be taken back.
        arrived, asked: When the request was whole, and when the pipeline was asked; seconds of ``perf_counter``.
        sending: The piece that waits for the client to read; None while it has read them all.
    """

    __slots__ = (
        "_line",
        "_receive",
        "_send",
        "arrived",
        "asked",
        "caller",
        "groq_wire",
        "headers",
        "notes",
        "path",
        "request_id",
        "scope",
        "sending",
        "started",
        "visit",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        self.scope = scope
        self.path = path
        asked: str = scope.get("path", path)
        self.groq_wire = asked.removeprefix(scope.get("root_path") or "").startswith("/openai/")
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.caller = Caller()
        self.visit: Visit = visit_of(scope)
        self.notes: Callable[[], Awaitable[Headers]] | None = None
        self.request_id = new_request_id()
        self.arrived = self.asked = perf_counter()
        self.started = False
        self.sending: bytes | None = None
        self._receive = receive
        self._send = send
        self._line = line_of(send)

    # ── the request ──────────────────────────────────────────────────────────────────────────────────

    @property
    def no_store(self) -> bool:
        """The client wants neither a kept answer nor its own to be kept."""
        return b"no-store" in self.headers.get(b"cache-control", b"").lower()

    async def chunks(self, limit: int) -> AsyncGenerator[bytes, None]:
        """
        The body as it arrives.

        Raises:
            RequestError: 413 when it has more than ``limit`` bytes, as soon as that is known; 503 when all requests
                together hold as many as they may.
            ClientGoneError: It hung up before the end.
        """
        holding = await self._hold_body(limit)
        size, more = 0, True
        while more:
            body, more = await self._piece(holding, limit, size)
            size += len(body)
            if body:
                yield body
        self.arrived = perf_counter()

    async def body(self, limit: int) -> bytes:
        """The whole body, its content coding undone; errors as for :meth:`chunks` and :func:`decoded`."""
        raw = self._line.take_body() if self._line is not None else None
        if raw is None:
            raw = await self._pieces(limit)
        elif len(raw) > limit:
            raise _too_large(limit)
        else:
            holding_of(self.scope).reach(len(raw))
        self.arrived = perf_counter()
        coding = self.headers.get(b"content-encoding")
        return decode_body(raw, coding, limit) if coding else raw

    async def _pieces(self, limit: int) -> bytes:
        """All pieces of the body, put together."""
        holding = await self._hold_body(limit)
        part, more = await self._piece(holding, limit, 0)
        parts, size = [part], len(part)
        while more:
            part, more = await self._piece(holding, limit, size)
            parts.append(part)
            size += len(part)
        return b"".join(parts)

    async def _hold_body(self, limit: int) -> Holding:
        """Take room for the body, as far as its size is known."""
        declared = size_by_header(self.scope)
        if declared > limit:
            await self._discard(declared)
            raise _too_large(limit)
        holding = holding_of(self.scope)
        holding.reach(declared)
        return holding

    async def _piece(self, holding: Holding, limit: int, size: int) -> tuple[bytes, bool]:
        """The next piece of the body, of which so much has come, and whether there is more."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        body, more = message.get("body", b""), message.get("more_body", False)
        if size + len(body) > limit:
            if more:
                await self._discard(0)
            raise _too_large(limit)
        holding.reach(size + len(body))
        return body, more

    async def _discard(self, declared: int) -> None:
        """Let a client that sends before it listens finish, within reason."""
        if declared > DISCARDED or self.headers.get(b"expect", b"").lower() == b"100-continue":
            return
        size = 0
        while size < DISCARDED:
            message = await self._receive()
            size += len(message.get("body", b""))
            if not message.get("more_body", False):
                return

    def watch(self) -> HangUpWatch:
        """Give up the work inside as soon as the client hangs up. The request's body must have been read."""
        return HangUpWatch(self, self._receive, self._line)

    # ── the answer ───────────────────────────────────────────────────────────────────────────────────

    async def start(self, status: int, headers: Headers, first: bytes = b"") -> None:
        """
        Begin an answer that comes in pieces.

        Args:
            first: The first of them, which goes out with the head.
        """
        self.started = True
        if self.visit.proxied and UNDELAYED[0] in headers:
            headers = [*headers, UNPACKED]
        headers = self._head(headers)
        if self.notes is not None:
            headers += await self.notes()
        if first and self._line is not None and self._line.may_begin(status):
            self._line.begin(status, headers, first)
            return
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        if first:
            await self.write(first)

    def _head(self, headers: Headers) -> Headers:
        """An answer's own headers, and those of every answer."""
        ours = self.request_id.encode()
        theirs = CLIENT.get().request_id.encode()
        # The client's own id of the request where it sent one, and ours.
        whole = [*headers, (b"x-request-id", theirs or ours), NO_SNIFF]
        if theirs:
            whole.append((b"x-groq-core-request-id", ours))
        if self.visit.cors:
            whole += cors_headers(self.visit)
        return whole

    async def write(self, body: bytes) -> None:
        """Send a piece of the answer; waits while the client reads more slowly than we write."""
        self.sending = body
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        self.sending = None

    def outlet(self, encode: Callable[[str, bool], bytes]) -> Outlet | None:
        """
        Where words can go to the client at once; None where the server has no such way.

        Args:
            encode: Words as they are written; true for thoughts.
        """
        return self._line.outlet(encode) if self._line is not None else None

    async def end(self, body: bytes = b"") -> None:
        if self._line is None or not self._line.end(body):
            await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def last_words(self, body: bytes) -> None:
        """End with this, unless the client has stopped listening."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self.end(body)

    async def answer(self, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        """Send a whole answer at once."""
        self.started = True
        whole = self._head([(b"content-length", b"%d" % len(body)), *headers])
        if self.notes is not None:
            whole += await self.notes()
        if self._line is not None and self._line.may_begin(status):
            self._line.answer(status, whole, body)
            return
        await self._send({"type": "http.response.start", "status": status, "headers": whole})
        await self.end(body)

    async def forward(self, app: ASGIApp) -> None:
        """Let another application answer, as if it had been asked itself."""
        scope = {**self.scope, "path": self.path, "root_path": ""}
        notes = [NO_SNIFF, *cors_headers(self.visit)]

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *notes]}
            await self._send(message)

        await app(scope, self._receive, send)

    async def answer_json(self, value: Any, *headers: tuple[bytes, bytes], status: int = 200) -> None:
        await self.answer(status, json_bytes(value), JSON, NO_STORE, *headers)


def _too_large(limit: int) -> RequestError:
    return RequestError(
        f"the request body is larger than {limit / 2**20:g} MiB",
        status=413,
        code="request_too_large",
        hint="Send smaller or fewer pictures, or cut the recording into pieces.",
    )


class HangUpWatch:
    """
    Cancels the task inside the ``with`` block when the client hangs up; the block then ends in `ClientGoneError`.

    A connection that closes is the only thing an HTTP client can say after its request. The connection itself tells
    of it; where the server is another, it says so to ``receive``, which then needs a task of its own while we are
    busy with the answer.

    Args:
        line: The way to the client's connection.
        stalled_s: Seconds without reading after which a client counts as gone.

    Attributes:
        gone: The client has hung up.
    """

    __slots__ = ("_connection", "_exchange", "_line", "_receive", "_stalled_s", "_task", "_watcher", "gone")

    def __init__(
        self, exchange: ApiExchange, receive: Receive, line: DirectLine | None = None, *, stalled_s: float = STALLED_S
    ) -> None:
        self._exchange = exchange
        self._receive = receive
        self._line = line
        self._connection: GuardedProtocol | None = None
        self._stalled_s = stalled_s
        self.gone = False
        self._task: asyncio.Task[Any] | None = None
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> HangUpWatch:
        self._task = asyncio.current_task()
        self._connection = self._line.listen(self._give_up) if self._line is not None else None
        if self._connection is None:
            self._watcher = asyncio.create_task(self._watch())
        return self

    def _give_up(self) -> None:
        self.gone = True
        if self._task is not None:
            self._task.cancel()

    def release(self) -> None:
        """From here on the work is finished whoever listens: the answer is whole, only the books are open."""
        if self._connection is not None:
            self._connection.forget_listener(self._give_up)
        if self._watcher is not None:
            self._watcher.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        if not self.gone or self._task is None:
            return
        # Somebody else may have cancelled us too (the server stops); theirs must not be swallowed.
        if self._task.uncancel() == 0 and (error is None or isinstance(error, asyncio.CancelledError)):
            raise ClientGoneError from None

    async def _watch(self) -> None:
        piece = None
        while not self.gone:
            try:
                async with asyncio.timeout(self._stalled_s):
                    message = await self._receive()
            except TimeoutError:
                waiting = self._exchange.sending
                self.gone = waiting is not None and waiting is piece
                piece = waiting
            else:
                self.gone = message["type"] == "http.disconnect"
        self._give_up()
