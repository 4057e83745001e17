"""How much an MCP server may answer: what is read whole before anybody can cut it is bounded as it comes in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    import httpx

MOST_BYTES: Final = 8 * 2**20
"""Of one answer: some pictures, and a thousand times what a model is told. Reading it takes the event loop."""


def bound_answers(
    refuse: Callable[[int | None, str], None], *, plain: bool = False
) -> Callable[[httpx.Response], Awaitable[None]]:
    """
    Make a hook for responses that breaks off those which are too large.

    Args:
        refuse: Told the number of the call whose answer it is (None where it is no call's), and why.
        plain: Compressed answers are not read: a small one may unfold to any size.
    """
    import httpx

    class Bounded(httpx.AsyncByteStream):
        def __init__(self, response: httpx.Response) -> None:
            assert isinstance(response.stream, httpx.AsyncByteStream), "the client is an async one"
            self._inner = response.stream
            self._request = response.request

        async def __aiter__(self) -> AsyncIterator[bytes]:
            read = 0
            async for piece in self._inner:
                if (read := read + len(piece)) > MOST_BYTES:
                    refuse(call_number(self._request.content), f"its answer has more than {MOST_BYTES >> 20} MB")
                    raise httpx.ReadError("the answer is too large", request=self._request)
                yield piece

        async def aclose(self) -> None:
            await self._inner.aclose()

    async def bound(response: httpx.Response) -> None:
        if plain and response.headers.get("content-encoding", "identity") != "identity":
            refuse(call_number(response.request.content), "its answer is compressed, though that was not asked for")
            raise httpx.ReadError("the answer is compressed", request=response.request)
        response.stream = Bounded(response)

    return bound


def call_number(body: bytes) -> int | None:
    """
    The number of a call, from what was sent.

    >>> call_number(b'{"jsonrpc": "2.0", "id": 3}'), call_number(b"")
    (3, None)
    """
    try:
        found = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None
    number = found.get("id") if isinstance(found, dict) else None
    return number if isinstance(number, int) else None
