"""
The least that a relay in Python costs: what one socket brings goes to the other, unread.

    python bare_relay.py PORT UPSTREAM_PORT

uvloop carries the bytes; nothing knows that they are HTTP, let alone tokens. Whatever a Python process does for a
stream beyond this, it does on top.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvloop


class Half(asyncio.Protocol):
    """One of the two sockets of a client; what comes before the other is there is kept for it."""

    def __init__(self) -> None:
        self.other: Any = None
        self.early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        if self.other is None:
            self.early += data
        else:
            self.other.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self.other is not None:
            self.other.close()


class Entrance(Half):
    """A client's socket, which opens the one to the model."""

    def __init__(self, upstream: int) -> None:
        super().__init__()
        self._upstream = upstream

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._opening = asyncio.ensure_future(self._open())

    async def _open(self) -> None:
        transport, exit_ = await asyncio.get_running_loop().create_connection(Half, "127.0.0.1", self._upstream)
        exit_.other, self.other = self.transport, transport
        transport.write(self.early)


async def main(port: int, upstream: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Entrance(upstream), "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
