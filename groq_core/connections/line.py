"""The way from an answer to its client's socket, with neither a task nor a message in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from uvicorn.protocols.http.httptools_impl import HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

from groq_core.connections.guard import GuardedProtocol
from groq_core.events import Outlet

NO_BODY = (204, 304)

KEY = "groq_core.line"
"""Under which a scope tells of the line behind all layers' ``send``, for those whose body no layer looks at."""


class DirectLine:
    """
    One answer, begun and written without a message for each of its parts.

    Args:
        cycle: uvicorn's; its state says whether something may be written, as its own ``send`` would ask.
    """

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def outlet(self, encode: Callable[[str, bool], bytes]) -> Outlet:
        """
        Where words are sent at once, if the headers are out, the client is there and keeps up.

        Args:
            encode: Words as they are written; true for thoughts.
        """
        cycle = self._cycle
        flow, write = cycle.flow, cycle.transport.write

        def offer(words: str, thought: bool) -> bool:
            if not cycle.chunked_encoding or flow.write_paused or cycle.disconnected or cycle.response_complete:
                return False
            body = encode(words, thought)
            write(b"%x\r\n%b\r\n" % (len(body), body))
            return True

        return offer

    def take_body(self) -> bytes | None:
        """
        The request's body where all of it is here already, as that of most is; None where `receive` has to wait for it.
        """
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected or cycle.response_complete or cycle.waiting_for_100_continue:
            return None
        cycle.flow.resume_reading()
        cycle.message_event.clear()
        body, cycle.body = bytes(cycle.body), bytearray()
        return body

    def listen(self, tell: Callable[[], None]) -> GuardedProtocol | None:
        """
        Have it told once that the client has hung up, or has read nothing for two minutes.

        Returns:
            The connection, to be told when nobody listens any more; None where there is none of ours, and ``receive``
            has to find out.
        """
        cycle = self._cycle
        connection = getattr(cycle.on_response, "__self__", None)
        if not isinstance(connection, GuardedProtocol):
            return None
        connection.on_gone = tell
        if cycle.disconnected:
            tell()
        else:
            cycle.flow.resume_reading()  # a socket that nobody reads does not tell that it is closed
        return connection

    def may_begin(self, status: int) -> bool:
        """Nothing has been sent, the client is there and keeps up, and there will be a body."""
        cycle = self._cycle
        return not (
            cycle.response_started
            or cycle.disconnected
            or cycle.flow.write_paused
            or cycle.access_log
            or status in NO_BODY
            or cycle.scope["method"] == "HEAD"
        )

    def begin(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        """
        Send the head and the first piece of a body whose length nobody knows yet, in one write.

        Raises:
            RuntimeError: A header has a control character in it: it would end itself and begin another.
        """
        cycle = self._cycle
        head = self._head(status, [*headers, (b"transfer-encoding", b"chunked")])
        cycle.chunked_encoding = True
        cycle.transport.write(b"%b%x\r\n%b\r\n" % (head, len(body), body))

    def answer(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        """
        Send a whole answer in one write. The headers tell its length.

        Raises:
            RuntimeError: As for :meth:`begin`.
        """
        cycle = self._cycle
        head = self._head(status, headers)
        cycle.chunked_encoding, cycle.expected_content_length = False, 0
        cycle.transport.write(head + body)
        self._complete()

    def write(self, body: bytes) -> bool:
        """Send a piece of a body that comes in pieces; false where ``send`` has to, which waits or finds that out."""
        cycle = self._cycle
        if not cycle.chunked_encoding or cycle.flow.write_paused or cycle.disconnected or cycle.response_complete:
            return False
        if body:  # nothing at all would be the end
            cycle.transport.write(b"%x\r\n%b\r\n" % (len(body), body))
        return True

    @property
    def hung_up(self) -> bool:
        """The client is no longer there."""
        gone: bool = self._cycle.disconnected
        return gone

    def end(self, body: bytes) -> bool:
        """Send the last piece of a body that came in pieces, and its end, in one write; false where that cannot be."""
        cycle = self._cycle
        if not cycle.chunked_encoding or cycle.flow.write_paused or cycle.disconnected or cycle.response_complete:
            return False
        cycle.transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n")
        self._complete()
        return True

    def _complete(self) -> None:
        cycle = self._cycle
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()

    def _head(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
        """As the cycle's own ``send`` would write it, names in lower case as they came."""
        cycle = self._cycle
        fields = [*chain.from_iterable(cycle.default_headers), *chain.from_iterable(headers)]
        if not cycle.keep_alive:
            fields += (b"connection", b"close")
        if HEADER_VALUE_RE.search(b"".join(fields)):
            raise RuntimeError("a header has a control character in it")
        cycle.response_started, cycle.waiting_for_100_continue = True, False
        lines = b"%b: %b\r\n" * (len(fields) // 2) % tuple(fields)
        return b"%b%b\r\n" % (STATUS_LINE[status], lines)


def line_of(send: Any) -> DirectLine | None:
    """The line behind an application's ``send``; None where somebody stands in between, or the server is another."""
    cycle = getattr(send, "__self__", None)
    return DirectLine(cycle) if isinstance(cycle, RequestResponseCycle) else None
