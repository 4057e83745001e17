"""Bring several channels down to one without losing the voice that may be in any of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from groq_core.media.audio.resample import Samples

_FADE: Final = 160
"""Samples over which one way of mixing gives way to another, so that nothing clicks."""

_OPPOSED: Final = -0.35
"""Correlation below which two channels take each other away rather than add up."""

_LOST: Final = 0.1
"""Share of the loudest channel's power, below which a mixture has lost it (ten decibels)."""

_UNHEARD: Final = 1e-4
"""Share of the loudest channel's power, below which another adds nothing but room (forty decibels)."""

_MEMORY: Final = 0.7
"""How much of what was measured so far goes on counting, block by block: one cough turns nothing over."""

_SURROUND: Final = {
    "5.1": (0.5, 0.5, 1.0, 0.0, 0.35, 0.35),
    "5.1(side)": (0.5, 0.5, 1.0, 0.0, 0.35, 0.35),
    "7.1": (0.5, 0.5, 1.0, 0.0, 0.25, 0.25, 0.25, 0.25),
}
"""Weights of films: speech is in the centre, effects are behind, the low channel holds no voice."""


class Mixer:
    """
    Mixes blocks of samples down, one after another.

    Channels are averaged, as long as that keeps them. Where one is the other upside down the louder one is taken
    alone, and a channel without anything in it does not make the others quieter.

    Args:
        channels: In each block.
        layout: ffmpeg's name of what they are, where it is known.
    """

    def __init__(self, channels: int, layout: str = "") -> None:
        self._base = np.asarray(_SURROUND.get(layout) or [1.0] * channels, np.float32)
        self._products = np.zeros((channels, channels))
        self._weights: Samples | None = None
        self.alone: int | None = None
        """The channel that was taken alone, counted from 0, if ever one was."""

    def mix(self, block: Samples) -> Samples:
        """Take a block of shape (frames, channels), hand out its mixture."""
        if block.shape[1] == 1 or not len(block):
            return np.ascontiguousarray(block[:, 0])
        self._products *= _MEMORY
        self._products += block.T.astype(np.float64) @ block.astype(np.float64)
        weights = self._choose()
        before = weights if self._weights is None else self._weights
        self._weights = weights
        mixed: Samples = block @ weights
        if not np.array_equal(before, weights):
            fade = min(_FADE, len(block))
            ramp = np.linspace(0, 1, fade, dtype=np.float32)
            mixed[:fade] = ramp * mixed[:fade] + (1 - ramp) * (block[:fade] @ before)
        return mixed

    def _choose(self) -> Samples:
        power = np.diag(self._products)
        loudest = int(power.argmax())
        heard = power >= _UNHEARD * power[loudest]
        weights = self._base * heard
        if not weights.any():  # only the channel without a voice has anything in it
            weights = heard.astype(np.float32)
        weights = np.asarray(weights / weights.sum(), np.float32)
        mixture = float(weights @ self._products @ weights)
        if power[loudest] > 0 and (mixture < _LOST * power[loudest] / heard.sum() or self._is_inverted(loudest, heard)):
            self.alone = loudest
            weights = np.zeros_like(weights)
            weights[loudest] = 1.0
        return np.asarray(weights, np.float32)

    def _is_inverted(self, loudest: int, heard: npt.NDArray[np.bool_]) -> bool:
        """Whether a channel as loud as the loudest runs against it."""
        power = np.diag(self._products)
        for other in np.flatnonzero(heard):
            alike = power[other] > 0.1 * power[loudest]
            correlation = self._products[loudest, other] / np.sqrt(power[loudest] * power[other])
            if alike and correlation < _OPPOSED:
                return True
        return False


def gain_of(samples: Samples) -> float:
    """
    By how much a part is to be multiplied before it becomes 16-bit: less than 1 where floats go beyond full
    scale, more where all that is heard is so quiet that few bits would be left of it.
    """
    if not len(samples):
        return 1.0
    peak = max(float(samples.max()), -float(samples.min()))  # without a copy: a part is forty megabytes
    if peak > 1.0:
        return 1.0 / peak
    if peak == 0.0 or peak > _QUIET_PEAK:
        return 1.0
    return min(_LIFTED_PEAK / peak, _MOST_GAIN)


_QUIET_PEAK: Final = 0.05
_LIFTED_PEAK: Final = 0.5
_MOST_GAIN: Final = 10_000.0


def finite(block: Samples) -> Samples:
    """A float file may hold anything: what is no number is silence, what is infinite is full scale."""
    return block if np.isfinite(block).all() else np.nan_to_num(block, posinf=1.0, neginf=-1.0)


def power_of(blocks: Sequence[Samples]) -> float:
    """Mean power of mono blocks."""
    count = sum(map(len, blocks))
    return sum(float((block.astype(np.float64) ** 2).sum()) for block in blocks) / count if count else 0.0
