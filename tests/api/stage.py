"""A stage for the HTTP API: a backend whose answers the test writes, behind a real server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeAlias

import httpx
import orjson
from prometheus_client import CollectorRegistry, Counter

from groq_core.api.app import create_api
from groq_core.api.backend import Simulator
from groq_core.connections.guard import Guard, protocol_for
from groq_core.errors import SettingsError
from groq_core.events import AttemptStarted, CacheChecked, Event, Events, Finished, Routed, TextDelta, Usage
from groq_core.middleware.allowance import Allowances
from groq_core.models.catalogue import CatalogueKeeper, CatalogueStatus
from groq_core.models.tiers import tiers
from groq_core.ratelimit.limit_status import LimitStatus
from groq_core.ratelimit.personal_limits import People
from groq_core.requests import ChatRequest, Request, TranscriptionRequest
from groq_core.router.target_state import TierStatus
from groq_core.services.logins import MemoryLogins
from groq_core.services.own_keys import OwnKeys
from groq_core.settings.settings import Settings
from groq_core.status.snapshot import CacheStatus, Snapshot, TargetStatus
from tests.serving import GRACE_S, port_of
from tests.serving import serving as serve

Script: TypeAlias = Callable[[Request], Events]
Step: TypeAlias = Event | Exception | Callable[[], Awaitable[object]]

USAGE = Usage(prompt_tokens=7, completion_tokens=3, total_tokens=10, completion_time=0.01)


def begun(number: int = 1, model: str = "quick", provider: str = "groq") -> AttemptStarted:
    return AttemptStarted(number=number, provider=provider, model=model)


def done(model: str = "quick", number: int = 1, provider: str = "groq") -> Finished:
    return Finished(provider=provider, model=model, number=number, usage=USAGE, ttft_s=0.1, elapsed_s=0.2)


def plays(*steps: Step) -> Script:
    """Events are yielded, errors raised, anything callable is awaited."""

    async def script(request: Request) -> Events:
        yield Routed(request_id=request.request_id, tier="speed", reason="short", candidates=("groq:quick",))
        yield CacheChecked(result="miss")
        for step in steps:
            if isinstance(step, Event):
                yield step
            elif isinstance(step, Exception):
                raise step
            else:
                await step()

    return script


def says(*texts: str) -> Script:
    return plays(begun(), *map(TextDelta, texts), done())


class Board:
    """A snapshot that changes when told to."""

    def __init__(self) -> None:
        self.version = 1
        self.ready = True
        self.looks = 0
        self._moved = asyncio.Condition()

    def snapshot(self, credential: str = "server", *, within_s: float = 0.0) -> Snapshot:
        self.looks += 1
        return Snapshot(
            version=self.version,
            mode="live",
            taken_at=1.0,
            ready=self.ready,
            not_ready_why="" if self.ready else "every target rests",
            catalogue=CatalogueStatus(source="static", age_s=None, note=""),
            tiers=(TierStatus(tier="speed", target="groq:quick", why="first of its list"),),
            targets=(
                TargetStatus(
                    name="groq:quick",
                    provider="groq",
                    model="quick",
                    tiers=("speed",),
                    state="healthy" if self.ready else "resting",
                    rests_for_s=None if self.ready else 12.3,
                ),
            ),
            cache=CacheStatus(entries=0, capacity=500, hits=0, misses=0),
            inflight=0,
            requests=0,
            degraded=0,
            fallbacks=0,
        )

    def target(self, tier: str) -> str | None:
        return next((status.target for status in self.snapshot().tiers if status.tier == tier), None)

    def limits(self, name: str, credential: str = "server") -> tuple[LimitStatus, ...]:
        return ()

    async def move(self, *, ready: bool = True) -> None:
        async with self._moved:
            self.version += 1
            self.ready = ready
            self._moved.notify_all()

    async def wait_for_change(self, version: int) -> int:
        async with self._moved:
            await self._moved.wait_for(lambda: self.version > version)
            return self.version


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        Counter("groq_core_fallbacks", "from one target to another", registry=self.registry).inc()


class Ear:
    """Hears whatever the script says; keeps what it was given."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.heard: dict[str, object] = {}

    def stream(self, data: bytes, filename: str, **wanted: Any) -> Events:
        self.heard = {"data": data, "filename": filename, **wanted}
        return self._stage.handle(TranscriptionRequest(audio=data, filename=filename, caller=wanted["caller"]))


class Stage:
    """
    The backend.

    Attributes:
        script: What happens when something is asked.
        asked: The requests that came through, oldest first.
        running: Answers that have begun and neither ended nor been closed.
    """

    def __init__(self, script: Script | None = None, settings: Settings | None = None) -> None:
        self.script = script or says("Hello")
        self.settings = settings or Settings()
        self.board = Board()
        self.metrics = Metrics()
        self.catalogue = CatalogueKeeper(None)
        self.tiers = tiers(self.settings)
        self.people = People(self.settings.limits)
        self.transcription = Ear(self)
        self.simulator: Simulator | None = None
        self.mcp_logins = MemoryLogins()
        self.own_keys: OwnKeys | None = None
        self.asked: list[Request] = []
        self.running = 0
        self.left = asyncio.Event()

    def batches(self) -> NoReturn:
        raise SettingsError("Groq's Batch API needs GROQ_API_KEY")

    def handle(self, request: Request) -> Events:
        return Allowances(self.people)(self._answer, request)

    async def _answer(self, request: Request) -> Events:
        self.asked.append(request)
        self.running += 1
        try:
            async for event in self.script(request):
                yield event
        finally:
            self.running -= 1
            self.left.set()

    @property
    def chat(self) -> ChatRequest:
        """The newest request, which must be a chat."""
        request = self.asked[-1]
        assert isinstance(request, ChatRequest)
        return request

    @asynccontextmanager
    async def served(self) -> AsyncIterator[httpx.AsyncClient]:
        """Serve it on a free port of loopback; gives a client."""
        async with (
            serving(create_api(self)) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20, verify=False) as client,
        ):
            yield client


@asynccontextmanager
async def serving(app: object, grace_s: float = GRACE_S, port: int = 0) -> AsyncIterator[int]:
    """Serve an application, with the connections that `app.py` has; gives the port."""
    async with serve(app, grace_s=grace_s, port=port, http=protocol_for(Guard())) as server:
        yield port_of(server)


def ask(**fields: object) -> dict[str, object]:
    """The body of a chat request."""
    return {"messages": [{"role": "user", "content": "Hi"}], **fields}


def events_of(body: str) -> list[dict[str, object] | str]:
    """The data of every server-sent event, decoded where it is JSON."""
    data = [line.removeprefix("data: ") for line in body.split("\n") if line.startswith("data: ")]
    return [text if text == "[DONE]" else orjson.loads(text) for text in data]
