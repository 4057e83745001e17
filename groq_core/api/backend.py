"""What the HTTP API asks of the application behind it; `groq_core.compose.Core` has all of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal, Protocol

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from groq_core.events import Events
from groq_core.models.spec import Tier
from groq_core.models.tiers import Tiers
from groq_core.pipeline import Handler
from groq_core.ratelimit.limit_status import LimitStatus
from groq_core.ratelimit.personal_limits import Allowance
from groq_core.redaction import Secret
from groq_core.requests import Caller, Request
from groq_core.services.agent.servers import ServerSettings
from groq_core.services.batch.later import GroqBatchApi
from groq_core.services.logins import Logins
from groq_core.services.own_keys import OwnKeys
from groq_core.services.sent_pictures import Catalogues
from groq_core.status.snapshot import Snapshot


class Settings(ServerSettings, Protocol):
    @property
    def api_tokens(self) -> Sequence[Secret]: ...

    @property
    def loopback(self) -> bool: ...

    @property
    def state_folder(self) -> Path: ...

    @property
    def sign_in(self) -> bool: ...

    @property
    def byo_key(self) -> str: ...

    @property
    def max_bytes_in_flight(self) -> int | None: ...

    @property
    def allowed_hosts(self) -> Sequence[str]: ...

    @property
    def cors_origins(self) -> Sequence[str]: ...

    @property
    def trusted_proxies(self) -> Sequence[str]: ...

    @property
    def mcp_visitors(self) -> Sequence[str]: ...


class Board(Protocol):
    """The state of every target, as the status panel sees it."""

    def snapshot(self, credential: str = "server", *, within_s: float = 0.0) -> Snapshot: ...

    def target(self, tier: Tier) -> str | None:
        """Who would be asked now in a tier."""
        ...

    def limits(self, name: str, credential: str = "server") -> tuple[LimitStatus, ...]:
        """What is left of the limits of ``provider:model``."""
        ...

    async def wait_for_change(self, version: int) -> int:
        """Wait until the snapshot is newer than ``version``; returns the version it then has."""
        ...


class Metrics(Protocol):
    @property
    def registry(self) -> CollectorRegistry: ...


class Simulator(Protocol):
    @property
    def app(self) -> ASGIApp: ...


class Listener(Protocol):
    """Writes down recordings of any length."""

    def stream(
        self,
        data: bytes,
        filename: str,
        *,
        language: str | None,
        prompt: str | None,
        task: Literal["transcribe", "translate"],
        model: str,
        granularities: tuple[Literal["segment", "word"], ...],
        temperature: float,
        caller: Caller,
    ) -> Events: ...


class People(Protocol):
    """What one person may use, and has used."""

    @property
    def has_limits(self) -> bool: ...

    async def allowances(self, caller: Caller) -> Sequence[Allowance]: ...


class Backend(Protocol):
    """Everything below the HTTP API."""

    @property
    def settings(self) -> Settings: ...

    @property
    def board(self) -> Board: ...

    @property
    def catalogue(self) -> Catalogues: ...

    @property
    def tiers(self) -> Tiers: ...

    @property
    def metrics(self) -> Metrics: ...

    @property
    def transcription(self) -> Listener: ...

    @property
    def people(self) -> People: ...

    @property
    def simulator(self) -> Simulator | None: ...

    @property
    def mcp_logins(self) -> Logins: ...

    @property
    def own_keys(self) -> OwnKeys | None: ...

    @property
    def handle(self) -> Handler[Request]: ...

    def batches(self) -> AbstractAsyncContextManager[GroqBatchApi]:
        """Groq's Batch API with the server's own key."""
        ...
