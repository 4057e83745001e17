"""Groq's files and batches, through its SDK: upload, create, look, fetch."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn, Self, TypeVar

import httpx
import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.events import Note
from groq_core.failures.classify import from_exception
from groq_core.models.spec import ModelSpec
from groq_core.providers.common import CONNECT_TIMEOUT_S, quieten
from groq_core.providers.groq import chat_body
from groq_core.redaction import Secret
from groq_core.requests import ChatRequest

T = TypeVar("T")

SILENCE_S: Final = 60.0
"""Seconds without a byte after which an upload, a look or a download counts as broken."""

OVER: Final = frozenset({"completed", "failed", "expired", "cancelled"})
"""States a batch stays in."""


class RemoteBatch(msgspec.Struct, frozen=True, kw_only=True):
    """
    A batch as Groq describes it.

    Attributes:
        status: ``validating``, ``in_progress``, ``finalizing``, ``cancelling`` or one of :data:`OVER`.
        output_file_id, error_file_id: Results and refusals; None until there are any.
        problems: Why the input was not accepted, by line.
    """

    id: str
    input_file_id: str
    status: str
    output_file_id: str | None = None
    error_file_id: str | None = None
    completed: int = 0
    failed: int = 0
    problems: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        return self.status in OVER


class GroqBatches:
    """
    The part of Groq's API that answers later, for half the price.

    ``async with`` closes its connections. Every method raises :class:`ProviderError`.

    Args:
        base_url: The host, as ``GROQ_BASE_URL`` means it; None for api.groq.com.
        http_client: In place of the default one.
    """

    def __init__(
        self, api_key: Secret, base_url: str | None = None, *, http_client: httpx.AsyncClient | None = None
    ) -> None:
        import groq  # takes half a second, and few need it

        quieten("groq")
        self._client = groq.AsyncGroq(
            api_key=api_key.reveal(),
            base_url=base_url,
            max_retries=0,
            timeout=httpx.Timeout(SILENCE_S, connect=CONNECT_TIMEOUT_S),
            http_client=http_client,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._client.close()

    def chat_body(self, request: ChatRequest, spec: ModelSpec) -> tuple[dict[str, Any], list[Note]]:
        """The body of a line in the form Groq accepts, and what had to be changed for it."""
        return chat_body(request, spec)

    async def upload(self, path: Path) -> str:
        """Send a file of batch lines, at most 50,000 of them and 100 MB; gives its id."""
        with path.open("rb") as file:
            sent = await _translate(self._client.files.create(file=(path.name, file), purpose="batch"))
        if not sent.id:
            raise ProviderError(Kind.MALFORMED, "the upload got no id", provider="groq")
        return sent.id

    async def create(self, file_id: str, *, window: str = "24h") -> RemoteBatch:
        """Start a batch of chats on an uploaded file; ``window`` is 24h to 7d."""
        made = await _translate(
            self._client.batches.create(
                input_file_id=file_id, endpoint="/v1/chat/completions", completion_window=window
            )
        )
        return _read(made)

    async def find(self, file_id: str) -> RemoteBatch | None:
        """The newest batch on a file, among those that the first page of the list shows."""
        listed = await _translate(self._client.batches.list())
        return next((_read(entry) for entry in listed.data if entry.input_file_id == file_id), None)

    async def look(self, batch_id: str) -> RemoteBatch:
        """How far a batch is."""
        return _read(await _translate(self._client.batches.retrieve(batch_id)))

    async def cancel(self, batch_id: str) -> RemoteBatch:
        """Ask no further line of a batch; what is answered by then is handed over when it has stopped."""
        return _read(await _translate(self._client.batches.cancel(batch_id)))

    async def lines(self, file_id: str) -> AsyncGenerator[bytes, None]:
        """The lines of a file, as they arrive; never the whole of it at once."""
        rest = b""
        try:
            async with self._client.files.with_streaming_response.content(file_id) as response:
                async for data in response.iter_bytes():
                    # Only a newline ends a line: a text may hold any other separator Unicode has.
                    *whole, rest = (rest + data).split(b"\n")
                    for line in whole:
                        if line.strip():
                            yield line
        except Exception as error:
            _raise(error)
        if rest.strip():
            yield rest


async def _translate(call: Awaitable[T]) -> T:
    try:
        return await call
    except Exception as error:
        _raise(error)


def _raise(error: Exception) -> NoReturn:
    known = from_exception(error)
    if known is None:
        raise error
    known.provider = "groq"
    raise known from None


def _read(batch: Any) -> RemoteBatch:
    """Take what is needed; the SDK checks no types, so neither field is trusted to be there."""
    counts, errors = getattr(batch, "request_counts", None), getattr(batch, "errors", None)
    problems = errors if isinstance(errors, list) else getattr(errors, "data", None) or []
    return RemoteBatch(
        id=batch.id,
        input_file_id=getattr(batch, "input_file_id", "") or "",
        status=batch.status,
        output_file_id=getattr(batch, "output_file_id", None),
        error_file_id=getattr(batch, "error_file_id", None),
        completed=getattr(counts, "completed", 0) or 0,
        failed=getattr(counts, "failed", 0) or 0,
        problems=tuple(_problem(one) for one in problems),
    )


def _problem(one: Any) -> str:
    told: Any = one.get if isinstance(one, dict) else lambda name: getattr(one, name, None)
    where = f"line {told('line')}: " if told("line") else ""
    return f"{where}{told('message') or told('code') or 'no reason given'}"
