"""
JSON on its way out: to a client, into a file, into a header. One encoder for all of it, msgspec's.

It decodes into types and encodes records without a copy, which orjson does not; the text of a token costs both the
same. `python -m benchmarks.encoders` measures it.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


def json_bytes(value: Any) -> bytes:
    """
    Encode a value as UTF-8 JSON; half a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD.

    >>> json_bytes({"text": "naïve"}).decode(), json_bytes(chr(0xD83D)).decode()
    ('{"text":"naïve"}', '"\ufffd"')
    """
    try:
        return _encode(value)
    except UnicodeEncodeError:
        # Only a model's own broken escapes bring this about, so it may cost more.
        text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def json_line(value: Any) -> bytes:
    """Encode a value as one line of a JSONL file."""
    return json_bytes(value) + b"\n"


def event_bytes(value: Any) -> bytes:
    """Encode a value as one server-sent event."""
    return b"data: " + json_bytes(value) + b"\n\n"


def header_json(value: Any) -> bytes:
    """Encode a value for a header, which holds ASCII alone: other letters stand as their escapes."""
    return json.dumps(value).encode()
