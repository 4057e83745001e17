"""
Who answers: Groq, and any server that speaks OpenAI's dialect.

Only this package imports an SDK. The SDK makes the request (address, key, multipart, errors, connection pool); our
decoder reads the bytes, which costs a thirtieth of what the SDK's own stream does.
"""

from __future__ import annotations

from typing import Any, Protocol

from groq_core.events import Events
from groq_core.pipeline import Attempt
from groq_core.requests import Caller


class Provider(Protocol):
    """
    A company's API, or a server on the desk.

    Calling it gives the events of one attempt: content, then exactly one :class:`Finished`, or a
    :class:`ProviderError`. Closing the generator hangs up.
    """

    name: str

    def __call__(self, attempt: Attempt) -> Events: ...

    async def models(self, caller: Caller = ...) -> list[dict[str, Any]]:
        """Entries of ``GET /models`` as they came. Raises ProviderError."""

    async def close(self) -> None:
        """Hang up everything that is open."""
