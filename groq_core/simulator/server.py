"""The simulator as a server: uvicorn's HTTP on a socket of our own, in the loop that is running."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from groq_core.simulator.app import App
from groq_core.simulator.exchange import TRANSPORT, Receive, Scope, Send
from groq_core.simulator.faults import Faults
from groq_core.simulator.leaking_buckets import Setting
from groq_core.simulator.world import SeenRequest, World

KEEP_ALIVE_S = 75
"""Longer than any client keeps an idle connection, so that the client closes it and no request meets a closed one."""


class Simulator:
    """
    An honest stand-in for the Groq and OpenAI HTTP APIs.

    Groq's API is under ``/openai/v1``, OpenAI's under ``/v1``, the switches under ``/_simulator``. Answers are
    computed from the request and say that they are simulated.

    Args:
        catalogue: ``2026-11`` (what self-serve keys see now) or ``reference`` (the four ids of 2025).
        pace: 1 plays each model at its own speed, 2 twice as fast, 0 as fast as it goes.
        limits: Rate limits of the ``free`` or ``developer`` plan, or ``off``.
        limits_scale: Multiplies every limit.
        keys: Accepted bearer keys; None accepts any that does not contain ``invalid``.
        clock: Seconds, monotonic, for limits and faults.
        seed: Makes ids and chances repeat.
    """

    def __init__(
        self,
        *,
        catalogue: str = "2026-11",
        pace: float = 1.0,
        limits: Setting = "free",
        limits_scale: float = 1.0,
        keys: Collection[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        seed: int | None = None,
    ) -> None:
        self.world = World(
            catalogue=catalogue,
            pace=pace,
            limits=limits,
            limits_scale=limits_scale,
            keys=keys,
            clock=clock,
            seed=seed,
        )
        self._app = App(self.world)
        self._server: asyncio.Server | None = None
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        self._address = ""

    @property
    def app(self) -> Callable[[Scope, Receive, Send], Any]:
        """Both APIs as an ASGI application, for a server of somebody else's; it cannot break connections."""
        return self._app

    @property
    def faults(self) -> Faults:
        """The store behind ``/_simulator/faults``."""
        return self.world.faults

    def tell(self, events: Iterable[tuple[float, dict[str, Any]]]) -> int:
        """
        Answer as a saved story has it: its targets say and break what they did there, one request after the other.

        Args:
            events: ``events`` of the file that the page saves from a receipt.

        Returns:
            How many requests that will be; those after them are answered as ever.
        """
        return self.world.stories.add(events)

    @property
    def requests(self) -> deque[SeenRequest]:
        """The last thousand requests, oldest first."""
        return self.world.requests

    @property
    def open_streams(self) -> int:
        """Requests being answered at this moment."""
        return self.world.open_streams

    @property
    def groq_url(self) -> str:
        """For ``GROQ_BASE_URL``: the host alone, since the SDK adds ``/openai/v1``."""
        return self._address

    @property
    def openai_url(self) -> str:
        """For ``OPENAI_BASE_URL``."""
        return f"{self._address}/v1"

    async def wait_until_idle(self) -> None:
        """Wait until nothing is being answered, which is soon after every reader has left."""
        await self.world.idle.wait()

    def use(self, catalogue: str) -> None:
        """
        Switch to another catalogue profile, for requests from now on.

        Raises:
            ValueError: There is none of that name.
        """
        self.world.use(catalogue)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """
        Serve in the running loop; returns when connections are accepted. Port 0 takes a free one.

        Raises:
            OSError: The address cannot be used.
            RuntimeError: It serves already.
        """
        if self._server is not None:
            raise RuntimeError(f"the simulator serves at {self._address} already")
        config = Config(
            self._with_transport,
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        config.load()
        state = ServerState()
        transports = self._transports

        class Protocol(H11Protocol):
            """Lets faults at the connection: a transport is found by its peer's address."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                transports[transport.get_extra_info("peername")[:2]] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                peer = self.transport.get_extra_info("peername")
                if peer is not None:
                    transports.pop(peer[:2], None)
                elif self.client is not None:
                    transports.pop(self.client, None)
                super().connection_lost(exc)

        loop = asyncio.get_running_loop()
        listening = _listener(host, port)
        self._server = await loop.create_server(
            lambda: Protocol(config=config, server_state=state, app_state={}), sock=listening
        )
        bound = listening.getsockname()
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        self._address = f"http://{shown}:{bound[1]}"

    async def stop(self) -> None:
        """Stop at once: open streams are cut, batch jobs end where they are."""
        if self._server is None:
            return
        server, self._server = self._server, None
        await _close_door(server)
        for transport in list(self._transports.values()):
            transport.abort()
        await self._app.batches.stop()
        # Handlers see that their reader is gone and end; nothing of them may outlive the loop.
        for _ in range(500):
            if not self.world.open_streams and not self._transports:
                break
            await asyncio.sleep(0.002)

    async def __aenter__(self) -> Simulator:
        """Serve on a free loopback port."""
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def _with_transport(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = None
        if (client := scope.get("client")) is not None:
            transport = self._transports.get((client[0], client[1]))
            scope.setdefault("extensions", {})[TRANSPORT] = transport
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if transport is None:
                raise
            # The loop is being ended around us: the reader sees the connection break, and nobody needs a traceback.
            transport.abort()
            await asyncio.sleep(0)


async def serve(
    port: int,
    *,
    host: str = "127.0.0.1",
    catalogue: str = "2026-11",
    pace: float = 1.0,
    limits: Setting = "free",
    limits_scale: float = 1.0,
) -> None:
    """
    Serve until cancelled, for ``python -m groq_core simulate``.

    Raises:
        OSError: The address cannot be used.
        ValueError: There is no such catalogue.
    """
    simulator = Simulator(catalogue=catalogue, pace=pace, limits=limits, limits_scale=limits_scale)
    await simulator.start(host, port)
    try:
        await asyncio.Event().wait()
    finally:
        await simulator.stop()


async def _close_door(server: asyncio.Server) -> None:
    """
    Let nobody in any more.

    Whom asyncio has accepted becomes a connection some turns later, and not at all when the server is closed by then:
    the socket is left open and nobody has it. So first nobody new is accepted, then who was is let in.
    """
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):  # of Windows, which accepts in another way
        for listening in server.sockets:
            loop.remove_reader(listening.fileno())
    for _ in range(5):
        await asyncio.sleep(0)
    server.close()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it on, answers take 40 ms longer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening
