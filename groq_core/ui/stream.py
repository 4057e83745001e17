"""
The wire from the server to the page: events as server-sent events, gathered to what a screen can show.

A line is ``data: {"t": "text"}`` for new text, ``{"r": "text"}`` for the model's thinking, and a tagged object
``{"e": "attempt_failed", …}`` for everything else. Where it went wrong there is an ``error``, and the last line of
every stream is its ``receipt``; one that ends without was cut on its way to the page.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import cache
from typing import Any, Self

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from groq_core.access.door import UNDELAYED
from groq_core.errors import ChainError, GroqCoreError, ProviderError, RequestError
from groq_core.events import AudioDelta, Event, Events, Finished, ReasoningDelta, TextDelta
from groq_core.redaction import redact
from groq_core.reply import Receipt
from groq_core.ui.page_reader import PageReader
from groq_core.ui.texts import TEXTS

log = logging.getLogger(__name__)

_json = msgspec.json.Encoder()
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    *UNDELAYED,
    (b"x-content-type-options", b"nosniff"),
]
OPEN = b'data: {"e":"open"}\n\n'
"""The first line, which tells the page that nothing on the way holds the stream back."""

BACKLOG_BYTES = 256 * 1024
"""What waits for a slow reader before the answer itself is made to wait."""


def line(value: dict[str, Any]) -> bytes:
    """
    One server-sent event.

    >>> line({"t": "né"})
    b'data: {"t":"n\\xc3\\xa9"}\\n\\n'
    """
    return b"data: " + _json.encode(value) + b"\n\n"


def tag(event: Event) -> str:
    """
    Name of an event on the wire.

    >>> tag(TextDelta("x"))
    'text_delta'
    """
    return _tag(type(event))


@cache
def _tag(kind: type[Event]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def encode(event: Event) -> bytes:
    """
    Write an event down for the page.

    Audio is left out: the page fetches it as a file.
    """
    match event:
        case TextDelta():
            return line({"t": event.text})
        case ReasoningDelta():
            return line({"r": event.text})
        case AudioDelta():
            return b""
        case Finished():
            return line({"e": "finished", **ending_of(event)})
        case _:
            return line({"e": tag(event), **msgspec.structs.asdict(event)})


def ending_of(finished: Finished) -> dict[str, Any]:
    """What the page shows of an end: not the ids and the raw body."""
    return {
        "provider": finished.provider,
        "model": finished.model,
        "finish_reason": finished.finish_reason,
        "ttft_s": finished.ttft_s,
        "elapsed_s": finished.elapsed_s,
        "tokens_per_s": finished.usage.tokens_per_s if finished.usage else None,
        "transcript": finished.transcript,
    }


def receipt_line(receipt: Receipt) -> bytes:
    """The receipt: the HTTP API's ``x_groq_core``, and what only a person wants to know."""
    usage = receipt.finished.usage if receipt.finished else None
    return line(
        {
            "e": "receipt",
            **receipt.as_dict(),
            "tokens_per_s": usage.tokens_per_s if usage else None,
            "candidates": receipt.candidates,
            "cache_age_s": receipt.cache_age_s,
            "saved_usd": receipt.saved_usd,
            "notes": [note.text for note in receipt.notes],
        }
    )


def error_line(error: Exception) -> bytes:
    """What happened, what was tried, when to try again. Nothing of an unexpected error but that it happened."""
    if not isinstance(error, GroqCoreError):
        return line({"e": "error", "kind": "internal", "message": TEXTS["error_internal"], "hint": ""})
    told: dict[str, Any] = {
        "e": "error",
        "kind": "request" if isinstance(error, RequestError) else "chain",
        "message": redact(error.message),
        "hint": redact(error.hint),
    }
    if isinstance(error, RequestError):
        told |= {"param": error.param, "retry_after_s": error.retry_after}
    if isinstance(error, ChainError):
        told |= {"retry_after_s": error.retry_after, "failures": [failure(one) for one in error.failures]}
    return line(told)


def failure(error: ProviderError) -> dict[str, Any]:
    return {
        "provider": error.provider,
        "model": error.model,
        "kind": error.kind,
        "message": redact(error.message),
        "status": error.status,
    }


class Pace:
    """
    How long text is gathered before it goes out: a frame of the screen, more when the process is busy.

    One for the whole page, shared by its streams. The first text of an answer never waits.
    """

    def __init__(self) -> None:
        self.streams = 0
        self.lag_s = 0.0

    @property
    def interval_s(self) -> float:
        """Seconds between two writes of one stream."""
        base = 0.016 if self.streams <= 10 else 0.033 if self.streams <= 60 else 0.05
        return min(0.1, base + 2 * self.lag_s)

    def woke(self, late_s: float) -> None:
        """Take into account that a timer of ours fired this much too late; a smoothed maximum."""
        self.lag_s = max(late_s if late_s > 0.005 else 0.0, self.lag_s * 0.9)


class Gathered:
    """What is to be sent next: neighbouring texts joined into one line, everything else in its order."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._text: list[str] = []
        self._key = "t"
        self.size = 0
        self.spoken = False

    def put(self, part: Event | bytes) -> None:
        """Add an event, or a line that is encoded already."""
        if isinstance(part, TextDelta | ReasoningDelta):
            key = "t" if isinstance(part, TextDelta) else "r"
            if key != self._key:
                self._join()
                self._key = key
            self._text.append(part.text)
            self.size += len(part.text)
            self.spoken = True
        else:
            self._join()
            encoded = part if isinstance(part, bytes) else encode(part)
            self._lines.append(encoded)
            self.size += len(encoded)

    def take(self) -> bytes:
        """Everything so far; empty when there is nothing."""
        return b"".join(self.take_lines())

    def take_lines(self) -> list[bytes]:
        """The same, line by line."""
        self._join()
        lines, self._lines, self.size = self._lines, [], 0
        return lines

    def _join(self) -> None:
        if self._text:
            self._lines.append(line({self._key: "".join(self._text)}))
            self._text.clear()


class Gathering:
    """
    Take events as fast as they come, and hand them over as often as somebody can use them.

    A task of its own reads ahead, up to :data:`BACKLOG_BYTES`; then the answer is made to wait. Leaving the
    ``async with`` cancels it at once, and with it the connection upstream.

    Args:
        events: The answer; closed here.
        receipt: Filled on the way, see :func:`story`.
    """

    def __init__(self, events: Events, receipt: Receipt | None = None) -> None:
        self._events = events
        self._receipt = receipt or Receipt()
        self._out = Gathered()
        self._wake = asyncio.Event()
        # Goes out with what the reader, who runs first, finds at once, and alone if that is nothing.
        self._out.put(OPEN)
        self._wake.set()
        self._taken = asyncio.Event()
        self._resting: asyncio.Future[None] | None = None
        self._ended = False
        self.finished = False

    async def __aenter__(self) -> Self:
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    @property
    def has_words(self) -> bool:
        """Whether any words have come yet, of the answer or of thinking."""
        return self._out.spoken

    async def next(self) -> bytes:
        """Everything since the last time, at least one line; sets ``finished`` with the last ones."""
        return b"".join(await self.next_lines())

    async def next_lines(self) -> list[bytes]:
        """The same, line by line."""
        await self._wake.wait()
        self._wake.clear()
        self.finished = self._ended
        self._taken.set()
        return self._out.take_lines()

    async def rest(self, seconds: float) -> None:
        """Wait so long, and no longer than to the end of the answer: its last words need not wait for a beat."""
        if self._ended or seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        resting = self._resting = loop.create_future()
        # A timer and a future: `asyncio.timeout` would cancel and catch, which a thousand times a second is felt.
        timer = loop.call_later(seconds, release, resting)
        try:
            await resting
        finally:
            timer.cancel()

    async def _read(self) -> None:
        out = self._out
        try:
            async with aclosing(story(self._events, self._receipt)) as parts:
                async for part in parts:
                    out.put(part)
                    self._wake.set()
                    while out.size > BACKLOG_BYTES:
                        self._taken.clear()
                        await self._taken.wait()
        finally:
            self._ended = True
            self._wake.set()
            release(self._resting)


def release(waiting: asyncio.Future[None] | None) -> None:
    """Let whoever waits go on, if there is somebody."""
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


class EventStream(Response):
    """
    An ASGI response that tells the page what happens while something is answered.

    Args:
        events: The answer; closed here, whatever happens, and at once when the page hangs up.
        pace: Shared by all streams of the page.
    """

    def __init__(self, events: Events, pace: Pace) -> None:
        super().__init__()
        self._events = events
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reader = PageReader(scope, receive, send)
        await reader.start(HEADERS)
        self._pace.streams += 1
        try:
            async with Gathering(self._events) as gathering:
                await reader.write_until_gone(self._write(gathering, reader))
        finally:
            self._pace.streams -= 1

    async def _write(self, gathering: Gathering, reader: PageReader) -> None:
        clock = asyncio.get_running_loop().time
        while not gathering.finished:
            body = await gathering.next()
            if (sending := reader.write(body, not gathering.finished)) is not None:
                await sending
            if gathering.finished:
                return
            if not gathering.has_words:
                continue  # the story before the first words is short, and they must not wait behind it
            due = clock() + self._pace.interval_s
            await gathering.rest(due - clock())
            self._pace.woke(clock() - due)


async def story(events: Events, receipt: Receipt | None = None) -> AsyncGenerator[Event | bytes, None]:
    """
    Yield the events as they are, then, already encoded, the error if there was one, and the receipt.

    Args:
        events: The answer; closed here.
        receipt: Filled on the way, for whoever may end the answer before its last line.
    """
    receipt = receipt or Receipt()
    began = time.monotonic()
    error: Exception | None = None
    try:
        async with aclosing(events):
            async for event in events:
                if not isinstance(event, TextDelta):
                    receipt.note(event, time.monotonic() - began)
                yield event
    except GroqCoreError as expected:
        error = expected
    except Exception as unexpected:
        log.exception("an answer for the page broke")
        error = unexpected
    if error is not None:
        yield error_line(error)
    yield receipt_line(receipt)


async def refusal(error: RequestError) -> AsyncGenerator[Event, None]:
    """An answer that is only a refusal, so that the page has one way to show what went wrong."""
    raise error
    yield  # what makes it a stream
