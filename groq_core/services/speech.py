"""
Speech: a text of any length in, one WAV file out.

A voice takes 200 characters at a time, so a text is cut at its sentences. The pieces are spoken side by side, each
through the whole pipeline, and joined in the order of the text.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from contextlib import aclosing

import msgspec

from groq_core.errors import BrokenAnswerError, ChainError, RequestError
from groq_core.events import (
    AudioDelta,
    Degraded,
    Event,
    Events,
    Finished,
    Note,
    PartDone,
    Restarted,
    TextDelta,
    Usage,
)
from groq_core.incoming.field_errors import insist
from groq_core.media.audio.wav import join_wavs
from groq_core.pipeline import Handler
from groq_core.reply import Reply, collect
from groq_core.requests import Caller, Request, SpeechRequest
from groq_core.services.fan_out import JointStory, events_of
from groq_core.services.ssml import without_ssml

PIECE = 200
"""Characters in one request (Groq's Orpheus page, read 2026-08)."""

SSML_LEFT_OUT = "the voices know no SSML: its tags were left out, their text is spoken"

PARALLEL = 3
"""Pieces of one text under way at once; Groq's free plan allows ten requests a minute."""


class Speech:
    """
    Speak with Groq's Orpheus, or whatever the chain goes on to.

    >>> from groq_core.compose import assemble  # doctest: +SKIP
    >>> async with assemble(settings) as core:  # doctest: +SKIP
    ...     reply = await core.speech.say("It is a quarter past nine.", voice="troy")
    ...     Path("time.wav").write_bytes(reply.audio)

    Args:
        handle: The pipeline.
        parallel: Pieces of one text under way at once.
    """

    def __init__(self, handle: Handler[Request], *, parallel: int = PARALLEL) -> None:
        self._handle = handle
        self._parallel = parallel

    async def say(
        self,
        text: str,
        *,
        voice: str | None = None,
        model: str = "speech",
        speed: float | None = None,
        caller: Caller | None = None,
    ) -> Reply:
        """Speak a text of any length; ``reply.audio`` is one WAV file. Errors as for :meth:`read`."""
        request = SpeechRequest(
            text=text, voice=voice, model=model, speed=speed, revisable=True, caller=caller or Caller()
        )
        async with aclosing(self.read(request)) as events:
            return await collect(events)

    async def read(self, request: SpeechRequest) -> Events:
        """
        Speak a text of any length.

        Yields:
            The story of every piece as it happens; then the whole file in one ``AudioDelta``, and ``Finished``.

        Raises:
            RequestError: The text is empty.
            ChainError: A piece could not be had; the others are given up.
            BrokenAnswerError: What came is no recording.
        """
        async with aclosing(self._reading(request, piecemeal=False)) as events:
            async for event in events:
                yield event

    async def read_piecemeal(self, request: SpeechRequest) -> Events:
        """
        Speak a text of any length and give away each piece as soon as everything before it has been.

        Yields:
            The story of every piece as it happens; an ``AudioDelta`` a piece, each a WAV file of its own, in the
            order of the text; then ``Finished``. Errors as for :meth:`read`.
        """
        async with aclosing(self._reading(request, piecemeal=True)) as events:
            async for event in events:
                yield event

    def _reading(self, request: SpeechRequest, *, piecemeal: bool) -> Events:
        insist(request.text, str, "input", "text")
        text, changed = without_ssml(request.text)
        if not has_words(text):
            raise RequestError("there is no text to speak", param="input", hint="Send a text with at least one word.")
        texts = [text] if len(text) <= PIECE else [*pack(part for part in pieces(text) if has_words(part))]
        notes = [Note(code="ssml_left_out", text=SSML_LEFT_OUT)] if changed else []
        return _Reading(self._handle, request, texts, self._parallel, piecemeal=piecemeal, notes=notes).events()


class _Reading:
    """One text on its way; ``piecemeal``: each piece goes out by itself."""

    def __init__(
        self,
        handle: Handler[Request],
        template: SpeechRequest,
        texts: list[str],
        parallel: int,
        *,
        piecemeal: bool = False,
        notes: Iterable[Note] = (),
    ) -> None:
        self._handle = handle
        self._template = template
        self._texts = texts
        self._parallel = parallel
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._piecemeal = piecemeal
        self._waiting: dict[int, bytes] = {}
        self._next = 0
        self._story = JointStory(self._tell)
        self._told: set[tuple[str, str]] = set()
        for note in notes:
            self._tell(note)

    def events(self) -> Events:
        return events_of(self._work, self._queue)

    async def _work(self) -> None:
        free = asyncio.Semaphore(self._parallel)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._speak(index, free)) for index in range(len(self._texts))]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        spoken = [task.result() for task in tasks]
        if not self._piecemeal:
            self._tell(AudioDelta(_one_file([reply.audio for reply, _ in spoken])))
        self._tell(self._finish([finished for _, finished in spoken]))

    async def _speak(self, index: int, free: asyncio.Semaphore) -> tuple[Reply, Finished]:
        """Send one piece down the pipeline and pass its story on; its sound waits for its turn."""
        request = msgspec.structs.replace(self._template, text=self._texts[index])
        reply, story = Reply(), self._story.part()
        async with free, aclosing(self._handle(request)) as events:
            async for event in events:
                reply.apply(event)
                match event:
                    case Degraded():
                        raise ChainError(event.message, retry_after=event.retry_after_s)
                    case Finished() if reply.audio:
                        finished = story.finish(event)
                        self._tell_part(index, finished)
                        self._give(index, reply.audio)
                        return reply, finished
                    case Note(code=code, text=words) if (code, words) in self._told:
                        pass  # what was changed in every piece alike is told once
                    case AudioDelta() | TextDelta() | Finished() | Restarted():
                        pass
                    case _:
                        if isinstance(event, Note):
                            self._told.add((event.code, event.text))
                        story.tell(event)
        raise BrokenAnswerError("The recording ended before it was whole.", hint="Try again.")

    def _give(self, index: int, audio: bytes) -> None:
        """Give a piece away as soon as all before it have been."""
        if not self._piecemeal:
            return
        self._waiting[index] = audio
        while self._next in self._waiting:
            self._tell(AudioDelta(self._waiting.pop(self._next)))
            self._next += 1

    def _tell_part(self, index: int, finished: Finished) -> None:
        """Of a lone piece the receipt hears from `Finished`."""
        if len(self._texts) > 1:
            told = {name: getattr(finished, name) for name in ("provider", "model", "number", "ttft_s", "elapsed_s")}
            self._tell(PartDone(index=index, start_s=0.0, end_s=0.0, cost_usd=finished.cost_usd, **told))

    def _tell(self, event: Event) -> None:
        self._queue.put_nowait(event)

    def _finish(self, pieces: list[Finished]) -> Finished:
        first = pieces[0]
        if len(pieces) == 1:
            return first
        usage = Usage(characters=sum(len(text) for text in self._texts))
        return Finished(provider=first.provider, model=first.model, usage=usage, request_id=first.request_id)


def _one_file(recordings: list[bytes]) -> bytes:
    try:
        return join_wavs(recordings)
    except ValueError as error:
        if len(recordings) == 1:
            return recordings[0]  # another kind of file than we asked for, but whole
        raise BrokenAnswerError(f"What was spoken cannot be joined: {error}.", hint="Try again.") from error


_DIRECTION = re.compile(r"\[[^\]]{0,200}\]")
_WORD = re.compile(r"[^\W_]")


def has_words(text: str) -> bool:
    """
    Whether there is anything to say besides signs, emoji and directions to the speaker.

    >>> has_words("[cheerful] Hi!"), has_words("[cheerful] 🎉 …")
    (True, False)
    """
    return _WORD.search(_DIRECTION.sub("", text)) is not None


def model_for(language: str) -> str:
    """
    Who speaks a language best.

    >>> model_for("ar"), model_for("en")
    ('canopylabs/orpheus-arabic-saudi', 'speech')
    """
    return "canopylabs/orpheus-arabic-saudi" if language == "ar" else "speech"


_SENTENCE = re.compile(
    r"\S(?:[.!?…]++[\"'”’)\]]*+(?=\s|$)"
    r"|.*?(?:(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?=\s|$)|[。！？]+[”’）」』]*|$))",
    re.MULTILINE,
)


def pieces(text: str, limit: int = PIECE) -> Iterator[str]:
    """
    Cut a text for speaking: at ends of sentences and lines, else at commas, else at words; a word only where it
    is longer than a piece.

    >>> list(pieces("One. It costs 2.50 at most! Three", limit=13))
    ['One.', 'It costs 2.50', 'at most!', 'Three']
    """
    for sentence in _SENTENCE.findall(text):
        rest = sentence.strip()
        while len(rest) > limit:
            head = rest[: limit + 1]
            cut = max(head.rfind(mark, 0, limit + len(mark) - 1) for mark in (", ", "; ", ": ", "，", "、"))
            cut = cut + 1 if cut > limit // 3 else head.rfind(" ")
            cut = cut if cut > 0 else limit
            yield rest[:cut].strip()
            rest = rest[cut:].strip()
        if rest:
            yield rest


def pack(parts: Iterable[str], limit: int = PIECE) -> Iterator[str]:
    """
    Put neighbours together as long as they fit: fewer requests, and a voice that need not begin anew each time.

    >>> list(pack(["One.", "Two.", "Three is longer."], limit=12))
    ['One. Two.', 'Three is longer.']
    """
    gathered = ""
    for part in parts:
        if gathered and len(gathered) + 1 + len(part) > limit:
            yield gathered
            gathered = part
        else:
            gathered = f"{gathered} {part}" if gathered else part
    if gathered:
        yield gathered
