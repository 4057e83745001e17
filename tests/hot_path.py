"""
The whole way of a streamed token without a socket: a provider's bytes in, a client's bytes out, on a clock that jumps.

The connection to the provider, every layer, the API and uvicorn's answer are the real ones. What stands in for the
two sockets writes down what is done with it, and when.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from logging import getLogger
from typing import Any, cast

import httpx
import msgspec
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from benchmarks.virtual import VirtualLoop
from benchmarks.world import House, World
from groq_core.api.app import create_api
from groq_core.providers.connection import Connection
from groq_core.providers.groq import GroqProvider
from groq_core.providers.wire import Wire
from groq_core.redaction import Secret
from tests.api.stage import Stage
from tests.wire_server import DONE, END, USAGE, event, head

HEAD = head(200, "text/event-stream", "transfer-encoding: chunked")
FINISH = event({}, "stop", usage=USAGE) + DONE + END


class CountingLoop(VirtualLoop):
    """
    Attributes:
        wakes: Callbacks that were due at once: a task that goes on is one.
    """

    wakes = 0

    def call_soon(self, *args: Any, **more: Any) -> asyncio.Handle:  # type: ignore[override]
        self.wakes += 1
        return super().call_soon(*args, **more)


class Upstream(asyncio.Transport):
    """
    The socket of one connection to the provider.

    Attributes:
        reads: How often it was read, successfully or not.
        closed: It was hung up.
    """

    def __init__(self) -> None:
        super().__init__()
        self.connection: Any = None
        self.buffer = b""
        self.reading = True
        self.reads = 0
        self.closed = False

    def arrive(self, data: bytes) -> None:
        """Bytes come in from the network."""
        self.buffer += data
        self._deliver()

    def _deliver(self) -> None:
        if self.reading and self.buffer and not self.closed:
            data, self.buffer = self.buffer, b""
            self.reads += 1
            self.connection.data_received(data)

    def recv_into(self, room: memoryview) -> int:
        self.reads += 1
        if not self.buffer:
            raise BlockingIOError
        data, self.buffer = self.buffer[: len(room)], self.buffer[len(room) :]
        room[: len(data)] = data
        return len(data)

    def cut(self) -> None:
        """The other side closes the connection in good order."""
        self.reading = True
        self._deliver()
        self.closed = True
        self.connection.connection_lost(None)

    def write(self, data: Any) -> None:
        pass

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True
        asyncio.get_running_loop().call_later(0, self._deliver)

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.connection.connection_lost, None)


class ScriptedWire(Wire):
    """
    Connections that lead nowhere.

    Args:
        plain: They are not encrypted, and may be read past the loop.
    """

    def __init__(self, *, plain: bool = True) -> None:
        super().__init__(httpx.URL("http://provider"), cast(Any, None), connect_s=5, idle=0, idle_s=60)
        self._plain = plain
        self.upstreams: list[Upstream] = []

    async def _connect(self) -> Connection:
        made = Upstream()
        made.connection = Connection(self._pace, cast(Any, made) if self._plain else None)
        made.connection.connection_made(made)
        self.upstreams.append(made)
        return cast(Connection, made.connection)


class Client(asyncio.Transport):
    """
    The socket of one client.

    Attributes:
        writes: When each write was made, and what.
    """

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[tuple[float, bytes]] = []
        self.flow = FlowControl(self)

    def write(self, data: Any) -> None:
        self.writes.append((asyncio.get_running_loop().time(), bytes(data)))

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    @property
    def body(self) -> bytes:
        return b"".join(data for _, data in self.writes)

    def texts(self) -> list[tuple[float, str]]:
        """The words of each write, and when."""
        return [(at, words) for at, data in self.writes if (words := words_in(data))]

    @property
    def text(self) -> str:
        return "".join(words for _, words in self.texts())


def words_in(data: bytes) -> str:
    lines = [line[6:] for line in data.split(b"\n") if line.startswith(b"data: {")]
    choices = [one for line in lines for one in json.loads(line).get("choices", ())]
    return "".join(one["delta"].get("content") or "" for one in choices)


class Hall:
    """One running API on scripted connections, below a :class:`CountingLoop`."""

    def __init__(self, *, plain: bool = True, **house: Any) -> None:
        self.wire = ScriptedWire(plain=plain)
        provider = GroqProvider(Secret("gsk_test"), "http://provider")
        provider._wire = self.wire
        self.world = World(["groq:a", "groq:b"], lambda request: "")
        self.house = House(self.world, uniform=lambda low, high: low, around=provider, **house)
        self.stage = Stage(self.house.handle)
        self.app = create_api(self.stage)

    @property
    def loop(self) -> CountingLoop:
        return cast(CountingLoop, asyncio.get_running_loop())

    async def ask(self, **fields: Any) -> tuple[Client, asyncio.Task[None]]:
        """Ask for a streamed answer; gives the client and the task of the answer."""
        client, asked = Client(), len(self.wire.upstreams)
        body = msgspec.json.encode({"messages": [{"role": "user", "content": "Hi"}], "stream": True, **fields})
        heard = asyncio.Event()
        cycle = RequestResponseCycle(
            scope=_scope(body), transport=client, flow=client.flow, logger=getLogger("test"),
            access_logger=getLogger("test"), access_log=False, default_headers=[], message_event=heard,
            expect_100_continue=False, keep_alive=True, on_response=lambda: None,
        )  # fmt: skip
        cycle.body += body
        cycle.more_body = False
        heard.set()
        task = asyncio.create_task(cycle.run_asgi(self.app))  # type: ignore[arg-type]
        await self.settle()
        assert len(self.wire.upstreams) == asked + 1
        return client, task

    async def next_upstream(self, number: int) -> Upstream:
        """The connection of a later attempt, when it is made."""
        for _ in range(1000):
            if len(self.wire.upstreams) > number:
                return self.wire.upstreams[number]
            await asyncio.sleep(0.1)
        raise AssertionError("nobody else is asked")

    async def answering(self) -> tuple[Client, asyncio.Task[None], Upstream]:
        """An answer of which the first word has come: its reader, its task, and where it comes from."""
        client, task = await self.ask()
        upstream = self.wire.upstreams[-1]
        begin(upstream)
        await self.settle()
        return client, task, upstream

    async def settle(self) -> None:
        """Let everybody do what they can do now."""
        for _ in range(50):
            await asyncio.sleep(0)


def _scope(body: bytes) -> Any:
    return {
        "type": "http", "method": "POST", "path": "/v1/chat/completions", "raw_path": b"/v1/chat/completions",
        "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "headers": [
            (b"host", b"127.0.0.1"), (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
        ],
    }  # fmt: skip


def begin(upstream: Upstream, word: str = "0 ") -> None:
    """The head, the role and the first word."""
    upstream.arrive(HEAD + event({"role": "assistant", "content": ""}) + token(word))


def token(word: str) -> bytes:
    return event({"content": word})


def schedule(upstream: Upstream, words: Iterable[str], rate: float, offset_s: float = 0.0) -> dict[str, float]:
    """Let words come at a pace; gives when each is due on the loop's clock."""
    loop = asyncio.get_running_loop()
    due = {word: loop.time() + offset_s + (number + 1) / rate for number, word in enumerate(words)}
    for word, at in due.items():
        loop.call_at(at, upstream.arrive, token(word))
    return due


def run(main: Callable[[], Any]) -> Any:
    """Run a test on a loop whose clock jumps and which counts."""
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        return runner.run(main())
