"""The recordings: people, espeak-ng's voices, and noises made here; all one channel at 16 kHz."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.speech import MEDIA, RATE, Samples, by_program, mix, read

VOICES: Final = ("en", "en-us+f3", "en-gb-x-rp+m3", "en-us+m7", "en-gb-scotland+f2", "en-029+f4")
"""The first half of them, and of everything else here, is what the thresholds were chosen by; the rest is held out."""

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
"""Debian's asterisk-core-sounds-*-g722 (CC BY-SA): people who speak English, Spanish, French, Italian and Russian."""

TUNED_BY: Final = ("en_US_f_Allison", "es_MX_f_Allison")
HELD_OUT: Final = ("fr_CA_f_June", "it_IT_m_Carlo", "ru_RU_f_IvrvoiceRU")

TUNES: Final = Path("/usr/share/asterisk/moh")
"""Debian's asterisk-moh-opsound-g722 (CC BY-SA): five pieces of music, some with drums."""

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
def prompts(folder: str, count: int) -> list[Samples]:
    """Whole prompts of two to ten seconds; none where they are not installed."""
    files = sorted((PROMPTS / folder).glob("*.g722"), key=lambda path: hash_of(path.name))
    speech = [path for path in files if not any(word in path.name for word in ("silence", "tone", "beep"))]
    whole = [path for path in speech if 2 <= path.stat().st_size / G722_BYTES <= 10]
    return [without_silence(from_telephone(path)) for path in whole[:count]]


@cache
def numbers(folder: str) -> list[Samples]:
    """People who say the numbers from nought to nine, each a word of a quarter to half a second."""
    files = [PROMPTS / folder / "digits" / f"{number}.g722" for number in range(10)]
    return [without_silence(from_telephone(path)) for path in files if path.is_file()]


G722_BYTES: Final = 8000
"""A second of a recording."""


def from_telephone(path: Path) -> Samples:
    decode = ("ffmpeg", "-v", "error", "-f", "g722", "-i", str(path), "-ar", str(RATE), "-ac", "1", "-f", "wav", "-")
    return read(by_program(*decode)) * np.float32(0.6)


def hash_of(name: str) -> int:
    """An order that is the same everywhere, and not the alphabet's."""
    return int(sum(ord(letter) * 31**index for index, letter in enumerate(name)) % 10_007)


@cache
def music() -> Samples:
    return read(MEDIA / "music-8bit.wav")


LIKE_A_VOICE: Final = 0.08
"""RMS of somebody who speaks here."""


def tunes(excerpts: int) -> list[list[Samples]]:
    """Three seconds each of every piece of music at hand, as loud as a voice; a piece of music a list."""
    pieces = [from_telephone(path) for path in sorted(TUNES.glob("*.g722"))]
    return [
        [as_loud(piece[at : at + 3 * RATE]) for at in range(0, len(piece) - 3 * RATE, len(piece) // excerpts)]
        for piece in [music(), *pieces]
    ]


def as_loud(samples: Samples, rms: float = LIKE_A_VOICE) -> Samples:
    return samples * np.float32(rms / max(1e-4, float(np.sqrt((samples**2).mean()))))


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
    shape = ("band", "-n", str(600 + 35 * seed), "900", "fade", "l", "0.01", "0.28", "0.2")
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
    thud = 0.6 * np.sin(2 * np.pi * (60 + 4 * seed) * at) * np.exp(-at * 14)
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
