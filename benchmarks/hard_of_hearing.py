"""
A provider that knows what is said in a recording, finds out by its sound which part it was sent, and misbehaves.

It answers with the words of the part, and makes up phrases in five languages where nobody speaks, hears a word at a cut
by half or twice, refuses requests (413, 429, 400), and is late, so that parts come back out of order.
"""

from __future__ import annotations

import asyncio
import random
from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import soundfile

from benchmarks.loopback import answer_requests, groq_models, json_response
from groq_core.events import Word

RATE: Final = 16_000
HOP: Final = 160
"""Samples of one value of the envelope: 10 ms, by which parts are found again."""

PART: Final = 3000
"""Values of the envelope that a part is found by: its first half minute."""

_AT_A_CUT_S: Final = 1.0
"""Words that are said so near to a cut are heard by half, or twice."""

PHANTOMS: Final = ("Thank you.", "Untertitelung des ZDF, 2020", "Sous-titrage ST' 501", "Altyazı M.K.", "Terima kasih.")

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Script:
    """What is said when, and what the recording's loudness is like."""

    words: tuple[Word, ...]
    pauses: tuple[tuple[float, float], ...]
    envelope: Samples
    seconds: float


def loudness(samples: Samples) -> Samples:
    return np.asarray(np.sqrt((samples[: len(samples) // HOP * HOP].reshape(-1, HOP) ** 2).mean(axis=1)), np.float32)


class Finder:
    """Finds out where in the recording a part begins."""

    def __init__(self, envelope: Samples) -> None:
        self._length = len(envelope)
        self._size = 1 << (self._length + PART).bit_length()
        self._spectrum = np.fft.rfft(envelope - envelope.mean(), self._size).astype(np.complex64)

    def place_of(self, first: Samples) -> float:
        """Seconds at which a part begins: where its loudness runs like the recording's."""
        product = np.fft.irfft(self._spectrum * np.conj(np.fft.rfft(first - first.mean(), self._size)), self._size)
        return float(np.argmax(product[: self._length])) * HOP / RATE


class Provider:
    """
    Groq's transcriptions over HTTP.

    Attributes:
        answers: How often each part was answered, by the second at which it begins.
        refusals: How often what was answered instead of words, by HTTP status.
    """

    def __init__(self, script: Script) -> None:
        self._words = script.words
        self._starts = [word.start for word in script.words]
        self._pauses = script.pauses
        self._seconds = script.seconds
        self._finder = Finder(script.envelope)
        self._finding = ThreadPoolExecutor(1)
        self._asked = Counter[int]()
        self.answers = Counter[int]()
        self.refusals = Counter[int]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer_requests(reader, writer, self._answer)

    async def _answer(self, path: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        status, answer = await self._listen(path, body)
        writer.write(json_response(answer, status, *(["retry-after: 0.05"] if status == 429 else [])))

    async def _listen(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if path.endswith("/models"):
            return 200, groq_models()
        sound = BytesIO(body[body.index(b"fLaC") :])
        frames = soundfile.info(sound).frames
        sound.seek(0)
        first = loudness(soundfile.read(sound, frames=PART * HOP, dtype="float32")[0])
        start = await asyncio.get_running_loop().run_in_executor(self._finding, self._finder.place_of, first)
        part = round(start)
        self._asked[part] += 1
        rng = random.Random(part)
        if self._asked[part] == 1 and (status := _refusal(rng)):
            self.refusals[status] += 1
            return status, {"error": {"message": _REASONS[status], "type": "invalid_request_error"}}
        await asyncio.sleep(rng.uniform(0, 0.2))  # late, and out of order
        self.answers[part] += 1
        return 200, self._hear(start, start + frames / RATE, rng)

    def _hear(self, start: float, end: float, rng: random.Random) -> dict[str, Any]:
        near = self._words[bisect(self._starts, start - 0.2) : bisect(self._starts, end + 0.2)]
        said = [word for word in near if word.end < end + 0.2]
        words = [(word.word, max(0.0, word.start - start), word.end - start) for word in said]
        if words and start > 1 and words[0][1] < _AT_A_CUT_S:
            word, begin, finish = words[0]
            if begin < 0.05:  # what is cut in two is heard as something else
                words[0] = word[2:] or "uh", begin, finish
            else:
                words.insert(0, (word, begin / 2, begin))
        if words and rng.random() < 0.5 and end < self._seconds - 1 and end - start - words[-1][2] < _AT_A_CUT_S:
            word, begin, finish = words[-1]
            words[-1:] = [(word, begin, finish), (word, finish, end - start)]
        rows = [words[at : at + 10] for at in range(0, len(words), 10)]
        segments = [(row[0][1], row[-1][2], " ".join(word for word, *_ in row)) for row in rows]
        segments += [
            (begin - start, min(begin + 4, finish) - start, rng.choice(PHANTOMS))
            for begin, finish in self._pauses
            if begin >= start and finish <= end and finish > begin
        ]
        return _verbose(sorted(segments), words, end - start)


_REASONS: Final = {
    413: "Request Entity Too Large",
    429: "Rate limit reached for model. Please try again in 50ms.",
    400: "could not process file - is it a valid media file?",
}


def _refusal(rng: random.Random) -> int:
    roll = rng.random()
    return 429 if roll < 0.08 else 413 if roll < 0.14 else 400 if roll < 0.22 else 0


def _verbose(
    segments: Sequence[tuple[float, float, str]], words: Sequence[tuple[str, float, float]], seconds: float
) -> dict[str, Any]:
    return {
        "task": "transcribe",
        "language": "English",
        "duration": seconds,
        "text": " ".join(text for *_, text in segments),
        "segments": [
            {"id": at, "start": begin, "end": end, "text": f" {text}", "avg_logprob": -0.3, "no_speech_prob": 0.0}
            for at, (begin, end, text) in enumerate(segments)
        ],
        "words": [{"word": word, "start": begin, "end": end} for word, begin, end in words],
        "x_groq": {"id": "req_1"},
    }
