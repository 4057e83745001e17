"""
Measure how loud a recording is, and where somebody may be speaking in it.

No model: energy tells silence from sound, and six plain measures tell speech from steady noise, tones and most
music. It is meant to doubt what a model claims to have heard in a recording without speech, not to find every
word, so a window counts as speech only when all of its evidence does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from groq_core.media.resample import Samples

RATE = 16_000
FRAME = 512
"""Samples, 32 ms: shorter than a sound of speech, longer than a period of the voice."""

SILENCE_DBFS = -55.0
"""Below it nothing is heard; rooms with a switched-on microphone lie between −60 and −50."""

SPEECH_LIKELIHOOD = 0.4
"""From here on somebody may be speaking."""

_WINDOW = 125  # frames, 4 s: long enough to hold a pause, which speech always does
_HOP = 62
_FLOOR_DB = -120.0
_TINY = 1e-12

# Bands of 80 Hz to 4 kHz, about a third of an octave each, as bins of a 512-point spectrum.
_BANDS = np.array([3, 4, 5, 6, 8, 10, 13, 16, 20, 26, 32, 41, 51, 64, 81, 102])
_VOICE = slice(10, 128)  # 310 Hz to 4 kHz

Spans = tuple[tuple[float, float], ...]
"""Stretches of time, seconds from the start, in order, not touching."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """
    How loud a recording is, and where.

    Attributes:
        peak_dbfs, rms_dbfs: Relative to full scale; −120 for digital silence.
        silent_share: Of the time, 0…1, below :data:`SILENCE_DBFS`.
        speech_likelihood: 0…1 for the most speech-like four seconds.
        active: Where anything is heard.
        speech: Where somebody may be speaking.
    """

    peak_dbfs: float = _FLOOR_DB
    rms_dbfs: float = _FLOOR_DB
    silent_share: float = 1.0
    speech_likelihood: float = 0.0
    active: Spans = ()
    speech: Spans = ()


class Meter:
    """Takes a recording in blocks of 16 kHz mono samples and keeps 16 bytes of every 32 ms."""

    def __init__(self) -> None:
        self._rest: Samples = np.zeros(0, np.float32)
        self._before: npt.NDArray[np.float32] | None = None
        self._frames: list[npt.NDArray[np.float32]] = []

    def push(self, samples: Samples) -> None:
        if not len(samples):
            return
        samples = np.concatenate((self._rest, samples))
        whole = len(samples) // FRAME
        self._rest = samples[whole * FRAME :]
        if whole:
            self._frames.append(self._measured(samples[: whole * FRAME].reshape(whole, FRAME)))

    def levels(self, start_s: float = 0.0) -> Levels:
        """What has been measured from ``start_s`` on; times count from the start of the recording."""
        frames = list(self._frames)
        if len(self._rest):
            last = np.zeros((1, FRAME), np.float32)
            last[0, : len(self._rest)] = self._rest
            before = self._before
            frames.append(self._measured(last))
            self._before = before
        if not frames:
            return Levels()
        first = int(start_s * RATE / FRAME)
        energy, flatness, flux, peak = np.concatenate(frames, axis=1)[:, first:]
        loud = _decibels(energy) > SILENCE_DBFS
        likely = _speech_likelihoods(energy, flatness, flux)
        speaking = np.zeros(len(energy), bool)
        for at, value in likely:
            speaking[at : at + _WINDOW] |= value >= SPEECH_LIKELIHOOD
        return Levels(
            peak_dbfs=round(max(_FLOOR_DB, 20 * math.log10(float(peak.max()) + _TINY)), 1),
            rms_dbfs=round(float(_decibels(energy.mean(dtype=np.float64))), 1),
            silent_share=round(float(1 - loud.mean()), 4),
            speech_likelihood=round(max(value for _, value in likely), 3),
            active=_spans(loud, first),
            speech=_spans(speaking & loud, first),
        )

    def _measured(self, frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Energy, spectral flatness in dB, spectral flux and peak of each frame; shape (4, frames)."""
        energy = (frames**2).mean(axis=1)
        power = np.abs(np.fft.rfft(frames * np.hanning(FRAME).astype(np.float32), axis=1)) ** 2 + _TINY
        voice = power[:, _VOICE]
        flatness = 10 * np.log10(np.exp(np.log(voice).mean(axis=1)) / voice.mean(axis=1))
        shape = np.log(np.add.reduceat(power[:, : _BANDS[-1] + 26], _BANDS, axis=1))
        shape = (shape - shape.mean(axis=1, keepdims=True)).astype(np.float32)
        before = shape[:1] if self._before is None else self._before
        flux = np.abs(np.diff(shape, axis=0, prepend=before)).mean(axis=1)
        self._before = shape[-1:]
        return np.stack((energy, flatness, flux, np.abs(frames).max(axis=1))).astype(np.float32)


def _speech_likelihoods(
    energy: npt.NDArray[np.float32], flatness: npt.NDArray[np.float32], flux: npt.NDArray[np.float32]
) -> Sequence[tuple[int, float]]:
    """First frame and likelihood of every four-second window."""
    starts = range(0, max(1, len(energy) - _WINDOW + _HOP), _HOP)
    return [(at, _likelihood(*(measure[at : at + _WINDOW] for measure in (energy, flatness, flux)))) for at in starts]


def _likelihood(
    energy: npt.NDArray[np.float32], flatness: npt.NDArray[np.float32], flux: npt.NDArray[np.float32]
) -> float:
    """
    How much one window is like speech: the weakest of its evidence, 0…1.

    Speech has pauses (low-energy frames; Saunders 1996, Lu et al. 2002) and a loudness that varies; it is
    neither a tone nor noise but goes to and fro between the two, and its spectrum changes from frame to frame.
    The limits were set on recordings of nine voices, and on music, noise, hum, tones, melodies and drums.
    """
    level = _decibels(energy)
    heard = level > max(SILENCE_DBFS, float(np.percentile(level, 95)) - 30)
    if heard.sum() < 3:
        return 0.0
    second = 31
    rows = max(1, len(energy) // second)
    by_second = energy[: rows * second].reshape(rows, -1)
    pauses = float((by_second < 0.5 * by_second.mean(axis=1, keepdims=True)).mean())
    amplitude = np.sqrt(energy)
    between = heard & np.roll(heard, 1)
    return min(
        _ramp(pauses, 0.15, 0.4),
        _ramp(float(amplitude.std() / (amplitude.mean() + _TINY)), 0.3, 0.5),
        _ramp(float(np.median(flatness[heard])), -40, -25),
        _ramp(float(np.median(flatness[heard])), -3, -5),
        _ramp(float(flatness[heard].std()), 1.5, 3.0),
        _ramp(float(flux[between].mean()) if between.any() else 0.0, 0.55, 0.8),
    )


def _ramp(value: float, none: float, full: float) -> float:
    return min(1.0, max(0.0, (value - none) / (full - none)))


def _decibels(power: npt.NDArray[np.floating] | np.floating) -> npt.NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.asarray(power, np.float64) + _TINY))


def _spans(flags: npt.NDArray[np.bool_], first: int, join_s: float = 0.5) -> Spans:
    """Turn a flag per frame, counted from ``first``, into stretches of time; gaps under ``join_s`` are closed."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8))) + first
    spans: list[tuple[float, float]] = []
    for start, end in (edges.reshape(-1, 2) * (FRAME / RATE)).tolist():
        if spans and start - spans[-1][1] < join_s:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return tuple((round(start, 3), round(end, 3)) for start, end in spans)
