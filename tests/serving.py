"""Serve an application to a test on loopback: up without waiting, and gone without a trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

GRACE_S = 0.25
"""For what still runs when a test is over; streams without an end are then cancelled."""


@asynccontextmanager
async def serving(app: Any, **options: Any) -> AsyncIterator[uvicorn.Server]:
    """
    Serve it on a free port.

    uvicorn's own ``serve`` looks ten times a second whether it should stop, and told to hurry it leaves the
    application's lifespan suspended. That is then closed by the garbage collector, in whichever thread happens to
    run it and beside the event loop's, which has ended the interpreter with a segmentation fault.

    Args:
        options: Of ``uvicorn.Config``.
    """
    given: dict[str, Any] = {"host": "127.0.0.1", "port": 0, "log_config": None} | options
    config = uvicorn.Config(app, **given)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    assert server.started, "the application did not start"
    try:
        yield server
    finally:
        await stop(server)


def port_of(server: uvicorn.Server) -> int:
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


def url_of(server: uvicorn.Server) -> str:
    """Its address, without a slash at the end."""
    return f"http://127.0.0.1:{port_of(server)}"


async def stop(server: uvicorn.Server) -> None:
    """End it now: no new connections, the old ones hung up, nothing left running, the lifespan over."""
    for listening in server.servers:
        listening.close()
    for _ in range(3):
        # asyncio lets a connection in over several turns; before the last of them nobody can hang up on it.
        await asyncio.sleep(0)
    for connection in list(server.server_state.connections):
        connection.shutdown()
    if running := set(server.server_state.tasks):
        _, running = await asyncio.wait(running, timeout=GRACE_S)
    for connection in list(server.server_state.connections):
        if connection.transport is not None:
            connection.transport.abort()
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running, timeout=5)
    for _ in range(100):
        # A transport closes its socket in the next turn of the loop.
        await asyncio.sleep(0)
        if not server.server_state.connections:
            break
    await server.lifespan.shutdown()
