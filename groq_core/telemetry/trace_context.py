"""What a client says of the work its request belongs to: its own id of it, and the trace (W3C Trace Context)."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Final

import msgspec

_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_REQUEST_ID: Final = re.compile(r"[\w.:/+=@-]{1,128}", re.ASCII)


class TraceParent(msgspec.Struct, frozen=True, kw_only=True):
    """Where in somebody's trace a request stands; ids in hexadecimal."""

    trace_id: str
    span_id: str
    sampled: bool


class ClientContext(msgspec.Struct, frozen=True, kw_only=True):
    """
    What came along with a request.

    Attributes:
        request_id: The client's own id; empty where it sent none that can be repeated.
        parent: Its span; None where it sent none.
    """

    request_id: str = ""
    parent: TraceParent | None = None


NOBODY: Final = ClientContext()

CLIENT: ContextVar[ClientContext] = ContextVar("groq_core.client", default=NOBODY)
"""Of the request that the running task answers."""


def read_traceparent(text: str) -> TraceParent | None:
    """
    Read a `traceparent`; one that breaks the rules is none.

    >>> read_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").span_id
    'b7ad6b7169203331'
    >>> read_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01")
    """
    found = _TRACEPARENT.fullmatch(text.strip())
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceParent(trace_id=trace_id, span_id=span_id, sampled=bool(int(flags, 16) & 1))


def read_context(request_id: str, traceparent: str) -> ClientContext:
    """
    What the headers `x-request-id` and `traceparent` say; an id that could break a log line is passed over.

    >>> read_context("job-7", "").request_id, read_context("a\\nb", "").request_id
    ('job-7', '')
    """
    if not request_id and not traceparent:
        return NOBODY
    kept = request_id if _REQUEST_ID.fullmatch(request_id) else ""
    return ClientContext(request_id=kept, parent=read_traceparent(traceparent))
