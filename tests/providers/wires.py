"""Wires of tests, and an exchange over one."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from functools import cache

import httpx

from groq_core.providers.wire import Wire
from tests.wire_server import head

OK = head(200, "application/json", "content-length: 2") + b"ok"


Run = Callable[[Awaitable[None]], None]


@cache
def authorities() -> ssl.SSLContext:
    """Those of this machine, read once."""
    return ssl.create_default_context()


def wire_to(url: str, *, tls: ssl.SSLContext | None = None, idle: int = 8, idle_s: float = 60) -> Wire:
    return Wire(httpx.URL(url), tls or authorities(), connect_s=1.0, idle=idle, idle_s=idle_s)


async def ask(wire: Wire, body: bytes = b"{}") -> tuple[int, bytes]:
    """One exchange, to its end."""
    answer = await wire.ask("POST", "/chat", {"content-type": "application/json"}, body)
    try:
        return answer.status_code, await answer.aread()
    finally:
        await answer.aclose()
