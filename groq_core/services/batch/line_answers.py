"""Ask for one line through the chain, and put what comes back into the shape of the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from groq_core.errors import ChainError, RequestError
from groq_core.events import Events, Usage, Waiting
from groq_core.incoming.parameters import hides_thoughts
from groq_core.media.image.preparation import PreparedImage
from groq_core.media.text.subtitles import to_json
from groq_core.middleware.rate_guard import RATE_LIMIT
from groq_core.pipeline import Handler
from groq_core.reply import Reply, collect
from groq_core.requests import Caller, ChatRequest, Request
from groq_core.services.batch.lines import Line, Operation
from groq_core.services.documents.parts import Document
from groq_core.services.documents.source import source_of
from groq_core.services.extraction import ExtractionOptions, Extractor, schema_of, spell_path
from groq_core.services.sent_pictures import Pieces, clean
from groq_core.services.transcription import TranscriptionService
from groq_core.streaming.completion import completion, notes_object
from groq_core.streaming.custom_calls import give_custom_calls

OURS: Final = frozenset({"model", "messages", "stream", "stream_options", "cost_sensitive", "max_latency_ms"})
"""Fields of a chat body that are not sent on as parameters."""

CALLER: Final = Caller(user="batch")
"""Who asks, where nobody else is named."""

FILES_AT_ONCE: Final = 8
"""Files in memory at a time, whatever the limits would allow."""

Waited: TypeAlias = Callable[[float], None]
"""Told how many seconds the rate guard holds a line back."""


class BatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a line came to.

    Attributes:
        body: In wire form, as it is written to the sink.
        usd: None where the registry has no price.
        truncated: It ended because it reached its maximum length.
    """

    body: dict[str, Any]
    request_id: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = None
    truncated: bool = False


class Answerer(Protocol):
    """
    Answers lines of one operation.

    Raises (when called):
        RequestError: The line itself is wrong.
        ChainError: Nobody answered it now.
        ExtractionError: What was answered is of no use.
    """

    async def __call__(self, line: Line, waited: Waited) -> BatchAnswer: ...


def answerers(
    handle: Handler[Request],
    *,
    stay: bool = True,
    files: Path | None = None,
    caller: Caller = CALLER,
    pieces: Pieces = lambda _: 1,
) -> Mapping[Operation, Answerer]:
    """
    Who answers which operation.

    Args:
        handle: The pipeline.
        stay: A chat or extraction that names a model is answered by that one or not at all, so that a table is
            not half from one and half from another; its limits are waited for. A tier takes any of its models.
        files: Folder that relative names of files start from. None: a line that names a file of this machine
            is refused, since a stranger may have written it.
        caller: Who asks; the rate guard is fair between users, and all lines of a batch are one.
    """
    lend = Lending(handle, stay=stay, caller=caller)
    opened = AnswerFiles(files)
    audio = TranscriptionAnswerer(lend, opened)
    return {
        "chat": ChatAnswerer(lend, pieces),
        "extraction": ExtractionAnswerer(lend, opened),
        "transcription": audio,
        "translation": audio,
    }


class Lending:
    """The pipeline as a batch uses it: requests stay with their model, and its waits are told."""

    def __init__(self, handle: Handler[Request], *, stay: bool, caller: Caller) -> None:
        self.caller = caller
        self._handle = handle
        self._stay = stay

    def __call__(self, waited: Waited) -> Handler[Request]:
        """The pipeline for one line."""

        async def handle(request: Request) -> Events:
            request = msgspec.structs.replace(request, background=True)
            if isinstance(request, ChatRequest):
                request = msgspec.structs.replace(request, stay=self._stay, hedge=False)
            async with aclosing(self._handle(request)) as events:
                async for event in events:
                    if isinstance(event, Waiting) and event.reason == RATE_LIMIT:
                        waited(event.seconds)
                    yield event

        return handle


class AnswerFiles:
    """The files that lines may name, a few in memory at a time."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._room = asyncio.Semaphore(FILES_AT_ONCE)

    async def __aenter__(self) -> None:
        await self._room.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._room.release()

    async def read(self, name: str) -> bytes:
        """
        Raises:
            RequestError: There is no such file, or none may be named.
        """
        if self._folder is None:
            raise RequestError("a line names a file, and no files are read here", param="file", code="no_files")
        try:
            return await asyncio.to_thread((self._folder / name).read_bytes)
        except OSError as error:
            reason = error.strerror or "it cannot be read"
            raise RequestError(f"the file {Path(name).name}: {reason}", param="file", code="no_such_file") from None


# ── chat ─────────────────────────────────────────────────────────────────────────────────────────────


class ChatAnswerer:
    """Chat lines: each is one request to the pipeline, answered whole."""

    def __init__(self, lend: Lending, pieces: Pieces) -> None:
        self._lend = lend
        self._pieces = pieces

    async def __call__(self, line: Line, waited: Waited) -> BatchAnswer:
        body = line.body
        request = ChatRequest(
            messages=tuple(body["messages"]),
            model=body.get("model", "auto"),
            params={name: value for name, value in body.items() if name not in OURS},
            cost_sensitive=bool(body.get("cost_sensitive")),
            max_latency_ms=body.get("max_latency_ms"),
            stream=False,
            revisable=True,
            caller=self._lend.caller,
        )
        request, notes = await clean(request, self._pieces)
        answer = self._lend(waited)(request)
        if line.custom:
            answer = give_custom_calls(answer, line.custom)
        async with aclosing(answer) as events:
            reply = whole(await collect(events))
        reply.receipt.notes.extend((*line.notes, *notes))
        finished = reply.finished
        assert finished is not None, "the chain ends in Finished or raises"
        usage = finished.usage or Usage()
        return BatchAnswer(
            body=completion(
                reply,
                request.request_id,
                by_function_call=line.by_function_call,
                with_thoughts=not hides_thoughts(request.params),
            ),
            request_id=finished.request_id or request.request_id,
            tokens_in=usage.prompt_tokens,
            tokens_out=usage.completion_tokens,
            usd=reply.receipt.cost_usd,
            truncated=finished.finish_reason == "length",
        )


def whole(reply: Reply) -> Reply:
    """Let an answer through; the friendly sentence of a degraded app is for people, not for a file of answers."""
    if reply.receipt.degraded:
        raise ChainError("no model could answer", retry_after=60.0)
    return reply


# ── recordings ───────────────────────────────────────────────────────────────────────────────────────


class TranscriptionAnswerer:
    """Recordings, written down or translated; the body is a ``verbose_json`` transcript."""

    def __init__(self, lend: Lending, files: AnswerFiles) -> None:
        self._lend = lend
        self._files = files

    async def __call__(self, line: Line, waited: Waited) -> BatchAnswer:
        name = line.body.get("file")
        if not isinstance(name, str):
            raise RequestError("an address is not fetched here; name a file", param="url")
        service = TranscriptionService(self._lend(waited))
        async with self._files:
            reply = whole(
                await service.transcribe(
                    await self._files.read(name),
                    Path(name).name,
                    task="translate" if line.operation == "translation" else "transcribe",
                    caller=self._lend.caller,
                    **{
                        field: line.body[field]
                        for field in ("language", "prompt", "temperature", "model")
                        if line.body.get(field) is not None
                    },
                )
            )
        finished = reply.finished
        assert finished is not None, "a transcription ends in Finished or raises"
        body = msgspec.json.decode(to_json(finished.transcript)) if finished.transcript else {"text": reply.text}
        return BatchAnswer(
            body={**body, **notes_object(reply.receipt), "x_groq_core": reply.receipt.as_dict()},
            request_id=reply.receipt.request_id,
            usd=reply.receipt.cost_usd,
        )


# ── extraction ───────────────────────────────────────────────────────────────────────────────────────


class ExtractionAnswerer:
    """Data out of texts, documents and pictures; the body holds ``data`` and what to doubt in it."""

    def __init__(self, lend: Lending, files: AnswerFiles) -> None:
        self._lend = lend
        self._files = files

    async def __call__(self, line: Line, waited: Waited) -> BatchAnswer:
        body = line.body
        options = ExtractionOptions(
            model=body.get("model", "auto"), instructions=body.get("instructions", ""), parallel=2
        )
        extractor = Extractor(self._lend(waited), options)
        async with self._files:
            source = body.get("text") or await self._document(body["file"])
            found = await extractor.extract_detailed(source, schema_of(body["schema"]), caller=self._lend.caller)
        lost = {"parts_missing": found.parts_missing} if found.missing else {}
        kept = source.notes if isinstance(source, Document) else ()
        usages = [one.usage for one in found.tries if one.usage is not None]
        last = found.tries[-1]
        return BatchAnswer(
            body={
                "object": "extraction",
                "model": last.model,
                "data": found.data,
                "missing": [spell_path(path) or "value" for path in found.absent],
                "unfounded": [spell_path(path) for path in found.without_place],
                "conflicts": [spell_path(conflict.path) for conflict in found.conflicts],
                "tries": len(found.tries),
                "cost_usd": found.cost_usd,
                **lost,
                **({"notes": [{"code": "document", "text": note} for note in kept]} if kept else {}),
            },
            tokens_in=sum(usage.prompt_tokens for usage in usages),
            tokens_out=sum(usage.completion_tokens for usage in usages),
            usd=found.cost_usd,
        )

    async def _document(self, name: str) -> Document | tuple[PreparedImage, ...]:
        data = await self._files.read(name)
        return await source_of(data, Path(name).name)
