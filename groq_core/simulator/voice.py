"""A synthesized voice-like sound: vowels with formants in the rhythm of the text. It speaks no words, and says so."""

from __future__ import annotations

import hashlib
import io
import re
import struct
from typing import Any

import numpy as np
import soundfile

RATE = 24_000
"""Samples a second, as speech models commonly give them."""

SYLLABLE_S = 0.19
WORD_GAP_S = 0.07
SENTENCE_GAP_S = 0.32
# First two formants of a few vowels, in Hz.
_FORMANTS = {"a": (730, 1090), "e": (530, 1840), "i": (300, 2240), "o": (570, 840), "u": (320, 870), "y": (350, 2000)}
_PITCHES = {"autumn": 205.0, "diana": 215.0, "hannah": 225.0, "austin": 115.0, "daniel": 108.0, "troy": 98.0}


def speak(text: str, voice: str, speed: float = 1.0) -> np.ndarray[Any, Any]:
    """Samples between -1 and 1 whose length follows the text: about five syllables a second."""
    pitch = _PITCHES.get(voice) or 95.0 + hashlib.sha256(voice.encode()).digest()[0] / 2
    pieces = [np.zeros(int(0.1 * RATE))]
    for word in re.findall(r"[^\W_]+|[.!?;:,]", text) or ["hm"]:
        if word in ".!?;:":
            pieces.append(np.zeros(int(SENTENCE_GAP_S * RATE / speed)))
            continue
        if word == ",":
            pieces.append(np.zeros(int(SENTENCE_GAP_S / 2 * RATE / speed)))
            continue
        vowels = re.findall(r"[aeiouy]+", word.lower()) or ["e"]
        pieces += [_syllable(vowel[0], pitch * (1.06 - 0.03 * n), speed) for n, vowel in enumerate(vowels[:8])]
        pieces.append(np.zeros(int(WORD_GAP_S * RATE / speed)))
    pieces.append(np.zeros(int(0.1 * RATE)))
    return np.concatenate(pieces).astype(np.float32)


def wav(samples: np.ndarray[Any, Any], *, streamed: bool = False) -> bytes:
    """
    A 16-bit mono WAV file.

    ``streamed``: sizes of 0xFFFFFFFF, as OpenAI sends them (recorded), which strict readers stumble over.
    """
    data = _pcm(samples)
    riff, size = (0xFFFFFFFF, 0xFFFFFFFF) if streamed else (36 + len(data), len(data))
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", riff, b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16, b"data", size
    )
    return head + data


def encode(samples: np.ndarray[Any, Any], format_: str) -> bytes:
    """The samples as ``mp3``, ``flac``, ``opus`` or raw ``pcm``."""
    if format_ == "pcm":
        return _pcm(samples)
    file = io.BytesIO()
    container, subtype = {"mp3": ("MP3", "MPEG_LAYER_III"), "flac": ("FLAC", "PCM_16"), "opus": ("OGG", "OPUS")}[
        format_
    ]
    soundfile.write(file, samples, RATE, format=container, subtype=subtype)
    return file.getvalue()


def _pcm(samples: np.ndarray[Any, Any]) -> bytes:
    return bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def _syllable(vowel: str, pitch: float, speed: float) -> np.ndarray[Any, Any]:
    """Harmonics of the pitch, louder near the vowel's formants, with a soft beginning and end."""
    count = int(SYLLABLE_S * RATE / speed)
    time = np.arange(count) / RATE
    glide = pitch * (1 - 0.06 * time / time[-1])
    phase = 2 * np.pi * np.cumsum(glide) / RATE
    wave = np.zeros(count)
    for harmonic in range(1, 25):
        frequency = pitch * harmonic
        gain = sum(1 / (1 + ((frequency - formant) / 140) ** 2) for formant in _FORMANTS[vowel])
        wave += (0.08 + gain) / harmonic**0.5 * np.sin(harmonic * phase)
    envelope = np.sin(np.pi * np.arange(count) / count) ** 0.6
    return 0.28 * envelope * wave / max(1e-9, float(np.abs(wave).max()))
