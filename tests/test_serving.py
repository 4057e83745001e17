"""What serves a test is gone when it says so: no connection is left for the garbage collector, and for another test."""

from __future__ import annotations

import asyncio
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from groq_core.simulator import Simulator
from tests.serving import listening, port_of, serving


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """An application that says nothing until it is cancelled."""
    assert scope["type"] == "http"
    await asyncio.Event().wait()


def is_hung_up(client: socket.socket) -> bool:
    """Whether the other side has closed it; raises TimeoutError while it has not."""
    client.settimeout(5)
    try:
        while client.recv(65536):  # what an application says when it is told to stop
            pass
    except ConnectionResetError:
        pass
    return True


@pytest.mark.parametrize("asks", [False, True], ids=["silent", "asking"])
async def test_whoever_connects_while_a_server_stops_is_hung_up_on(asks: bool) -> None:
    for turns in range(8):  # of the loop, which takes several to make a connection of what it has accepted
        async with serving(answer, lifespan="off", grace_s=0.01) as server:
            client = socket.create_connection(("127.0.0.1", port_of(server)))
            if asks:
                client.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            for _ in range(turns):
                await asyncio.sleep(0)
        with client:
            assert not server.server_state.connections
            assert is_hung_up(client), f"after {turns} turns of the loop"


async def test_a_handler_that_closes_nothing_leaves_nothing_open() -> None:
    met, all_met = list[asyncio.StreamWriter](), asyncio.Event()

    async def forgetful(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(writer)
        if len(met) == 3:
            all_met.set()
        if await reader.read(1) == b"w":
            await reader.read()

    async with listening(forgetful) as port:
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        for client, said in zip(clients, (b"w", b"x", b""), strict=True):  # waits, is through, has heard nothing
            client.sendall(said)
        await all_met.wait()
        sockets = [writer.get_extra_info("socket") for writer in met]

    assert all(one.fileno() == -1 for one in sockets)
    for client in clients:
        with client:
            assert is_hung_up(client)


async def test_whoever_connects_while_the_simulator_stops_is_hung_up_on() -> None:
    for turns in range(8):
        simulator = Simulator(pace=0, limits="off", seed=1)
        await simulator.start()
        address = urlsplit(simulator.groq_url)
        client = socket.create_connection((address.hostname, address.port))
        for _ in range(turns):
            await asyncio.sleep(0)
        await simulator.stop()
        with client:
            assert is_hung_up(client), f"after {turns} turns of the loop"
