"""
Hours of speech, nothing lost: a script that is spoken offline, and a listener that misbehaves as models do.

    python -m benchmarks.hours            # ten hours
    python -m benchmarks.hours --hours 1

The words are spoken by espeak-ng and laid out with pauses, so it is known to the sample which is said when. The
listener gets the parts that would be sent to a model. It finds out by their sound where in the recording they lie,
answers with the words there, and misbehaves as documented: phrases in five languages where nobody speaks, a word at a
cut heard by half, requests refused, parts late and out of order. What comes out is compared word by word.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import subprocess
import tempfile
import time
from bisect import bisect
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from groq_core.errors import ChainError
from groq_core.events import Events, Finished, Segment, Transcript, Word
from groq_core.media.audio.word_tokens import key_of
from groq_core.reply import collect
from groq_core.requests import Request, TranscriptionRequest
from groq_core.services.transcription import TranscriptionService

RATE = 16_000
HOP = 160
"""Samples of one value of the envelope: 10 ms, by which parts are found again."""

PART = 3000
"""Values of the envelope that a part is found by: its first half minute."""

VOCABULARY = (
    *("apple", "river", "window", "market", "yellow", "seventeen", "garden", "doctor", "silver", "morning", "travel"),
    *("engine", "bottle", "candle", "forest", "planet", "ladder", "mirror", "summer", "winter", "captain", "harbour"),
    *("letter", "number", "orange", "pencil", "rabbit", "school", "ticket", "umbrella", "village", "weather", "zebra"),
    *("bridge", "castle", "desert", "eleven", "family", "guitar", "hammer", "island", "jacket", "kitchen", "lemon"),
)
PHANTOMS = ("Thank you.", "Untertitelung des ZDF, 2020", "Sous-titrage ST' 501", "Altyazı M.K.", "Terima kasih.")

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Script:
    """What is said when, and what the recording's loudness is like."""

    words: tuple[Word, ...]
    pauses: tuple[tuple[float, float], ...]
    envelope: Samples
    seconds: float


@dataclass(frozen=True)
class Result:
    """
    What became of the words.

    Attributes:
        lost, doubled, invented: Words.
        worst_s: The largest error of a word's beginning, seconds.
        memory_mb: How much the process grew while it transcribed.
        again: Parts that were refused once.
    """

    words: int
    lost: int
    doubled: int
    invented: int
    worst_s: float
    memory_mb: float
    again: int
    parts: int
    elapsed_s: float

    @property
    def row(self) -> str:
        return (
            f"{self.words} words: {self.lost} lost, {self.doubled} doubled, {self.invented} invented; times off by at "
            f"most {self.worst_s * 1000:.0f} ms; {self.memory_mb:.0f} MB; {self.parts} parts, {self.again} of them "
            f"again; {self.elapsed_s:.0f} s"
        )


def speak(word: str, folder: Path) -> Samples:
    """One word as espeak-ng says it, without the silence around it."""
    path = folder / f"{word}.wav"
    subprocess.run(["espeak-ng", "-v", "en", "-w", str(path), word], check=True)
    samples, rate = soundfile.read(path, dtype="float32")
    at = np.arange(0, len(samples), rate / RATE)
    samples = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return np.asarray(samples[loud[0] : loud[-1] + 1], np.float32)


def record(path: Path, hours: float, seed: int = 1) -> Script:
    """Write a recording of so many hours to a file, piece by piece, and keep what is said in it."""
    rng, noise = random.Random(seed), np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        sounds = {word: speak(word, Path(folder)) for word in VOCABULARY}
    words, pauses, envelope = list[Word](), list[tuple[float, float]](), list[Samples]()
    at = sentence = 0
    rest = np.zeros(0, np.float32)
    with soundfile.SoundFile(path, "w", RATE, 1, format="FLAC", subtype="PCM_16") as file:
        while at < hours * 3600 * RATE:
            word = rng.choice(VOCABULARY)
            gap = rng.uniform(0.12, 0.25)
            sentence += 1
            if sentence > rng.randint(6, 14):
                sentence, gap = 0, rng.uniform(0.5, 1.1)
                if rng.random() < 0.04:
                    gap = rng.uniform(12, 25)
                    pauses.append((at / RATE + len(sounds[word]) / RATE + 2, at / RATE + gap - 2))
            piece = np.concatenate((sounds[word], np.zeros(int(gap * RATE), np.float32)))
            piece += noise.normal(0, 2e-4, len(piece)).astype(np.float32)
            file.write(piece)
            words.append(Word(word=word, start=at / RATE, end=(at + len(sounds[word])) / RATE))
            at += len(piece)
            rest = np.concatenate((rest, piece))
            whole = len(rest) // HOP * HOP
            envelope.append(loudness(rest[:whole]))
            rest = rest[whole:]
    return Script(tuple(words), tuple(pauses), np.concatenate(envelope), at / RATE)


def loudness(samples: Samples) -> Samples:
    return np.asarray(np.sqrt((samples[: len(samples) // HOP * HOP].reshape(-1, HOP) ** 2).mean(axis=1)), np.float32)


class Finder:
    """Finds out where in the recording a part begins; lives in a process of its own, whose memory is not measured."""

    def __init__(self, envelope: Samples) -> None:
        self._length = len(envelope)
        self._size = 1 << (self._length + PART).bit_length()
        self._spectrum = np.fft.rfft(envelope - envelope.mean(), self._size).astype(np.complex64)

    def place_of(self, first: Samples) -> float:
        """Seconds at which a part begins: where its loudness runs like the recording's."""
        product = np.fft.irfft(self._spectrum * np.conj(np.fft.rfft(first - first.mean(), self._size)), self._size)
        return float(np.argmax(product[: self._length])) * HOP / RATE


_finder: list[Finder] = []


def _begin(path: str) -> None:
    _finder.append(Finder(np.load(path)))


def _place_of(first: Samples) -> float:
    return _finder[0].place_of(first)


class Listener:
    """A model that knows the script, finds out what it was sent by its sound, and misbehaves."""

    def __init__(self, script: Script, finders: Executor, seed: int = 2) -> None:
        self._words = script.words
        self._starts = [word.start for word in script.words]
        self._pauses = script.pauses
        self._finders = finders
        self._rng = random.Random(seed)
        self._sent: set[str] = set()
        self.again = 0
        self.parts = 0

    async def __call__(self, request: Request) -> Events:
        assert isinstance(request, TranscriptionRequest)
        if request.filename not in self._sent:
            self._sent.add(request.filename)
            self.parts += 1
            if self._rng.random() < 0.15:
                self.again += 1
                raise ChainError("Every model was busy.", retry_after=0.01)
        frames = soundfile.info(BytesIO(request.audio)).frames
        first = loudness(soundfile.read(BytesIO(request.audio), frames=PART * HOP, dtype="float32")[0])
        start = await asyncio.get_running_loop().run_in_executor(self._finders, _place_of, first)
        await asyncio.sleep(self._rng.uniform(0, 0.05))  # late, and out of order
        yield Finished(provider="groq", model="whisper", transcript=self._hear(start, start + frames / RATE))

    def _hear(self, start: float, end: float) -> Transcript:
        near = self._words[bisect(self._starts, start - 0.2) : bisect(self._starts, end + 0.2)]
        said = [word for word in near if word.end < end + 0.2]
        words = [Word(word=word.word, start=max(0.0, word.start - start), end=word.end - start) for word in said]
        if words and start > 1 and words[0].start < 0.05:  # what is cut in two is heard as something else
            words[0] = Word(word=words[0].word[2:] or "uh", start=words[0].start, end=words[0].end)
        rows = [words[at : at + 10] for at in range(0, len(words), 10)]
        segments = [(row[0].start, row[-1].end, " ".join(word.word for word in row)) for row in rows]
        segments += [
            (begin - start, min(begin + 4, finish) - start, self._rng.choice(PHANTOMS))
            for begin, finish in self._pauses
            if begin >= start and finish <= end and finish > begin
        ]
        segments.sort()
        return Transcript(
            text=" ".join(text for *_, text in segments),
            language="English",
            segments=tuple(
                Segment(id=at, start=begin, end=finish, text=f" {text}", avg_logprob=-0.3, no_speech_prob=0.0)
                for at, (begin, finish, text) in enumerate(segments)
            ),
            words=tuple(words),
        )


def compare(said: Sequence[Word], heard: Sequence[Word]) -> tuple[int, int, int, float]:
    """Words lost, doubled and invented, and the largest error of a beginning, by walking both side by side."""
    at, lost, doubled, invented, worst = 0, 0, 0, 0, 0.0
    for word in heard:
        wanted = key_of(word.word)
        near = range(min(20, len(said) - at))
        ahead = next((step for step in near if _same(said[at + step], word, wanted)), None)
        if ahead is not None:
            lost += ahead
            worst = max(worst, abs(said[at + ahead].start - word.start))
            at += ahead + 1
        elif any(_same(one, word, wanted) for one in said[max(0, at - 20) : at]):
            doubled += 1
        else:
            invented += 1
    return lost + len(said) - at, doubled, invented, worst


def _same(said: Word, heard: Word, key: str) -> bool:
    return said.word == key and abs(said.start - heard.start) < 1.0


async def hours(count: float, folder: Path) -> Result:
    path = folder / "hours.flac"
    script = await asyncio.to_thread(record, path, count)
    np.save(folder / "envelope.npy", script.envelope)
    with ProcessPoolExecutor(1, get_context("spawn"), _begin, (str(folder / "envelope.npy"),)) as finders:
        await asyncio.get_running_loop().run_in_executor(finders, _place_of, script.envelope[:PART])
        listener = Listener(script, finders)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.monotonic()
        service = TranscriptionService(listener)
        async with aclosing(service.stream(path, path.name, granularities=("segment", "word"))) as events:
            reply = await collect(events)
        elapsed = time.monotonic() - started
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert reply.finished is not None
    transcript = reply.finished.transcript
    assert transcript is not None
    lost, doubled, invented, worst = compare(script.words, transcript.words)
    told = key_of(transcript.text)
    invented += sum(told.count(key_of(phantom)) for phantom in PHANTOMS)
    return Result(
        words=len(script.words),
        lost=lost,
        doubled=doubled,
        invented=invented,
        worst_s=worst,
        memory_mb=grown,
        again=listener.again,
        parts=listener.parts,
        elapsed_s=elapsed,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hours", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--hours", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(hours(given.hours, Path(folder)))
    print(result.row)
    return 1 if result.lost or result.doubled or result.invented else 0


if __name__ == "__main__":
    raise SystemExit(main())
