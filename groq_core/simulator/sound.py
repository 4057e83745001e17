"""What can be measured of a recording: duration, rate, channels, loudness, silence. From its samples."""

from __future__ import annotations

import io
import math
from typing import Any

import msgspec
import numpy as np
import soundfile

from groq_core.simulator import containers

SILENCE_DBFS = -60.0
QUIETER_DB = 26.0
"""A twentieth of a second is silent below -60 dBFS, and also when it is that much quieter than the loud parts: an old
recording hisses between the words."""

_FRAME_S = 0.05


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """
    A measured recording.

    Attributes:
        duration: Seconds.
        rate: Samples a second, 0 when unknown.
        peak, loudness: dB relative to full scale (loudness is the RMS); None where the samples could not be decoded.
        silence: Share of the time that is silent, 0 to 1.
        active: Stretches with sound, as (start, end) in seconds.
    """

    format: str
    duration: float
    rate: int = 0
    channels: int = 0
    peak: float | None = None
    loudness: float | None = None
    silence: float | None = None
    active: tuple[tuple[float, float], ...] = ()


def measure(data: bytes) -> Sound:
    """
    Measure a recording.

    WAV, FLAC, Ogg and MP3 are decoded; of WebM and MP4 the Opus sound, or else the length, is read from the container.

    Raises:
        ValueError: The bytes are no recording that could be read.
    """
    try:
        return _decoded(data, "")
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError):
        pass
    container = containers.read(data)
    if container is None:
        raise ValueError("could not process file - is it a valid media file?")
    if container.ogg is not None:
        try:
            return _decoded(container.ogg, container.format)
        except (soundfile.LibsndfileError, RuntimeError, ValueError):
            pass
    return Sound(
        format=container.format,
        duration=container.duration,
        rate=container.rate,
        channels=container.channels,
        active=((0.0, container.duration),),
    )


def _decoded(data: bytes, format_: str) -> Sound:
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        rate, channels = file.samplerate, file.channels
        samples = file.read(dtype="float32", always_2d=True)
        format_ = format_ or str(file.format)
    mono = samples.mean(axis=1) if samples.size else np.zeros(0, dtype=np.float32)
    duration = len(mono) / rate if rate else 0.0
    frames = _frame_levels(mono, rate)
    threshold = max(SILENCE_DBFS, float(np.percentile(frames, 95)) - QUIETER_DB) if frames.size else SILENCE_DBFS
    active = _stretches(frames, threshold, duration)
    return Sound(
        format=format_,
        duration=round(duration, 9),
        rate=rate,
        channels=channels,
        peak=_dbfs(float(np.abs(mono).max()) if mono.size else 0.0),
        loudness=_dbfs(math.sqrt(float(np.square(mono, dtype=np.float64).mean())) if mono.size else 0.0),
        silence=round(float((frames < threshold).mean()), 3) if frames.size else 1.0,
        active=active,
    )


def _frame_levels(mono: np.ndarray[Any, Any], rate: int) -> np.ndarray[Any, Any]:
    """Level in dBFS of each twentieth of a second."""
    size = max(1, int(rate * _FRAME_S))
    whole = len(mono) // size
    if not whole:
        return np.zeros(0)
    power = np.square(mono[: whole * size].reshape(whole, size), dtype=np.float64).mean(axis=1)
    levels: np.ndarray[Any, Any] = 10 * np.log10(np.maximum(power, 1e-12))
    return levels


def _stretches(levels: np.ndarray[Any, Any], threshold: float, duration: float) -> tuple[tuple[float, float], ...]:
    """Where there is sound; gaps under 0.3 s are bridged, bits under 0.1 s dropped."""
    found: list[list[float]] = []
    for index in np.flatnonzero(levels >= threshold).tolist():
        start, end = index * _FRAME_S, (index + 1) * _FRAME_S
        if found and start - found[-1][1] < 0.3:
            found[-1][1] = end
        else:
            found.append([start, end])
    return tuple((round(a, 2), round(min(b, duration), 2)) for a, b in found if b - a >= 0.1)


def _dbfs(value: float) -> float:
    return round(20 * math.log10(value), 1) if value > 1e-6 else -120.0
