"""Resampling keeps what can be heard and lets nothing fold over."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from groq_core.media.audio.resample import Resampler, Samples
from tests.media.samples import tone


def resample(samples: Samples, rate: int, block: int = 65_536) -> Samples:
    resampler = Resampler(rate)
    out = [resampler.push(samples[at : at + block]) for at in range(0, len(samples), block)]
    return np.concatenate([*out, resampler.flush()])


def decibels(samples: Samples) -> float:
    return float(20 * np.log10(np.sqrt(2 * np.mean(samples.astype(np.float64) ** 2)) + 1e-12))


RATES = [8000, 11025, 12000, 22050, 24000, 32000, 44100, 48000, 96000, 192000]


@pytest.mark.parametrize(
    ("rate", "hertz"),
    [(rate, hertz) for rate in RATES for hertz in (100, 1000, 3000, 5000, 7000) if hertz < 0.44 * rate],
)
def test_a_tone_keeps_its_level_its_place_and_its_purity(rate: int, hertz: int) -> None:
    out = resample(tone(0.8, rate, hertz, 1.0), rate)[2000:10000]

    wanted = tone(0.8, 16_000, hertz, 1.0)[2000:10000]
    assert decibels(out) == pytest.approx(0, abs=0.05)
    assert decibels(out - wanted) < -60  # at 7 kHz the filter begins to fall, by five thousandths of a decibel


@pytest.mark.parametrize(
    ("rate", "hertz"), [(rate, hertz) for rate in RATES for hertz in (8100, 9500, 15_000, 23_000) if hertz < rate / 2]
)
def test_what_is_too_high_for_the_new_rate_is_gone(rate: int, hertz: int) -> None:
    out = resample(tone(0.6, rate, hertz, 1.0), rate)[2000:7000]

    assert decibels(out) < -80


@settings(max_examples=30, deadline=None)
@example(rate=16_011, frames=30_000, block=1)
@example(rate=4001, frames=1668, block=1)
@given(rate=st.integers(4000, 200_000), frames=st.integers(0, 30_000), block=st.integers(1, 9000))
def test_any_rate_in_any_blocks_gives_the_right_length_and_level(rate: int, frames: int, block: int) -> None:
    level = np.full(frames, 0.5, np.float32)

    out = resample(level, rate, max(block, frames // 10 + 1))

    assert abs(len(out) - frames * 16_000 / rate) <= 1 + frames * 16_000 / rate * 7e-4
    middle = out[len(out) // 4 : len(out) * 3 // 4]
    if frames > rate / 10:
        assert np.abs(middle - 0.5).max() < 1e-3


def test_blocks_of_any_size_give_the_same_samples() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 30_000).astype(np.float32)

    whole = resample(noise, 44_100, 30_000)

    for block in (7, 333, 4096):
        assert np.allclose(resample(noise, 44_100, block), whole, atol=1e-6)
