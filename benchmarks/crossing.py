"""A small proxy between a process and what it talks to: slow, silent or cut, as it is told."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

from tests.serving import close_door

PIECE = 64 * 1024


class Crossing:
    """
    Passes on TCP connections.

    Attributes:
        port: Where it listens, on loopback.
        delay_s: Every piece waits for so long, in both directions.
        silent: Connections are accepted and nothing passes; what was on its way arrives when it is over.
    """

    def __init__(self, port: int) -> None:
        self._behind = port
        self._server: asyncio.Server | None = None
        self._crossings: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._cut = False
        self.delay_s = 0.0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._cross, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        await close_door(self._server)
        self.cut()
        await asyncio.gather(*self._crossings, return_exceptions=True)

    @property
    def silent(self) -> bool:
        return not self._open.is_set()

    @silent.setter
    def silent(self, silent: bool) -> None:
        if silent:
            self._open.clear()
        else:
            self._open.set()

    def lead_to(self, port: int) -> None:
        """Connect to another server from now on; connections that are open stay."""
        self._behind = port

    def cut(self) -> None:
        """Break every connection, and those to come, until :meth:`mend`."""
        self._cut = True
        for crossing in self._crossings:
            crossing.cancel()

    def mend(self) -> None:
        """Pass everything on again, at once."""
        self._cut, self.delay_s, self.silent = False, 0.0, False

    async def _cross(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._crossings.add(task)
        behind: asyncio.StreamWriter | None = None
        try:
            if self._cut:
                return
            back, behind = await asyncio.open_connection("127.0.0.1", self._behind)
            ways = [asyncio.ensure_future(way) for way in (self._pass(reader, behind), self._pass(back, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._crossings.discard(task)
            for end in (writer, behind):
                if end is not None:
                    end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                await asyncio.sleep(self.delay_s)
                await self._open.wait()
                writer.write(piece)
                await writer.drain()
