"""Cut a stream of samples into parts at its quietest spots, each overlapping the next."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from groq_core.media.audio.resample import Samples

_FRAME = 320  # samples, 20 ms
_SMOOTH = 20  # frames, 0.4 s: a pause between sentences, longer than one inside a word
_STILL = 1e-10  # power under which one silence is as good as another
_PULL = 0.2  # dB a second: how much quieter a spot must be to be worth going further for


@dataclass(frozen=True, slots=True)
class PartSamples:
    """Samples of one part, and where they begin in the recording (a number of samples)."""

    start: int
    samples: Samples


class Cutter:
    """
    Cuts what is pushed into stretches no longer than ``longest``.

    Args:
        longest: Samples in one stretch, at most.
        overlap: Samples that two neighbours share; the quiet spot lies in their middle.
        search: Samples before and after the aim in which the quietest spot is looked for.
        total: Samples to be expected, if known: the stretches come out about equally long.
    """

    def __init__(self, *, longest: int, overlap: int, search: int, total: int | None = None) -> None:
        self._longest, self._overlap = longest, overlap
        self._search = min(search, (longest - overlap) // 4)
        self._aim = _even_length(longest - self._search, overlap, total)
        self._start = 0
        self._held = np.empty(0, np.float32)
        self._length = 0

    @property
    def start(self) -> int:
        """Where the stretch begins that is still growing; nothing before it comes again."""
        return self._start

    def push(self, samples: Samples) -> Iterator[PartSamples]:
        """Take samples, hand out the stretches they complete."""
        self._hold(samples)
        while self._length > min(self._longest, self._aim + self._search):
            yield self._cut()

    def rest(self) -> PartSamples:
        """What is left at the end."""
        return PartSamples(self._start, self._held[: self._length])

    def _cut(self) -> PartSamples:
        samples = self._held[: self._length]
        until = min(self._longest, self._aim + self._search)
        spot = _quietest(samples[:until], self._aim, self._search, margin=self._overlap // 2)
        end, begin = spot + self._overlap // 2, spot - self._overlap // 2
        stretch = PartSamples(self._start, samples[:end])
        rest = samples[begin:]
        self._held, self._length = np.empty(0, np.float32), 0
        self._hold(rest)
        self._start += begin
        return stretch

    def _hold(self, samples: Samples) -> None:
        """Copy into one buffer as large as a stretch can get: pieces joined at the end would be there twice."""
        needed = self._length + len(samples)
        if needed > len(self._held):
            room = max(needed, min(self._longest, self._aim + self._search) + len(samples)) if self._length else needed
            larger = np.empty(room, np.float32)
            larger[: self._length] = self._held[: self._length]
            self._held = larger
        self._held[self._length : needed] = samples
        self._length = needed


def _even_length(longest: int, overlap: int, total: int | None) -> int:
    if not total:
        return longest
    count = max(1, math.ceil((total - overlap) / (longest - overlap)))
    return min(longest, math.ceil((total + (count - 1) * overlap) / count))


def _quietest(samples: Samples, aim: int, search: int, margin: int) -> int:
    """Where the quietest 0.4 s near ``aim`` have their middle, as a number of samples."""
    first = max(margin, aim - search)
    last = min(len(samples) - margin, aim + search)
    frames = max(1, (last - first) // _FRAME)
    window = samples[first : first + frames * _FRAME].reshape(frames, -1)
    energy = (window**2).mean(axis=1) + _STILL
    width = min(_SMOOTH, frames)
    level = 10 * np.log10(np.convolve(energy, np.ones(width) / width, "same"))
    middles = first + np.arange(frames) * _FRAME + _FRAME // 2
    cost = level + np.abs(middles - aim) * (_PULL / 16_000)
    return int(middles[cost.argmin()])
