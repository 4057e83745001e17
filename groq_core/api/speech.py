"""`POST /v1/audio/speech`: a text in and a recording out."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Final

from groq_core.api.asgi import Exchange
from groq_core.api.backend import Backend
from groq_core.api.chat.body import checked_model, json_object
from groq_core.api.field_errors import bad
from groq_core.api.fold import folded, header_value
from groq_core.requests import SpeechRequest
from groq_core.services.speech import Speech

MAX_SPEECH_BODY: Final = 2**20


MAX_SPEECH: Final = 4096
"""Characters in one request, as in OpenAI's API."""


WAV = (b"content-type", b"audio/wav")


class Speeches:
    """The endpoint for texts to be spoken."""

    def __init__(self, backend: Backend, clock: Callable[[], float] = perf_counter) -> None:
        self._service = Speech(backend.handle)
        self._clock = clock

    async def speak(self, exchange: Exchange) -> None:
        """One WAV file, whole: a file that breaks off in the middle could not be told from a short one."""
        request = read_speech(await exchange.body(MAX_SPEECH_BODY), exchange)
        with exchange.watched() as watch:
            reply = await folded(exchange, self._service.read(request), watch, self._clock)
            if reply is not None and reply.finished is not None:
                await exchange.answer(200, reply.audio, WAV, (b"x-groq-core-model", header_value(reply.finished.model)))


def read_speech(raw: bytes, exchange: Exchange) -> SpeechRequest:
    """
    Check the body of a speech request.

    Raises:
        RequestError: 400 naming the field.
    """
    body = json_object(raw)
    text = body.get("input")
    if not isinstance(text, str) or not text.strip():
        raise bad("input", "`input` must be a text with at least one word")
    if len(text) > MAX_SPEECH:
        raise bad(
            "input", f"`input` has {len(text)} characters; at most {MAX_SPEECH} are possible", "Send it in parts."
        )
    if body.get("response_format") not in (None, "wav"):
        raise bad("response_format", "`response_format` must be wav", "Groq's voices are sent as WAV and nothing else.")
    voice, speed = body.get("voice"), body.get("speed")
    if voice is not None and not isinstance(voice, str):
        raise bad("voice", "`voice` must be a name")
    if speed is not None and (isinstance(speed, bool) or not isinstance(speed, int | float) or not 0.25 <= speed <= 4):
        raise bad("speed", "`speed` must be a number between 0.25 and 4")
    return SpeechRequest(
        text=text,
        voice=voice or None,
        model=checked_model(body.get("model"), default="speech"),
        speed=speed,
        revisable=True,
        no_store=exchange.no_store,
        caller=exchange.caller,
        request_id=exchange.request_id,
    )
