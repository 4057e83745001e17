"""The recordings: people, espeak-ng's voices, and noises made here; all one channel at 16 kHz."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.speech import MEDIA, RATE, Samples, by_program, mix, read

VOICES: Final = ("en", "en-us+f3", "en-gb+m3", "en-us+m7", "en-us+f2", "en-gb+f4")
SENTENCES: Final = (
    "I was wondering, if you could help me with my homework, because it is rather difficult.",
    "Please tell me, how far it is, from the earth to the moon.",
    "My brother, who lives in Spain, wants to learn English.",
    "First boil the water, then add the rice, and wait for ten minutes.",
    "Could you write a letter to my landlord, saying that the heating is broken?",
)
WORDS: Final = ("stop", "wait", "yes", "no")

INSIDE: Final = {
    "jfk.wav": (1.27, 3.69, 4.29, 7.56, 8.49, 8.76),
    "galileo.mp3": (4.52, 5.39, 12.19, 15.33, 24.85, 26.08, 27.06, 32.87, 33.74),
}
"""Where people draw breath within a sentence, seconds; read off the recordings and their transcripts."""

ENDS: Final = {
    "jfk.wav": (10.59,),
    "galileo.mp3": (8.17, 17.23, 35.89),
    "marcelo.mp3": (3.93,),
    "vercel-transcript-test.mp3": (2.23,),
}
"""Where they end one."""

PROMPTS: Final = Path("/usr/share/asterisk/sounds")
"""Debian's asterisk-core-sounds-*-g722 (CC BY-SA): people who speak English, French, Italian, Spanish and Russian."""

GAP_S: Final = (0.06, 0.13)
"""A gap of that length in a prompt is within a sentence; between two of them these speakers pause longer."""


def silence(seconds: float, level: float = 3e-4) -> Samples:
    """A quiet room."""
    return np.random.default_rng(0).normal(0, level, int(seconds * RATE)).astype(np.float32)


def with_pause(samples: Samples, at_s: float, pause_s: float) -> Samples:
    """Somebody who pauses there, and goes on."""
    at = int(at_s * RATE)
    return np.concatenate((silence(0.7), samples[:at], silence(pause_s), samples[at:], silence(0.3)))


def until(samples: Samples, end_s: float) -> Samples:
    """Somebody who has finished there; three seconds follow in which nobody speaks."""
    return np.concatenate((silence(0.7), samples[: int(end_s * RATE)], silence(3.0)))


@cache
def person(name: str) -> Samples:
    return read(MEDIA / name) * np.float32(0.6)


@cache
def robot(voice: str, text: str) -> Samples:
    """Spoken by espeak-ng, without the silence around it."""
    spoken = read(by_program("espeak-ng", "-v", voice, "-s", "160", "--stdout", text)) * np.float32(0.6)
    return without_silence(spoken)


def without_silence(samples: Samples) -> Samples:
    """Without the silence around it."""
    loud = np.flatnonzero(envelope(samples) > 0.004)
    return samples[loud[0] * 160 : (loud[-1] + 1) * 160]


def envelope(samples: Samples) -> Samples:
    """RMS of every 10 ms."""
    whole = len(samples) // 160
    return np.asarray(np.sqrt((samples[: whole * 160].reshape(whole, 160) ** 2).mean(axis=1)), np.float32)


def gaps(samples: Samples, least_s: float, most_s: float) -> list[float]:
    """Where a gap of such a length begins, seconds; not in the first and the last half second."""
    quiet = np.concatenate(([False], envelope(samples) < 0.006, [False]))
    edges = np.flatnonzero(quiet[1:] != quiet[:-1]).reshape(-1, 2)
    return [
        begin / 100
        for begin, end in edges
        if least_s <= (end - begin) / 100 <= most_s and begin > 50 and end < len(quiet) - 50
    ]


@cache
def prompts(count: int) -> list[Samples]:
    """Whole prompts of two to ten seconds; none where they are not installed."""
    files = sorted(PROMPTS.glob("*/*.g722"), key=lambda path: hash_of(path.name))
    found: list[Samples] = []
    for path in files:
        if len(found) == count:
            break
        if any(word in path.name for word in ("silence", "tone", "beep")):
            continue
        decode = (
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "g722",
            "-i",
            str(path),
            "-ar",
            str(RATE),
            "-ac",
            "1",
            "-f",
            "wav",
            "-",
        )
        samples = read(by_program(*decode)) * np.float32(0.6)
        if 2 * RATE <= len(samples) <= 10 * RATE:
            found.append(without_silence(samples))
    return found


def hash_of(name: str) -> int:
    """An order that is the same everywhere, and not the alphabet's."""
    return int(sum(ord(letter) * 31**index for index, letter in enumerate(name)) % 10_007)


@cache
def music() -> Samples:
    return read(MEDIA / "music-8bit.wav")


@cache
def babble(seconds: float = 12.0) -> Samples:
    """Six people at once."""
    voices = [robot(voice, " ".join(SENTENCES)) for voice in VOICES]
    length = int(seconds * RATE)
    turned = np.stack([np.resize(np.roll(voice, 3001 * at), length) for at, voice in enumerate(voices)])
    mixed: Samples = turned.sum(axis=0, dtype=np.float32)
    return mixed


def cough(seed: int) -> Samples:
    """Two bursts of breath: noise with a sharp beginning, through a throat."""
    shape = ("band", "-n", str(600 + 120 * seed), "900", "fade", "l", "0.01", "0.28", "0.2")
    made = by_program(
        "sox", "-R", "-n", "-r", str(RATE), "-c", "1", "-t", "wav", "-", "synth", "0.28", "whitenoise", *shape
    )
    burst = read(made) * np.float32(0.5)
    return np.concatenate((burst, silence(0.12), burst * np.float32(0.7)))


def typing(seed: int) -> Samples:
    """Eight keys in two seconds."""
    rng = np.random.default_rng(seed)
    clicks = silence(2.0).copy()
    for at in np.sort(rng.integers(0, len(clicks) - 800, 8)):
        clicks[at : at + 800] += (rng.normal(0, 0.25, 800) * np.exp(-np.arange(800) / 90)).astype(np.float32)
    return clicks


def door(seed: int) -> Samples:
    """A thud: a low tone that dies away, and what rattles."""
    rng = np.random.default_rng(seed)
    at = np.arange(int(0.4 * RATE)) / RATE
    thud = 0.6 * np.sin(2 * np.pi * (60 + 8 * seed) * at) * np.exp(-at * 14)
    return np.asarray(thud + rng.normal(0, 0.08, len(at)) * np.exp(-at * 30), np.float32)


def over(voice: Samples, noise: Samples, below_db: float) -> Samples:
    """A voice with a background so much quieter than itself."""
    return mix(voice, np.resize(noise, len(voice)), below_db)


def missing() -> str:
    """What is not installed of what the recordings are made with; empty where all is."""
    for program in ("espeak-ng", "sox", "ffmpeg", "node"):
        if subprocess.run(["which", program], capture_output=True, check=False).returncode:
            return program
    return ""
