"""
Transcription: a recording of any kind and length in, its words out as they are found.

A long recording is cut into parts that are transcribed side by side, each through the whole pipeline
(:mod:`groq_core.services.transcription_run`). What is heard comes out in the order of time, as soon as everything
before it is known.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict, Unpack

from groq_core.events import Events
from groq_core.incoming.field_errors import insist
from groq_core.incoming.recordings import cut_prompt, read_language
from groq_core.media.audio.ffmpeg import Media
from groq_core.media.audio.preparation import Preparation
from groq_core.pipeline import Handler
from groq_core.reply import Reply, collect
from groq_core.requests import Caller, Request, TranscriptionRequest, new_request_id
from groq_core.services.transcription_run import Granularity, TranscriptionRun

Task: TypeAlias = Literal["transcribe", "translate"]

PARALLEL = 4
"""Parts of one recording under way at once; the rate guard below shares them out among all callers."""


class TranscriptionOptions(TypedDict, total=False):
    """How a recording is to be transcribed; see `TranscriptionService.stream`."""

    language: str | None
    prompt: str | None
    task: Task
    model: str
    granularities: tuple[Granularity, ...]
    temperature: float | None
    caller: Caller | None


class TranscriptionService:
    """
    Write down recordings.

    >>> from groq_core.compose import assemble  # doctest: +SKIP
    >>> async with assemble(settings) as core:  # doctest: +SKIP
    ...     reply = await core.transcription.transcribe(Path("talk.mp3").read_bytes(), "talk.mp3")
    ...     print(to_srt(reply.finished.transcript))

    Args:
        handle: The pipeline.
        parallel: Parts of one recording under way at once.
        prepare: Makes the parts.
    """

    def __init__(
        self,
        handle: Handler[Request],
        *,
        parallel: int = PARALLEL,
        prepare: Callable[[Any, str], Preparation] = Preparation,
    ) -> None:
        self._handle = handle
        self._parallel = parallel
        self._prepare = prepare

    def through(self, wrapped: Callable[[Handler[Request]], Handler[Request]]) -> TranscriptionService:
        """The same service behind another handler, e.g. a journal of what was heard."""
        return TranscriptionService(wrapped(self._handle), parallel=self._parallel, prepare=self._prepare)

    async def stream(
        self,
        data: Media,
        filename: str,
        *,
        language: str | None = None,
        prompt: str | None = None,
        task: Task = "transcribe",
        model: str = "audio",
        granularities: tuple[Granularity, ...] = ("segment",),
        temperature: float | None = 0.0,
        caller: Caller | None = None,
    ) -> Events:
        """
        Transcribe a recording, or translate it into English.

        Args:
            data: A whole file of any kind, or where it lies; see
                :class:`~groq_core.media.audio.preparation.Preparation`.
            language: Its code or name; None lets the model find out. A translation is always into English.
            prompt: Names and spellings to expect; what Groq does not take of it is cut, and noted.
            granularities: ``word`` adds the time of every word, and some waiting.

        Yields:
            The story of every part, ``TextDelta`` and ``SegmentsFound`` in the order of time, and a ``Finished``
            with the whole transcript. ``Note(code="no_speech")`` where nobody speaks, ``Note(code="gap")`` for a
            part that could not be had.

        Raises:
            RequestError: The file can't be transcribed (``param="file"``), or the language is none.
            ChainError: No part could be had.
        """
        insist(data, (bytes, Path), "file", "bytes or a Path", "Give Path(…) of the file, or what its read() gives.")
        insist(filename, str, "filename", "text")
        language = None if task == "translate" else read_language(language)
        prompt, notes = cut_prompt(prompt)
        for note in notes:
            yield note
        template = TranscriptionRequest(
            audio=b"",
            filename="",
            operation="translation" if task == "translate" else "transcription",
            model=model,
            language=language,
            prompt=prompt,
            temperature=temperature,
            granularities=granularities,
            revisable=True,
            caller=caller or Caller(),
            request_id=new_request_id(),
        )
        run = TranscriptionRun(self._handle, template, self._prepare, self._parallel)
        async with aclosing(run.events(data, filename)) as events:
            async for event in events:
                yield event

    async def transcribe(self, data: Media, filename: str, **options: Unpack[TranscriptionOptions]) -> Reply:
        """The same, not streamed; ``reply.finished.transcript`` is the transcript. Options as for `stream`."""
        async with aclosing(self.stream(data, filename, **options)) as events:
            return await collect(events)
