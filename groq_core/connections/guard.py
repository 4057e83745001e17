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
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, ClassVar

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

DESCRIPTORS_WANTED = 65_536
DESCRIPTORS_KEPT = 128
"""Kept back for files and for connections to the models."""

FRAMING = 32
"""Bytes that each byte of a body may cost in chunks of one; beyond them and a head's size, nothing is meant."""

AUTHORITY_ENDS = re.compile(rb"[/?#]")

PROBES = ("/health", "/ready")


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a connection may take.

    Attributes:
        head_bytes, fields: Of a request's head; more is answered with 431.
        head_s: Seconds until a head must be whole.
        body_rate: Bytes a second that a body must come at, looked at every ``head_s``.
        stalled_s: A client that has read nothing for so long is taken for gone; its network may never tell.
        idle: Connections that rest; one more closes the one that has rested longest.
        open: Connections at all; a newcomer above it gets 503, unless it is a probe.
        spare: Connections above ``open`` that are still accepted, to say so.
    """

    head_bytes: int = 64 * 1024
    fields: int = 100
    head_s: float = 10.0
    body_rate: float = 1000.0
    stalled_s: float = 120.0
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
        self.now: Callable[[], float] = clock or self._find_clock
        self.connections: set[GuardedProtocol] = set()
        self.idle: OrderedDict[GuardedProtocol, None] = OrderedDict()
        self._sweeping: asyncio.TimerHandle | None = None

    def _find_clock(self) -> float:
        return asyncio.get_running_loop().time()

    def admit(self, connection: GuardedProtocol) -> bool:
        """Take a connection in; false when there is no room even to say so."""
        if self._sweeping is None:
            # Looked for once, and not four times a request: to find the loop, Python asks the system for the process.
            self.now = self._clock or asyncio.get_running_loop().time
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
    on_gone: Callable[[], None] | None = None
    """Told that nobody is left to hear the answer that is being given."""

    _unread_since: float | None = None
    _rests_since: float | None = None
    _head_since: float | None = None
    _head_size = 0
    _waiting = 0
    _body_size = 0
    _body_since: float | None = None
    _body_total = 0
    _bodies = 0
    _framing = 0
    _in_head = True
    _answering = 0
    _refusal = 400
    _line = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self.guard.admit(self):
            transport.abort()
            return
        self._head_since = self.guard.now()

    def connection_lost(self, exc: Exception | None) -> None:
        self.guard.forget(self)
        super().connection_lost(exc)
        self._tell_gone()

    def pause_writing(self) -> None:
        self._unread_since = self.guard.now()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._unread_since = None
        super().resume_writing()

    def forget_listener(self, tell: Callable[[], None]) -> None:
        """Whoever listened is through; the next request on this connection may have its own listener by now."""
        if self.on_gone == tell:
            self.on_gone = None

    def _tell_gone(self) -> None:
        tell, self.on_gone = self.on_gone, None
        if tell is not None:
            tell()

    def data_received(self, data: bytes) -> None:
        self._rests_since = None
        if self._head_since is None and self._body_since is None:
            self._head_since = self.guard.now()  # the first bytes of another request
            self._waiting = 0
        bodies_before = self._bodies
        if self._head_since is not None:
            data = self._without_upgrade(data)
        super().data_received(data)
        if self._body_since is not None:
            # Sizes of chunks, what stands beside them, and trailers: the parser gathers a field until it is whole.
            self._framing += len(data) - (self._bodies - bodies_before)
            if self._framing > self.guard.bounds.head_bytes + FRAMING * self._body_total:
                self.transport.close()
        if self._head_since is not None and not self.transport.is_closing():
            # The parser tells of a field when it is whole; one that never ends it would gather for ever.
            if self._waiting > self.guard.bounds.head_bytes:
                self._refusal = 431
                self.send_400_response("")
            self._waiting += len(data)

    def _without_upgrade(self, data: bytes) -> bytes:
        """
        A head that asks for no other protocol. Nothing here speaks one, and httptools then passes over the body: that
        of everything that Java's client sends over plain HTTP, which offers HTTP/2 with it.
        """
        end = data.find(b"\r\n\r\n")
        if end >= 0 and not self._line and b"upgrade" not in data[:end].lower():
            return data
        data = self._line + data
        known, self._line = len(self._line) and 1, b""
        end = data.find(b"\r\n\r\n")
        if (found := UPGRADE.search(data, 0, end if end >= 0 else len(data))) is not None:
            data = data[: found.start()] + b"x-grade" + data[found.end() :]
        _, line, name = data[-8:].rpartition(b"\n")
        if end < 0 and line and b"upgrade".startswith(name.lower()):
            self._line = line + name  # it may be cut in the middle of the field's name
            data = data[: len(data) - len(name)]
        return data[known:]

    def on_message_begin(self) -> None:
        self.guard.idle.pop(self, None)
        self._head_size = 0
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        # Called for every field of every request: what they come to together is looked at when they are all here.
        if self._in_head:
            headers = self.headers
            headers.append((name.lower(), value))
            if len(headers) > self.guard.bounds.fields:
                self._refuse(431)
            return
        self._head_size += len(name) + len(value) + 4
        if self._head_size > self.guard.bounds.head_bytes:
            self._refuse(431)  # a trailer is passed over: what was read of the head has been believed already

    def on_headers_complete(self) -> None:
        self._head_since = None
        self._in_head = False
        self._body_since, self._body_size = self.guard.now(), 0
        self._body_total = self._framing = 0
        self._head_size = len(self.url) + 4 * len(self.headers) + sum(map(len, chain.from_iterable(self.headers)))
        if self._head_size > self.guard.bounds.head_bytes:
            self._refuse(431)
        fields = dict(self.headers)
        if not self._names_one_host(fields):
            self._refuse(400)  # whoever stands between may have looked at another one
        if b"expect" in fields:
            asked = [value.lower() for name, value in self.headers if name == b"expect"]
            self.expect_100_continue = b"100-continue" in asked
        if self.over and self.url.partition(b"?")[0].decode("latin-1") not in PROBES:
            self._refuse(503)
        super().on_headers_complete()
        self._answering += 1

    def _names_one_host(self, fields: Mapping[bytes, bytes]) -> bool:
        """Whether the request says once, and in one way, whom it is for; HTTP/1.0 may leave it out."""
        version, host = self.parser.get_http_version(), fields.get(b"host")
        if version not in ("1.0", "1.1") or (version == "1.1" and host is None):
            return False
        if len(fields) < len(self.headers) and sum(name == b"host" for name, _ in self.headers) > 1:
            return False
        if self.url.startswith(b"/"):
            return True
        _, absolute, rest = self.url.partition(b"://")
        if not absolute:
            return True
        return host is not None and AUTHORITY_ENDS.split(rest, 1)[0].lower() == host.strip().lower()

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        self._body_total += len(body)
        self._bodies += len(body)  # of all its requests: the total begins anew within what is read at once
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._body_since = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """As uvicorn's, whose timer for each connection that rests is one look of the guard at all of them."""
        self._answering -= 1
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if self.cycle.response_complete:
            if self.over:
                self.transport.close()
            else:
                self._rests_since = self.guard.now()
                self.guard.rests(self)

    def look(self, now: float) -> None:
        """Hang up when a head is not whole in time, or a body comes too slowly to be meant."""
        bounds = self.guard.bounds
        if self.transport.is_closing():
            return
        if self._rests_since is not None and now - self._rests_since > self.timeout_keep_alive:
            self.transport.close()
            return
        if self._unread_since is not None and now - self._unread_since > bounds.stalled_s:
            self._tell_gone()
        if self._head_since is not None and self._answering:
            self._head_since = now  # the next one waits for the answer that is being given
        elif self._head_since is not None and now - self._head_since > bounds.head_s:
            self._refusal = 408
            self.send_400_response("the request's head did not come in time")
        elif self._body_since is not None and now - self._body_since > bounds.head_s:
            if not self.flow.read_paused and self._body_size < bounds.body_rate * (now - self._body_since):
                self._refusal = 408
                self.send_400_response("")
            self._body_since, self._body_size = now, 0

    def _refuse(self, status: int) -> None:
        """End the parser's work; uvicorn then answers by :meth:`send_400_response`."""
        self._refusal = status
        raise _Refused

    def send_400_response(self, msg: str) -> None:
        if self._answering:
            if self._answering > 1 or self.cycle.response_started:
                self.transport.close()  # a second status line would stand in the middle of the answer
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._tell_gone()
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


UPGRADE = re.compile(rb"(?<=\n)upgrade(?=[ \t]*:)", re.I)


class _Refused(Exception):  # noqa: N818 - ends the parser, and is never seen outside
    pass


_WORDS = {
    431: ("the request's head is too large", "Send at most 64 KiB and 100 fields; large values belong in the body."),
    408: ("the request did not come in time", "Send its head within ten seconds, and its body at a kilobyte a second."),
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
