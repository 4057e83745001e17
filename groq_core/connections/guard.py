"""
uvicorn's fastest HTTP protocol, with the bounds it does not have.

httptools parses a head of any size and waits for it for ever. uvicorn's h11 has a bound on the head alone and takes
more than twice the time for every request; another server would be another thing to know. So the same protocol is
kept, and what it is fed is counted: a head of 64 KiB and 100 fields within ten seconds, a body that comes at a
kilobyte a second, five thousand connections that rest, and of descriptors always some left for what is under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

DESCRIPTORS_WANTED = 65_536
DESCRIPTORS_KEPT = 128
"""Kept back for files and for connections to the models."""

PROBES = ("/health", "/ready")


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a connection may take.

    Attributes:
        head_bytes, fields: Of a request's head; more is answered with 431.
        head_s: Seconds until a head must be whole.
        body_rate: Bytes a second that a body must come at, looked at every ``head_s``.
        idle: Connections that rest; one more closes the one that has rested longest.
        open: Connections at all; a newcomer above it gets 503, unless it is a probe.
        spare: Connections above ``open`` that are still accepted, to say so.
    """

    head_bytes: int = 64 * 1024
    fields: int = 100
    head_s: float = 10.0
    body_rate: float = 1000.0
    idle: int = 5000
    open: int = 20_000
    spare: int = 32


class Guard:
    """
    Keeps the connections of a process within bounds; a look at all of them every second.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, bounds: Bounds | None = None, clock: Callable[[], float] | None = None) -> None:
        self.bounds = bounds or Bounds()
        self._clock = clock
        self.connections: set[GuardedProtocol] = set()
        self.idle: OrderedDict[GuardedProtocol, None] = OrderedDict()
        self._sweeping: asyncio.TimerHandle | None = None

    def now(self) -> float:
        return self._clock() if self._clock else asyncio.get_running_loop().time()

    def admit(self, connection: GuardedProtocol) -> bool:
        """Take a connection in; false when there is no room even to say so."""
        if self._sweeping is None:
            self._sweep()
        self.connections.add(connection)
        over = len(self.connections) > self.bounds.open
        if over and self.idle:
            self._close_oldest()
            over = False
        connection.over = over
        self.rests(connection)
        return len(self.connections) <= self.bounds.open + self.bounds.spare

    def forget(self, connection: GuardedProtocol) -> None:
        self.connections.discard(connection)
        self.idle.pop(connection, None)
        if not self.connections and self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None

    def rests(self, connection: GuardedProtocol) -> None:
        """A connection waits for its next request."""
        if connection.over:
            return
        self.idle[connection] = None
        if len(self.idle) > self.bounds.idle:
            self._close_oldest()

    def _close_oldest(self) -> None:
        oldest, _ = self.idle.popitem(last=False)
        oldest.transport.close()

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = self.now()
        for connection in list(self.connections):
            connection.look(now)
        self._sweeping = loop.call_later(min(1.0, self.bounds.head_s / 4), self._sweep)


class GuardedProtocol(HttpToolsProtocol):
    """One connection. Use :func:`protocol_for` to make the class that uvicorn is given."""

    guard: ClassVar[Guard]

    over = False
    _head_since: float | None = None
    _head_size = 0
    _waiting = 0
    _body_size = 0
    _body_since: float | None = None
    _refusal = 400

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self.guard.admit(self):
            transport.abort()
            return
        self._head_since = self.guard.now()

    def connection_lost(self, exc: Exception | None) -> None:
        self.guard.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_since is None and self._body_since is None:
            self._head_since = self.guard.now()  # the first bytes of another request
            self._waiting = 0
        super().data_received(data)
        if self._head_since is not None and not self.transport.is_closing():
            # The parser tells of a field when it is whole; one that never ends it would gather for ever.
            if self._waiting > self.guard.bounds.head_bytes:
                self._refusal = 431
                self.send_400_response("")
            self._waiting += len(data)

    def on_message_begin(self) -> None:
        self.guard.idle.pop(self, None)
        self._head_size = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._take(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._take(len(name) + len(value) + 4)
        if len(self.headers) > self.guard.bounds.fields:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        self._head_since = None
        self._body_since, self._body_size = self.guard.now(), 0
        if self.over and self.url.partition(b"?")[0].decode("latin-1") not in PROBES:
            self._refuse(503)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._body_since = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and self.cycle.response_complete:
            if self.over:
                self.transport.close()
            else:
                self.guard.rests(self)

    def look(self, now: float) -> None:
        """Hang up when a head is not whole in time, or a body comes too slowly to be meant."""
        bounds = self.guard.bounds
        if self.transport.is_closing():
            return
        if self._head_since is not None and now - self._head_since > bounds.head_s:
            self._refusal = 408
            self.send_400_response("the request's head did not come in time")
        elif self._body_since is not None and now - self._body_since > bounds.head_s:
            if not self.flow.read_paused and self._body_size < bounds.body_rate * (now - self._body_since):
                self.transport.close()
            self._body_since, self._body_size = now, 0

    def _take(self, size: int) -> None:
        self._head_size += size
        if self._head_size > self.guard.bounds.head_bytes:
            self._refuse(431)

    def _refuse(self, status: int) -> None:
        """End the parser's work; uvicorn then answers by :meth:`send_400_response`."""
        self._refusal = status
        raise _Refused

    def send_400_response(self, msg: str) -> None:
        status = self._refusal
        message, hint = _WORDS.get(status, (msg, ""))
        error = {"message": message, "type": "invalid_request_error", "code": None, "param": None, "hint": hint}
        if status == 503:
            error["type"] = "service_unavailable"
        body = msgspec.json.encode({"error": error})
        more = b"retry-after: 1\r\n" if status == 503 else b""
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n" % len(body)
            + b"cache-control: no-store\r\nx-content-type-options: nosniff\r\n"
            + more
            + b"\r\n"
            + body
        )
        self.transport.close()


class _Refused(Exception):  # noqa: N818 - ends the parser, and is never seen outside
    pass


_WORDS = {
    431: ("the request's head is too large", "Send at most 64 KiB and 100 fields; large values belong in the body."),
    408: ("the request's head did not come in time", "Send it within ten seconds."),
    503: ("there are too many connections", "Try again in a moment."),
}


def protocol_for(guard: Guard) -> type[GuardedProtocol]:
    """The protocol for ``uvicorn.Config(http=…)``, its connections kept by this guard."""
    return type("Connection", (GuardedProtocol,), {"guard": guard})


def raise_descriptors() -> int:
    """Allow the process as many descriptors as it may have; returns how many that are."""
    if sys.platform == "win32":
        return DESCRIPTORS_WANTED
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS_WANTED if hard == resource.RLIM_INFINITY else min(DESCRIPTORS_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return DESCRIPTORS_WANTED if soft == resource.RLIM_INFINITY else soft


def bounds_for(descriptors: int, **bounds: Any) -> Bounds:
    """
    Bounds that leave descriptors for what is under way.

    >>> bounds_for(1024).open, bounds_for(64).open
    (864, 24)
    """
    kept = min(DESCRIPTORS_KEPT, descriptors // 2)
    spare = min(32, max(1, kept // 4))
    return Bounds(open=max(8, descriptors - kept - spare), spare=spare, **bounds)
