"""JSON on its way out."""

from __future__ import annotations

import json
from typing import Any

import orjson


def json_bytes(value: Any) -> bytes:
    """
    Encode a value as UTF-8 JSON; half a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD.

    >>> json_bytes({"text": "naïve"}).decode(), json_bytes(chr(0xD83D)).decode()
    ('{"text":"naïve"}', '"\ufffd"')
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        # Only a model's own broken escapes bring this about, so it may cost more.
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def event_bytes(value: Any) -> bytes:
    """Encode a value as one server-sent event."""
    return b"data: " + json_bytes(value) + b"\n\n"
