"""What the adapters share: how they ask, and the events of a chat, a transcript and a voice."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import cache
from io import BytesIO
from typing import Any, cast

import httpx
import msgspec

from groq_core import __version__
from groq_core.errors import Kind, ProviderError
from groq_core.events import CONTENT_KINDS, AudioDelta, Event, Events, Finished, Note, Usage
from groq_core.failures.classify import from_event, from_exception
from groq_core.models.spec import ModelSpec
from groq_core.pipeline import Attempt
from groq_core.providers.shortcut import Shortcut
from groq_core.providers.upstream_exchange import Response, UpstreamExchange
from groq_core.providers.wire import HeaderError, Wire, direct
from groq_core.requests import Caller, ChatRequest, SpeechRequest, TranscriptionRequest
from groq_core.streaming.decoder import StreamDecoder, read_completion
from groq_core.streaming.transcription import read_transcription

CONNECT_TIMEOUT_S = 5.0
"""Seconds to a connection. All other waiting is bounded by the deadlines above."""

CONNECTIONS, IDLE_CONNECTIONS, IDLE_S = 2000, 200, 60.0

MODELS_TIMEOUT_S = 10.0

GRACE_S = 1.0
"""Seconds a server may take from the finish reason to usage and end; then the answer counts as it stands."""

HANG_UP_S = 0.02
"""Seconds from ``[DONE]`` to the end of the body. A body read to its end leaves a connection to use again."""

OWN_HEADERS = {
    "accept": "application/json",
    "content-type": "application/json",
    "user-agent": f"groq-core/{__version__}",
}
"""What goes with every request that is JSON or has no body."""


def visitor_header(caller: Caller) -> dict[str, str]:
    """The header by which the simulator knows whose faults to play; nothing for everybody else."""
    return {"x-simulated-visitor": visitor} if (visitor := caller.visitor) else {}


class SdkProvider(ABC):
    """
    An adapter around the client of an SDK.

    Args:
        clock: Seconds, for the times in :class:`Finished`.
    """

    name: str

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wire: Wire | None = None

    def _use_wire(self, base_url: str) -> None:
        """Send JSON past the SDK's client from now on, unless there is something on the way that only that can do."""
        url = httpx.URL(base_url)
        if direct(url):
            self._wire = Wire(url, tls(), connect_s=CONNECT_TIMEOUT_S, idle=IDLE_CONNECTIONS, idle_s=IDLE_S)

    async def _send(self, method: str, path: str, caller: Caller, body: Any = None) -> Response:
        """
        Send a request whose body is JSON, or which has none.

        Returns:
            The response as soon as its headers are there, whatever its status.
        """
        own = self._headers(caller)
        content = b"" if body is None else msgspec.json.encode(body)
        if self._wire is None:
            return await self._send_by_sdk(method, path, own, content)
        try:
            return await self._wire.ask(method, path, OWN_HEADERS | own, content)
        except HeaderError:
            raise ProviderError(
                Kind.AUTH, "the key has a character in it that no header can carry", provider_wide=True
            ) from None

    @abstractmethod
    def _headers(self, caller: Caller) -> dict[str, str]:
        """Headers of a caller's own. Raises ProviderError when there is no key to ask with."""

    @abstractmethod
    async def _send_by_sdk(self, method: str, path: str, headers: dict[str, str], content: bytes) -> Response:
        """As :meth:`_send`; statuses of 400 and more are raised."""

    @abstractmethod
    async def _upload(self, path: str, caller: Caller, form: Any, files: Any) -> Response:
        """Send a form with files; statuses of 400 and more are raised."""

    @abstractmethod
    def chat_body(self, request: ChatRequest, spec: ModelSpec) -> tuple[dict[str, Any], list[Note]]:
        """The body of a chat in the form this provider accepts, and what had to be changed for it."""

    @abstractmethod
    def transcription_form(self, request: TranscriptionRequest, spec: ModelSpec) -> dict[str, Any]:
        """The form fields that go with a recording."""

    @abstractmethod
    def prepare_uploads(self) -> None:
        """Import the SDK and make its client, which the first upload would wait for; may run in a thread."""

    async def close(self) -> None:
        """Hang up everything, what is under way included."""
        if self._wire is not None:
            self._wire.close()

    def __call__(self, attempt: Attempt) -> Events:
        match attempt.request:
            case ChatRequest() as request:
                return self._chat(attempt, request)
            case TranscriptionRequest() as request:
                return self._transcribe(attempt, request)
            case SpeechRequest() as request:
                return self._speak(attempt, request)

    def _exchange(self, attempt: Attempt, send: Awaitable[Response]) -> UpstreamExchange:
        return UpstreamExchange(attempt.spec, send, attempt.on_headers)

    async def _chat(self, attempt: Attempt, request: ChatRequest) -> Events:
        spec, started, first = attempt.spec, self._clock(), None
        body, notes = self.chat_body(request, spec)
        for note in notes:
            yield note
        send = self._send("POST", "/chat/completions", request.caller, body)
        async with self._exchange(attempt, send) as response:
            events: list[Event]
            split = request.params.get("reasoning_format") != "raw"
            if not request.stream and not _is_stream(response):
                events = read_completion(await response.aread(), split_thoughts=split)
            else:
                # Whatever the content type says: the decoder reads a body where there are no events.
                decoder = StreamDecoder(split_thoughts=split)
                shortcut = Shortcut(decoder, attempt.bypass)
                async with aclosing(_reads(response)) as reads:
                    async for data in reads:
                        events = shortcut.events(data)
                        begins = bool(events) and first is None
                        if begins:
                            first = self._clock()
                        for event in events:
                            yield event
                        if decoder.done or decoder.finish_reason is not None:
                            break
                        if begins:
                            shortcut.open(response)
                    events = [*await _last_words(reads, decoder), *decoder.close()]
            for event in events:
                if first is None and type(event) in CONTENT_KINDS:
                    first = self._clock()
                yield self._sign(event, spec, response, started, first) if type(event) is Finished else event

    async def _transcribe(self, attempt: Attempt, request: TranscriptionRequest) -> Events:
        spec, started = attempt.spec, self._clock()
        path = "/audio/translations" if request.operation == "translation" else "/audio/transcriptions"
        form = self.transcription_form(request, spec)
        # Bytes would be written in one piece; and an SDK's exception holds on to what it was given, so it is closed.
        with BytesIO(request.audio) as sound:
            upload = self._upload(path, request.caller, form, {"file": (request.filename, sound)})
            async with self._exchange(attempt, upload) as response:
                body = await response.aread()
                for event in read_transcription(body, response.headers.get("content-type", "")):
                    if type(event) is Finished:
                        event = _with_duration(event, request.duration_s)
                        event = self._sign(event, spec, response, started, self._clock())
                    yield event

    async def _speak(self, attempt: Attempt, request: SpeechRequest) -> Events:
        spec, started, first = attempt.spec, self._clock(), None
        voice, notes = fitting_voice(request.voice, spec)
        for note in notes:
            yield note
        body: dict[str, Any] = {"model": spec.id, "input": request.text, "voice": voice, "response_format": "wav"}
        if request.speed is not None and not spec.one_speed:
            body["speed"] = request.speed
        elif request.speed not in (None, 1):
            yield Note(code="speed_left_out", text=f"{spec.id} speaks at one speed: {request.speed:g} was left out")
        send = self._send("POST", "/audio/speech", request.caller, body)
        async with self._exchange(attempt, send) as response:
            if _is_json(response):
                raise from_event(await response.aread())
            async with aclosing(_reads(response)) as reads:
                async for data in reads:
                    if first is None and is_text(data):
                        # A proxy's page of words with status 200, which would be played as noise.
                        raise ProviderError(Kind.MALFORMED, "a text came instead of a recording")
                    first = first or self._clock()
                    yield AudioDelta(data)
            if first is None:
                raise ProviderError(Kind.EMPTY_ANSWER, "the recording has nothing in it")
            finished = Finished(usage=Usage(characters=len(request.text)))
            yield self._sign(finished, spec, response, started, first)

    def _sign(
        self, event: Finished, spec: ModelSpec, response: Response, started: float, first: float | None
    ) -> Finished:
        """Put on the finish what the bytes do not tell: who answered, and how long it took."""
        return msgspec.structs.replace(
            event,
            provider=spec.provider,
            model=event.model or spec.id,
            request_id=event.request_id or response.headers.get("x-request-id"),
            ttft_s=None if first is None else first - started,
            elapsed_s=self._clock() - started,
        )

    async def models(self, caller: Caller = Caller()) -> list[dict[str, Any]]:  # noqa: B008 - frozen
        """
        Ask which models there are.

        Returns:
            The entries of ``GET /models`` as they came.

        Raises:
            ProviderError: Nobody answered, or not with a list.
        """
        nobody = ModelSpec(id="", provider=self.name, capabilities=frozenset())
        try:
            async with (
                asyncio.timeout(MODELS_TIMEOUT_S),
                UpstreamExchange(nobody, self._send("GET", "/models", caller), None) as response,
            ):
                return _entries(await response.aread())
        except TimeoutError:
            silence = f"no list of models within {MODELS_TIMEOUT_S:g} s"
            raise ProviderError(Kind.TIMEOUT_FIRST_TOKEN, silence, provider=self.name) from None


def _with_duration(finished: Finished, measured_s: float) -> Finished:
    """Put in the seconds, by which audio is billed, where the provider counts tokens or nothing."""
    usage = finished.usage or Usage()
    if usage.audio_s is not None or not measured_s:
        return finished
    return msgspec.structs.replace(finished, usage=msgspec.structs.replace(usage, audio_s=measured_s))


def fitting_voice(asked: str | None, spec: ModelSpec) -> tuple[str, list[Note]]:
    """The voice asked for where the model has it, else its first, with a note."""
    if asked and (not spec.voices or asked in spec.voices):
        return asked, []
    first = spec.voices[0] if spec.voices else ""
    if not asked:
        return first, []
    return first, [Note(code="voice_changed", text=f"{spec.id} has no voice `{asked}`: `{first}` speaks")]


def _entries(body: bytes) -> list[dict[str, Any]]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    entries = found.get("data", found.get("models")) if isinstance(found, dict) else found
    if not isinstance(entries, list):
        raise ProviderError(Kind.MALFORMED, "the list of models is no list")
    return [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _is_json(response: Response) -> bool:
    return response.headers.get("content-type", "").startswith("application/json")


def _is_stream(response: Response) -> bool:
    return response.headers.get("content-type", "").startswith("text/event-stream")


def _reads(response: Response) -> AsyncGenerator[bytes, None]:
    # An async generator in both libraries, though they only promise an iterator.
    return cast(AsyncGenerator[bytes, None], response.aiter_bytes())


async def _last_words(reads: AsyncGenerator[bytes, None], decoder: StreamDecoder) -> list[Event]:
    """
    Read on from the finish reason to the end: usage, ``[DONE]``, the end of the body.

    What goes wrong from here on is passed over, since the answer is whole.
    """
    events: list[Event] = []
    try:
        while True:
            async with asyncio.timeout(HANG_UP_S if decoder.done else GRACE_S):
                events += decoder.feed(await anext(reads))
    except (StopAsyncIteration, TimeoutError):
        pass
    except Exception as exc:
        if from_exception(exc) is None:
            raise
    return events


@cache
def tls() -> ssl.SSLContext:
    """Read the certificates once for all clients: 40 ms."""
    return httpx.create_ssl_context()


def quieten(logger: str) -> None:
    """Keep an SDK from writing prompts to the log: at DEBUG it writes whole requests."""
    named = logging.getLogger(logger)
    named.setLevel(max(named.level, logging.INFO))


_SOUNDS = (b"RIFF", b"RF64", b"OggS", b"fLaC", b"ID3")


def is_text(data: bytes) -> bool:
    """
    Whether what should be the beginning of a recording is words instead.

    >>> is_text(b"<!doctype html>"), is_text(b"RIFF$\\x00\\x00\\x00WAVE"), is_text(b"\\x00\\x01")
    (True, False, False)
    """
    head = data[:64]
    if head.startswith(_SOUNDS):
        return False
    return all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
