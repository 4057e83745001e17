"""Who reads a stream of the page: written to past all layers, and watched without a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any

from starlette.types import Receive, Scope, Send

from groq_core.connections.line import KEY as LINE
from groq_core.connections.line import DirectLine


class PageReader:
    """
    Somebody who reads a stream of the page: by the line to their socket where there is one, or message by message.

    The layers in between look at the beginning of an answer, and at nothing of its body; each piece on its way through
    them cost as much again as writing it.

    Args:
        scope: Of the request, whose body must have been read.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._line: DirectLine | None = scope.get(LINE)
        self._receive = receive
        self._send = send

    async def start(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Begin the answer."""
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    def write(self, body: bytes, more: bool) -> Awaitable[None] | None:
        """
        Send a piece.

        Returns:
            What is to be awaited; None where it is sent.
        """
        line = self._line
        if line is not None and (line.write(body) if more else line.end(body)):
            return None
        return self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def write_until_gone(self, writing: Coroutine[Any, Any, None]) -> None:
        """Let it be written until all is, or nobody reads it any more."""
        if self._line is None or not await self._listened(self._line, writing):
            await self._watched(writing)

    async def _listened(self, line: DirectLine, writing: Coroutine[Any, Any, None]) -> bool:
        """The same where the connection tells that its client has gone; false, and nothing done, where it does not."""
        task = asyncio.current_task()
        assert task is not None, "an answer is written inside a task"
        gone = False

        def leave() -> None:
            nonlocal gone
            if line.hung_up:
                gone = True
                task.cancel()
            else:
                line.listen(leave)  # slow, and still there

        if (connection := line.listen(leave)) is None:
            return False
        try:
            await writing
        except asyncio.CancelledError:
            # The server may have cancelled us too, as it stops.
            if not gone or task.uncancel() > 0:
                raise
        finally:
            connection.forget_listener(leave)
        return True

    async def _watched(self, writing: Coroutine[Any, Any, None]) -> None:
        writer = asyncio.ensure_future(writing)
        gone = asyncio.ensure_future(wait_for_disconnect(self._receive))
        try:
            await asyncio.wait((writer, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            writer.cancel()
            gone.cancel()
            await asyncio.gather(writer, gone, return_exceptions=True)


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the page has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
