"""
One recording on its way: its parts, transcribed side by side, and what was heard, in the order of time.

A part that fails is tried once more when the others are done; if it fails again it leaves a gap, and all that was
heard stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, closing
from dataclasses import replace
from functools import partial
from typing import Any, Literal, TypeAlias, TypedDict, TypeVar

import msgspec

from groq_core.errors import ChainError, GroqCoreError, RequestError
from groq_core.events import (
    Degraded,
    Event,
    Events,
    Finished,
    Note,
    PartDone,
    PartStarted,
    SegmentsFound,
    TextDelta,
    Transcript,
    Usage,
)
from groq_core.media.audio.ffmpeg import Media
from groq_core.media.audio.joiner import Joiner
from groq_core.media.audio.judgement import NoSpeech, doubts_in_words, judge_transcript, omissions
from groq_core.media.audio.preparation import AudioPart, Preparation
from groq_core.media.audio.silero import Voice
from groq_core.media.text.phrases import length_in_words
from groq_core.pipeline import Handler
from groq_core.requests import Request, TranscriptionRequest
from groq_core.services.fan_out import JointStory, events_of
from groq_core.services.sound_aside import SoundAside, without_frames

_T = TypeVar("_T")

Granularity: TypeAlias = Literal["segment", "word"]


class _Place(TypedDict):
    index: int
    start_s: float
    end_s: float


class _Heard(msgspec.Struct):
    """What became of one part, here without its sound: a transcript and how it was had, or an error."""

    part: AudioPart
    finished: Finished | None = None
    transcript: Transcript | None = None
    no_speech: NoSpeech | None = None
    error: GroqCoreError | None = None

    def let_go(self) -> None:
        """Its words are in the joined transcript by now: keep none of them here, but the language."""
        if self.finished is not None and self.finished.transcript is not None:
            left = Transcript(text="", language=self.finished.transcript.language)
            self.finished = msgspec.structs.replace(self.finished, transcript=left)
        self.transcript = None


class TranscriptionRun:
    """
    One recording on its way.

    Everything that happens goes through one queue, since parts work side by side while a generator must not
    yield from inside a task group (PEP 789).

    Args:
        handle: The pipeline, through which each part goes.
        template: The request of every part, but for its sound.
        prepare: Makes the parts.
        parallel: Parts under way at once.
    """

    def __init__(
        self,
        handle: Handler[Request],
        template: TranscriptionRequest,
        prepare: Callable[[Any, str], Preparation],
        parallel: int,
    ) -> None:
        self._handle = handle
        self._template = template
        self._prepare = prepare
        self._parallel = parallel
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._heard: dict[int, _Heard] = {}
        self._told = 0
        self._story = JointStory(self._tell)
        self._several = False
        self._lone: Transcript | None = None
        self._joiner = Joiner(0.0)
        self._total_s: float | None = None
        self._doubted: list[tuple[float, str]] = []
        self._aside = SoundAside()

    def events(self, data: Media, filename: str) -> Events:
        """All that happens, to the ``Finished`` with the whole transcript."""
        return events_of(partial(self._work, data, filename), self._queue)

    async def _work(self, data: Media, filename: str) -> None:
        # What is of no known kind is shown to ffmpeg, which takes its time.
        preparation = await asyncio.to_thread(self._prepare, data, filename)
        self._joiner = Joiner(preparation.overlap_s)
        with closing(self._aside):
            await self._hear(preparation)
            for note in preparation.notes:
                self._tell(Note(code="recording", text=note))
            await self._again()
        self._finish()

    async def _hear(self, preparation: Preparation) -> None:
        free = asyncio.Semaphore(self._parallel)
        try:
            async with asyncio.TaskGroup() as group, aclosing(self._parts(preparation, free)) as parts:
                async for part in parts:
                    group.create_task(self._first(part, free))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None  # a bug in one part is a bug, not a group

    async def _parts(self, preparation: Preparation, free: asyncio.Semaphore) -> AsyncGenerator[AudioPart, None]:
        """Decode in a thread, no further ahead than there is somebody to send to."""
        parts = iter(preparation)
        try:
            while True:
                await free.acquire()
                part = await _to_the_end(lambda: next(parts, None), preparation.stop)
                if part is None:
                    return
                self._total_s = preparation.expected_s
                self._several = self._several or not part.last
                yield part
        finally:
            await _to_the_end(parts.close)

    async def _first(self, part: AudioPart, free: asyncio.Semaphore) -> None:
        try:
            heard = await self._transcribe(part, again=False)
        finally:
            free.release()
        self._heard[part.index] = heard
        if heard.error is None:
            self._tell_what_is_known()

    async def _again(self) -> None:
        """Try what failed once more, unless everything did: then the chain has said what there is to say."""
        failed = [heard for heard in self._heard.values() if heard.error is not None]
        if failed and len(failed) < len(self._heard):
            for heard in sorted(failed, key=lambda heard: heard.part.index):
                sound = await asyncio.to_thread(self._aside.take, heard.part.index)
                self._heard[heard.part.index] = await self._transcribe(replace(heard.part, data=sound), again=True)
        self._tell_what_is_known(all_done=True)

    async def _transcribe(self, part: AudioPart, *, again: bool) -> _Heard:
        place: _Place = {"index": part.index, "start_s": part.start_s, "end_s": part.end_s}
        if self._several and part.info.is_silent:
            self._tell(PartDone(outcome="silent", **place))
            nothing = Transcript(text="", duration=part.duration_s)
            return _Heard(replace(part, data=b""), transcript=nothing, no_speech=NoSpeech("silence"))
        self._tell(PartStarted(total_s=self._total_s, again=again, **place))
        try:
            finished = await self._ask(part)
        except GroqCoreError as error:
            self._tell(PartDone(outcome="failed", error=error.message, **place))
            if self._several and not again:
                await asyncio.to_thread(self._aside.put, part.index, part.data)
                without_frames(error)
            return _Heard(replace(part, data=b""), error=error)
        said = finished.transcript or Transcript(text="")
        voice = Voice(part.data, part.start_s)
        judged = await asyncio.to_thread(judge_transcript, said, part.info, start_s=part.start_s, voice=voice)
        heard = _Heard(replace(part, data=b""), finished=finished)
        self._doubted.extend(omissions(said, judged, part.start_s))
        if isinstance(judged, NoSpeech):
            heard.no_speech = judged
            heard.transcript = Transcript(text="", language=said.language, duration=said.duration)
        else:
            heard.transcript = judged
        self._tell(
            PartDone(
                # Of a lone part the receipt hears from `Finished`.
                number=finished.number if self._several else 0,
                provider=finished.provider,
                model=finished.model,
                ttft_s=finished.ttft_s,
                elapsed_s=finished.elapsed_s,
                cost_usd=finished.cost_usd if self._several else None,
                text=heard.transcript.text,
                **place,
            )
        )
        return heard

    async def _ask(self, part: AudioPart) -> Finished:
        """Send one part down the pipeline and pass its story on; what it says waits for its turn."""
        granularities: tuple[Granularity, ...] = ("segment", "word")
        request = msgspec.structs.replace(
            self._template,
            audio=part.data,
            filename=part.filename,
            duration_s=part.duration_s,
            # The seam between two parts is found by the times of words.
            granularities=granularities if self._several else _with_segments(self._template.granularities),
        )
        story = self._story.part()
        degraded: Degraded | None = None
        async with aclosing(self._handle(request)) as events:
            async for event in events:
                match event:
                    case Finished() if degraded is not None:
                        raise ChainError(degraded.message, retry_after=degraded.retry_after_s)
                    case Finished():
                        return story.finish(event)
                    case Degraded():
                        degraded = event
                    case TextDelta() | SegmentsFound():
                        pass
                    case _:
                        story.tell(event)
        raise ChainError("The transcript ended before it was whole.", hint="Try again.")

    def _tell(self, event: Event) -> None:
        self._queue.put_nowait(event)

    def _tell_what_is_known(self, *, all_done: bool = False) -> None:
        """Hand out what was heard, in the order of time; a part that has failed is waited for until all are done."""
        while (heard := self._heard.get(self._told)) is not None and (heard.error is None or all_done):
            self._told += 1
            if heard.transcript is None:
                continue
            if self._several:
                added = self._joiner.add(heard.part.start_s, heard.transcript, duration_s=heard.part.duration_s or None)
                heard.let_go()
                self._say(added)
            else:
                self._lone = heard.transcript
                self._say(heard.transcript)

    def _say(self, transcript: Transcript) -> None:
        if transcript.text:
            self._tell(TextDelta(transcript.text))
        if transcript.segments:
            self._tell(SegmentsFound(transcript.segments))

    def _finish(self) -> None:
        heard = [self._heard[index] for index in sorted(self._heard)]
        answered = [one.finished for one in heard if one.finished is not None]
        errors = [one.error for one in heard if one.error is not None]
        if errors and len(errors) == len(heard):
            raise _worst(errors)
        if self._several:
            self._say(self._joiner.finish())
        for one in heard:
            if one.error is not None:
                start, end = length_in_words(one.part.start_s), length_in_words(one.part.end_s)
                text = f"From {start} to {end} nothing could be transcribed: {one.error.message}"
                self._tell(Note(code="gap", text=text))
        transcript = self._whole(answered)
        doubted = doubts_in_words(self._doubted)
        if not transcript.text and (reason := next((one.no_speech for one in heard if one.no_speech), None)):
            self._tell(Note(code="no_speech", text=f"{reason.sentence} {doubted}".rstrip()))
        elif doubted:
            self._tell(Note(code="left_out", text=doubted))
        self._tell(self._final_event(answered, transcript))

    def _whole(self, answered: list[Finished]) -> Transcript:
        transcript = self._joiner.transcript if self._several else self._lone or Transcript(text="")
        if "word" not in self._template.granularities:
            transcript = msgspec.structs.replace(transcript, words=())
        if transcript.language is None and answered and answered[0].transcript:
            transcript = msgspec.structs.replace(transcript, language=answered[0].transcript.language)
        if transcript.duration is None:
            end = max((heard.part.end_s for heard in self._heard.values()), default=0.0)
            transcript = msgspec.structs.replace(transcript, duration=end or None)
        return transcript

    def _final_event(self, answered: list[Finished], transcript: Transcript) -> Finished:
        first = answered[0] if answered else Finished()
        if not self._several:
            return msgspec.structs.replace(first, transcript=transcript)
        usages = [one.usage for one in answered if one.usage is not None]
        usage = Usage(
            audio_s=sum(one.audio_s or 0.0 for one in usages) or None,
            total_tokens=sum(one.total_tokens for one in usages),
        )
        return Finished(
            provider=first.provider,
            model=first.model,
            usage=usage if usages else None,
            request_id=first.request_id,
            transcript=transcript,
        )


def _with_segments(granularities: tuple[Granularity, ...]) -> tuple[Granularity, ...]:
    """Phrases are always asked for: subtitles and the doubt about silence need their times."""
    return granularities if "segment" in granularities else ("segment", *granularities)


def _worst(errors: list[GroqCoreError]) -> GroqCoreError:
    """Of several, the one its reader can do something about: a fault of the request."""
    return next((error for error in errors if isinstance(error, RequestError)), errors[0])


async def _to_the_end(work: Callable[[], _T], stop: Callable[[], None] = lambda: None) -> _T:
    """Run something in a thread; when cancelled, wait for it still, since nobody else may touch what it uses."""
    running = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop()
        await asyncio.wait([running])
        raise
