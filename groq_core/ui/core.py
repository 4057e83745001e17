"""What the page needs of the house. ``compose.Core`` is one; a test may bring a smaller one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

from groq_core.events import Events
from groq_core.fallback.health import Health
from groq_core.media.image.preparation import PreparedImage
from groq_core.middleware.log import Log
from groq_core.models.catalogue import CatalogueKeeper
from groq_core.models.spec import Tier
from groq_core.models.tiers import Tiers
from groq_core.pipeline import Handler
from groq_core.ratelimit.personal_limits import People
from groq_core.reply import Reply
from groq_core.requests import Caller, Request
from groq_core.services.batch.later import GroqBatchApi
from groq_core.services.documents.attached import Shelf
from groq_core.services.documents.seeing import Look
from groq_core.services.extraction import Extractor
from groq_core.services.logins import Logins
from groq_core.services.own_keys import OwnKeys
from groq_core.settings.settings import Settings
from groq_core.status.snapshot import Snapshot
from groq_core.ui.fault_switch import FaultStore


class PageBoard(Protocol):
    """The newest state, and a way to wait for a newer one."""

    def snapshot(self, credential: str = "server", *, within_s: float = 0.0) -> Snapshot: ...
    def target(self, tier: Tier) -> str | None: ...
    async def wait_for_change(self, version: int) -> int: ...


class PageSimulator(Protocol):
    @property
    def faults(self) -> FaultStore: ...


class PageTranscription(Protocol):
    """Recordings of any kind and length into transcripts."""

    def through(self, wrapped: Callable[[Handler[Request]], Handler[Request]]) -> PageTranscription: ...

    def stream(
        self,
        audio: bytes,
        filename: str,
        *,
        language: str | None = None,
        prompt: str | None = None,
        task: Literal["transcribe", "translate"] = "transcribe",
        granularities: tuple[Literal["segment", "word"], ...] = ("segment",),
        caller: Caller | None = None,
    ) -> Events: ...


class PageVision(Protocol):
    """Reads what stands in pictures."""

    def reader(self, *, caller: Caller | None = None) -> Look: ...

    async def ask(self, question: str, pictures: Sequence[bytes | PreparedImage] = (), **options: Any) -> Reply: ...


class PageSpeech(Protocol):
    """Texts into recordings."""

    async def say(
        self, text: str, *, voice: str | None = None, model: str = "speech", caller: Caller | None = None
    ) -> Reply: ...


class PageCore(Protocol):
    """The parts of the core that the page touches."""

    @property
    def board(self) -> PageBoard: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def simulator(self) -> PageSimulator | None: ...
    @property
    def vision(self) -> PageVision: ...
    @property
    def transcription(self) -> PageTranscription: ...
    @property
    def speech(self) -> PageSpeech: ...
    @property
    def extraction(self) -> Extractor: ...
    @property
    def people(self) -> People: ...
    @property
    def own_keys(self) -> OwnKeys | None: ...
    @property
    def mcp_logins(self) -> Logins: ...
    @property
    def catalogue(self) -> CatalogueKeeper: ...
    @property
    def tiers(self) -> Tiers: ...
    @property
    def health(self) -> Health: ...
    @property
    def shelf(self) -> Shelf: ...
    @property
    def log(self) -> Log: ...
    def handle(self, request: Request) -> Events: ...
    def batches(self) -> AbstractAsyncContextManager[GroqBatchApi]: ...
