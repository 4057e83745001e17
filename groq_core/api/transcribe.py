"""`/v1/audio/transcriptions` and `/translations`: a recording in and its words out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from time import perf_counter
from typing import Any, Final, Literal, cast

import msgspec

from groq_core.api.answer_headers import note_texts, overhead_header, story_headers
from groq_core.api.asgi import EVENT_STREAM, ApiExchange, HangUpWatch
from groq_core.api.backend import Backend
from groq_core.api.errors import error_object, note_bug, reason, refuse
from groq_core.api.fold import fold, with_notes
from groq_core.api.multipart import MultipartForm, read_form
from groq_core.encoding import event_bytes
from groq_core.errors import BrokenAnswerError
from groq_core.events import Events, Note, TextDelta, Transcript
from groq_core.incoming.clients import BOOKKEEPING
from groq_core.incoming.field_errors import bad
from groq_core.incoming.recordings import MAX_PROMPT, cut_prompt, read_language
from groq_core.incoming.rules import MODEL_NAME, STREAMED, UPLOAD, FormFields, Rule, number, one_of, some_of, text
from groq_core.incoming.schema_parts import TEXT as SCHEMA_TEXT
from groq_core.media.audio.container import check_head
from groq_core.media.text.subtitles import breaches_in_words, to_srt, to_vtt
from groq_core.reply import Reply
from groq_core.streaming.completion import notes_object

FORMATS: Final = ("json", "text", "verbose_json", "srt", "vtt")
TIMED: Final = ("verbose_json", "srt", "vtt")
"""Those that hold times; a stream has none."""

GRANULARITIES: Final = ("segment", "word")

TEXT = (b"content-type", b"text/plain; charset=utf-8")
VTT = (b"content-type", b"text/vtt; charset=utf-8")


def _check_language(value: Any, _: str) -> None:
    read_language(value)


FIELDS: Final = FormFields(
    rules={
        "file": UPLOAD,
        "model": MODEL_NAME,
        "language": Rule(_check_language, SCHEMA_TEXT).with_note(
            "ISO 639-1; left out, the model finds out. A translation is always into English."
        ),
        "prompt": text().with_note(f"Spelling hints; the first {MAX_PROMPT} characters are sent."),
        "response_format": one_of(*FORMATS).with_note("How the answer is written.", default="json"),
        "temperature": number(0, 1),
        "timestamp_granularities[]": some_of(*GRANULARITIES).with_note("With `response_format` `verbose_json` only."),
        "stream": Rule(STREAMED.check, STREAMED.schema).with_note(
            "With `json` and `text` only; times are not streamed."
        ),
    },
    required=("file",),
)
TAKEN: Final = frozenset(name.removesuffix("[]") for name in FIELDS.rules) | {"url"}


class TranscriptionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is wanted of a recording.

    Attributes:
        form: How the answer is to be written, one of :data:`FORMATS`.
        stream: Send the words as they are found.
        notes: What was changed in it that its author should know.
    """

    audio: bytes
    filename: str
    task: Literal["transcribe", "translate"]
    model: str
    language: str | None
    prompt: str | None
    temperature: float
    form: str
    granularities: tuple[Literal["segment", "word"], ...]
    stream: bool
    notes: tuple[Note, ...] = ()


class Transcriptions:
    """The endpoints for recordings."""

    def __init__(self, backend: Backend, clock: Callable[[], float] = perf_counter) -> None:
        self._service = backend.transcription
        self._clock = clock

    async def transcribe(self, exchange: ApiExchange) -> None:
        await self._answer(exchange, "transcribe")

    async def translate(self, exchange: ApiExchange) -> None:
        await self._answer(exchange, "translate")

    async def _answer(self, exchange: ApiExchange, task: Literal["transcribe", "translate"]) -> None:
        question = read_question(await read_form(exchange, check_head), task)
        with exchange.watch() as watch:
            events = self._service.stream(
                question.audio,
                question.filename,
                language=question.language,
                prompt=question.prompt,
                task=question.task,
                model=question.model,
                granularities=question.granularities,
                temperature=question.temperature,
                caller=exchange.caller,
            )
            events = with_notes(question.notes, events)
            if question.stream:
                await self._stream(exchange, events, watch)
            elif (reply := await fold(exchange, events, watch, self._clock)) is not None:
                await _write(exchange, reply, question)

    async def _stream(self, exchange: ApiExchange, events: Events, watch: HangUpWatch) -> None:
        """OpenAI's events: pieces of text, then the whole of it."""
        reply, clock = Reply(), self._clock
        reply.receipt.request_id = exchange.request_id
        started = clock()
        try:
            async with aclosing(events):
                async for event in events:
                    reply.apply(event, clock() - started)
                    exchange.request_id = reply.receipt.request_id
                    if isinstance(event, TextDelta):
                        if not exchange.started:
                            await exchange.start(200, EVENT_STREAM)
                        await exchange.write(event_bytes({"type": "transcript.text.delta", "delta": event.text}))
            if reply.finished is None:
                raise BrokenAnswerError("the transcript ended before it was whole", hint="Try again.")
        except (Exception, asyncio.CancelledError) as caught:
            error = reason(caught, watch)
            if not exchange.started:
                await refuse(exchange, error, reply.receipt)
                return
            note_bug(error, exchange.request_id)
            body = {"error": error_object(error), "x_groq_core": reply.receipt.as_dict()}
            await exchange.last_words(event_bytes(body))
            return
        if not exchange.started:
            await exchange.start(200, EVENT_STREAM)
        last = {"type": "transcript.text.done", "text": _transcript(reply).text} | _extra_fields(reply)
        await exchange.end(event_bytes(last) + b"data: [DONE]\n\n")


# ── what is asked ────────────────────────────────────────────────────────────────────────────────────


def read_question(form: MultipartForm, task: Literal["transcribe", "translate"]) -> TranscriptionQuery:
    """
    Check the fields of a form.

    Raises:
        RequestError: 400 naming the field.
    """
    if form.file is None:
        given = "`url` is not fetched here" if "url" in form.fields else "`file` is missing"
        raise bad("file", given, "Send the recording itself as the field `file`, with its file name.")
    if not form.file:
        raise bad("file", "`file` is empty: 0 bytes", "Choose the recording again.", code="empty_file")
    fields = FIELDS.read_form(form)
    shape = fields.get("response_format", "json")
    granularities = tuple(dict.fromkeys(fields.get("timestamp_granularities", ())))
    if granularities and shape != "verbose_json":
        raise bad(
            "timestamp_granularities",
            "`timestamp_granularities[]` needs `response_format` verbose_json",
            "Send response_format=verbose_json, or leave the field out.",
        )
    stream = fields.get("stream", False)
    if stream and shape in TIMED:
        raise bad("stream", f"`stream` sends the text, not {shape}", f"Leave it out to get {shape}.")
    prompt, cut = cut_prompt(fields.get("prompt"))
    return TranscriptionQuery(
        audio=form.file,
        filename=form.filename,
        task=task,
        model=fields.get("model", "audio").strip(),
        language=None if task == "translate" else read_language(fields.get("language")),
        prompt=prompt,
        temperature=fields.get("temperature", 0.0),
        form=shape,
        granularities=cast("tuple[Literal['segment', 'word'], ...]", granularities)
        or (("segment", "word") if shape in ("srt", "vtt") else ("segment",)),
        stream=stream,
        notes=(*_others(form), *cut),
    )


WITHOUT_EFFECT: Final = BOOKKEEPING | {"chunking_strategy", "include"}
"""Fields that change no word of a transcript."""


def _others(form: MultipartForm) -> list[Note]:
    """
    Look at the fields that are not taken here.

    Raises:
        RequestError: 400 naming one that would change the transcript.
    """
    notes = []
    for name in form.fields:
        if name in WITHOUT_EFFECT:
            notes.append(Note(code="parameter_passed_over", text=f"`{name}` was passed over: it changes no transcript"))
        elif name not in TAKEN and any(form.fields[name]):
            shown = name if name.isprintable() and 0 < len(name) <= 60 else None
            raise bad(
                shown,
                f"`{shown or 'a field'}` is not a field that is known here",
                "Leave it out: it would have no effect on the transcript.",
                code="unknown_parameter",
            )
    return notes


# ── what is answered ─────────────────────────────────────────────────────────────────────────────────


async def _write(exchange: ApiExchange, reply: Reply, question: TranscriptionQuery) -> None:
    transcript = _transcript(reply)
    if question.form in ("srt", "vtt") and (remark := breaches_in_words(transcript)):
        reply.receipt.notes.append(Note(code="subtitles", text=remark))
    if question.form == "verbose_json":
        reply.receipt.notes += _without_times(transcript, question)
    headers = [*story_headers(reply.receipt), overhead_header(exchange, reply.receipt)]
    if question.form in ("text", "srt", "vtt"):
        headers += note_texts(reply.receipt)
    match question.form:
        case "text":
            await exchange.answer(200, transcript.text.encode(), TEXT, *headers)
        case "srt":
            await exchange.answer(200, to_srt(transcript).encode(), TEXT, *headers)
        case "vtt":
            await exchange.answer(200, to_vtt(transcript).encode(), VTT, *headers)
        case "verbose_json":
            await exchange.answer_json(_verbose(transcript, question) | _extra_fields(reply), *headers)
        case _:
            await exchange.answer_json({"text": transcript.text} | _extra_fields(reply), *headers)


def _without_times(transcript: Transcript, question: TranscriptionQuery) -> list[Note]:
    """Times that were asked for and that nobody told: some transcribers know none, and translations none of words."""
    had = {"word": transcript.words, "segment": transcript.segments}
    lacking = [f"{name}s" for name in question.granularities if not had[name]]
    if not lacking or not transcript.text:
        return []
    return [Note(code="no_times", text=f"whoever wrote this down tells no times of {' and '.join(lacking)}")]


def _extra_fields(reply: Reply) -> dict[str, Any]:
    """What stands beside the words: how long it was, what was left out or could not be had, who wrote it down."""
    told: dict[str, Any] = {}
    if (duration := _transcript(reply).duration) is not None:
        told["usage"] = {"type": "duration", "seconds": duration}
    return told | notes_object(reply.receipt) | {"x_groq_core": reply.receipt.as_dict()}


def _transcript(reply: Reply) -> Transcript:
    found = reply.finished.transcript if reply.finished else None
    return found or Transcript(text=reply.text.strip(), segments=tuple(reply.segments))


def _verbose(transcript: Transcript, question: TranscriptionQuery) -> dict[str, Any]:
    body: dict[str, Any] = {
        "task": question.task,
        "language": transcript.language,
        "duration": transcript.duration,
        "text": transcript.text,
    }
    if "word" in question.granularities:
        body["words"] = msgspec.to_builtins(transcript.words)
    if "segment" in question.granularities:
        # Typed clients insist on fields that are Whisper's own business; what nobody told is empty.
        body["segments"] = [
            {"seek": 0, "tokens": [], "temperature": question.temperature} | msgspec.to_builtins(segment)
            for segment in transcript.segments
        ]
    return body
