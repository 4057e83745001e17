"""Speech to text: a recording in, its words out."""

from __future__ import annotations

from contextlib import aclosing
from typing import Literal

from groq_core.errors import RequestError
from groq_core.events import Events
from groq_core.pipeline import Handler
from groq_core.reply import Reply, collect
from groq_core.requests import Caller, Request, TranscriptionRequest


class TranscriptionService:
    """Write recordings down through the chain of audio models."""

    def __init__(self, handle: Handler[Request]) -> None:
        self._handle = handle

    async def stream(
        self,
        data: bytes,
        filename: str,
        *,
        language: str | None = None,
        prompt: str | None = None,
        task: Literal["transcribe", "translate"] = "transcribe",
        model: str = "audio",
        granularities: tuple[Literal["segment", "word"], ...] = ("segment",),
        caller: Caller | None = None,
    ) -> Events:
        """
        Write a recording down.

        Raises:
            RequestError: There is nothing in the file.
            ChainError: Nobody could write it down.
        """
        if not data:
            raise RequestError("the file is empty", param="file", hint="Send a recording.")
        request = TranscriptionRequest(
            audio=data,
            filename=filename,
            operation="translation" if task == "translate" else "transcription",
            model=model,
            language=language,
            prompt=prompt,
            granularities=granularities,
            caller=caller or Caller(),
        )
        async with aclosing(self._handle(request)) as events:
            async for event in events:
                yield event

    async def transcribe(self, data: bytes, filename: str, *, language: str | None = None) -> Reply:
        """The whole transcript with its receipt: ``reply.finished.transcript``."""
        async with aclosing(self.stream(data, filename, language=language)) as events:
            return await collect(events)
