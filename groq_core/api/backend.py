"""What the HTTP API asks of the application behind it; `groq_core.compose.Core` has all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from groq_core.events import Events
from groq_core.redaction import Secret
from groq_core.requests import Request
from groq_core.snapshot import Snapshot


class Settings(Protocol):
    @property
    def api_tokens(self) -> Sequence[Secret]: ...

    @property
    def loopback(self) -> bool: ...


class Board(Protocol):
    """The state of every target, as the status panel sees it."""

    def snapshot(self, credential: str = "server") -> Snapshot: ...

    async def changed(self, version: int) -> int:
        """Wait until the snapshot is newer than ``version``; returns the version it then has."""
        ...


class Backend(Protocol):
    """Everything below the HTTP API."""

    @property
    def settings(self) -> Settings: ...

    @property
    def board(self) -> Board: ...

    @property
    def catalogue(self) -> Any: ...

    @property
    def metrics(self) -> Any: ...

    def handle(self, request: Request, /) -> Events: ...
