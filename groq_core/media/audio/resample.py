"""Change the sample rate of a recording, block by block, without letting anything fold over."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

_ZERO_CROSSINGS = 48
"""Of the sinc on each side: a transition band of 0.8 kHz below the lower of the two Nyquist frequencies."""

_KAISER_BETA = 8.96
"""Stop band at −90 dB, below the noise of 16-bit samples."""

_ROLLOFF = 0.942
"""Where the middle of the transition band lies, so that it ends at the Nyquist frequency."""

_MAX_FILTERS = 500_000
"""L times M, which an odd rate must not drive up."""

_GROUP = 32
"""Outputs at most that share a window of inputs: more would multiply with more zeros."""

_ONE_THREAD = 200_000
"""
Multiplications in one product. From 262,144 on OpenBLAS takes threads, which wait for each other: on a machine
that had other work, five minutes of 48 kHz took 11 s in place of 0.3.
"""

_OUTPUTS_PER_ROW = 160


class Resampler:
    """
    Windowed-sinc resampling of a stream of mono samples.

    The ratio of two rates is a fraction L/M, so after L outputs and M inputs the same filters come round again:
    a few neighbouring outputs are one small matrix times one window of inputs, and BLAS does the rest. A rate so
    odd that there would be too many filters (16,011 Hz; no sound card has one) is taken as the nearest fraction,
    off by 0.07 % at most.

    Args:
        rate: Samples per second that come in.
        target: Samples per second that go out.

    Source:
        https://ccrma.stanford.edu/~jos/resample/ (windowed-sinc interpolation), Kaiser's design formulas.
    """

    def __init__(self, rate: int, target: int = 16_000) -> None:
        ratio = Fraction(target, rate)
        if ratio.numerator > (most := math.isqrt(int(_MAX_FILTERS * ratio))):
            ratio = 1 / (1 / ratio).limit_denominator(most)
        self._ratio = ratio
        self._identical = ratio == 1
        repeats = math.ceil(_OUTPUTS_PER_ROW / ratio.numerator)
        self._step = ratio.denominator * repeats  # inputs a row moves on
        self._outputs = ratio.numerator * repeats  # outputs in a row
        self._bank, self._width, self._reach = _filter_bank(ratio, self._outputs)
        self._pending: Samples = np.zeros(self._reach, np.float32)
        self._received = self._delivered = 0

    def push(self, samples: Samples) -> Samples:
        """Take samples in, hand out those that are certain: fewer at first, as the filter looks ahead."""
        self._received += len(samples)
        if self._identical:
            self._delivered += len(samples)
            return samples
        self._pending = np.concatenate((self._pending, samples))
        rows = (len(self._pending) - self._width) // self._step + 1
        if rows <= 0:
            return np.zeros(0, np.float32)
        rowed = np.empty((rows, self._outputs), np.float32)
        for column, start, filters in self._bank:
            windows = np.lib.stride_tricks.sliding_window_view(self._pending[start:], len(filters))[:: self._step]
            rowed[:, column : column + filters.shape[1]] = _product(windows[:rows], filters)
        out = rowed.reshape(-1)
        self._pending = self._pending[rows * self._step :].copy()
        self._delivered += len(out)
        return out

    def flush(self) -> Samples:
        """Hand out what is left when the stream has ended."""
        due = round(self._received * self._ratio) - self._delivered
        if due <= 0:
            return np.zeros(0, np.float32)
        received = self._received
        rest = self.push(np.zeros(self._width + self._step * math.ceil(due / self._outputs), np.float32))
        self._received = received
        return rest[:due]


def _product(windows: Samples, filters: Samples) -> Samples:
    """Rows of windows times filters, a few rows at a time."""
    at_once = max(2, _ONE_THREAD // filters.size)
    whole = len(windows) - len(windows) % at_once
    rows = np.ascontiguousarray(windows)
    batched = rows[:whole].reshape(-1, at_once, rows.shape[1]) @ filters
    return np.concatenate((batched.reshape(whole, filters.shape[1]), rows[whole:] @ filters))


@lru_cache(maxsize=8)
def _filter_bank(ratio: Fraction, outputs: int) -> tuple[tuple[tuple[int, int, Samples], ...], int, int]:
    """
    The filters of one row of outputs, in groups of neighbours.

    Output n lies at input n·M/L. Its filter is a sinc at the lower Nyquist frequency under a Kaiser window.

    Returns:
        Of each group its first output, its first input and its filters, shape (inputs, outputs); the inputs a
        whole row takes; and how far a filter reaches each way.
    """
    cutoff = min(1.0, float(ratio)) * _ROLLOFF  # as a share of the input's Nyquist frequency
    reach = math.ceil(_ZERO_CROSSINGS / cutoff)
    groups = []
    width = 0
    for first in range(0, outputs, _GROUP):
        centres = np.arange(first, min(first + _GROUP, outputs)) * float(1 / ratio) + reach
        start = math.floor(centres[0]) - reach
        inputs = np.arange(start, math.ceil(centres[-1]) + reach + 1)
        distance = inputs[:, None] - centres[None, :]
        window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (distance / reach) ** 2, 0, None)))
        filters = np.sinc(cutoff * distance) * window * (np.abs(distance) <= reach)
        group = (filters / filters.sum(axis=0)).astype(np.float32)
        group.flags.writeable = False  # shared between recordings of the same rate
        groups.append((first, start, group))
        width = max(width, start + len(group))
    return tuple(groups), width, reach
