"""WAV files of voices: read whatever their header claims, and joined into one."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
import numpy.typing as npt
import soundfile

from groq_core.media.audio.resample import Resampler

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
"""Format tags (Microsoft, mmreg.h). What an extensible format really is stands in the first bytes of its GUID."""

_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")


@dataclass(frozen=True, slots=True)
class Wave:
    """
    A recording as it stands in a WAV file.

    Attributes:
        tag: What a sample is, :data:`PCM` or :data:`FLOAT`; others are kept as they are.
        rate: Samples a second and channel.
        bits: Of one sample.
        data: The samples, whole frames only.
    """

    tag: int
    channels: int
    rate: int
    bits: int
    data: bytes

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """What two recordings must share to be put one behind the other."""
        return self.tag, self.channels, self.rate, self.bits

    @property
    def frame(self) -> int:
        """Bytes of one moment, all channels together."""
        return self.channels * self.bits // 8


def read_wav(file: bytes) -> Wave:
    """
    Take a WAV file apart.

    Lengths in the header are not believed: who streams a file does not know them, and writes 0 or 0xFFFFFFFF.

    Raises:
        ValueError: It is no WAV file, or there are no samples in it.
    """
    if file[:4] != b"RIFF" or file[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    at, found = 12, None
    while at + _CHUNK.size <= len(file):
        name, length = _CHUNK.unpack_from(file, at)
        at += _CHUNK.size
        if name == b"fmt " and length >= _FORMAT.size and at + length <= len(file):
            tag, channels, rate, _, _, bits = _FORMAT.unpack_from(file, at)
            if tag == EXTENSIBLE and length >= 26:
                tag = int.from_bytes(file[at + 24 : at + 26], "little")
            found = Wave(tag, channels, rate, bits, b"")
        if name == b"data":
            if found is None or not found.frame or not found.rate:
                break
            rest = len(file) - at
            size = rest if length in (0, 0xFFFFFFFF) else min(length, rest)
            return replace(found, data=file[at : at + size - size % found.frame])
        at += length + length % 2
    raise ValueError("a WAV file without samples")


def write_wav(wave: Wave) -> bytes:
    """Put a WAV file together, with lengths that are true."""
    padding = b"\0" * (len(wave.data) % 2)
    tag, channels, rate, bits = wave.shape
    form = _FORMAT.pack(tag, channels, rate, rate * wave.frame, wave.frame, bits)
    chunks = b"WAVE" + _CHUNK.pack(b"fmt ", len(form)) + form + _CHUNK.pack(b"data", len(wave.data))
    return _CHUNK.pack(b"RIFF", len(chunks) + len(wave.data) + len(padding)) + chunks + wave.data + padding


def join_wavs(files: Sequence[bytes]) -> bytes:
    """
    Put WAV files one behind the other, as one file.

    Of one kind, their samples stay as they are, byte for byte. Where they differ (another model took over), all
    become 16-bit mono at the rate of the first.

    Raises:
        ValueError: There is none, or one of them cannot be read.
    """
    waves = [read_wav(file) for file in files]
    if not waves:
        raise ValueError("there is nothing to join")
    if len({wave.shape for wave in waves}) > 1:
        waves = [_plain(wave, waves[0].rate) for wave in waves]
    return write_wav(replace(waves[0], data=b"".join(wave.data for wave in waves)))


def voice_pcm(file: bytes, rate: int = 24_000) -> bytes:
    """
    The samples of a WAV file as 16-bit little-endian mono; as they are where they are that already.

    Raises:
        ValueError: It cannot be read.
    """
    wave = read_wav(file)
    return wave.data if wave.shape == (PCM, 1, rate, 16) else _plain(wave, rate).data


def open_wav(rate: int = 24_000) -> bytes:
    """
    The beginning of a WAV file of 16-bit mono whose length nobody knows yet.

    >>> read_wav(open_wav() + bytes(4)).data
    b'\\x00\\x00\\x00\\x00'
    """
    form = _FORMAT.pack(PCM, 1, rate, rate * 2, 2, 16)
    unknown = 0xFFFFFFFF
    return (
        b"RIFF"
        + struct.pack("<I", unknown)
        + b"WAVE"
        + _CHUNK.pack(b"fmt ", len(form))
        + form
        + _CHUNK.pack(b"data", unknown)
    )


def _plain(wave: Wave, rate: int) -> Wave:
    """The same recording as 16-bit mono at another rate."""
    try:
        samples, _ = soundfile.read(BytesIO(write_wav(wave)), dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise ValueError(f"a WAV file of a kind that cannot be read: {error}") from error
    resampler = Resampler(wave.rate, rate)
    mono = samples.mean(axis=1, dtype=np.float32)
    return Wave(PCM, 1, rate, 16, _pcm(np.concatenate((resampler.push(mono), resampler.flush()))))


def _pcm(samples: npt.NDArray[np.float32]) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes()
