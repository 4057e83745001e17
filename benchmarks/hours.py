"""
Hours of speech, nothing lost: a script that is spoken offline, and a provider that misbehaves as models do.

    python -m benchmarks.hours            # ten hours
    python -m benchmarks.hours --hours 1

The words are spoken by espeak-ng and laid out with pauses, so it is known to the sample which is said when. The
command `transcribe` runs in a process of its own, is killed half-way, and is started again. What it writes is compared
word by word with what was said.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import soundfile

from benchmarks.hard_of_hearing import HOP, PHANTOMS, RATE, Provider, Samples, Script, loudness
from groq_core.events import Transcript, Word
from groq_core.media.audio.word_tokens import key_of
from groq_core.media.text.layout import breaches, cues
from tests.serving import listening

VOCABULARY = (
    *("apple", "river", "window", "market", "yellow", "seventeen", "garden", "doctor", "silver", "morning", "travel"),
    *("engine", "bottle", "candle", "forest", "planet", "ladder", "mirror", "summer", "winter", "captain", "harbour"),
    *("letter", "number", "orange", "pencil", "rabbit", "school", "ticket", "umbrella", "village", "weather", "zebra"),
    *("bridge", "castle", "desert", "eleven", "family", "guitar", "hammer", "island", "jacket", "kitchen", "lemon"),
)

ROOT: Final = Path(__file__).parents[1]

_COMMAND: Final = """
import sys
from pathlib import Path
from groq_core.cli import main
status = main(sys.argv[1:])
for line in Path("/proc/self/status").read_text().splitlines() if Path("/proc/self/status").exists() else ():
    if line.startswith("VmHWM"):
        Path("memory").write_text(line.split()[1])
sys.exit(status)
"""
"""The command line, and how much memory its process took at most."""


@dataclass(frozen=True)
class Result:
    """
    What became of the words.

    Attributes:
        lost, doubled, invented: Words.
        worst_s: The largest error of a word's beginning, seconds.
        memory_mb: Of the whole process that transcribed, at most; 0 where the system does not tell.
        parts: That were answered.
        anew: Answered a second time, since the process was killed before it had the first answer.
        refused: Requests, each of them once for its part.
        cues: Subtitles that are made of it.
        breaches: Rules that they do not keep.
    """

    words: int
    lost: int
    doubled: int
    invented: int
    worst_s: float
    memory_mb: float
    parts: int
    anew: int
    refused: int
    cues: int
    breaches: int
    elapsed_s: float

    @property
    def row(self) -> str:
        return (
            f"{self.words} words: {self.lost} lost, {self.doubled} doubled, {self.invented} invented; times off by at "
            f"most {self.worst_s * 1000:.0f} ms; {self.memory_mb:.0f} MB; {self.parts} parts, {self.refused} refused "
            f"once, {self.anew} heard anew after the kill; {self.cues} subtitles, {self.breaches} rules broken; "
            f"{self.elapsed_s:.0f} s"
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
    provider = Provider(script)
    started = time.monotonic()
    async with listening(provider.serve, limit=1 << 20) as port:
        address = f"http://127.0.0.1:{port}"
        first = _start(path, address)
        half = max(1, int(script.seconds / 600 / 2))
        while len(provider.answers) < half and first.poll() is None:
            await asyncio.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        first.wait()
        second = _start(path, address)
        status = await asyncio.to_thread(second.wait)
    if status:
        raise RuntimeError((folder / "said").read_text())
    return _result(script, provider, folder, time.monotonic() - started)


def _start(path: Path, address: str) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GROQ_", "OPENAI_"))}
    with (path.parent / "said").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-c", _COMMAND, "transcribe", path.name, "--format", "json", "--words", "--to", "out"],
            cwd=path.parent,
            env=kept | {"GROQ_API_KEY": "gsk_hours", "GROQ_BASE_URL": address, "PYTHONPATH": str(ROOT)},
            stdout=said,
            stderr=said,
        )


def _result(script: Script, provider: Provider, folder: Path, elapsed_s: float) -> Result:
    written = json.loads((folder / "out" / "hours.json").read_text(encoding="utf-8"))
    transcript = msgspec.convert(written, Transcript)
    lost, doubled, invented, worst = compare(script.words, transcript.words)
    told = key_of(transcript.text)
    laid = cues(transcript)
    invented += sum(told.count(key_of(phantom)) for phantom in PHANTOMS)
    memory = folder / "memory"
    return Result(
        words=len(script.words),
        lost=lost,
        doubled=doubled,
        invented=invented,
        worst_s=worst,
        memory_mb=int(memory.read_text()) / 1024 if memory.exists() else 0.0,
        parts=len(provider.answers),
        anew=provider.answers.total() - len(provider.answers),
        refused=provider.refusals.total(),
        cues=len(laid),
        breaches=len(breaches(laid)),
        elapsed_s=elapsed_s,
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
