"""What both APIs share on the wire: JSON bytes, errors as exceptions, and the names of durations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

Headers: TypeAlias = list[tuple[bytes, bytes]]
Json: TypeAlias = dict[str, Any]

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


def go_json(value: object) -> bytes:
    r"""
    Encode as Go's ``encoding/json`` does: compact, UTF-8, with ``<``, ``>`` and ``&`` escaped.

    >>> go_json({"a": "<b> & é"}).decode()
    '{"a":"\\u003cb\\u003e \\u0026 é"}'
    """
    data = encode(value)
    if b"<" in data or b">" in data or b"&" in data:
        # These characters occur in strings only, so replacing bytes is safe.
        data = data.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")
    return data


@lru_cache(maxsize=16_384)
def token_json(token: str) -> bytes:
    """A token as Go writes it; answers repeat their words, so most are encoded once."""
    return go_json(token)


def go_duration(seconds: float) -> str:
    """
    Print a duration as Go does, cut to nanoseconds as the recordings are.

    Microseconds are told in milliseconds: their sign has no place in a header, and clients on aiohttp fail over it.

    >>> go_duration(86.4), go_duration(0.0075), go_duration(7385.0), go_duration(0), go_duration(120)
    ('1m26.4s', '7.5ms', '2h3m5s', '0s', '2m0s')
    >>> go_duration(0.000211408)
    '0.211408ms'
    """
    nanoseconds = round(seconds * 1e9)
    if nanoseconds <= 0:
        return "0s"
    if nanoseconds < 1_000:
        return f"{nanoseconds}ns"
    if nanoseconds < 1_000_000_000:
        return f"{_trim(nanoseconds, 1_000_000)}ms"
    minutes, rest = divmod(nanoseconds, 60_000_000_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{_trim(rest, 1_000_000_000)}s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def whole_seconds(seconds: float) -> int:
    """``retry-after`` as Groq sends it: rounded up, so never too early."""
    return max(1, math.ceil(seconds - 1e-9))


class WireError(Exception):
    """
    A refusal as it goes over the wire; the dialect turns it into bytes.

    Attributes:
        status: HTTP status.
        message, type, param, code: The fields of ``error``; None is left out by Groq and null at OpenAI.
        extra: Further fields of ``error``, e.g. ``failed_generation``.
        headers: Response headers that belong to it, e.g. ``retry-after``.
        ran: The model had started, so rate-limit headers are sent along.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        extra: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        ran: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.param = param
        self.code = code
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        self.ran = ran


def bad_request(message: str, *, param: str | None = None, code: str | None = None, **extra: object) -> WireError:
    """The most common refusal: 400 ``invalid_request_error``."""
    return WireError(400, message, param=param, code=code, extra=extra)


def words(text: str) -> list[str]:
    """The words of a list that is easier to read as text."""
    return text.split()


def header_bytes(headers: Mapping[str, str]) -> Headers:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _trim(value: int, unit: int) -> str:
    whole, fraction = divmod(value, unit)
    digits = f"{fraction:0{len(str(unit)) - 1}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)
