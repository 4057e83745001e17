"""`POST /v1/audio/speech`: a text in and a recording out, in the format asked for, as it is spoken."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from time import perf_counter
from typing import Any, Final

import msgspec

from groq_core.access.door import UNDELAYED
from groq_core.api.answer_headers import note_texts
from groq_core.api.asgi import EVENT_STREAM, ApiExchange, HangUpWatch, Headers
from groq_core.api.backend import Backend
from groq_core.api.errors import error_object, note_bug, reason, refuse
from groq_core.api.fold import fold, header_value, with_notes
from groq_core.encoding import event_bytes
from groq_core.errors import BrokenAnswerError
from groq_core.events import AudioDelta, Note
from groq_core.incoming.field_errors import bad
from groq_core.incoming.rules import MODEL_NAME, BodyFields, Rule, number, one_of, text
from groq_core.incoming.schema_parts import WORDS
from groq_core.media.audio.encode import EncodingError, available, encode
from groq_core.media.audio.wav import open_wav, voice_pcm
from groq_core.reply import Reply
from groq_core.requests import SpeechRequest
from groq_core.services.speech import Speech, has_words
from groq_core.services.ssml import without_ssml
from groq_core.streaming.completion import notes_object, usage_object

MAX_SPEECH_BODY: Final = 2**20

MAX_SPEECH: Final = 4096
"""Characters in one request, as in OpenAI's API."""

TYPES: Final[Mapping[str, bytes]] = {
    "wav": b"audio/wav",
    "pcm": b"audio/pcm",
    "mp3": b"audio/mpeg",
    "opus": b"audio/ogg",
    "flac": b"audio/flac",
    "aac": b"audio/aac",
}
"""Media type of each format; `pcm` is 24 kHz, 16 bit, mono, as in OpenAI's API."""

NO_ENCODER: Final = Note(code="speech_as_wav", text="there is no ffmpeg on the server: WAV was sent")
"""Told where WAV was sent in place of what was asked for."""

RATE: Final = 24_000
"""Samples a second of what is spoken; every format but `pcm` says so itself."""


def _check_input(value: Any, name: str) -> None:
    if not isinstance(value, str) or not has_words(without_ssml(value)[0]):
        raise bad(name, f"`{name}` must be a text with at least one word")
    if len(value) > MAX_SPEECH:
        raise bad(name, f"`{name}` has {len(value)} characters; at most {MAX_SPEECH} are possible", "Send it in parts.")


FIELDS: Final = BodyFields(
    rules={
        "input": Rule(_check_input, {**WORDS, "maxLength": MAX_SPEECH}),
        "model": MODEL_NAME,
        "voice": text(),
        "response_format": one_of(*TYPES).with_note(
            "`pcm` is 24 kHz, 16 bit, mono. All but `wav` and `pcm` need ffmpeg on the server; without it WAV is "
            "sent, and the header `x-groq-core-notes` says `speech_as_wav`.",
            default="wav",
        ),
        "stream_format": one_of("audio", "sse").with_note(
            "`audio` sends bytes as they are spoken, `sse` the same in events. Left out, `wav` comes whole and "
            "every other format as it is spoken."
        ),
        "speed": number(0.25, 4),
        "sample_rate": number(1, 10**6).with_note(
            f"Samples a second; {RATE} whatever is asked for, `pcm` with no other."
        ),
    },
    required=("input",),
)


class SpeechCall(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a client asked for.

    Attributes:
        form: One of :data:`TYPES`.
        stream: ``""`` leaves it to us; ``audio``: bytes as they come; ``sse``: the same in events.
        notes: What was passed over.
    """

    request: SpeechRequest
    form: str
    stream: str
    notes: tuple[Note, ...] = ()


class Speeches:
    """
    The endpoint for texts to be spoken.

    Args:
        encoder: Whether there is an ffmpeg.
    """

    def __init__(
        self,
        backend: Backend,
        clock: Callable[[], float] = perf_counter,
        encoder: Callable[[], bool] = available,
    ) -> None:
        self._service = Speech(backend.handle)
        self._clock = clock
        self._encoder = encoder

    async def speak(self, exchange: ApiExchange) -> None:
        """
        Speak a text.

        A WAV file goes out whole, since its header tells its length, unless streaming was asked for by name; every
        other format goes out as it comes.
        """
        call = read_speech(await exchange.body(MAX_SPEECH_BODY), exchange)
        if call.form not in ("wav", "pcm") and not self._encoder():
            call = msgspec.structs.replace(call, form="wav", notes=(NO_ENCODER, *call.notes))
        with exchange.watch() as watch:
            if call.form == "wav" and not call.stream:
                await self._whole(exchange, call, watch)
            else:
                await self._stream(exchange, call, watch)

    async def _whole(self, exchange: ApiExchange, call: SpeechCall, watch: HangUpWatch) -> None:
        reply = await fold(exchange, with_notes(call.notes, self._service.read(call.request)), watch, self._clock)
        if reply is not None and reply.finished is not None:
            headers = [(b"content-type", TYPES["wav"]), *_who(reply), *_notes(reply)]
            await exchange.answer(200, reply.audio, *headers)

    async def _stream(self, exchange: ApiExchange, call: SpeechCall, watch: HangUpWatch) -> None:
        """Send the recording as it is spoken; one that breaks is cut off without a proper end."""
        reply = Reply()
        reply.receipt.request_id = exchange.request_id
        reply.receipt.notes.extend(call.notes)
        try:
            async with aclosing(_recording(self._samples(call.request, reply), call.form)) as blocks:
                async for block in blocks:
                    if not exchange.started:
                        head = (
                            EVENT_STREAM if call.stream == "sse" else [(b"content-type", TYPES[call.form]), *UNDELAYED]
                        )
                        await exchange.start(200, [*head, *_who(reply), *_notes(reply)])
                    await exchange.write(_delta(block) if call.stream == "sse" else block)
        except (Exception, asyncio.CancelledError) as caught:
            error = reason(_as_answerable(caught), watch)
            if not exchange.started:
                await refuse(exchange, error, reply.receipt)
                return
            if call.stream != "sse":
                raise
            note_bug(error, exchange.request_id)
            last = {"error": error_object(error), "x_groq_core": reply.receipt.as_dict()}
            await exchange.last_words(event_bytes(last))
        else:
            await exchange.end(_done_event(reply) if call.stream == "sse" else b"")

    async def _samples(self, request: SpeechRequest, reply: Reply) -> AsyncGenerator[bytes, None]:
        """What is spoken, piece by piece, as samples; ``reply`` hears the story."""
        clock = self._clock
        started = clock()
        async with aclosing(self._service.read_piecemeal(request)) as events:
            async for event in events:
                if isinstance(event, AudioDelta):
                    try:
                        yield await asyncio.to_thread(voice_pcm, event.data)
                    except ValueError as error:
                        raise BrokenAnswerError(f"what was spoken cannot be read: {error}") from error
                else:
                    reply.apply(event, clock() - started)
        if reply.finished is None:
            raise BrokenAnswerError("the recording ended before it was whole", hint="Try again.")


async def _recording(samples: AsyncGenerator[bytes, None], form: str) -> AsyncGenerator[bytes, None]:
    """
    Samples in the format asked for.

    Nothing comes before the first sample does, so that whatever fails until then has a status of its own.
    """
    async with aclosing(samples):
        first = await anext(samples)
        spoken = _with_first(first, samples)
        if form in ("wav", "pcm"):
            if form == "wav":
                yield open_wav()
            async for block in spoken:
                yield block
            return
        async with aclosing(encode(spoken, form)) as blocks:
            async for block in blocks:
                yield block


async def _with_first(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield first
    async for block in rest:
        yield block


def _as_answerable(caught: BaseException) -> BaseException:
    if isinstance(caught, EncodingError):
        return BrokenAnswerError(str(caught), hint="Ask for wav or pcm.")
    return caught


def _notes(reply: Reply) -> Headers:
    """What was changed in the question, as far as that is known when the headers go out: codes, and in sentences."""
    codes = dict.fromkeys(note.code for note in reply.receipt.notes)
    return [(b"x-groq-core-notes", ",".join(codes).encode()), *note_texts(reply.receipt)] if codes else []


def _who(reply: Reply) -> Headers:
    """Who speaks, as far as that is known when the headers go out."""
    attempts = reply.receipt.attempts
    model = reply.finished.model if reply.finished is not None else attempts[-1].model if attempts else ""
    return [(b"x-groq-core-model", header_value(model))] if model else []


def _delta(block: bytes) -> bytes:
    return event_bytes({"type": "speech.audio.delta", "audio": base64.b64encode(block).decode()})


def _done_event(reply: Reply) -> bytes:
    """The last event. Voices are billed by the character, so the tokens are those of the text at most."""
    usage = usage_object(reply.finished.usage) if reply.finished is not None else None
    counted: dict[str, Any] = {
        "input_tokens": usage["prompt_tokens"] if usage else 0,
        "output_tokens": usage["completion_tokens"] if usage else 0,
        "total_tokens": usage["total_tokens"] if usage else 0,
    }
    last = {"type": "speech.audio.done", "usage": counted}
    return event_bytes(last | notes_object(reply.receipt) | {"x_groq_core": reply.receipt.as_dict()})


def read_speech(raw: bytes, exchange: ApiExchange) -> SpeechCall:
    """
    Check the body of a speech request.

    Raises:
        RequestError: 400 naming the field.
    """
    body = FIELDS.read(raw)
    form = body.get("response_format", "wav")
    if form == "pcm" and body.get("sample_rate", RATE) != RATE:
        # Who takes it for what was asked for hears it at another pitch.
        raise bad("sample_rate", f"`sample_rate` must be {RATE} with pcm", "Ask for wav, whose header tells its rate.")
    request = SpeechRequest(
        text=body["input"],
        voice=body.get("voice") or None,
        model=body.get("model", "speech").strip(),
        speed=body.get("speed"),
        revisable=True,
        no_store=exchange.no_store,
        caller=exchange.caller,
        request_id=exchange.request_id,
    )
    return SpeechCall(request=request, form=form, stream=body.get("stream_format", ""), notes=tuple(_passed_over(body)))


def _passed_over(body: Mapping[str, Any]) -> Iterator[Note]:
    """What other servers take and no voice here heeds."""
    for name, value in body.items():
        heeded = value == RATE if name == "sample_rate" else name in FIELDS.rules
        if not heeded and value not in ("", [], {}, False):
            shown = name if name.isprintable() and 0 < len(name) <= 60 else "a field"
            text = f"`{shown}` was passed over: it changes nothing of what is spoken"
            yield Note(code="parameter_passed_over", text=text)
