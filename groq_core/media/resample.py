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
"""L times M: the size of the matrix below, which an odd rate must not drive up."""

_OUTPUTS_PER_ROW = 160


class Resampler:
    """
    Windowed-sinc resampling of a stream of mono samples.

    The ratio of two rates is a fraction L/M, so after L outputs and M inputs the same filters come round again:
    L outputs are one matrix times one window of inputs, and BLAS does the rest. A rate so odd that the matrix
    would become large (no sound card has one) is taken as the nearest fraction, off by 0.3 s an hour at most.

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
        self._filters, self._reach = _filter_bank(ratio, ratio.numerator * repeats)
        self._pending: Samples = np.zeros(self._reach, np.float32)
        self._received = self._delivered = 0

    def push(self, samples: Samples) -> Samples:
        """Take samples in, hand out those that are certain: fewer at first, as the filter looks ahead."""
        self._received += len(samples)
        if self._identical:
            self._delivered += len(samples)
            return samples
        self._pending = np.concatenate((self._pending, samples))
        width = self._filters.shape[0]
        rows = (len(self._pending) - width) // self._step + 1
        if rows <= 0:
            return np.zeros(0, np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(self._pending, width)[:: self._step][:rows]
        out: Samples = (windows @ self._filters).reshape(-1)
        self._pending = self._pending[rows * self._step :].copy()
        self._delivered += len(out)
        return out

    def flush(self) -> Samples:
        """Hand out what is left when the stream has ended."""
        due = round(self._received * self._ratio) - self._delivered
        if due <= 0:
            return np.zeros(0, np.float32)
        received = self._received
        rest = self.push(
            np.zeros(self._filters.shape[0] + self._step * math.ceil(due / self._filters.shape[1]), np.float32)
        )
        self._received = received
        return rest[:due]


@lru_cache(maxsize=8)
def _filter_bank(ratio: Fraction, outputs: int) -> tuple[Samples, int]:
    """
    The filters of one row of outputs, as a matrix of shape (inputs, outputs), and how far they reach each way.

    Output n lies at input n·M/L. Its filter is a sinc at the lower Nyquist frequency under a Kaiser window.
    """
    cutoff = min(1.0, float(ratio)) * _ROLLOFF  # as a share of the input's Nyquist frequency
    reach = math.ceil(_ZERO_CROSSINGS / cutoff)
    centres = np.arange(outputs) * float(1 / ratio) + reach
    inputs = np.arange(math.ceil(centres[-1]) + reach + 1)
    distance = inputs[:, None] - centres[None, :]
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (distance / reach) ** 2, 0, None))) * (np.abs(distance) <= reach)
    filters = np.sinc(cutoff * distance) * window
    bank = (filters / filters.sum(axis=0)).astype(np.float32)
    bank.flags.writeable = False  # shared between recordings of the same rate
    return bank, reach
