"""
Measure how loud a recording is, and where somebody may be speaking in it.

No model: energy tells silence from sound, and six plain measures tell speech from steady noise, tones and most
music. It is meant to doubt what a model claims to have heard in a recording without speech, not to find every
word, so a window counts as speech only when all of its evidence does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from groq_core.media.audio.resample import Samples

RATE = 16_000
FRAME = 512
"""Samples, 32 ms: shorter than a sound of speech, longer than a period of the voice."""

SILENCE_DBFS = -55.0
"""Above it something is heard in any case; rooms with a switched-on microphone lie between −60 and −50."""

ABOVE_FLOOR_DB = 9.0
"""How far above a recording's own floor something is heard too, however quiet the whole of it is."""

NOTHING_DBFS = -88.0
"""Below it there are only the last bits of 16: rounding, and the noise that hides it."""

SPEECH_LIKELIHOOD = 0.4
"""From here on somebody may be speaking."""

_WINDOW = 125  # frames, 4 s: long enough to hold a pause, which speech always does
_HOP = 62
_SECOND = 31
_ISLAND_GAP = 10  # frames, 0.3 s
_SHORE = 6  # frames, 0.2 s of what is before and after
_SHORTEST_WORD = 4  # frames, 0.13 s
_LONGEST_WORDS = 80  # frames, 2.5 s
_FLOOR_DB = -120.0
_TINY = 1e-12

# Bands of 80 Hz to 4 kHz, about a third of an octave each, as bins of a 512-point spectrum.
_BANDS = np.array([3, 4, 5, 6, 8, 10, 13, 16, 20, 26, 32, 41, 51, 64, 81, 102])
_VOICE = slice(10, 128)  # 310 Hz to 4 kHz

Frames: TypeAlias = npt.NDArray[np.float32]
"""One measure of every frame."""

Spans: TypeAlias = tuple[tuple[float, float], ...]
"""Stretches of time, seconds from the start, in order, not touching."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """
    How loud a recording is, and where.

    Attributes:
        peak_dbfs, rms_dbfs: Relative to full scale; −120 for digital silence.
        silent_share: Of the time, 0…1, in which nothing is heard.
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


class LevelMeter:
    """Takes a recording in blocks of 16 kHz mono samples and keeps 16 bytes of every 32 ms that is not forgotten."""

    def __init__(self) -> None:
        self._rest: Samples = np.zeros(0, np.float32)
        self._before: Frames | None = None
        self._frames: list[Frames] = []
        self._forgotten = 0

    def push(self, samples: Samples) -> None:
        if not len(samples):
            return
        samples = np.concatenate((self._rest, samples))
        whole = len(samples) // FRAME
        self._rest = samples[whole * FRAME :]
        if whole:
            self._frames.append(self._measure(samples[: whole * FRAME].reshape(whole, FRAME)))

    def forget(self, before_s: float) -> None:
        """Keep nothing of what lies before that time but for the block it lies in; nobody asks about it any more."""
        first = int(before_s * RATE / FRAME)
        while self._frames and self._forgotten + self._frames[0].shape[1] <= first:
            self._forgotten += self._frames.pop(0).shape[1]

    def levels(self, start_s: float = 0.0) -> Levels:
        """What has been measured from ``start_s`` on; times count from the start of the recording."""
        frames = list(self._frames)
        if len(self._rest):
            last = np.zeros((1, FRAME), np.float32)
            last[0, : len(self._rest)] = self._rest
            before = self._before
            frames.append(self._measure(last))
            self._before = before
        if not frames:
            return Levels()
        first = max(self._forgotten, int(start_s * RATE / FRAME))
        energy, flatness, flux, peak = np.concatenate(frames, axis=1)[:, first - self._forgotten :]
        loud = _is_audible(_decibels(energy))
        starts, likelihoods = _speech_likelihoods(energy, flatness, flux)
        speaking = np.zeros(len(energy), bool)
        for at, likelihood in zip(starts, likelihoods, strict=True):
            speaking[at : at + _WINDOW] |= likelihood >= SPEECH_LIKELIHOOD
        best = float(likelihoods.max())
        for start, end in _islands(loud):
            likelihood = _word_likelihood(energy[start:end], flatness[start:end], flux[start:end])
            speaking[start:end] |= likelihood >= SPEECH_LIKELIHOOD
            best = max(best, likelihood)
        return Levels(
            peak_dbfs=round(max(_FLOOR_DB, 20 * math.log10(float(peak.max()) + _TINY)), 1),
            rms_dbfs=round(float(_decibels(energy.mean(dtype=np.float64))), 1),
            silent_share=round(float(1 - loud.mean()), 4),
            speech_likelihood=round(best, 3),
            active=_spans(loud, first),
            speech=_spans(speaking & loud, first),
        )

    def _measure(self, frames: Frames) -> Frames:
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


class LevelSum:
    """What a recording is like, put together from its parts, so that nothing of them has to be kept until the end."""

    def __init__(self) -> None:
        self.levels = Levels()
        self._seconds = 0.0

    def add(self, part: Levels, seconds: float) -> None:
        """Take the next part, which is so long; time that two parts share counts twice."""
        whole, self._seconds = self.levels, self._seconds + seconds
        share = seconds / self._seconds if self._seconds else 1.0

        def mean(before: float, after: float) -> float:
            return (1 - share) * before + share * after

        power = mean(10 ** (whole.rms_dbfs / 10), 10 ** (part.rms_dbfs / 10))
        self.levels = Levels(
            peak_dbfs=max(whole.peak_dbfs, part.peak_dbfs),
            rms_dbfs=round(float(_decibels(np.float64(power))), 1),
            silent_share=round(mean(whole.silent_share, part.silent_share), 4),
            speech_likelihood=max(whole.speech_likelihood, part.speech_likelihood),
            active=_merge(sorted((*whole.active, *part.active))),
            speech=_merge(sorted((*whole.speech, *part.speech))),
        )


def _merge(spans: Iterable[tuple[float, float]], join_s: float = 0.5) -> Spans:
    """Stretches of time in the order of their beginnings; gaps under ``join_s`` are closed."""
    merged: list[tuple[float, float]] = []
    for start, end in spans:
        if merged and start - merged[-1][1] < join_s:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _is_audible(level: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which frames stand out: by themselves, or from what the quietest tenth of the recording is like."""
    floor = np.percentile(level, 10) + ABOVE_FLOOR_DB
    return np.asarray(level > min(SILENCE_DBFS, max(NOTHING_DBFS, float(floor))))


def _speech_likelihoods(energy: Frames, flatness: Frames, flux: Frames) -> tuple[list[int], npt.NDArray[np.float64]]:
    """
    How much every four seconds are like speech: first frame and likelihood, 0…1, of each window.

    It is the weakest of the evidence. Speech has pauses (low-energy frames; Saunders 1996, Lu et al. 2002) and a
    loudness that varies; it is neither a tone nor noise but goes to and fro between the two, and its spectrum
    changes from frame to frame. The limits were set on recordings of nine voices, and on music, noise, hum,
    tones, melodies and drums.
    """
    length = min(_WINDOW, len(energy))
    starts = sorted({*range(0, len(energy) - length + 1, _HOP), len(energy) - length})

    def windows(frames: Frames) -> Frames:
        return np.lib.stride_tricks.sliding_window_view(frames, length)[starts]

    energy = windows(energy)
    level = _decibels(energy)
    floor = np.maximum(NOTHING_DBFS, np.percentile(level, 95, axis=1) - 30)
    heard = level > floor[:, None]
    rows = max(1, length // _SECOND)
    seconds = energy[:, : rows * _SECOND].reshape(len(starts), rows, -1)
    pauses = (seconds < 0.5 * seconds.mean(axis=2, keepdims=True)).mean(axis=(1, 2))
    amplitude = np.sqrt(energy)
    tonality, restlessness = _mean_and_deviation(windows(flatness), heard)
    change, _ = _mean_and_deviation(windows(flux), heard & np.roll(heard, 1, axis=1))
    evidence = (
        _ramp(pauses, 0.15, 0.4),
        _ramp(amplitude.std(axis=1) / (amplitude.mean(axis=1) + _TINY), 0.3, 0.5),
        _ramp(tonality, -40, -25),
        _ramp(tonality, -3, -5),
        _ramp(restlessness, 1.5, 3.0),
        _ramp(change, 0.55, 0.8),
        heard.sum(axis=1) >= 3,
    )
    return starts, np.minimum.reduce([np.asarray(weak, np.float64) for weak in evidence])


def _islands(loud: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last frame of what stands alone between two pauses, no longer than a few words; the edges too."""
    spans = _join(loud, _ISLAND_GAP)
    return [
        (max(0, start - _SHORE), min(len(loud), end + _SHORE))
        for start, end in spans
        if _SHORTEST_WORD <= end - start <= _LONGEST_WORDS
    ]


def _join(flags: npt.NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8))).reshape(-1, 2).tolist()
    joined: list[tuple[int, int]] = []
    for start, end in edges:
        if joined and start - joined[-1][1] < gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _word_likelihood(energy: Frames, flatness: Frames, flux: Frames) -> float:
    """
    The same for a word or two alone: there is no pause in it, but it swells and falls, and it is not all of a kind.
    """
    level = _decibels(energy)
    heard = (level > max(NOTHING_DBFS, float(level.max()) - 30))[None]
    amplitude = np.sqrt(energy)
    tonality, restlessness = _mean_and_deviation(flatness[None], heard)
    change, _ = _mean_and_deviation(flux[None], heard & np.roll(heard, 1, axis=1))
    evidence = (
        _ramp(amplitude.std(keepdims=True) / (amplitude.mean(keepdims=True) + _TINY), 0.3, 0.5),
        _ramp(tonality, -40, -25),
        _ramp(tonality, -3, -5),
        _ramp(restlessness, 1.0, 2.0),
        _ramp(change, 0.4, 0.6),
        np.array([(level > level.max() - 15).sum() >= _SHORTEST_WORD], np.float64),  # a knock is over by then
    )
    return float(np.minimum.reduce(evidence)[0])


def _mean_and_deviation(
    values: Frames, chosen: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Of the chosen values in each row; 0 where none is chosen."""
    count = np.maximum(1, chosen.sum(axis=1))
    mean = np.where(chosen, values, 0.0).sum(axis=1) / count
    spread = np.where(chosen, values - mean[:, None], 0.0)
    return mean, np.sqrt((spread**2).sum(axis=1) / count)


def _ramp(value: npt.NDArray[np.floating], none: float, full: float) -> npt.NDArray[np.float64]:
    return np.asarray(np.clip((value - none) / (full - none), 0.0, 1.0), np.float64)


def _decibels(power: npt.NDArray[np.floating] | np.floating) -> npt.NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.asarray(power, np.float64) + _TINY))


def _spans(flags: npt.NDArray[np.bool_], first: int) -> Spans:
    """Turn a flag per frame, counted from ``first``, into stretches of time."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8))) + first
    merged = _merge((edges.reshape(-1, 2) * (FRAME / RATE)).tolist())
    return tuple((round(start, 3), round(end, 3)) for start, end in merged)
