"""Decode any recording to 16 kHz mono, block by block, so that hours of it take little memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import soundfile

from groq_core.media import ffmpeg
from groq_core.media.audio_format import Container, unsupported
from groq_core.media.resample import Resampler, Samples

RATE = 16_000
"""What Whisper hears; the server resamples to it anyway (speech-to-text page, 2025)."""

_PIECE = 4096  # frames
_VALUES_PER_BLOCK = 1 << 18
_MAX_CHANNELS = 64
_MAX_RATE = 1_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """
    A recording that is being decoded.

    Attributes:
        declared_s: Seconds by the file's header; None where it does not say.
        video: There is a picture track beside the sound.
        blocks: Mono samples at 16 kHz in −1…1, in the order of time. Can be read once.
    """

    sample_rate: int
    channels: int
    declared_s: float | None
    video: bool
    blocks: Iterator[Samples]


@contextmanager
def decoding(data: bytes, container: Container) -> Iterator[Source]:
    """
    Open a recording with whatever can decode it.

    Raises:
        RequestError: ``param="file"``; broken (400), no audio track or no decoder (422).
    """
    if container.reader == "soundfile":
        try:
            file = soundfile.SoundFile(BytesIO(data))
        # It knows the container but not every codec that may be in it; ffmpeg may.
        except soundfile.LibsndfileError as error:
            if not ffmpeg.available():
                raise _broken(container) from error
        else:
            with file:
                yield _from_soundfile(file, container)
            return
    if not ffmpeg.available():
        raise ffmpeg.missing(container)
    probed = ffmpeg.probe(data, container)
    with ffmpeg.decoding(data, container) as blocks:
        yield Source(probed.sample_rate, probed.channels, probed.duration_s, probed.video, _as_samples(blocks))


def _from_soundfile(file: soundfile.SoundFile, container: Container) -> Source:
    if not 0 < file.channels <= _MAX_CHANNELS or not 0 < file.samplerate <= _MAX_RATE:
        raise _broken(container)
    return Source(file.samplerate, file.channels, file.frames / file.samplerate, False, _mixed_down(file))


def _mixed_down(file: soundfile.SoundFile) -> Iterator[Samples]:
    """Channels averaged, at 16 kHz, about a quarter of a million values at a time."""
    resampler = Resampler(file.samplerate, RATE)
    held: list[Samples] = []
    for piece in _pieces(file):
        # A float file may hold anything, infinity included.
        mono = np.nan_to_num(piece.mean(axis=1, dtype=np.float32), posinf=1.0, neginf=-1.0)
        held.append(np.clip(mono, -1.0, 1.0))
        if len(held) * _PIECE * file.channels >= _VALUES_PER_BLOCK:
            yield resampler.push(np.concatenate(held))
            held = []
    if held:
        yield resampler.push(np.concatenate(held))
    yield resampler.flush()


def _pieces(file: soundfile.SoundFile) -> Iterator[Samples]:
    """Small pieces, since one that meets the end of a cut-off file is lost whole; what came before counts."""
    while True:
        try:
            piece = file.read(_PIECE, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            return
        if not len(piece):
            return
        yield piece


def _as_samples(blocks: Iterator[bytes]) -> Iterator[Samples]:
    for block in blocks:
        yield np.frombuffer(block, "<i2").astype(np.float32) / np.float32(32768)


def _broken(container: Container) -> Exception:
    return unsupported(f"The {container.name} file is broken and can't be decoded.", "invalid_audio", status=400)
