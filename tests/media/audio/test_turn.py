"""Who has finished speaking: on recordings of people, cut where they pause and where they end."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from groq_core.media.audio import turn
from groq_core.media.audio.resample import Samples
from tests.requires import is_here, needs, only_where

RATE = 16_000
MEDIA = Path(__file__).parents[2] / "data" / "media"
WEIGHTS = turn.WEIGHTS.parent

pytestmark = [
    only_where(sys.platform != "darwin" or is_here("onnxruntime"), "onnxruntime is not installed with us on Macs"),
    needs("onnxruntime"),
]


def recording(name: str, end_s: float) -> Samples:
    samples, rate = soundfile.read(MEDIA / name, dtype="float32", always_2d=True)
    mono = np.asarray(soxr.resample(samples.mean(axis=1), rate, RATE), np.float32)
    return mono[: int(end_s * RATE)]


@pytest.mark.parametrize(
    ("name", "end_s", "over"),
    [
        ("jfk.wav", 3.69, False),  # "…my fellow Americans, ask"
        ("jfk.wav", 4.29, False),  # "not"
        ("jfk.wav", 7.56, False),  # "…can do for you,"
        ("jfk.wav", 10.6, True),
        ("galileo.mp3", 26.08, False),  # "by Space Shuttle"
        ("galileo.mp3", 17.23, True),
        ("marcelo.mp3", 3.93, True),
        ("vercel-transcript-test.mp3", 2.23, True),
    ],
)
def test_ends_are_told_from_pauses(name: str, end_s: float, over: bool) -> None:
    chance = turn.chance_of_end(recording(name, end_s), quiet_s=0.0)

    assert chance is not None
    assert (chance > 0.9) is over


def test_picture_of_the_sound_has_the_shape_and_range_the_model_was_trained_on() -> None:
    for length in (0, 1, 5 * RATE, 20 * RATE):
        picture = turn.log_mel(np.sin(np.arange(length, dtype=np.float32) / 7))
        assert picture.shape == (80, 800)
        assert picture.max() <= 2
        assert np.isfinite(picture).all()
    quiet, loud = (turn.log_mel(gain * recording("jfk.wav", 8.0)) for gain in (0.1, 0.5))
    assert np.abs(quiet - loud).max() < 0.05, "loudness makes no difference"


def test_silence_before_what_is_short_is_not_worked_out_again_and_again() -> None:
    whole = recording("jfk.wav", turn.HEARD_S)
    for length in (0, 1, 200, 201, 401, 16_000, 35_680, 127_799, 127_801, 127_999, 128_000):
        said = whole[:length]
        before = np.zeros(len(whole) - length, np.float32)
        assert np.array_equal(turn.log_mel(said), turn.log_mel(np.concatenate((before, said)))), length


def test_weights_are_the_ones_that_were_copied() -> None:
    for line in (WEIGHTS / "SHA256SUMS").read_text(encoding="ascii").splitlines():
        digest, name = line.split()
        assert hashlib.sha256((WEIGHTS / name).read_bytes()).hexdigest() == digest
