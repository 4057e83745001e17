"""What can be measured of a recording: duration, rate, channels, loudness, silence. From its samples."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec
import numpy as np
import soundfile

from groq_core.simulator import containers

Samples: TypeAlias = np.ndarray[Any, Any]

SILENCE_DBFS = -60.0
QUIETER_DB = 26.0
"""A twentieth of a second is silent below -60 dBFS, and also when it is that much quieter than the loud parts: an old
recording hisses between the words."""

_FRAME_S = 0.05
_BRIDGED_S = 0.3
_LONGEST_S = 12.0


class SoundStretch(msgspec.Struct, frozen=True):
    """
    A stretch with sound, between two silences.

    Times in seconds from the start of the recording; ``level`` in dBFS; ``pitch`` in hertz, by the zero crossings,
    which is a measure of brightness rather than a note.
    """

    start: float
    end: float
    level: float = 0.0
    pitch: float = 0.0


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """
    A measured recording.

    Attributes:
        duration: Seconds.
        rate: Samples a second, 0 when unknown.
        peak, loudness: dB relative to full scale (loudness is the RMS); None where the samples could not be decoded.
        silence: Share of the time that is silent, 0 to 1.
        active: Where there is sound, in order.
    """

    format: str
    duration: float
    rate: int = 0
    channels: int = 0
    peak: float | None = None
    loudness: float | None = None
    silence: float | None = None
    active: tuple[SoundStretch, ...] = ()


def measure(data: bytes) -> Sound:
    """
    Measure a recording.

    WAV, FLAC, Ogg and MP3 are decoded; of WebM and MP4 the Opus sound, or else the length, is read from the container.

    Raises:
        ValueError: The bytes are no recording that could be read.
    """
    try:
        return _decode(data, "")
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError):
        pass
    container = containers.read(data)
    if container is None:
        raise ValueError("could not process file - is it a valid media file?")
    if container.ogg is not None:
        try:
            return _decode(container.ogg, container.format)
        except (soundfile.LibsndfileError, RuntimeError, ValueError):
            pass
    return Sound(
        format=container.format,
        duration=container.duration,
        rate=container.rate,
        channels=container.channels,
        active=(SoundStretch(0.0, container.duration),),
    )


def _decode(data: bytes, format_: str) -> Sound:
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        rate, channels = file.samplerate, file.channels
        samples = file.read(dtype="float32", always_2d=True)
        format_ = format_ or str(file.format)
    mono = samples.mean(axis=1) if samples.size else np.zeros(0, dtype=np.float32)
    duration = len(mono) / rate if rate else 0.0
    frames, crossings = _frames(mono, rate)
    threshold = max(SILENCE_DBFS, float(np.percentile(frames, 95)) - QUIETER_DB) if frames.size else SILENCE_DBFS
    return Sound(
        format=format_,
        duration=round(duration, 9),
        rate=rate,
        channels=channels,
        peak=_dbfs(float(np.abs(mono).max()) if mono.size else 0.0),
        loudness=_dbfs(math.sqrt(float(np.square(mono, dtype=np.float64).mean())) if mono.size else 0.0),
        silence=round(float((frames < threshold).mean()), 3) if frames.size else 1.0,
        active=tuple(_stretches(frames, crossings, threshold, duration)),
    )


def _frames(mono: Samples, rate: int) -> tuple[Samples, Samples]:
    """Level in dBFS and zero crossings of each twentieth of a second."""
    size = max(1, int(rate * _FRAME_S))
    whole = len(mono) // size
    if not whole:
        return np.zeros(0), np.zeros(0)
    rows = mono[: whole * size].reshape(whole, size)
    power = np.square(rows, dtype=np.float64).mean(axis=1)
    crossings = (np.signbit(rows[:, 1:]) != np.signbit(rows[:, :-1])).sum(axis=1)
    return 10 * np.log10(np.maximum(power, 1e-12)), crossings


def _stretches(levels: Samples, crossings: Samples, threshold: float, duration: float) -> Iterator[SoundStretch]:
    """Where there is sound; gaps under 0.3 s are bridged, bits under 0.1 s dropped, long ones parted where quiet."""
    found: list[list[int]] = []
    for index in np.flatnonzero(levels >= threshold).tolist():
        if found and (index - found[-1][1]) * _FRAME_S < _BRIDGED_S:
            found[-1][1] = index + 1
        else:
            found.append([index, index + 1])
    for first, last in (part for begin, end in found for part in _part(begin, end, levels)):
        if last - first < 2:
            continue
        power = np.power(10.0, levels[first:last] / 10).mean()
        yield SoundStretch(
            round(first * _FRAME_S, 2),
            round(min(last * _FRAME_S, duration), 2),
            level=round(10 * math.log10(max(float(power), 1e-12)), 1),
            pitch=round(float(crossings[first:last].mean()) / (2 * _FRAME_S)),
        )


def _part(first: int, last: int, levels: Samples) -> Iterator[tuple[int, int]]:
    """A stretch in parts of at most ``_LONGEST_S``, cut at the quietest frame of the second half of each."""
    longest = int(_LONGEST_S / _FRAME_S)
    while last - first > longest:
        half = first + longest // 2
        cut = half + int(levels[half : first + longest].argmin())
        yield first, cut
        first = cut
    yield first, last


def _dbfs(value: float) -> float:
    return round(20 * math.log10(value), 1) if value > 1e-6 else -120.0
