"""What tells speech from what merely comes and goes like it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from groq_core.media.audio.levels import SPEECH_LIKELIHOOD, LevelMeter, LevelSum
from tests.media.samples import read_samples, sample

RATE = 16_000


def bursts_of_noise(tilt: float, seed: int = 1) -> npt.NDArray[np.float32]:
    """Eight seconds of noise that comes and goes like syllables; its spectrum falls by ``tilt`` and never changes."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(8 * RATE))
    spectrum /= np.maximum(1.0, np.arange(len(spectrum)) / 200.0) ** tilt
    noise = np.fft.irfft(spectrum)
    syllables = (np.sin(2 * np.pi * 3.0 * np.arange(8 * RATE) / RATE) > 0.1).astype(float)
    sound: npt.NDArray[np.float32] = (0.2 * noise / np.abs(noise).max() * syllables).astype(np.float32)
    return sound


@pytest.mark.parametrize("tilt", [0.75, 1.0])
def test_noise_that_keeps_its_colour_is_no_speech_though_it_pauses_like_it(tilt: float) -> None:
    meter = LevelMeter()
    meter.push(bursts_of_noise(tilt))

    assert meter.levels().speech_likelihood < SPEECH_LIKELIHOOD


def test_what_is_put_together_from_parts_is_like_the_whole_and_keeps_nothing_of_them() -> None:
    speech = np.concatenate([read_samples(sample("jfk.wav")), np.zeros(3 * RATE, np.float32)] * 8)
    whole, meter, total = LevelMeter(), LevelMeter(), LevelSum()
    whole.push(speech)
    part = 28 * RATE  # two of the eight
    for start in range(0, len(speech), part):
        for at in range(start, start + part, RATE):
            meter.push(speech[at : at + RATE])
        total.add(meter.levels(start / RATE), part / RATE)
        meter.forget((start + part) / RATE)

    one, other = total.levels, whole.levels()

    assert (one.peak_dbfs, one.speech_likelihood) == (other.peak_dbfs, other.speech_likelihood)
    assert one.rms_dbfs == pytest.approx(other.rms_dbfs, abs=0.1)
    assert one.silent_share == pytest.approx(other.silent_share, abs=0.01)
    assert np.allclose(one.active, other.active, atol=0.04)
    assert np.allclose(one.speech, other.speech, atol=0.04)
    assert sum(frames.shape[1] for frames in meter._frames) <= RATE // 512 + 1
