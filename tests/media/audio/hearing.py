"""Recordings that tests hold against each other: the samples, and what a provider hears of what is sent."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np

from groq_core.media.audio.container import container_of
from groq_core.media.audio.decode import decoding
from groq_core.media.audio.preparation import PreparedAudio
from tests.media.samples import read_samples, sample, wav

CASES = Path(__file__).parents[2] / "data" / "cases"
JFK = read_samples(sample("jfk.wav"))


def case(name: str) -> bytes:
    return (CASES / name).read_bytes()


def decode(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    with decoding(data, container_of(data)) as source:
        return np.concatenate(list(source.blocks))


def samples_in(prepared: PreparedAudio) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """What the provider's own decoder hears in the parts."""
    return np.concatenate(
        [
            np.frombuffer(_by_provider(part.data, "-ac", "1", "-ar", "16000", "-f", "f32le"), "<f4")
            for part in prepared.parts
        ]
    )


def _by_provider(data: bytes, *arguments: str) -> bytes:
    with tempfile.NamedTemporaryFile() as file:  # an index at the end has to be sought
        file.write(data)
        file.flush()
        command = ["ffmpeg", "-v", "error", "-i", file.name, *arguments, "pipe:1"]
        return subprocess.run(command, capture_output=True, check=True).stdout


def place_of(needle: np.ndarray, hay: np.ndarray) -> float:
    """Seconds at which a sound lies in another, by cross-correlation."""
    size = 1 << (len(hay) + len(needle)).bit_length()
    product = np.fft.irfft(np.fft.rfft(hay, size) * np.conj(np.fft.rfft(needle, size)), size)
    return float(np.argmax(np.abs(product[: len(hay)]))) / 16_000


def write_wav(folder: Path, name: str, samples: np.ndarray) -> Path:
    path = folder / name
    path.write_bytes(wav(samples))
    return path
