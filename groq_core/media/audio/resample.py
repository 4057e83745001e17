"""Change the sample rate of a recording, block by block, without letting anything fold over."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

Samples = npt.NDArray[np.float32]


class Resampler:
    """
    Resampling of a stream of mono samples, by libsoxr.

    Args:
        rate: Samples per second that come in.
        target: Samples per second that go out.
    """

    def __init__(self, rate: int, target: int = 16_000) -> None:
        self._rate, self._target = rate, target
        self._received = self._delivered = 0
        self._stream: Any = None
        if rate != target:
            self._stream = soxr.ResampleStream(rate, target, 1, dtype="float32", quality="VHQ")

    def push(self, samples: Samples) -> Samples:
        """Take samples in, hand out those that are certain: fewer at first, as the filter looks ahead."""
        self._received += len(samples)
        if self._stream is None or not len(samples):
            return samples
        return self._due(self._stream.resample_chunk(np.ascontiguousarray(samples)))

    def flush(self) -> Samples:
        """Hand out what is left when the stream has ended."""
        if self._stream is None:
            return np.zeros(0, np.float32)
        return self._due(self._stream.resample_chunk(np.zeros(0, np.float32), last=True))

    def _due(self, samples: Samples) -> Samples:
        """No more than the time that came in is worth: the filter's tail would ring on."""
        due = samples[: max(0, round(self._received * self._target / self._rate) - self._delivered)]
        self._delivered += len(due)
        return due
