"""The way from an answer to its client's socket, with neither a task nor a message in between."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class DirectLine:
    """
    One answer that is being sent in chunks.

    Args:
        cycle: uvicorn's; its state says whether something may be written, as its own ``send`` would ask.
    """

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    @property
    def ready(self) -> bool:
        """The headers are out, the client is there and keeps up."""
        cycle = self._cycle
        return bool(
            cycle.chunked_encoding
            and not cycle.flow.write_paused
            and not cycle.disconnected
            and not cycle.response_complete
        )

    def write(self, body: bytes) -> None:
        """Send a piece of the body. It must be :attr:`ready`."""
        self._cycle.transport.write(b"%x\r\n%b\r\n" % (len(body), body))


def line_of(send: Any) -> DirectLine | None:
    """The line behind an application's ``send``; None where somebody stands in between, or the server is another."""
    cycle = getattr(send, "__self__", None)
    return DirectLine(cycle) if isinstance(cycle, RequestResponseCycle) else None
