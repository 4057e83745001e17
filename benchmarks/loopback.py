"""A provider on loopback: as little of HTTP as its clients need, and what it answers is left to others."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from groq_core.models.registry import MODELS

Answer: TypeAlias = Callable[[str, bytes, asyncio.StreamWriter], Awaitable[object]]
"""Writes the answer to a path and a body; False ends the connection."""


async def answer_requests(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    """Read requests off a connection and have one after the other answered, until its client is gone."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            found = re.search(rb"content-length: *(\d+)", head, re.I)
            body = await reader.readexactly(int(found[1])) if found else b""
            if await answer(head.split(b" ", 2)[1].decode(), body, writer) is False:
                return
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def json_response(value: object, status: int = 200, *headers: str) -> bytes:
    """A whole response, its headers beside the two of its body as ``name: value``."""
    body = json.dumps(value).encode()
    lines = [f"HTTP/1.1 {status} X", "content-type: application/json", *headers, f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def groq_models() -> dict[str, Any]:
    """Groq's list of models, with all that the registry knows."""
    ids = [spec.id for spec in MODELS.values() if spec.provider == "groq"]
    rows = [{"id": id, "object": "model", "created": 0, "owned_by": "groq", "active": True} for id in ids]
    return {"object": "list", "data": rows}
