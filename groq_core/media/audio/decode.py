"""Decode any recording to 16 kHz mono, block by block, so that hours of it take little memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import soundfile

from groq_core.media.audio import ffmpeg
from groq_core.media.audio.container import Container, unsupported
from groq_core.media.audio.resample import Resampler, Samples

RATE = 16_000
"""What Whisper hears; the server resamples to it anyway (speech-to-text page, 2025)."""

_SMALL_BLOCK = 1024  # frames
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
                yield _from_soundfile(file, data, container)
            return
    if not ffmpeg.available():
        raise ffmpeg.missing(container)
    probed = ffmpeg.probe(data, container)
    with ffmpeg.decoding(data, container) as blocks:
        yield Source(probed.sample_rate, probed.channels, probed.duration_s, probed.video, _as_samples(blocks))


def _from_soundfile(file: soundfile.SoundFile, data: bytes, container: Container) -> Source:
    if not 0 < file.channels <= _MAX_CHANNELS or not 0 < file.samplerate <= _MAX_RATE:
        raise _broken(container)
    return Source(file.samplerate, file.channels, file.frames / file.samplerate, False, _mixed_down(file, data))


def _mixed_down(file: soundfile.SoundFile, data: bytes) -> Iterator[Samples]:
    """Channels averaged, at 16 kHz, about a quarter of a million values at a time."""
    resampler = Resampler(file.samplerate, RATE)
    for block in _blocks(file, data):
        mono: Samples = sum(block.T[1:], start=block[:, 0]) / np.float32(file.channels)
        if not np.isfinite(mono).all():  # a float file may hold anything
            mono = np.nan_to_num(mono, posinf=1.0, neginf=-1.0)
        yield resampler.push(np.clip(mono, -1.0, 1.0))
    yield resampler.flush()


def _blocks(file: soundfile.SoundFile, data: bytes) -> Iterator[Samples]:
    """
    Large blocks, since libsndfile seeks after every read; where the file breaks off, small ones.

    A block that meets the broken place is lost whole, so what comes before it is read anew, bit by bit.
    """
    frames = max(_SMALL_BLOCK, _VALUES_PER_BLOCK // file.channels)
    heard = 0
    try:
        while len(block := file.read(frames, dtype="float32", always_2d=True)):
            heard += len(block)
            yield block
    except soundfile.LibsndfileError:
        with suppress(soundfile.LibsndfileError), soundfile.SoundFile(BytesIO(data)) as again:
            again.seek(heard)
            while len(block := again.read(_SMALL_BLOCK, dtype="float32", always_2d=True)):
                yield block


def _as_samples(blocks: Iterator[bytes]) -> Iterator[Samples]:
    for block in blocks:
        yield np.frombuffer(block, "<i2").astype(np.float32) / np.float32(32768)


def _broken(container: Container) -> Exception:
    return unsupported(f"The {container.name} file is broken and can't be decoded.", "invalid_audio", status=400)
