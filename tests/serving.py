"""Serve to a test on loopback: up without waiting, and gone without a trace."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import uvicorn

GRACE_S = 0.25
"""For what still runs when a test is over; streams without an end are then cancelled."""

GONE_S = 5.0
"""For what was cancelled or hung up on."""

Speak: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, object]]
"""Speaks to whoever has connected."""


@asynccontextmanager
async def serving(
    app: Any, *, grace_s: float = GRACE_S, door: socket.socket | None = None, **options: Any
) -> AsyncIterator[uvicorn.Server]:
    """
    Serve an application on a free port.

    uvicorn's own ``serve`` looks ten times a second whether it should stop, and told to hurry it leaves the
    application's lifespan suspended. That is then closed by the garbage collector, in whichever thread happens to
    run it and beside the event loop's, which has ended the interpreter with a segmentation fault.

    Args:
        grace_s: Seconds that what runs at the end has.
        door: Bound already, where the application has to know its address.
        options: Of ``uvicorn.Config``.
    """
    given: dict[str, Any] = {"host": "127.0.0.1", "port": 0, "log_config": None} | options
    config = uvicorn.Config(app, **given)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=None if door is None else [door])
    assert server.started, "the application did not start"
    try:
        yield server
    finally:
        await stop(server, grace_s)


def port_of(server: uvicorn.Server) -> int:
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


def url_of(server: uvicorn.Server) -> str:
    """Its address, without a slash at the end."""
    return f"http://127.0.0.1:{port_of(server)}"


async def stop(server: uvicorn.Server, grace_s: float = GRACE_S) -> None:
    """
    End it now: no new connections, who still waits is told so, everybody hung up on, the lifespan over.

    A connection that is left when its loop ends is closed by the garbage collector, which makes it a warning, and
    so a failure, of whatever test runs by then.
    """
    state = server.server_state
    for door in server.servers:
        await close_door(door)
    for connection in list(state.connections):
        connection.shutdown()
    await end(set(state.tasks), grace_s)
    for connection in list(state.connections):
        connection.transport.abort()
    await let_in()
    assert not state.connections, "a connection outlives its server"
    await server.lifespan.shutdown()


async def close_door(door: asyncio.Server) -> None:
    """
    Let nobody in any more.

    Whom asyncio has accepted becomes a connection some turns later, and not at all when the server is closed by then:
    the socket is left open and nobody has it. So first nobody new is accepted, then who was is let in.
    """
    loop = asyncio.get_running_loop()
    for one in door.sockets:
        loop.remove_reader(one.fileno())
    await let_in()
    door.close()


async def let_in() -> None:
    """
    Give the loop its turns to make a connection of what it has accepted, or to close what was hung up on.

    Before the last of them nobody knows of a newcomer, and a socket is still open.
    """
    for _ in range(5):
        await asyncio.sleep(0)


async def end(running: set[asyncio.Task[Any]], grace_s: float = 0.0) -> None:
    """Wait so long for tasks to end by themselves, then cancel them; none of them is left."""
    if grace_s and running:
        _, running = await asyncio.wait(running, timeout=grace_s)
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running, timeout=GONE_S)


@asynccontextmanager
async def listening(
    speak: Speak, *, port: int = 0, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[int]:
    """
    Speak to whoever connects, and hang up on everybody at the end; gives the port.

    asyncio's own server closes its door and no more: whoever is inside stays.

    Args:
        port: 0 for any that is free.
        options: Of ``asyncio.start_server``.
    """
    inside: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    async def remember(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        inside[task] = writer
        with suppress(asyncio.CancelledError):
            await speak(reader, writer)

    server = await asyncio.start_server(remember, "127.0.0.1", port, ssl=tls, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await close_door(server)
        await end({task for task in inside if not task.done()})
        for writer in inside.values():
            # asyncio's transport has no loop any more once its last bytes went out after it was closed.
            with suppress(AttributeError):
                writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()
