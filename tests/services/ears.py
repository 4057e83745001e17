"""A pipeline that hears what was said: it knows the words of the whole recording and answers for each part."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable
from io import BytesIO

import msgspec
import numpy as np
import soundfile

from groq_core.errors import ChainError, Kind
from groq_core.events import (
    AttemptFailed,
    AttemptStarted,
    Events,
    Finished,
    Routed,
    Segment,
    TextDelta,
    Transcript,
    Usage,
    Word,
)
from groq_core.media.audio.preparation import Preparation
from groq_core.requests import Request, TranscriptionRequest

RATE = 16_000


def speak(count: int, pace_s: float = 0.5) -> list[Word]:
    """``count`` different words, one every half second."""
    return [Word(word=f"word{at}", start=at * pace_s, end=at * pace_s + 0.4) for at in range(count)]


def recording(words: list[Word]) -> bytes:
    """Something like speech at the place of every word: noise and tones in turn, with pauses between."""
    rng = np.random.default_rng(7)
    samples = np.zeros(int((words[-1].end + 0.1) * RATE) + 1, np.float32)
    for at, word in enumerate(words):
        span = slice(int(word.start * RATE), int(word.end * RATE))
        length = span.stop - span.start
        time = np.arange(length) / RATE
        voice = np.sin(2 * np.pi * 140 * time * (1 + at % 3)) + 0.5 * np.sin(2 * np.pi * 900 * time)
        hiss = rng.normal(0, 1, length) * (np.sin(2 * np.pi * 5 * time) > 0)
        samples[span] = 0.1 * np.hanning(length) * (voice + hiss)
    buffer = BytesIO()
    soundfile.write(buffer, samples, RATE, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


class Ears:
    """
    Args:
        words: What is said in the recording.
        prepare: As the service under test uses it; tells which part a request is.
        failing: How often the part of each index fails before it answers.
    """

    def __init__(
        self,
        words: list[Word],
        data: bytes,
        prepare: Callable[[bytes, str], Preparation] = Preparation,
        failing: dict[int, int] | None = None,
        says: Callable[[int, Transcript], Transcript] = lambda index, transcript: transcript,
    ) -> None:
        self._words = words
        self._parts = {part.filename: part for part in prepare(data, "")}
        self._failing = defaultdict(int, failing or {})
        self._says = says
        self.asked: list[TranscriptionRequest] = []
        self.under_way = 0
        self.most_under_way = 0
        self.hold: dict[int, asyncio.Event] = {}
        self.left = 0

    async def __call__(self, request: Request) -> Events:
        assert isinstance(request, TranscriptionRequest)
        self.asked.append(request)
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        try:
            part = self._parts[request.filename]
            yield Routed(
                request_id=request.request_id, tier="audio", reason="a recording", candidates=("groq:whisper",)
            )
            yield AttemptStarted(number=1, provider="groq", model="whisper")
            await asyncio.sleep(0.001)
            if (gate := self.hold.get(part.index)) is not None:
                await gate.wait()
            if self._failing[part.index] > 0:
                self._failing[part.index] -= 1
                yield AttemptFailed(
                    number=1,
                    provider="groq",
                    model="whisper",
                    kind=Kind.SERVER_ERROR,
                    message="it broke",
                    cost_usd=0.001,
                )
                raise ChainError("Nobody answered.")
            transcript = self._says(part.index, self._hear(part.start_s, part.end_s, request))
            yield TextDelta(transcript.text)
            yield Finished(
                provider="groq",
                model="whisper",
                number=1,
                cost_usd=0.01,
                ttft_s=0.1,
                elapsed_s=0.2,
                usage=Usage(audio_s=part.duration_s),
                transcript=transcript,
            )
        finally:
            self.under_way -= 1
            self.left += 1

    def _hear(self, start: float, end: float, request: TranscriptionRequest) -> Transcript:
        mine = [
            msgspec.structs.replace(word, start=word.start - start, end=word.end - start)
            for word in self._words
            if word.start >= start - 1e-6 and word.end <= end + 1e-6
        ]
        rows = [mine[at : at + 8] for at in range(0, len(mine), 8)]
        return Transcript(
            text=" ".join(word.word for word in mine),
            language="English",
            duration=end - start,
            segments=tuple(
                Segment(id=at, start=row[0].start, end=row[-1].end, text=" ".join(word.word for word in row))
                for at, row in enumerate(rows)
            ),
            words=tuple(mine) if "word" in request.granularities else (),
        )


def numbers(text: str) -> list[int]:
    """Which words a text holds, in its order."""
    return [int(number) for number in re.findall(r"word(\d+)", text)]
